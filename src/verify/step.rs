//! What a verification does to prove its phone, apart from what it proves: rings it, or waits until it
//! rings.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::entry::State;
use super::missed::DidId;
use super::missed::record::MissedCallRecord;
use super::placed::Placed;

/// The one step of a verification. The rarer one has a place of its own, so that it costs the other
/// nothing.
pub(super) enum Step {
    /// We ring the phone.
    FlashCall(Flash),
    /// The phone rings one of our numbers.
    MissedCall(Box<Missed>),
}

/// Flash calls to one phone from one pool.
pub(super) struct Flash {
    pub(super) pool: u16,
    pub(super) ring: Option<Duration>,
    /// The latest call, and through it the earlier ones. The word says how many of them count. `None`:
    /// the phone, which rings us first, has not been called.
    placed: ArcSwapOption<Placed>,
}

/// A call that is waited for.
pub(super) struct Missed {
    pub(super) did: DidId,
    /// How long before its verification a call may have begun.
    pub(super) recent_within: Duration,
    /// The call that came. It counts when the word says so.
    pub(super) call: ArcSwapOption<MissedCallRecord>,
    /// How its caller is called back. `None`: the call itself is enough.
    pub(super) confirm: Option<Flash>,
}

impl Missed {
    /// Whether a call that began so long before its verification counts for it.
    pub(super) fn accepts(&self, before: Duration) -> bool {
        before.is_zero() || before < self.recent_within
    }
}

impl Step {
    /// The flash calls of this step; `None` when it has none.
    pub(super) fn flash(&self) -> Option<&Flash> {
        match self {
            Self::FlashCall(flash) => Some(flash),
            Self::MissedCall(missed) => missed.confirm.as_ref(),
        }
    }

    /// The call that this step waits for; `None` when it waits for none.
    pub(super) fn missed(&self) -> Option<&Missed> {
        match self {
            Self::FlashCall(_) => None,
            Self::MissedCall(missed) => Some(missed),
        }
    }

    /// How a verification with this step begins.
    pub(super) fn first_state(&self, attempts: u8) -> State {
        match self {
            Self::FlashCall(_) => State::new(attempts, 1),
            Self::MissedCall(missed) if missed.confirm.is_some() => State::new(attempts, 0),
            Self::MissedCall(_) => State::new(0, 0),
        }
    }
}

impl Flash {
    pub(super) fn new(pool: u16, ring: Option<Duration>, first: Option<Placed>) -> Self {
        Self { pool, ring, placed: ArcSwapOption::from_pointee(first) }
    }

    /// The latest call.
    pub(super) fn latest(&self) -> Option<Arc<Placed>> {
        self.placed.load_full()
    }

    /// Makes a call the latest one.
    pub(super) fn set_latest(&self, placed: Option<Arc<Placed>>) {
        self.placed.store(placed);
    }

    /// The call that counts in this state. Another thread may be about to add or to take back one.
    pub(super) fn current(&self, state: State) -> Option<Arc<Placed>> {
        let placed = self.latest()?;
        placed.nth(placed.ordinal.min(state.calls))
    }
}
