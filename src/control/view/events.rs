//! Which events can be read, as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::outside::EventRange;

/// The events that can be read from `GET /v1/events`.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct EventsView {
    /// The number of the oldest.
    #[schema(example = 1_795_169_730_100_000_u64)]
    pub oldest: u64,
    /// The number of the newest.
    #[schema(example = 1_795_169_730_123_456_u64)]
    pub newest: u64,
}

impl EventsView {
    /// `None`: there are none.
    pub fn new(range: EventRange) -> Option<Self> {
        let EventRange { oldest, latest: newest } = range;
        (oldest <= newest).then_some(Self { oldest, newest })
    }
}
