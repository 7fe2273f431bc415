//! What the shards say of calls: they ring, they are over. A call that did not reach the phone ends
//! its verification, so that the application can fall back at once. One that rang does not, however
//! it ended: the number is in the phone's call log, and with it the code.

use std::sync::Arc;
use std::time::Instant;

use super::entry::{Entry, State};
use super::placed::Placed;
use super::record::{CallRecord, Facts};
use super::service::Verify;
use super::snapshot::{Reason, Status};
use super::story::Fact;
use crate::outcome::Outcome;

impl Verify {
    /// The phone began to ring.
    pub fn on_call_ringing(&self, call: &Arc<CallRecord>) {
        if let Some((entry, placed)) = self.find_call(call) {
            self.tell(&entry, Fact::CallRinging(placed.ordinal));
        }
    }

    /// The call is over and its record says how. Saying it again changes nothing.
    pub fn on_call_ended(&self, call: &Arc<CallRecord>) {
        if let Some((entry, placed)) = self.find_call(call) {
            self.finish_call(&entry, &placed);
        }
    }

    /// Draws the consequences of a call's end. Its shard does, and whoever reads the end from its
    /// record before the shard has: each step is taken once, and none is waited for.
    pub(super) fn finish_call(&self, entry: &Arc<Entry>, placed: &Placed) {
        if placed.end() {
            // First the marks, then the word: who hears of the end may ask for another call. The
            // lease cools before it can have cooled.
            if let Some(flash) = entry.step.flash() {
                self.pool(flash).on_released();
            }
            self.phones.on_call_ended(entry.to);
        }
        self.tell(entry, Fact::CallEnded(placed.ordinal));
        self.follow_call(entry, placed);
    }

    /// What follows from the end of a call that was told.
    pub(super) fn follow_call(&self, entry: &Arc<Entry>, placed: &Placed) {
        let facts = placed.record.facts();
        if let Some(reason) = failure_of(&facts) {
            let ended = placed.record.placed + facts.moments.ended.unwrap_or_default();
            self.fail(entry, placed, reason, ended);
        }
        self.table.on_call_over(placed.record.id, entry);
    }

    fn find_call(&self, call: &CallRecord) -> Option<(Arc<Entry>, Arc<Placed>)> {
        let entry = self.table.get_by_call(call.id)?;
        let placed = entry.find(call.id)?;
        Some((entry, placed))
    }

    /// Fails the verification, if this is the call that counts.
    pub(super) fn fail(&self, entry: &Arc<Entry>, placed: &Placed, reason: Reason, now: Instant) {
        let judge = |state: State| {
            let is_current = state.calls == placed.ordinal;
            if is_current { state.end(Status::Failed, reason, entry.age(now)) } else { state }
        };
        if let Ok(state) = entry.word.change(judge)
            && state.status == Status::Failed
        {
            self.on_final(entry, state);
        }
    }
}

/// Why a verification fails whose call stands so. `None`: it does not, because the call lives, or
/// the phone got it or may have.
pub(super) fn failure_of(facts: &Facts) -> Option<Reason> {
    let outcome = facts.ending?.outcome;
    let has_it = outcome.may_have_reached(facts.moments.ringing.is_some());
    (!has_it).then(|| reason(outcome))
}

/// What kept the call from the phone.
fn reason(outcome: Outcome) -> Reason {
    match outcome {
        Outcome::Unallocated => Reason::NumberUnallocated,
        Outcome::Redirected
        | Outcome::Refused
        | Outcome::Silence
        | Outcome::TrunkFailure
        | Outcome::Unsent => Reason::NoTrunk,
        Outcome::NotRecorded => Reason::StoreUnavailable,
        Outcome::Restarted => Reason::Restarted,
        Outcome::Answered
        | Outcome::AnsweredInRace
        | Outcome::AnsweredSuspect
        | Outcome::Barred
        | Outcome::Busy
        | Outcome::CancelUnconfirmed
        | Outcome::Changed
        | Outcome::Completed
        | Outcome::Declined
        | Outcome::Malformed
        | Outcome::NoRinging
        | Outcome::Unreachable
        | Outcome::Withdrawn => Reason::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::Side;
    use crate::verify::record::{Ending, Moments};

    #[test]
    fn a_call_that_rang_fails_nothing() {
        for outcome in Outcome::ALL {
            let moments = Moments { ringing: Some(Duration::from_secs(2)), ..Moments::default() };
            assert_eq!(failure_of(&Facts { moments, ..ended(outcome) }), None, "{outcome}");
        }
        assert_eq!(failure_of(&Facts::default()), None);
    }

    /// A call that never rang.
    fn ended(outcome: Outcome) -> Facts {
        let ending = Ending { outcome, by: Side::Carrier, sip_code: None, q850_cause: None };
        Facts { ending: Some(ending), ..Facts::default() }
    }

    #[test]
    fn a_call_that_did_not_reach_the_phone_tells_why() {
        let table: Vec<String> = Outcome::ALL
            .into_iter()
            .filter_map(|outcome| {
                Some(format!("{outcome}: {}", failure_of(&ended(outcome))?.as_str()))
            })
            .collect();
        expect_test::expect![[r#"
            cancel_unconfirmed: unreachable
            changed: unreachable
            malformed: unreachable
            no_ringing: unreachable
            not_recorded: store_unavailable
            redirected: no_trunk
            refused: no_trunk
            restarted: restarted
            silence: no_trunk
            trunk_failure: no_trunk
            unallocated: number_unallocated
            unreachable: unreachable
            unsent: no_trunk"#]]
        .assert_eq(&table.join("\n"));
    }
}
