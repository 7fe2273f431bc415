//! Calls as the trunk sees them: each INVITE is one call, and no phone rings for too long.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Kind, Ledger};
use crate::view::digest;

/// The calls that live, and those that have been.
#[derive(Debug, Default)]
pub(super) struct Calls {
    live: BTreeMap<String, Call>,
    /// Every Call-ID and branch that came.
    seen: BTreeSet<u64>,
    /// Every Call-ID.
    ids: BTreeSet<u64>,
    /// Phones that rang for too long, unless the machine stood still meanwhile.
    late: Vec<Late>,
}

#[derive(Clone, Debug)]
struct Late {
    text: String,
    engaged: Duration,
    deadline: Duration,
    end: Duration,
}

/// A call as it comes.
#[derive(Clone, Debug)]
pub(crate) struct Invite {
    pub(crate) call_id: String,
    pub(crate) branch: String,
    pub(crate) phone: String,
    /// Who calls.
    pub(crate) caller: String,
}

/// By its Call-ID.
#[derive(Clone, Copy, Debug, Default)]
struct Call {
    /// It rings, or was picked up.
    engaged: Option<Duration>,
    is_answered: bool,
    /// The caller's CANCEL, or its BYE when it is answered.
    hung_up: Option<Duration>,
    /// It rings no more.
    over: Option<Duration>,
}

impl Ledger {
    /// An INVITE came.
    pub(crate) fn on_invite(&mut self, invite: &Invite, at: Duration) {
        let Invite { call_id, branch, phone, caller } = invite;
        if !self.calls.seen.insert(digest(&format!("{call_id} {branch}"))) {
            return;
        }
        if !self.calls.ids.insert(digest(call_id)) {
            let text = format!("{phone} was invited twice in the call {call_id}");
            return self.object(Kind::SecondCall, text);
        }
        self.figures.invites += 1;
        self.calls.live.insert(call_id.clone(), Call::default());
        self.on_shown(phone, caller, at);
    }

    /// The phone rings.
    pub(crate) fn on_ringing(&mut self, call_id: &str, at: Duration) {
        self.calls.live.entry(call_id.to_owned()).and_modify(|call| {
            call.engaged.get_or_insert(at);
        });
    }

    /// It was picked up: a CANCEL that crossed this hung up nothing.
    pub(crate) fn on_answered(&mut self, call_id: &str, at: Duration) {
        self.calls.live.entry(call_id.to_owned()).and_modify(|call| {
            *call = Call { is_answered: true, hung_up: None, over: None, ..*call };
            call.engaged.get_or_insert(at);
        });
    }

    /// A CANCEL or a BYE came.
    pub(crate) fn on_hung_up(&mut self, call_id: &str, at: Duration) {
        self.calls.live.entry(call_id.to_owned()).and_modify(|call| {
            call.hung_up.get_or_insert(at);
        });
        self.look_at(call_id);
    }

    /// The phone is at rest.
    pub(crate) fn on_over(&mut self, call_id: &str, at: Duration) {
        self.calls.live.entry(call_id.to_owned()).and_modify(|call| {
            call.over.get_or_insert(at);
        });
        self.look_at(call_id);
    }

    pub(super) fn finish_calls(&mut self, now: Duration) {
        for (call_id, call) in std::mem::take(&mut self.calls.live) {
            self.judge(&call_id, Call { over: call.over.or(Some(now)), ..call });
        }
        self.judge_late();
    }

    /// Whether it is over and can be judged.
    fn look_at(&mut self, call_id: &str) {
        let is_over = |call: &Call| call.hung_up.is_some() && call.over.is_some();
        if self.calls.live.get(call_id).is_some_and(is_over)
            && let Some(call) = self.calls.live.remove(call_id)
        {
            self.judge(call_id, call);
        }
    }

    fn judge(&mut self, call_id: &str, call: Call) {
        let Call { engaged: Some(engaged), is_answered, hung_up, over } = call else { return };
        let end = hung_up.or(over).unwrap_or(Duration::MAX);
        self.figures.ended_by_trunk += u64::from(hung_up.is_none());
        self.figures.rang_at_kill += u64::from(self.lives.is_killed_between(engaged, end));
        let Some(deadline) = self.lives.deadline(engaged, self.rules.ring) else { return };
        // Who is to say BYE hears of the answer when it is sent again.
        let deadline = deadline + if is_answered { ANSWER_AGAIN } else { Duration::ZERO };
        if end > deadline {
            let text = format!(
                "the call {call_id} rang from {engaged:.1?} to {end:.1?}, due at {deadline:.1?}, \
                 hung up at {hung_up:.1?}"
            );
            self.calls.late.push(Late { text, engaged, deadline, end });
        }
    }

    /// At the end: that the machine stood still may be known only after it did.
    fn judge_late(&mut self) {
        for Late { text, engaged, deadline, end } in std::mem::take(&mut self.calls.late) {
            match end > deadline + self.lives.stood_still(engaged, end) {
                true => self.object(Kind::RangTooLong, text),
                false => self.figures.late_by_machine += 1,
            }
        }
    }
}

/// T2 of RFC 3261: the longest time between two copies of a 2xx.
const ANSWER_AGAIN: Duration = Duration::from_secs(4);
