//! How the trunk and its phones behave where their numbers do not say it.

use std::net::SocketAddr;
use std::time::Duration;

use super::behaviour::{self, Behaviour, Rule};
use super::number::Number;
use crate::transaction::TimerBase;

/// Everything about the trunk that can be chosen.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the trunk can be reached: its Contact.
    pub local: SocketAddr,
    /// T1, T2 and T4.
    pub base: TimerBase,
    /// Before 100 Trying. From 200 ms on the transaction says it by itself (RFC 3261 §17.2.1).
    pub trying_after: Duration,
    /// The least post-dial delay: from the INVITE to ringing, or to a refusal.
    pub post_dial_delay: Duration,
    /// The most that chance adds to it.
    pub post_dial_jitter: Duration,
    /// What happens to packets of every phone.
    pub quality: Quality,
    /// What lies between the caller and the trunk.
    pub wire: Wire,
    /// Behaviours by number; the longest suffix wins, and all of them over the default table.
    pub rules: Vec<Rule>,
    /// How long a phone rings when nobody hangs up and the INVITE has no Expires.
    pub ring_max: Duration,
    /// When the person hangs up who has answered.
    pub talk_max: Duration,
    /// Most server transactions alive; INVITEs beyond get 503.
    pub transactions_max: usize,
    /// Most phones whose logs are kept; the one that has been quiet for longest is forgotten.
    pub phones_max: usize,
    /// Most events that wait to be read; those beyond are counted and dropped.
    pub events_max: usize,
}

impl Settings {
    /// A trunk at `local` as a newcomer expects it.
    pub fn new(local: SocketAddr) -> Self {
        Self {
            local,
            base: TimerBase::default(),
            trying_after: Duration::ZERO,
            post_dial_delay: Duration::from_millis(300),
            post_dial_jitter: Duration::from_millis(400),
            quality: Quality::GOOD,
            wire: Wire::Orderly,
            rules: vec![],
            ring_max: Duration::from_secs(60),
            talk_max: Duration::from_secs(30),
            transactions_max: 1 << 18,
            phones_max: 1 << 16,
            events_max: 1 << 16,
        }
    }

    /// How the phone with this number behaves.
    pub fn behaviour_of(&self, phone: Number) -> Behaviour {
        let matching = self.rules.iter().filter(|rule| rule.matches(phone));
        let longest = matching.max_by_key(|rule| rule.suffix().len());
        longest.map_or_else(|| behaviour::of_number(phone), |rule| rule.behaviour)
    }
}

/// What chance does to packets, in packets of a thousand, each way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quality {
    /// Lost.
    pub lost: u16,
    /// Sent twice.
    pub repeated: u16,
}

impl Quality {
    /// Nothing is lost or repeated.
    pub const GOOD: Self = Self { lost: 0, repeated: 0 };

    /// Both, each packet suffering the worse.
    pub fn worse(self, other: Self) -> Self {
        Self { lost: self.lost.max(other.lost), repeated: self.repeated.max(other.repeated) }
    }
}

/// What the trunk may conclude from the order in which packets come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wire {
    /// Nothing is lost, repeated or overtaken: loopback.
    Orderly,
    /// Anything may be: what loss and reordering explain is no violation.
    Wild,
}
