//! Where messages to webhooks stand, and how their endpoints do. Closed sets: each variant is also a
//! word of the API.
//!
//! No HTTP here: the room `notify` sends and decides; everybody else only needs the words.

/// Where a message that was not taken yet stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryState {
    /// It is not tried any more, unless somebody asks.
    Dead,
    /// It is under way.
    Trying,
    /// It waits for its next try.
    Waiting,
}

/// How an endpoint does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EndpointState {
    /// It replied 410 and is told nothing.
    Disabled,
    /// It failed again and again: one message at a time asks whether it works. Of callbacks: one host at
    /// least.
    Down,
    /// It is not in the configuration.
    Gone,
    /// It asked to be left alone.
    Resting,
    /// It is told.
    Working,
}

impl DeliveryState {
    /// Every state, in the order of the declaration.
    pub const ALL: [Self; 3] = [Self::Dead, Self::Trying, Self::Waiting];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Trying => "trying",
            Self::Waiting => "waiting",
        }
    }
}

impl EndpointState {
    /// Every state, in the order of the declaration.
    pub const ALL: [Self; 5] =
        [Self::Disabled, Self::Down, Self::Gone, Self::Resting, Self::Working];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Down => "down",
            Self::Gone => "gone",
            Self::Resting => "resting",
            Self::Working => "working",
        }
    }
}
