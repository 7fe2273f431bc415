//! S9: nobody is verified without the right code or a return-routed call.
//!
//! A call counts for the phone that rang, at the number that it rang, when an ACK with the tag of our
//! refusal has reached a shard from where the INVITE came; it settles one verification at most. And it
//! does settle the one that waits for it, or the next one that may look back so far: otherwise a gateway
//! that verifies nobody would pass.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringproof::verify::Fate;
use ringproof::verify::id::VerificationId;

use crate::broken::{Rule, Verdict, ensure};

/// Every call that reached a shard, and every verification that waits for one.
#[derive(Default)]
pub(crate) struct Missed {
    /// By the branch of the INVITE.
    calls: BTreeMap<String, Call>,
    waits: BTreeMap<VerificationId, Wait>,
}

/// An INVITE as it reaches a shard.
#[derive(Clone, Debug)]
pub(crate) struct Invite {
    pub(crate) call_id: String,
    pub(crate) daemon: usize,
    /// Whose phone it is, as far as the trunk vouches for one phone.
    pub(crate) phone: Option<u64>,
    /// The number that was rung, if it is the daemon's and its trunk carries it.
    pub(crate) did: Option<u64>,
    /// It came by way of another phone, and that is not accepted.
    pub(crate) is_diverted: bool,
    pub(crate) at: Instant,
}

/// A verification as it is started.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) id: VerificationId,
    pub(crate) daemon: usize,
    pub(crate) phone: u64,
    pub(crate) did: u64,
    /// The client has named the number; else an earlier call to any number counts.
    pub(crate) is_named: bool,
    /// How long ago a call may have come.
    pub(crate) within: Duration,
    /// The caller is called back, and must type what that shows.
    pub(crate) is_confirmed: bool,
    pub(crate) at: Instant,
    pub(crate) expires: Instant,
}

struct Call {
    invite: Invite,
    stage: Stage,
    /// The verification that has it.
    owner: Option<VerificationId>,
    told: Option<Told>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Stage {
    /// It may still be shed.
    Heard,
    /// This tag was given to it.
    Rings(String),
    /// It got its refusal, with this tag, for the first time then.
    Refused(String, Instant),
    /// That tag came back.
    Proven(Instant),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Told {
    Otherwise,
    Remembered,
}

struct Wait {
    start: Start,
    call: Option<String>,
    is_over: bool,
}

impl Missed {
    /// An INVITE is about to reach a shard. Says whether it is the first of its call that is heard.
    pub(crate) fn on_invite(&mut self, branch: &str, invite: Invite) {
        let call = self.calls.get(branch);
        if call.is_none_or(|call| call.stage == Stage::Heard) {
            let call = Call { invite, stage: Stage::Heard, owner: None, told: None };
            self.calls.insert(branch.to_owned(), call);
        }
    }

    /// A shard has answered an INVITE.
    pub(crate) fn on_response(
        &mut self,
        branch: &str,
        (status, tag): (u16, &str),
        now: Instant,
    ) -> Verdict {
        let Some(call) = self.calls.get_mut(branch) else { return Ok(()) };
        call.stage = match (&call.stage, status) {
            // 482 and 503 are said without a memory of it, and prove nothing.
            (stage, 100 | 482 | 503) => stage.clone(),
            (Stage::Heard, 180) => Stage::Rings(tag.to_owned()),
            (Stage::Heard, 300..) => Stage::Refused(tag.to_owned(), now),
            (Stage::Rings(own), 180) if own == tag => return Ok(()),
            (Stage::Rings(own), 300..) if own == tag => Stage::Refused(tag.to_owned(), now),
            (Stage::Refused(own, _), 300..) if own == tag => return Ok(()),
            // The ACK of one copy and the next copy may cross.
            (proven @ Stage::Proven(_), 300..) => proven.clone(),
            (stage, _) => {
                let what = format!("{branch} is {stage:?} and is answered {status} with tag {tag}");
                return ensure(false, Rule::MissedCalls, || what);
            }
        };
        Ok(())
    }

    /// An ACK is about to reach a shard. Says whether it is the proof of its call.
    pub(crate) fn on_ack(&mut self, branch: &str, tag: &str, now: Instant) -> bool {
        let call = self.calls.get_mut(branch);
        let waits = |call: &&mut Call| matches!(&call.stage, Stage::Refused(own, _) if own == tag);
        // After timer H nobody waits for it any more, and somebody was told.
        let found = call.filter(waits).filter(|call| call.told.is_none());
        found.map(|call| call.stage = Stage::Proven(now)).is_some()
    }

    /// The verification that must have the call whose proof is about to reach a shard.
    pub(crate) fn heir(&self, branch: &str, now: Instant) -> Option<VerificationId> {
        let invite = &self.calls.get(branch).filter(|call| call.counts())?.invite;
        let waits = self.waits.values().filter(|wait| {
            let start = &wait.start;
            let Start { daemon, phone, did, expires, .. } = *start;
            let is_open = !wait.is_over
                && wait.call.is_none()
                && now < expires
                && start.looks_back_to(invite.at);
            let place = (invite.daemon, invite.phone, invite.did);
            is_open && (daemon, Some(phone), Some(did)) == place
        });
        waits.map(|wait| wait.start.id).next()
    }

    /// What becomes of the proof of a call: its heir has it, and somebody was told.
    pub(crate) fn settle(&self, branch: &str, heir: Option<VerificationId>) -> Verdict {
        let Some(call) = self.calls.get(branch) else { return Ok(()) };
        let is_told = call.invite.did.is_none() || call.told.is_some();
        ensure(is_told, Rule::MissedCalls, || format!("{branch} is proven and nobody was told"))?;
        ensure(heir.is_none() || call.owner == heir, Rule::MissedCalls, || {
            format!("{branch} is proven, {heir:?} waits for it and {:?} has it", call.owner)
        })
    }

    /// Whether a call is remembered that a verification which starts now must get. Of each caller at
    /// each number the latest call is remembered.
    pub(crate) fn is_rich(&self, start: &Start) -> bool {
        let of_phone = self.calls.values().filter(|call| {
            let invite = &call.invite;
            (invite.daemon, invite.phone) == (start.daemon, Some(start.phone))
                && matches!(call.told, Some(Told::Remembered))
        });
        let at = |call: &&Call| !start.is_named || call.invite.did == Some(start.did);
        let mut latest: BTreeMap<Option<u64>, &Call> = BTreeMap::new();
        for call in of_phone.filter(at) {
            let best = latest.entry(call.invite.did).or_insert(call);
            if call.proven_at() >= best.proven_at() {
                *best = call;
            }
        }
        let is_fresh = |call: &&Call| start.at - call.invite.at < start.within;
        latest.into_values().any(|call| call.owner.is_none() && is_fresh(&call))
    }

    /// A verification was started, and nothing was told of it yet.
    pub(crate) fn on_started(&mut self, start: Start) {
        self.waits.insert(start.id, Wait { start, call: None, is_over: false });
    }

    /// A start was taken back as if it had never been, and its call is free again.
    pub(crate) fn on_undone(&mut self, id: VerificationId) {
        self.waits.remove(&id);
        let calls = self.calls.values_mut().filter(|call| call.owner == Some(id));
        calls.for_each(|call| call.owner = None);
    }

    /// Somebody was told that a verification has this call.
    pub(crate) fn on_matched(
        &mut self,
        id: VerificationId,
        call_id: &str,
        now: Instant,
    ) -> Verdict {
        let Some(wait) = self.waits.get_mut(&id) else {
            return ensure(false, Rule::MissedCalls, || format!("{id} has a call and wants none"));
        };
        if wait.call.as_deref() == Some(call_id) {
            return Ok(());
        }
        let (before, start) = (wait.call.replace(call_id.to_owned()), wait.start.clone());
        ensure(before.is_none(), Rule::MissedCalls, || format!("{id} has {before:?} as well"))?;
        let call = self.find(call_id, |call| call.proven_at().is_some() && call.owner.is_none());
        let holds = call.as_ref().is_some_and(|call| call.is_for(&start, now));
        let Some(call) = call.filter(|_| holds) else {
            return ensure(false, Rule::MissedCalls, || format!("{call_id} is none for {id}"));
        };
        call.owner = Some(id);
        Ok(())
    }

    /// Somebody was told of a call. `caller`: who it is said to be from.
    pub(crate) fn on_told(
        &mut self,
        call_id: &str,
        (caller, fate): (Option<u64>, Fate),
        now: Instant,
    ) -> Verdict {
        let Some(call) = self.find(call_id, |call| call.told.is_none()) else {
            return ensure(false, Rule::MissedCalls, || format!("nobody rang as {call_id}"));
        };
        let told = if fate == Fate::Remembered { Told::Remembered } else { Told::Otherwise };
        let before = call.told.replace(told);
        let Invite { phone, did, is_diverted, .. } = call.invite;
        let is_proven = call.proven_at().is_some();
        let is_right = match fate {
            Fate::Forwarded => is_proven && phone.is_some() && is_diverted,
            Fate::Matched(_) | Fate::Remembered | Fate::Repeated(_) | Fate::Unmatched => {
                call.counts()
            }
            Fate::UnknownCaller => is_proven && phone.is_none(),
            Fate::Unproven => call.is_given_up(now),
        };
        let holds = before.is_none() && is_right && did.is_some() && caller == phone;
        ensure(holds, Rule::MissedCalls, || {
            format!("{call_id} is told as {fate:?} from {caller:?}, before {before:?}")
        })?;
        match fate {
            Fate::Matched(id) => self.on_matched(id, call_id, now),
            Fate::Forwarded
            | Fate::Remembered
            | Fate::Repeated(_)
            | Fate::UnknownCaller
            | Fate::Unmatched
            | Fate::Unproven => Ok(()),
        }
    }

    /// The call with this Call-ID; the one of which `is_it` holds when there are several. A copy of an
    /// INVITE that comes when the call is forgotten is merged with nothing (RFC 3261 §8.2.2.2 looks at
    /// ongoing transactions) and is another call.
    fn find(&mut self, call_id: &str, is_it: impl Fn(&Call) -> bool) -> Option<&mut Call> {
        let calls = self.calls.values_mut();
        let named = calls.filter(|call| call.invite.call_id == call_id && call.has_begun());
        named.max_by_key(|call| is_it(call))
    }

    /// A verification is over. `proof`: what it is verified by, if it is.
    pub(crate) fn on_ended(&mut self, id: VerificationId, proof: Option<Proof>) -> Verdict {
        let Some(wait) = self.waits.get_mut(&id) else {
            return ensure(proof != Some(Proof::Call), Rule::MissedCalls, || {
                format!("{id} is verified by a call and waits for none")
            });
        };
        wait.is_over = true;
        let is_right = match proof {
            None => true,
            Some(Proof::Call) => wait.call.is_some() && !wait.start.is_confirmed,
            Some(Proof::Code) => wait.call.is_some() && wait.start.is_confirmed,
        };
        ensure(is_right, Rule::MissedCalls, || {
            format!("{id} is verified by {proof:?} and has the call {:?}", wait.call)
        })
    }

    /// Whether a call was proven; `None`: no shard let it in.
    pub(crate) fn is_proven(&self, call_id: &str) -> Option<bool> {
        let mut calls = self.calls.values().filter(|call| call.invite.call_id == call_id);
        let call = calls.find(|call| call.has_begun())?;
        Some(call.proven_at().is_some())
    }

    /// The INVITE of a call that a shard has let in.
    pub(crate) fn invite(&self, call_id: &str) -> Option<&Invite> {
        let mut calls = self.calls.values().filter(|call| call.invite.call_id == call_id);
        calls.find(|call| call.has_begun()).map(|call| &call.invite)
    }

    /// How many calls shards have let in.
    pub(crate) fn begun(&self) -> usize {
        self.calls.values().filter(|call| call.has_begun()).count()
    }
}

/// What verified a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Proof {
    /// Its call to us.
    Call,
    /// The code, or the caller ID, of our call to it.
    Code,
}

impl Start {
    /// Whether a call counts that began at `at`: one that rang already came before.
    fn looks_back_to(&self, at: Instant) -> bool {
        at >= self.at || self.at - at < self.within
    }
}

impl Call {
    fn has_begun(&self) -> bool {
        self.stage != Stage::Heard
    }

    fn proven_at(&self) -> Option<Instant> {
        match self.stage {
            Stage::Proven(at) => Some(at),
            Stage::Heard | Stage::Refused(..) | Stage::Rings(_) => None,
        }
    }

    /// Whether no ACK came for as long as one may come.
    fn is_given_up(&self, now: Instant) -> bool {
        matches!(self.stage, Stage::Refused(_, at) if now - at >= PATIENCE_LEAST)
    }

    /// Whether it proves anything.
    fn counts(&self) -> bool {
        let Invite { phone, did, is_diverted, .. } = self.invite;
        self.proven_at().is_some() && phone.is_some() && did.is_some() && !is_diverted
    }

    /// Whether this verification may have it.
    fn is_for(&self, start: &Start, now: Instant) -> bool {
        let Invite { daemon, phone, did, at, .. } = self.invite;
        let is_there = did == Some(start.did) || (at < start.at && !start.is_named);
        self.counts()
            && self.owner.is_none()
            && (daemon, phone) == (start.daemon, Some(start.phone))
            && is_there
            && start.looks_back_to(at)
            && now < start.expires
    }
}

/// 64*T1 of the quickest trunk.
const PATIENCE_LEAST: Duration = Duration::from_secs(16);

#[cfg(test)]
mod tests;
