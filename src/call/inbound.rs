//! A missed call: somebody rings one of our numbers, is never answered, and proves by the ACK of our
//! refusal that what was sent to the address in their INVITE comes back to them.
//!
//! ```text
//!   Ringing ──ring time, CANCEL or stop──▶ Refused ──ACK with our tag──▶ Ended, returned
//!                                             └──64*T1 without one────▶ Ended, not returned
//! ```
//!
//! One forged datagram can claim any number, but only who receives our final response can repeat its
//! To tag (RFC 3261 §17.1.1.3 makes every caller do so), so nothing is believed before. An ACK with
//! another tag changes nothing: the refusal is sent again as if none had come.
//!
//! Deliberately absent: who is calling, whom they wanted, and the timers of the transaction.
//!
//! Invariants: one final response, one end; while the phone rings the call has a `next_wake`.

use std::mem;
use std::time::{Duration, Instant};

use crate::sip::Status;
use crate::time::Wake;

/// How a call is to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Plan {
    /// How long the caller hears that it rings; zero refuses at once.
    pub ring: Duration,
    /// The final response, 300 or more.
    pub refusal: Status,
}

/// What the owner must do now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Step {
    /// Send this response to the INVITE.
    pub respond: Option<Status>,
    /// An ACK came whose To tag is not ours: somebody guesses, or a broken caller.
    pub is_suspicious: bool,
    /// The call is over. Said once.
    pub ended: Option<Ended>,
}

/// How a missed call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ended {
    /// Whether the caller repeated our To tag, and so can be reached where the INVITE came from.
    pub is_returned: bool,
    /// What the call was refused with.
    pub refusal: Status,
}

/// One missed call.
#[derive(Debug)]
pub struct Inbound {
    plan: Plan,
    state: State,
}

impl Inbound {
    /// An INVITE for one of our numbers has come, and 100 was sent.
    pub fn start(plan: Plan, now: Instant) -> (Self, Step) {
        if plan.ring.is_zero() {
            let call = Self { plan, state: State::Refused { with: plan.refusal } };
            return (call, Step { respond: Some(plan.refusal), ..Step::default() });
        }
        let call = Self { plan, state: State::Ringing { until: now + plan.ring } };
        (call, Step { respond: Some(Status::RINGING), ..Step::default() })
    }

    /// The caller hangs up: RFC 3261 §9.2. The owner has answered the CANCEL itself.
    pub fn on_cancel(&mut self) -> Step {
        self.refuse(Status::REQUEST_TERMINATED)
    }

    /// The daemon stops: the caller waits for nothing.
    pub fn stop(&mut self) -> Step {
        self.refuse(self.plan.refusal)
    }

    /// An ACK of the refusal came; `is_ours`: with the tag that we gave this call.
    pub fn on_ack(&mut self, is_ours: bool) -> Step {
        match (&self.state, is_ours) {
            (State::Refused { .. }, true) => self.end(true),
            (State::Refused { .. } | State::Ringing { .. }, false) => {
                Step { is_suspicious: true, ..Step::default() }
            }
            // There is no final response yet that it could confirm, or it has been confirmed.
            (State::Ringing { .. } | State::Ended, _) => Step::default(),
        }
    }

    /// Timer H: the refusal was never acknowledged.
    pub fn on_unacknowledged(&mut self) -> Step {
        self.end(false)
    }

    /// Handles the passing of time. Does nothing when called early.
    pub fn on_timeout(&mut self, now: Instant) -> Step {
        match self.next_wake() {
            Some(wake) if wake.at <= now => self.refuse(self.plan.refusal),
            Some(_) | None => Step::default(),
        }
    }

    /// When, and why, the call next wants [`on_timeout`](Self::on_timeout). After the refusal the
    /// timers of the transaction go on.
    pub fn next_wake(&self) -> Option<Wake> {
        match self.state {
            State::Ringing { until } => Some(Wake { at: until, why: "ring time" }),
            State::Ended | State::Refused { .. } => None,
        }
    }

    /// Whether the caller hears that it rings.
    pub fn is_ringing(&self) -> bool {
        matches!(self.state, State::Ringing { .. })
    }

    /// Whether the refusal waits for its ACK.
    pub fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused { .. })
    }

    /// Where the call stands, for `/debug/state`.
    pub fn state_name(&self) -> &'static str {
        match self.state {
            State::Ended => "ended",
            State::Refused { .. } => "refused",
            State::Ringing { .. } => "ringing",
        }
    }

    fn refuse(&mut self, with: Status) -> Step {
        match self.state {
            State::Ringing { .. } => {
                self.state = State::Refused { with };
                Step { respond: Some(with), ..Step::default() }
            }
            // A CANCEL "has no effect on a request to which a UAS has already given a final response".
            State::Ended | State::Refused { .. } => Step::default(),
        }
    }

    fn end(&mut self, is_returned: bool) -> Step {
        match mem::replace(&mut self.state, State::Ended) {
            State::Refused { with } => {
                let ended = Ended { is_returned, refusal: with };
                Step { ended: Some(ended), ..Step::default() }
            }
            State::Ended => Step::default(),
            ringing @ State::Ringing { .. } => {
                debug_assert!(false, "a transaction ends only after a final response");
                self.state = ringing;
                Step::default()
            }
        }
    }
}

/// Where the call stands.
#[derive(Clone, Copy, Debug)]
enum State {
    Ringing { until: Instant },
    Refused { with: Status },
    Ended,
}

#[cfg(test)]
mod tests;
