//! S1: each call that was placed ends once, and rings before it ends.

use std::collections::BTreeMap;

use ringproof::verify::id::CallId;

use crate::broken::{Rule, Verdict, ensure};

/// Every call that was told of.
#[derive(Default)]
pub(crate) struct Outcomes {
    calls: BTreeMap<CallId, Stage>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Placed,
    Rings,
    Ended,
}

impl Outcomes {
    /// Somebody was told that the call is placed.
    pub(crate) fn on_placed(&mut self, call: CallId) -> Verdict {
        let before = self.calls.insert(call, Stage::Placed);
        ensure(before.is_none(), Rule::OneOutcome, || format!("{call} was placed twice"))
    }

    /// Somebody was told that the phone rings.
    pub(crate) fn on_ringing(&mut self, call: CallId) -> Verdict {
        let before = self.calls.insert(call, Stage::Rings);
        // A call that goes on through another trunk may ring again.
        ensure(matches!(before, Some(Stage::Placed | Stage::Rings)), Rule::OneOutcome, || {
            format!("{call} rings, and was {before:?}")
        })
    }

    /// Somebody was told that the call is over.
    pub(crate) fn on_ended(&mut self, call: CallId) -> Verdict {
        let before = self.calls.insert(call, Stage::Ended);
        ensure(matches!(before, Some(Stage::Placed | Stage::Rings)), Rule::OneOutcome, || {
            format!("{call} ended, and was {before:?}")
        })
    }

    /// The world is over. `is_lost`: the call died with its daemon.
    pub(crate) fn at_end(&self, is_lost: impl Fn(CallId) -> bool) -> Verdict {
        let open = self.calls.iter().find(|(id, stage)| **stage != Stage::Ended && !is_lost(**id));
        ensure(open.is_none(), Rule::OneOutcome, || format!("a call never ended: {open:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: CallId = CallId(1);

    #[test]
    fn s01_a_second_end_is_noticed() {
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.on_placed(ONE), Ok(()));
        assert_eq!(outcomes.on_ringing(ONE), Ok(()));
        assert_eq!(outcomes.on_ended(ONE), Ok(()));
        assert!(outcomes.on_ended(ONE).is_err());
    }

    #[test]
    fn s01_an_end_without_a_beginning_is_noticed() {
        assert!(Outcomes::default().on_ended(ONE).is_err());
        assert!(Outcomes::default().on_ringing(ONE).is_err());
    }

    #[test]
    fn s01_a_ring_after_the_end_is_noticed() {
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.on_placed(ONE), Ok(()));
        assert!(outcomes.on_placed(ONE).is_err());
        assert_eq!(outcomes.on_ended(ONE), Ok(()));
        assert!(outcomes.on_ringing(ONE).is_err());
    }

    #[test]
    fn s01_a_call_that_never_ends_is_noticed() {
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.on_placed(ONE), Ok(()));
        assert!(outcomes.at_end(|_| false).is_err());
        assert_eq!(outcomes.at_end(|_| true), Ok(()));
    }
}
