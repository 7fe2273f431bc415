//! Non-INVITE server transaction (CANCEL, BYE, OPTIONS): RFC 3261 §17.2.2.
//!
//! ```text
//!                                  |Request received
//!                                  |pass to TU
//!                                  V
//!                            +-----------+
//!                            |  Trying   |  request again: nothing
//!                            +-----------+
//!                 1xx from TU |        | 200-699 from TU
//!                 send        V        | send
//!                 +-----------+        |
//!   request again:| Proceeding|        |
//!   send response +-----------+        |
//!                 200-699 |            |
//!                 send    V            V
//!                 +---------------------+  request again: send response
//!                 |      Completed      |
//!                 +---------------------+
//!                           | Timer J
//!                           V
//!                       Terminated
//! ```

use std::mem;
use std::time::Instant;

use super::{TimerBase, Transport};
use crate::sip::Class;
use crate::time::Wake;

/// One server transaction of a request that is not INVITE. Its owner keeps the last response it
/// sent, to send it again.
#[derive(Debug)]
pub struct NonInviteServer {
    transport: Transport,
    base: TimerBase,
    state: State,
}

/// What the owner must do with a request that came again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnRequest {
    /// Nothing: there is no response yet.
    Absorb,
    /// Send the last response again.
    Respond,
}

impl NonInviteServer {
    /// A request that matched no transaction has arrived.
    pub fn start(transport: Transport, base: TimerBase) -> Self {
        Self { transport, base, state: State::Trying }
    }

    /// The same request has arrived again.
    pub fn on_request(&self) -> OnRequest {
        match self.state {
            State::Trying | State::Terminated => OnRequest::Absorb,
            State::Proceeding | State::Completed { .. } => OnRequest::Respond,
        }
    }

    /// The transaction user sends a response. Says whether it may go out: after the final one
    /// nothing may.
    pub fn on_send(&mut self, class: Class, now: Instant) -> bool {
        let state = mem::replace(&mut self.state, State::Terminated);
        let (next, may) = match (state, class) {
            (State::Trying | State::Proceeding, Class::Provisional) => (State::Proceeding, true),
            (State::Trying | State::Proceeding, _) => (self.completed(now), true),
            (state @ (State::Completed { .. } | State::Terminated), _) => (state, false),
        };
        self.state = next;
        may
    }

    /// Handles the passing of time: timer J ends the transaction.
    pub fn on_timeout(&mut self, now: Instant) {
        if self.next_wake().is_some_and(|wake| wake.at <= now) {
            self.state = State::Terminated;
        }
    }

    /// When, and why, this transaction next wants [`on_timeout`](Self::on_timeout).
    pub fn next_wake(&self) -> Option<Wake> {
        match &self.state {
            State::Completed { timer_j } => Some(Wake { at: *timer_j, why: "timer J" }),
            State::Trying | State::Proceeding | State::Terminated => None,
        }
    }

    /// Whether the owner may drop this transaction.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    fn completed(&self, now: Instant) -> State {
        match self.transport {
            Transport::Reliable => State::Terminated,
            Transport::Unreliable => State::Completed { timer_j: now + self.base.patience() },
        }
    }
}

/// A state owns its timers: to leave the state is to stop them.
#[derive(Debug)]
enum State {
    Trying,
    Proceeding,
    Completed { timer_j: Instant },
    Terminated,
}

#[cfg(test)]
mod tests;
