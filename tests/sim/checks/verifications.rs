//! A verification ends once, costs an attempt for each wrong code, and is verified by the right code
//! of its latest call and by nothing else.

use std::collections::BTreeMap;

use ringproof::verify::id::VerificationId;
use ringproof::verify::snapshot::{Snapshot, Status};

use crate::broken::{Rule, Verdict, ensure};

/// Every verification that was told of.
#[derive(Default)]
pub(crate) struct Verifications {
    all: BTreeMap<VerificationId, Stage>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Pending,
    /// The right code is being given, or is not needed.
    Proven,
    Ended,
}

impl Verifications {
    /// Somebody was told that it was started.
    pub(crate) fn on_created(&mut self, id: VerificationId) -> Verdict {
        let before = self.all.insert(id, Stage::Pending);
        ensure(before.is_none(), Rule::RightCode, || format!("{id} was created twice"))
    }

    /// The right code is about to be given, in time; or the call came that is proof enough.
    pub(crate) fn on_proof(&mut self, id: VerificationId) {
        if let Some(stage @ Stage::Pending) = self.all.get_mut(&id) {
            *stage = Stage::Proven;
        }
    }

    /// Its daemon has died, and nobody was told that the right code was given.
    pub(crate) fn on_killed(&mut self, is_its: impl Fn(VerificationId) -> bool) {
        let proven =
            self.all.iter_mut().filter(|(id, stage)| **stage == Stage::Proven && is_its(**id));
        proven.for_each(|(_, stage)| *stage = Stage::Pending);
    }

    /// Somebody was told of its end.
    pub(crate) fn on_ended(&mut self, id: VerificationId, status: Status) -> Verdict {
        let before = self.all.insert(id, Stage::Ended);
        let is_right = match status {
            Status::Verified => before == Some(Stage::Proven),
            Status::Canceled | Status::Expired | Status::Failed => before == Some(Stage::Pending),
            Status::Pending => false,
        };
        ensure(is_right, Rule::RightCode, || {
            format!("{id} ended {}, and was {before:?}", status.as_str())
        })
    }

    /// Whether somebody was told of its end.
    pub(crate) fn has_ended(&self, id: VerificationId) -> bool {
        self.all.get(&id) == Some(&Stage::Ended)
    }

    /// A code was compared. `right`: it is the code of the latest call.
    pub(crate) fn on_compared(right: bool, before: &Snapshot, after: &Snapshot) -> Verdict {
        Self::on_counted(
            right,
            (before.status, before.attempts_left),
            (after.status, after.attempts_left),
        )
        .map_err(|mut broken| {
            broken.what = format!("{}: {}", before.id, broken.what);
            broken
        })
    }

    fn on_counted(
        right: bool,
        (was, left_before): (Status, u8),
        (is, left): (Status, u8),
    ) -> Verdict {
        let holds = match (was, right) {
            (Status::Pending, true) => is == Status::Verified && left == left_before,
            (Status::Pending, false) => {
                let is_over = is == Status::Failed;
                let is_open = is == Status::Pending && left > 0;
                left_before == left + 1 && (is_over || is_open)
            }
            (Status::Canceled | Status::Expired | Status::Failed | Status::Verified, _) => false,
        };
        ensure(holds, Rule::RightCode, || {
            format!("right: {right}, {was:?} with {left_before} left became {is:?} with {left}")
        })
    }

    /// The world is over. `is_lost`: its daemon was stopped before.
    pub(crate) fn at_end(&self, is_lost: impl Fn(VerificationId) -> bool) -> Verdict {
        let open = self.all.iter().find(|(id, stage)| **stage != Stage::Ended && !is_lost(**id));
        ensure(open.is_none(), Rule::RightCode, || format!("a verification never ended: {open:?}"))
    }

    /// How many were started.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: VerificationId = VerificationId(1);

    #[test]
    fn a_success_without_the_right_code_is_noticed() {
        let mut all = Verifications::default();
        assert_eq!(all.on_created(ONE), Ok(()));
        assert!(all.on_ended(ONE, Status::Verified).is_err());
    }

    #[test]
    fn a_right_code_that_does_not_verify_is_noticed() {
        let mut all = Verifications::default();
        assert_eq!(all.on_created(ONE), Ok(()));
        all.on_proof(ONE);
        assert!(all.on_ended(ONE, Status::Expired).is_err());
    }

    #[test]
    fn s08_a_proof_that_died_with_its_daemon_proves_nothing() {
        let mut all = Verifications::default();
        assert_eq!(all.on_created(ONE), Ok(()));
        all.on_proof(ONE);
        all.on_killed(|_| true);
        assert!(all.on_ended(ONE, Status::Verified).is_err());
        assert!(all.on_ended(ONE, Status::Expired).is_err(), "a second end, over all lives");
    }

    #[test]
    fn a_second_end_is_noticed() {
        let mut all = Verifications::default();
        assert_eq!(all.on_created(ONE), Ok(()));
        all.on_proof(ONE);
        assert_eq!(all.on_ended(ONE, Status::Verified), Ok(()));
        assert!(all.on_ended(ONE, Status::Expired).is_err());
        assert!(all.on_created(ONE).is_err());
    }

    #[test]
    fn a_verification_that_never_ends_is_noticed() {
        let mut all = Verifications::default();
        assert_eq!(all.on_created(ONE), Ok(()));
        assert!(all.at_end(|_| false).is_err());
        assert_eq!(all.at_end(|_| true), Ok(()));
    }

    #[test]
    fn a_miscounted_attempt_is_noticed() {
        use Status::{Expired, Failed, Pending, Verified};
        let check = Verifications::on_counted;
        assert_eq!(check(false, (Pending, 2), (Pending, 1)), Ok(()));
        assert_eq!(check(false, (Pending, 1), (Failed, 0)), Ok(()));
        assert_eq!(check(true, (Pending, 1), (Verified, 1)), Ok(()));
        assert!(check(false, (Pending, 2), (Pending, 2)).is_err());
        assert!(check(false, (Pending, 1), (Pending, 0)).is_err());
        assert!(check(false, (Pending, 1), (Verified, 1)).is_err());
        assert!(check(true, (Pending, 2), (Pending, 1)).is_err());
        assert!(check(true, (Expired, 2), (Verified, 2)).is_err());
    }
}
