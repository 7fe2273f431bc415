//! What the owner of a phone sees, and what the trunk noticed.

use std::time::{Duration, Instant};

use super::number::Number;
use super::violation::Noticed;
use crate::sip::Status;

/// Something happened at a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// The caller hung up before the phone rang and before anybody refused.
    Gone {
        /// The called phone.
        phone: Number,
        /// The number that it would have shown; `None` when it is hidden.
        caller_id: Option<Number>,
        /// When.
        at: Instant,
    },
    /// A call that did not reach the phone was refused.
    Refused {
        /// The called phone.
        phone: Number,
        /// With what.
        status: Status,
        /// When.
        at: Instant,
    },
    /// The phone has begun to ring.
    Rang {
        /// The phone.
        phone: Number,
        /// The number that it shows; `None` when it is hidden.
        caller_id: Option<Number>,
        /// When.
        at: Instant,
    },
    /// A call came to a phone that never says anything.
    Silent {
        /// The called phone.
        phone: Number,
        /// The number that it would have shown; `None` when it is hidden.
        caller_id: Option<Number>,
        /// When.
        at: Instant,
    },
    /// The phone rings no more, or was answered without having rung: a line of its call log.
    Stopped(Entry),
    /// The caller broke a rule.
    Violated(Noticed),
}

/// A line of a phone's call log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The phone.
    pub phone: Number,
    /// The number shown; `None` when it was hidden.
    pub caller_id: Option<Number>,
    /// When it began to ring (was answered, if it did not ring).
    pub at: Instant,
    /// How long it rang.
    pub rang_for: Duration,
    /// How that ended.
    pub ending: Ending,
}

/// How ringing ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// Somebody, or a machine, picked up.
    Answered,
    /// The person, or the network for the person, refused the call.
    Declined,
    /// The caller hung up first, or nobody came in time.
    Missed,
    /// Nobody decided: the trunk was stopped while the phone rang.
    Stopped,
}

impl Ending {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Missed => "missed",
            Self::Stopped => "stopped",
        }
    }
}
