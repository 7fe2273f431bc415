//! Non-INVITE client transaction (CANCEL, BYE, OPTIONS): RFC 3261 §17.1.2.
//!
//! ```text
//!                                   |Request from TU
//!                                   |send request
//!               Timer E             V
//!               send request  +-----------+
//!                   +---------|           |-------------------+
//!                   |         |  Trying   |  Timer F          |
//!                   +-------->|           |  or Transport Err.|
//!                             +-----------+  inform TU        |
//!                200-699         |  |                         |
//!                resp. to TU     |  |1xx                      |
//!                +---------------+  |resp. to TU              |
//!                |                  |                         |
//!                |   Timer E        V       Timer F           |
//!                |   send req +-----------+ or Transport Err. |
//!                |  +---------|           | inform TU         |
//!                |  |         |Proceeding |------------------>|
//!                |  +-------->|           |-----+             |
//!                |            +-----------+     |1xx          |
//!                |              |      ^        |resp to TU   |
//!                | 200-699      |      +--------+             |
//!                | resp. to TU  |                             |
//!                V              V                             |
//!            +-----------+   Timer K     +-----------+        |
//!            | Completed |-------------->|Terminated |<-------+
//!            +-----------+               +-----------+
//! ```
//!
//! The retransmission interval doubles up to T2 in Trying and is T2 in Proceeding.
//!
//! What is deliberately absent: transport errors. What the network gives back counts as lost and is
//! sent again until timer F, because CANCEL and BYE matter more than to be told of an error soon.

use std::mem;
use std::time::{Duration, Instant};

use super::{TimerBase, Transport};
use crate::sip::Class;
use crate::time::Wake;

/// One client transaction of a request that is not INVITE. Its owner sends the request when it
/// starts it.
#[derive(Debug)]
pub struct NonInviteClient {
    transport: Transport,
    base: TimerBase,
    state: State,
}

/// What the owner must do with a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnResponse {
    /// Nothing: the transaction user has had its final response.
    Absorb,
    /// Pass it up.
    Deliver,
}

/// What the owner must do because time passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnTimeout {
    /// Timer F: tell the transaction user that no answer will come.
    Fail,
    /// Timer E: send the request again.
    Retransmit,
    /// Nothing is due, or the transaction has quietly ended (timer K).
    Rest,
}

impl NonInviteClient {
    /// The request has just been sent: starts timers E (unreliable transports only) and F.
    pub fn start(transport: Transport, base: TimerBase, now: Instant) -> Self {
        let timer_e = (transport == Transport::Unreliable)
            .then(|| TimerE { at: now + base.t1, interval: base.t1 });
        Self { transport, base, state: State::Trying { timer_e, timer_f: now + base.patience() } }
    }

    /// Handles a response that matched this transaction.
    pub fn on_response(&mut self, class: Class, now: Instant) -> OnResponse {
        let state = mem::replace(&mut self.state, State::Terminated);
        let (next, answer) = match (state, class) {
            (State::Trying { timer_e, timer_f }, Class::Provisional)
            | (State::Proceeding { timer_e, timer_f }, Class::Provisional) => {
                (State::Proceeding { timer_e, timer_f }, OnResponse::Deliver)
            }
            (State::Trying { .. } | State::Proceeding { .. }, _) => {
                (self.completed(now), OnResponse::Deliver)
            }
            (state @ (State::Completed { .. } | State::Terminated), _) => {
                (state, OnResponse::Absorb)
            }
        };
        self.state = next;
        answer
    }

    /// Handles the passing of time. Does nothing when called early; one step when called late.
    pub fn on_timeout(&mut self, now: Instant) -> OnTimeout {
        if self.next_wake().is_none_or(|wake| wake.at > now) {
            return OnTimeout::Rest;
        }
        let state = mem::replace(&mut self.state, State::Terminated);
        let (next, answer) = match state {
            State::Trying { timer_e: Some(e), timer_f } if now < timer_f => {
                let interval = (2 * e.interval).min(self.base.t2);
                let timer_e = Some(TimerE { at: now + interval, interval });
                (State::Trying { timer_e, timer_f }, OnTimeout::Retransmit)
            }
            // §17.1.2.2: in Proceeding "timer E MUST be reset with a value of T2 seconds".
            State::Proceeding { timer_e: Some(_), timer_f } if now < timer_f => {
                let interval = self.base.t2;
                let timer_e = Some(TimerE { at: now + interval, interval });
                (State::Proceeding { timer_e, timer_f }, OnTimeout::Retransmit)
            }
            State::Trying { .. } | State::Proceeding { .. } => (State::Terminated, OnTimeout::Fail),
            State::Completed { .. } | State::Terminated => (State::Terminated, OnTimeout::Rest),
        };
        self.state = next;
        answer
    }

    /// When, and why, this transaction next wants [`on_timeout`](Self::on_timeout).
    pub fn next_wake(&self) -> Option<Wake> {
        let (at, why) = match &self.state {
            State::Trying { timer_e: Some(e), timer_f }
            | State::Proceeding { timer_e: Some(e), timer_f }
                if e.at < *timer_f =>
            {
                (e.at, "timer E")
            }
            State::Trying { timer_f, .. } | State::Proceeding { timer_f, .. } => {
                (*timer_f, "timer F")
            }
            State::Completed { timer_k } => (*timer_k, "timer K"),
            State::Terminated => return None,
        };
        Some(Wake { at, why })
    }

    /// Whether it waits for its final response.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Proceeding { .. } | State::Trying { .. })
    }

    /// Whether the owner may drop this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    fn completed(&self, now: Instant) -> State {
        match self.transport {
            Transport::Reliable => State::Terminated,
            Transport::Unreliable => State::Completed { timer_k: now + self.base.t4 },
        }
    }
}

/// A state owns its timers: to leave the state is to stop them.
#[derive(Debug)]
enum State {
    Trying { timer_e: Option<TimerE>, timer_f: Instant },
    Proceeding { timer_e: Option<TimerE>, timer_f: Instant },
    Completed { timer_k: Instant },
    Terminated,
}

#[derive(Debug)]
struct TimerE {
    at: Instant,
    interval: Duration,
}

#[cfg(test)]
mod tests;
