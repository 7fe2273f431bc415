//! SIP transactions: RFC 3261 §17 as updated by RFC 6026.
//!
//! Four machines in four files. A machine keeps no message: it answers *what is to be done* (send
//! the request again, acknowledge, pass the response up) and its owner renders the bytes, which for
//! a flash call costs less than keeping them. Timers live inside the states, so that to leave a
//! state is to stop its timers.

pub mod branch;
pub mod client;
pub mod invite_client;
pub mod invite_server;
pub mod non_invite_client;
pub mod non_invite_server;
pub mod server;
pub mod slab;
#[cfg(test)]
mod testing;

use std::time::Duration;

/// Base timer values, RFC 3261 §17.1.1.1. All other timers are derived from these.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TimerBase {
    /// Round-trip estimate. 500 ms by default.
    pub t1: Duration,
    /// Longest interval between retransmissions of non-INVITE requests and of final responses to
    /// INVITE. 4 s by default.
    pub t2: Duration,
    /// How long a message can stay in the network. 5 s by default.
    pub t4: Duration,
}

impl TimerBase {
    /// The defaults of RFC 3261 Table 4 with another round-trip estimate.
    pub fn with_t1(t1: Duration) -> Self {
        Self { t1, ..Self::default() }
    }

    /// Timers B, F, H, J, L and M: "64*T1".
    pub fn patience(&self) -> Duration {
        64 * self.t1
    }
}

impl Default for TimerBase {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

/// Whether the transport delivers by itself (TCP, TLS) or leaves that to the transaction (UDP).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// TCP, TLS: nothing is sent twice.
    Reliable,
    /// UDP.
    Unreliable,
}
