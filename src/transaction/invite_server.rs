//! INVITE server transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.
//!
//! ```text
//!                                    |INVITE
//!                                    |pass INV to TU
//!                 INVITE             V send 100 if TU won't in 200 ms
//!                 send response+------------+
//!                     +--------|            |--------+ 101-199 from TU
//!                     |        | Proceeding |        | send response
//!                     +------->|            |<-------+
//!                              +------------+
//!                 300-699 from TU |      | 2xx from TU
//!                 send response   |      | send response
//!                                 V      +------------------>+
//!                 INVITE       +-----------+                 |
//!                 Timer G      |           |          INVITE |
//!                 send response| Completed |               - V
//!                              |           |       +-----------+
//!                              +-----------+       | Accepted  | ACK to TU,
//!                       ACK       |    |           +-----------+ 2xx from TU sent
//!                       -         |    | Timer H         | Timer L
//!                                 V    | fail            |
//!                        +-----------+ |                 |
//!                        | Confirmed | |                 |
//!                        +-----------+ |                 |
//!                          | Timer I   |                 |
//!                          +-----------+--> Terminated <-+
//! ```

use std::mem;
use std::time::{Duration, Instant};

use super::{TimerBase, Transport};
use crate::sip::Class;
use crate::time::Wake;

/// One INVITE server transaction. Its owner keeps the last response it sent, to send it again.
#[derive(Debug)]
pub struct InviteServer {
    transport: Transport,
    base: TimerBase,
    state: State,
}

/// What the owner must do with an INVITE that came again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnInvite {
    /// Nothing: the 2xx is sent again by the transaction user, not by us.
    Absorb,
    /// Send the last response again, if there is one.
    Respond,
}

/// What the owner must do with an ACK.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnAck {
    /// Nothing.
    Absorb,
    /// The final response was confirmed: tell the transaction user, once.
    Confirm,
    /// An ACK for a 2xx belongs to the transaction user.
    Deliver,
}

/// What the owner must do because time passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnTimeout {
    /// Timer H: the ACK never came.
    Fail,
    /// Nothing is due, or the transaction has quietly ended (timers I and L).
    Rest,
    /// Timer G: send the final response again.
    Retransmit,
    /// The transaction user has said nothing for 200 ms: send 100 Trying.
    Trying,
}

impl InviteServer {
    /// An INVITE that matched no transaction has arrived.
    pub fn start(transport: Transport, base: TimerBase, now: Instant) -> Self {
        let state = State::Proceeding { trying_at: Some(now + TRYING_AFTER) };
        Self { transport, base, state }
    }

    /// The same INVITE has arrived again.
    pub fn on_invite(&self) -> OnInvite {
        match self.state {
            State::Proceeding { .. } | State::Completed { .. } => OnInvite::Respond,
            State::Accepted { .. } | State::Confirmed { .. } | State::Terminated => {
                OnInvite::Absorb
            }
        }
    }

    /// The transaction user sends a response. Says whether it may go out.
    pub fn on_send(&mut self, class: Class, now: Instant) -> bool {
        let state = mem::replace(&mut self.state, State::Terminated);
        let (next, may) = match (state, class) {
            (State::Proceeding { .. }, Class::Provisional) => {
                (State::Proceeding { trying_at: None }, true)
            }
            (State::Proceeding { .. }, Class::Success) => {
                (State::Accepted { timer_l: now + self.base.patience() }, true)
            }
            (State::Proceeding { .. }, _) => (self.completed(now), true),
            // RFC 6026 §8.5: 2xx retransmissions of the transaction user pass through.
            (accepted @ State::Accepted { .. }, Class::Success) => (accepted, true),
            (state, _) => (state, false),
        };
        self.state = next;
        may
    }

    /// An ACK that matched this transaction has arrived.
    pub fn on_ack(&mut self, now: Instant) -> OnAck {
        match &self.state {
            State::Completed { .. } => {
                self.state = match self.transport {
                    Transport::Reliable => State::Terminated,
                    Transport::Unreliable => State::Confirmed { timer_i: now + self.base.t4 },
                };
                OnAck::Confirm
            }
            State::Accepted { .. } => OnAck::Deliver,
            State::Confirmed { .. } | State::Proceeding { .. } | State::Terminated => OnAck::Absorb,
        }
    }

    /// Handles the passing of time. Does nothing when called early; one step when called late.
    pub fn on_timeout(&mut self, now: Instant) -> OnTimeout {
        if self.next_wake().is_none_or(|wake| wake.at > now) {
            return OnTimeout::Rest;
        }
        let state = mem::replace(&mut self.state, State::Terminated);
        let (next, answer) = match state {
            State::Proceeding { .. } => (State::Proceeding { trying_at: None }, OnTimeout::Trying),
            State::Completed { timer_g: Some(g), timer_h } if now < timer_h => {
                let interval = (2 * g.interval).min(self.base.t2);
                let timer_g = Some(TimerG { at: now + interval, interval });
                (State::Completed { timer_g, timer_h }, OnTimeout::Retransmit)
            }
            State::Completed { .. } => (State::Terminated, OnTimeout::Fail),
            State::Accepted { .. } | State::Confirmed { .. } | State::Terminated => {
                (State::Terminated, OnTimeout::Rest)
            }
        };
        self.state = next;
        answer
    }

    /// When, and why, this transaction next wants [`on_timeout`](Self::on_timeout).
    pub fn next_wake(&self) -> Option<Wake> {
        let (at, why) = match &self.state {
            State::Proceeding { trying_at } => ((*trying_at)?, "100 Trying"),
            State::Completed { timer_g: Some(g), timer_h } if g.at < *timer_h => (g.at, "timer G"),
            State::Completed { timer_h, .. } => (*timer_h, "timer H"),
            State::Confirmed { timer_i } => (*timer_i, "timer I"),
            State::Accepted { timer_l } => (*timer_l, "timer L"),
            State::Terminated => return None,
        };
        Some(Wake { at, why })
    }

    /// Whether no final response has been sent yet.
    pub fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether the owner may drop this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    fn completed(&self, now: Instant) -> State {
        let timer_g = (self.transport == Transport::Unreliable)
            .then(|| TimerG { at: now + self.base.t1, interval: self.base.t1 });
        State::Completed { timer_g, timer_h: now + self.base.patience() }
    }
}

/// A state owns its timers: to leave the state is to stop them.
#[derive(Debug)]
enum State {
    Proceeding { trying_at: Option<Instant> },
    Completed { timer_g: Option<TimerG>, timer_h: Instant },
    Confirmed { timer_i: Instant },
    Accepted { timer_l: Instant },
    Terminated,
}

#[derive(Debug)]
struct TimerG {
    at: Instant,
    interval: Duration,
}

/// RFC 3261 §17.2.1: "The server transaction MUST generate a 100 (Trying) response unless it knows
/// that the TU will generate a provisional or final response within 200 ms".
const TRYING_AFTER: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
