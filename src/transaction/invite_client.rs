//! INVITE client transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.
//!
//! ```text
//!                                  |INVITE from TU
//!                Timer A fires     |INVITE sent      Timer B fires
//!                Reset A,          V                 or Transport Err.
//!                INVITE sent +-----------+           inform TU
//!                  +---------|           |--------------------------+
//!                  |         |  Calling  |                          |
//!                  +-------->|           |-----------+              |
//!    300-699 +---------------+-----------+ 2xx       |              |
//!    ACK sent|                     |1xx    2xx to TU |              |
//!    resp. to|                     |1xx to TU        |              |
//!    TU      |     1xx             V                 |              |
//!            |     1xx to TU +-----------+           |              |
//!            |     +---------|           |           |              |
//!            |     |         |Proceeding |           |              |
//!            |     +-------->|           | 2xx       |              |
//!            |               +-----------+ 2xx to TU |              |
//!            |       300-699    |    +-------------->|              |
//!            |       ACK sent,  |                    |              |
//!            |       resp. to TU|                    |              |
//!            V                  V                    V              |
//!      +-----------+     (the same state)      +-----------+        |
//!      | Completed | 300-699: ACK sent         | Accepted  | 2xx: to TU
//!      +-----------+ 2xx: to TU                +-----------+        |
//!            | Timer D                               | Timer M      |
//!            +------------------->  Terminated  <----+--------------+
//! ```
//!
//! A 2xx in Completed is not in the figure: a forking proxy forwards one although it has forwarded a
//! failure (§16.7, step 5), and the phone that answered waits for its ACK.
//!
//! What is deliberately absent: there is no timer in Proceeding. How long a phone may ring is the
//! business of the call, not of the transaction.

use std::mem;
use std::time::{Duration, Instant};

use super::{TimerBase, Transport};
use crate::sip::Class;
use crate::time::Wake;

/// One INVITE client transaction. Its owner sends the INVITE when it starts it.
#[derive(Debug)]
pub struct InviteClient {
    transport: Transport,
    base: TimerBase,
    state: State,
}

/// What the owner must do with a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnResponse {
    /// Nothing: it is late or out of order.
    Absorb,
    /// Send the ACK again; the transaction user has had this response.
    Acknowledge,
    /// Send the ACK (§17.1.1.3) and pass the response up: the first final one that is not a 2xx.
    AcknowledgeAndDeliver,
    /// Pass it up: a provisional one, or a 2xx, whose ACK is the transaction user's.
    Deliver,
}

/// What the owner must do because time passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnTimeout {
    /// Timer B: tell the transaction user that no answer will come.
    Fail,
    /// Timer A: send the INVITE again.
    Retransmit,
    /// Nothing is due, or the transaction has quietly ended (timers D and M).
    Rest,
}

impl InviteClient {
    /// The INVITE has just been sent: starts timers A (unreliable transports only) and B.
    pub fn start(transport: Transport, base: TimerBase, now: Instant) -> Self {
        let timer_a = (transport == Transport::Unreliable)
            .then(|| TimerA { at: now + base.t1, interval: base.t1 });
        let state = State::Calling { timer_a, timer_b: now + base.patience() };
        Self { transport, base, state }
    }

    /// Handles a response that matched this transaction.
    pub fn on_response(&mut self, class: Class, now: Instant) -> OnResponse {
        let state = mem::replace(&mut self.state, State::Terminated);
        let (next, answer) = match (state, class) {
            (State::Calling { .. } | State::Proceeding, Class::Provisional) => {
                (State::Proceeding, OnResponse::Deliver)
            }
            (State::Calling { .. } | State::Proceeding, Class::Success) => {
                (State::Accepted { timer_m: now + self.base.patience() }, OnResponse::Deliver)
            }
            (State::Calling { .. } | State::Proceeding, _) => {
                (self.completed(now), OnResponse::AcknowledgeAndDeliver)
            }
            // RFC 6026 §7.2: every 2xx goes up; the transaction user decides which one to keep.
            (state @ (State::Accepted { .. } | State::Completed { .. }), Class::Success) => {
                (state, OnResponse::Deliver)
            }
            (completed @ State::Completed { .. }, class) if class.is_failure() => {
                (completed, OnResponse::Acknowledge)
            }
            (state, _) => (state, OnResponse::Absorb),
        };
        self.state = next;
        answer
    }

    /// Handles the passing of time. Does nothing when called early; one step when called late, so
    /// that a machine which was suspended does not send a burst.
    pub fn on_timeout(&mut self, now: Instant) -> OnTimeout {
        if self.next_wake().is_none_or(|wake| wake.at > now) {
            return OnTimeout::Rest;
        }
        let state = mem::replace(&mut self.state, State::Terminated);
        let (next, answer) = match state {
            State::Calling { timer_a: Some(a), timer_b } if now < timer_b => {
                // §17.1.1.2: 2*T1, 4*T1, … without a ceiling: T2 is for non-INVITE requests.
                let interval = 2 * a.interval;
                let timer_a = Some(TimerA { at: now + interval, interval });
                (State::Calling { timer_a, timer_b }, OnTimeout::Retransmit)
            }
            State::Calling { .. } => (State::Terminated, OnTimeout::Fail),
            State::Accepted { .. } | State::Completed { .. } => {
                (State::Terminated, OnTimeout::Rest)
            }
            state @ (State::Proceeding | State::Terminated) => (state, OnTimeout::Rest),
        };
        self.state = next;
        answer
    }

    /// The transport could not carry the INVITE: §17.1.4 ends the transaction, and the transaction user
    /// must be told (true). Only in Calling, as in the figure: once the server has spoken the error is
    /// that of a copy which is not needed.
    pub fn on_transport_error(&mut self) -> bool {
        let is_calling = matches!(self.state, State::Calling { .. });
        if is_calling {
            self.state = State::Terminated;
        }
        is_calling
    }

    /// Ends a transaction that still waits for its final response: 64*T1 after its CANCEL, RFC 3261
    /// §9.1 ("the client SHOULD then consider the original transaction cancelled and SHOULD destroy
    /// the client transaction handling the original request"). One that had it lives on.
    pub fn abandon(&mut self) {
        if matches!(self.state, State::Calling { .. } | State::Proceeding) {
            self.state = State::Terminated;
        }
    }

    /// When, and why, this transaction next wants [`on_timeout`](Self::on_timeout).
    pub fn next_wake(&self) -> Option<Wake> {
        let (at, why) = match &self.state {
            State::Calling { timer_a: Some(a), timer_b } if a.at < *timer_b => (a.at, "timer A"),
            State::Calling { timer_b, .. } => (*timer_b, "timer B"),
            State::Accepted { timer_m } => (*timer_m, "timer M"),
            State::Completed { timer_d } => (*timer_d, "timer D"),
            State::Proceeding | State::Terminated => return None,
        };
        Some(Wake { at, why })
    }

    /// Whether the owner may drop this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    fn completed(&self, now: Instant) -> State {
        match self.transport {
            Transport::Reliable => State::Terminated,
            Transport::Unreliable => State::Completed { timer_d: now + TIMER_D },
        }
    }
}

/// A state owns its timers: to leave the state is to stop them.
#[derive(Debug)]
enum State {
    Calling { timer_a: Option<TimerA>, timer_b: Instant },
    Proceeding,
    Accepted { timer_m: Instant },
    Completed { timer_d: Instant },
    Terminated,
}

#[derive(Debug)]
struct TimerA {
    at: Instant,
    interval: Duration,
}

/// RFC 3261 §17.1.1.2: "at least 32 seconds for unreliable transports".
const TIMER_D: Duration = Duration::from_secs(32);

#[cfg(test)]
mod tests;
