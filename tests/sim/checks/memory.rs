//! S8: what a client was told is true after a crash. A start, a wrong code, a call and a final state
//! that were acknowledged are known to every later life of the daemon, and to every later reply.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringproof::verify::id::VerificationId;
use ringproof::verify::snapshot::{Snapshot, Status};

use crate::broken::{Rule, Verdict, ensure};

/// What clients were told.
#[derive(Default)]
pub(crate) struct Memory {
    all: BTreeMap<VerificationId, Known>,
}

/// What was told of one verification.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Known {
    pub(crate) daemon: usize,
    attempts_left: u8,
    calls: usize,
    status: Status,
    ended: Option<Instant>,
}

/// What is seen of a verification.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) attempts_left: u8,
    pub(crate) calls: usize,
    pub(crate) status: Status,
}

impl From<&Snapshot> for Seen {
    fn from(snapshot: &Snapshot) -> Self {
        let Snapshot { attempts_left, status, .. } = *snapshot;
        Self { attempts_left, calls: snapshot.calls.len(), status }
    }
}

impl Memory {
    /// A client was told that its verification was started.
    pub(crate) fn on_started(&mut self, id: VerificationId, daemon: usize, seen: Seen) {
        let Seen { attempts_left, calls, status } = seen;
        let known = Known { daemon, attempts_left, calls, status, ended: None };
        self.all.insert(id, known);
    }

    /// What its client knows; nothing, when nobody has started it.
    pub(crate) fn known(&self, id: VerificationId) -> Option<Known> {
        self.all.get(&id).copied()
    }

    /// A client was told how it stands. `asked`: what it knew when it asked, for a reply may be
    /// overtaken. `is_wrong`: the code that it gave was.
    pub(crate) fn on_told(
        &mut self,
        id: VerificationId,
        (asked, seen): (Option<Known>, Seen),
        is_wrong: bool,
        now: Instant,
    ) -> Verdict {
        let (Some(known), Some(asked)) = (self.all.get_mut(&id), asked) else {
            return ensure(false, Rule::Memory, || format!("{id} was never started"));
        };
        asked.allows(id, seen)?;
        ensure(!is_wrong || seen.attempts_left < asked.attempts_left, Rule::Memory, || {
            format!("{id}: a wrong code cost nothing: {seen:?} after {asked:?}")
        })?;
        known.take(seen, now);
        known.attempts_left = known.attempts_left.min(seen.attempts_left);
        Ok(())
    }

    /// Everybody was told of its end.
    pub(crate) fn on_ended(&mut self, id: VerificationId, seen: Seen, now: Instant) -> Verdict {
        let Some(known) = self.all.get_mut(&id) else { return Ok(()) };
        known.allows(id, seen)?;
        known.take(seen, now);
        Ok(())
    }

    /// A daemon has begun after another one; `found`: what it knows. `may_forget`: whether it need not
    /// know what ended then.
    pub(crate) fn after_crash(
        &self,
        daemon: usize,
        found: impl Fn(VerificationId) -> Option<Seen>,
        may_forget: impl Fn(Instant) -> bool,
    ) -> Verdict {
        for (id, known) in self.all.iter().filter(|(_, known)| known.daemon == daemon) {
            match found(*id) {
                Some(seen) => known.allows(*id, seen)?,
                None => ensure(known.ended.is_some_and(&may_forget), Rule::Memory, || {
                    format!("{id} is forgotten, and was {known:?}")
                })?,
            }
        }
        Ok(())
    }

    /// How many starts were acknowledged.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }
}

impl Known {
    fn allows(&self, id: VerificationId, seen: Seen) -> Verdict {
        let is_final = self.status != Status::Pending;
        let is_right = (!is_final || seen.status == self.status)
            && seen.attempts_left <= self.attempts_left
            && seen.calls >= self.calls;
        ensure(is_right, Rule::Memory, || format!("{id} is {seen:?} and was {self:?}"))
    }

    /// A wrong code is known by its reply alone.
    fn take(&mut self, seen: Seen, now: Instant) {
        self.calls = self.calls.max(seen.calls);
        if seen.status != Status::Pending {
            self.status = seen.status;
            self.ended = self.ended.or(Some(now));
        }
    }
}

/// For how long a daemon that is asked for nothing must know what has ended.
pub(crate) fn is_old(ended: Instant, keep: Duration, now: Instant) -> bool {
    // Its end was told a little after it was.
    now.saturating_duration_since(ended) + SLACK >= keep
}

/// A disk that fails tells late.
const SLACK: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::origin;

    const ONE: VerificationId = VerificationId(1);

    fn seen(status: Status, attempts_left: u8, calls: usize) -> Seen {
        Seen { attempts_left, calls, status }
    }

    fn told(status: Status, attempts_left: u8) -> Memory {
        let mut memory = Memory::default();
        memory.on_started(ONE, 0, seen(Status::Pending, 3, 1));
        let is_wrong = attempts_left < 3;
        let now = seen(status, attempts_left, 1);
        assert_eq!(memory.on_told(ONE, (memory.known(ONE), now), is_wrong, origin()), Ok(()));
        memory
    }

    fn crash(memory: &Memory, found: Option<Seen>) -> bool {
        memory.after_crash(0, |_| found, |_| false).is_ok()
    }

    #[test]
    fn s08_a_start_that_is_lost_is_noticed() {
        let memory = told(Status::Pending, 3);
        assert!(crash(&memory, Some(seen(Status::Pending, 3, 1))));
        assert!(!crash(&memory, None));
        assert_eq!(memory.after_crash(1, |_| None, |_| false), Ok(()), "another daemon's");
    }

    #[test]
    fn s08_a_wrong_code_that_is_lost_is_noticed() {
        let mut memory = told(Status::Pending, 2);
        assert!(crash(&memory, Some(seen(Status::Pending, 1, 1))));
        assert!(!crash(&memory, Some(seen(Status::Pending, 3, 1))));
        let again = seen(Status::Pending, 2, 1);
        let asked = memory.known(ONE);
        let again = (asked, again);
        assert!(memory.on_told(ONE, again, true, origin()).is_err(), "one that costs nothing");
        assert_eq!(memory.on_told(ONE, again, false, origin()), Ok(()));
    }

    #[test]
    fn s08_a_call_that_is_lost_is_noticed() {
        let memory = told(Status::Pending, 3);
        assert!(crash(&memory, Some(seen(Status::Pending, 3, 2))));
        assert!(!crash(&memory, Some(seen(Status::Pending, 3, 0))));
    }

    #[test]
    fn s08_a_final_state_that_changes_or_is_lost_is_noticed() {
        let mut memory = told(Status::Canceled, 3);
        assert!(crash(&memory, Some(seen(Status::Canceled, 3, 1))));
        for other in [Status::Expired, Status::Pending, Status::Verified] {
            assert!(!crash(&memory, Some(seen(other, 3, 1))), "{other:?}");
            assert!(memory.on_ended(ONE, seen(other, 3, 1), origin()).is_err(), "{other:?}");
        }
        assert!(!crash(&memory, None), "too early");
        assert_eq!(memory.after_crash(0, |_| None, |_| true), Ok(()));
    }

    #[test]
    fn s08_a_reply_that_the_end_has_overtaken_is_fine_and_one_that_denies_it_is_noticed() {
        let mut memory = told(Status::Pending, 3);
        let (asked, pending) = (memory.known(ONE), seen(Status::Pending, 3, 1));
        assert_eq!(memory.on_ended(ONE, seen(Status::Expired, 3, 1), origin()), Ok(()));
        assert_eq!(memory.on_told(ONE, (asked, pending), false, origin()), Ok(()));
        let asked = memory.known(ONE);
        assert!(memory.on_told(ONE, (asked, pending), false, origin()).is_err());
    }

    #[test]
    fn s08_a_reply_about_what_nobody_started_is_noticed() {
        let mut memory = Memory::default();
        let told = (None, seen(Status::Pending, 3, 1));
        assert!(memory.on_told(ONE, told, false, origin()).is_err());
    }
}
