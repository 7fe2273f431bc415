//! A flash call on one trunk: ring a phone for a planned time, hang up before it is answered.
//!
//! ```text
//!  Recording ──hang_up, refused──▶ Ended
//!      │ recorded
//!      ▼
//!   Calling ──1xx──▶ Proceeding ──alerting──▶ Ringing ──ring time──▶ HangingUp ──final──▶ Ended
//!      │                 │ nothing rings         │ hang_up             │ 64*T1
//!      │ hang_up         └───────────────────────┴──────────────▶──────┘
//!      ▼
//!   Unwanted ──1xx──▶ HangingUp        (RFC 3261 §9.1: no CANCEL before a provisional response)
//! ```
//!
//! Recording is only for a call whose INVITE waits until a record of it is safe: nothing has left, and
//! all clocks begin when it does.
//!
//! The ring clock starts at real alerting, never at the INVITE: on mobile networks seconds pass
//! between the two. Alerting that comes while we give up is too late for the plan and still told:
//! the phone has the call in its log. A 2xx ends the call in every state; whoever feeds it answers each
//! 2xx with ACK and BYE, also after the end.
//! Invariants: while the call lives it has a `next_wake`; it ends once.

mod hang_up;

use std::mem;
use std::time::{Duration, Instant};

use self::hang_up::{HangUp, cut_short, hung_up_outcome};
use super::classify;
use crate::outcome::Outcome;
use crate::time::Wake;

/// What a trunk must say before the phone is taken to ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Alerting {
    /// 180, or 183: the trunk sends only early media.
    Early,
    /// 180 only.
    Ringing,
}

/// How a call is to go.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How long the phone shall ring.
    pub ring: Duration,
    /// What counts as ringing.
    pub alerting: Alerting,
    /// Take the phone to ring this long after the last copy of the INVITE before a provisional
    /// response, for trunks that never say so.
    pub assume_ringing_after: Option<Duration>,
    /// Give up this long after the INVITE when nothing has rung.
    pub no_ringing_after: Duration,
    /// 64*T1: how long a transaction, and what follows a CANCEL, may take.
    pub patience: Duration,
}

/// What the owner must do now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Step {
    /// Send the CANCEL of the INVITE.
    pub cancel: bool,
    /// The phone has begun to ring.
    pub rings: bool,
    /// The call is over. Said once.
    pub ended: Option<Ended>,
}

/// How the call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// The final status code, if one came.
    pub code: Option<u16>,
    /// The Q.850 cause, if one came.
    pub q850_cause: Option<u8>,
    /// Whether another trunk may try.
    pub may_fail_over: bool,
}

/// One flash call on one trunk.
#[derive(Debug)]
pub struct Outbound {
    plan: Plan,
    invited: Instant,
    /// The latest copy of the INVITE, which may be the only one that arrived.
    sent: Instant,
    state: State,
}

impl Outbound {
    /// The INVITE has just been sent.
    pub fn start(plan: Plan, now: Instant) -> Self {
        let state = State::Calling { give_up_at: now + plan.no_ringing_after };
        Self { plan, invited: now, sent: now, state }
    }

    /// The INVITE waits until a record of the call is safe, which must be `until` then.
    pub fn record(plan: Plan, until: Instant) -> Self {
        Self { plan, invited: until, sent: until, state: State::Recording { until } }
    }

    /// The record is safe and the INVITE has just been sent: the call begins. Says whether it does: one
    /// that is over, or has begun, does not.
    pub fn on_recorded(&mut self, now: Instant) -> bool {
        let is_recording = matches!(self.state, State::Recording { .. });
        if is_recording {
            *self = Self::start(self.plan, now);
        }
        is_recording
    }

    /// There will be no record: nothing is sent, through no other trunk either.
    pub fn on_not_recorded(&mut self) -> Step {
        let is_recording = matches!(self.state, State::Recording { .. });
        if is_recording { self.end_unrecorded() } else { Step::default() }
    }

    /// The INVITE has been sent again.
    pub fn on_invited_again(&mut self, now: Instant) {
        self.sent = now;
    }

    /// A provisional response came.
    pub fn on_provisional(&mut self, code: u16, now: Instant) -> Step {
        let evidence = self.evidence(code);
        let (next, step) = match (mem::replace(&mut self.state, State::Ended), evidence) {
            (State::Unwanted { why, .. }, evidence) => {
                let (next, step) = self.hang_up_now(why, evidence, now);
                (next, Step { rings: evidence.is_some(), ..step })
            }
            (State::Calling { .. } | State::Proceeding { .. }, Some(evidence)) => {
                (self.ringing(evidence, now), Step { rings: true, ..Step::default() })
            }
            (State::Calling { give_up_at }, None) => {
                let after = self.plan.assume_ringing_after;
                let assume_at = after.map(|after| (self.sent + after).max(now));
                (State::Proceeding { assume_at, give_up_at }, Step::default())
            }
            // A real 180 after a guess: now is when it rings.
            (State::Ringing { evidence: Evidence::Guess, .. }, Some(Evidence::Alert)) => {
                (self.ringing(Evidence::Alert, now), Step::default())
            }
            // It began to ring before the CANCEL arrived.
            (State::HangingUp { why, rang: false, confirmed, guard }, Some(_)) => {
                let state = State::HangingUp { why, rang: true, confirmed, guard };
                (state, Step { rings: true, ..Step::default() })
            }
            (state, _) => (state, Step::default()),
        };
        self.state = next;
        step
    }

    /// A 2xx came. The owner has answered it with ACK and BYE.
    pub fn on_success(&mut self, code: u16, now: Instant) -> Step {
        let outcome = match mem::replace(&mut self.state, State::Ended) {
            State::Ended => return Step::default(),
            State::HangingUp { rang: true, .. } => Outcome::AnsweredInRace,
            State::Ringing { evidence: Evidence::Alert, .. }
                if now.duration_since(self.invited) >= HUMAN =>
            {
                Outcome::Answered
            }
            State::Calling { .. }
            | State::HangingUp { .. }
            | State::Proceeding { .. }
            | State::Recording { .. }
            | State::Ringing { .. }
            | State::Unwanted { .. } => Outcome::AnsweredSuspect,
        };
        end(outcome, Some(code), None, true)
    }

    /// A final response of 300 or more came.
    pub fn on_failure(&mut self, code: u16, q850_cause: Option<u8>) -> Step {
        let (outcome, is_settled) = match mem::replace(&mut self.state, State::Ended) {
            State::Ended => return Step::default(),
            // Whoever hung up does not want the phone to ring through another trunk.
            State::HangingUp { why, rang, .. } => {
                (hung_up_outcome(why, rang, code, q850_cause), true)
            }
            State::Unwanted { why: why @ (HangUp::Asked | HangUp::Stopped), .. } => {
                (why.outcome(false), true)
            }
            State::Ringing { .. } => (cut_short(code, q850_cause, true), true),
            State::Calling { .. }
            | State::Proceeding { .. }
            | State::Recording { .. }
            | State::Unwanted { .. } => (cut_short(code, q850_cause, false), false),
        };
        end(outcome, Some(code), q850_cause, is_settled)
    }

    /// Nothing at all came after the INVITE: timer B.
    pub fn on_invite_timeout(&mut self) -> Step {
        self.unheard(Outcome::Silence)
    }

    /// The INVITE did not reach the trunk, and nothing has come from there.
    pub fn on_transport_error(&mut self) -> Step {
        self.unheard(Outcome::Unsent)
    }

    /// The trunk answered the CANCEL with this code.
    pub fn on_cancel_response(&mut self, code: u16) {
        if let State::HangingUp { confirmed, .. } = &mut self.state {
            // 481 and the like: ignore, the INVITE's final response decides.
            *confirmed |= (200..300).contains(&code);
        }
    }

    /// Nobody waits for the call any more: the phone shall be quiet now.
    pub fn hang_up(&mut self, now: Instant) -> Step {
        self.quieten(HangUp::Asked, now)
    }

    /// The daemon stops: the same, while somebody may wait for the call.
    pub fn stop(&mut self, now: Instant) -> Step {
        self.quieten(HangUp::Stopped, now)
    }

    fn quieten(&mut self, why: HangUp, now: Instant) -> Step {
        let (next, step) = match mem::replace(&mut self.state, State::Ended) {
            State::Calling { .. } => (self.unwanted(why), Step::default()),
            State::Proceeding { .. } => self.hang_up_now(why, None, now),
            State::Recording { .. } => (State::Ended, end(why.outcome(false), None, None, true)),
            State::Ringing { evidence, .. } => self.hang_up_now(why, Some(evidence), now),
            state @ (State::Ended | State::HangingUp { .. } | State::Unwanted { .. }) => {
                (state, Step::default())
            }
        };
        self.state = next;
        step
    }

    /// Handles the passing of time. Does nothing when called early.
    pub fn on_timeout(&mut self, now: Instant) -> Step {
        if self.next_wake().is_none_or(|wake| wake.at > now) {
            return Step::default();
        }
        let (next, step) = match mem::replace(&mut self.state, State::Ended) {
            State::Calling { .. } => (self.unwanted(HangUp::NothingRings), Step::default()),
            State::Proceeding { assume_at: Some(at), .. } if at <= now => {
                let step = Step { rings: true, ..Step::default() };
                (self.ringing(Evidence::Guess, now), step)
            }
            State::Proceeding { .. } => self.hang_up_now(HangUp::NothingRings, None, now),
            State::Recording { .. } => (State::Ended, self.end_unrecorded()),
            State::Ringing { evidence, .. } => {
                self.hang_up_now(HangUp::RangEnough, Some(evidence), now)
            }
            State::HangingUp { why, rang, confirmed: true, .. } => {
                (State::Ended, end(why.outcome(rang), None, None, true))
            }
            State::HangingUp { .. } => {
                (State::Ended, end(Outcome::CancelUnconfirmed, None, None, true))
            }
            State::Unwanted { .. } => (State::Ended, end(Outcome::Silence, None, None, false)),
            State::Ended => (State::Ended, Step::default()),
        };
        self.state = next;
        step
    }

    /// When, and why, the call next wants [`on_timeout`](Self::on_timeout).
    pub fn next_wake(&self) -> Option<Wake> {
        let (at, why) = match &self.state {
            State::Calling { give_up_at } => (*give_up_at, "nothing rings"),
            State::Proceeding { assume_at: Some(at), give_up_at } if at < give_up_at => {
                (*at, "assume ringing")
            }
            State::Proceeding { give_up_at, .. } => (*give_up_at, "nothing rings"),
            State::Recording { until } => (*until, "record"),
            State::Ringing { until, .. } => (*until, "ring time"),
            State::HangingUp { guard, .. } => (*guard, "64*T1 after CANCEL"),
            State::Unwanted { guard, .. } => (*guard, "64*T1 after INVITE"),
            State::Ended => return None,
        };
        Some(Wake { at, why })
    }

    /// Where the call stands, for `/debug/state`.
    pub fn state_name(&self) -> &'static str {
        match self.state {
            State::Calling { .. } => "calling",
            State::Ended => "ended",
            State::HangingUp { .. } => "hanging up",
            State::Proceeding { .. } => "proceeding",
            State::Recording { .. } => "recording",
            State::Ringing { .. } => "ringing",
            State::Unwanted { .. } => "unwanted",
        }
    }

    /// The transaction has ended before any response came.
    fn unheard(&mut self, outcome: Outcome) -> Step {
        match mem::replace(&mut self.state, State::Ended) {
            State::Ended => Step::default(),
            // Nobody wants the call any more: do not ring through another trunk either.
            State::Unwanted { why: why @ (HangUp::Asked | HangUp::Stopped), .. } => {
                end(why.outcome(false), None, None, true)
            }
            State::Calling { .. }
            | State::HangingUp { .. }
            | State::Proceeding { .. }
            | State::Recording { .. }
            | State::Ringing { .. }
            | State::Unwanted { .. } => end(outcome, None, None, false),
        }
    }

    /// Another trunk would need the same record.
    fn end_unrecorded(&mut self) -> Step {
        self.state = State::Ended;
        end(Outcome::NotRecorded, None, None, true)
    }

    fn evidence(&self, code: u16) -> Option<Evidence> {
        match (code, self.plan.alerting) {
            (180, _) => Some(Evidence::Alert),
            (183, Alerting::Early) => Some(Evidence::Guess),
            // 100, 181, 182, 199 and a 183 that is only announcements: nothing rings.
            _ => None,
        }
    }

    fn ringing(&self, evidence: Evidence, now: Instant) -> State {
        State::Ringing { evidence, until: now + self.plan.ring }
    }

    /// The transaction's timer B comes first; the guard holds if it did not.
    fn unwanted(&self, why: HangUp) -> State {
        State::Unwanted { why, guard: self.invited + self.plan.patience + GRACE }
    }

    fn hang_up_now(&self, why: HangUp, rang: Option<Evidence>, now: Instant) -> (State, Step) {
        let guard = now + self.plan.patience;
        let state = State::HangingUp { why, rang: rang.is_some(), confirmed: false, guard };
        (state, Step { cancel: true, ..Step::default() })
    }
}

/// Where the call stands; a state owns its deadlines.
#[derive(Debug)]
enum State {
    Calling { give_up_at: Instant },
    Unwanted { why: HangUp, guard: Instant },
    Proceeding { assume_at: Option<Instant>, give_up_at: Instant },
    Recording { until: Instant },
    Ringing { evidence: Evidence, until: Instant },
    HangingUp { why: HangUp, rang: bool, confirmed: bool, guard: Instant },
    Ended,
}

/// Why the phone is taken to ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Evidence {
    /// The trunk said 180.
    Alert,
    /// The profile says that what came, or the time that passed, means ringing.
    Guess,
}

/// `is_settled`: the phone rang, or nobody wants it to ring any more.
fn end(outcome: Outcome, code: Option<u16>, q850_cause: Option<u8>, is_settled: bool) -> Step {
    // RFC 3261 §21.6: a 6xx speaks for every server, whatever its Reason says.
    let is_global = code.is_some_and(|code| code >= 600);
    let may_fail_over = !is_settled && !is_global && classify::is_trunks_trouble(outcome);
    Step { ended: Some(Ended { outcome, code, q850_cause, may_fail_over }), ..Step::default() }
}

/// No person takes a phone out of a pocket within a second of the INVITE.
const HUMAN: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
