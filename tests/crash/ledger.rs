//! What everybody was told, heard and saw, and whether it fits together.
//!
//! A value: it is told facts, in the order in which they became known, and collects faults. It knows
//! neither sockets nor the clock, so that the tests can tell it bad histories.

mod calls;
mod events;
mod lives;
mod phones;
mod verifications;
mod webhooks;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use calls::Calls;
use events::Events;
use lives::Lives;
use phones::Phone;
use verifications::Book;
use webhooks::Webhooks;

pub(crate) use calls::Invite;
pub(crate) use verifications::Guess;
pub(crate) use webhooks::CALLS_BACK;

/// What the daemon promises, in the figures of its configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Codes that may be tried for one verification.
    pub(crate) attempts: u8,
    /// How long an ended verification can be read.
    pub(crate) keep_ended: Duration,
    /// How long a phone is to ring.
    pub(crate) ring: Duration,
    /// Starts of one phone.
    pub(crate) starts_per_phone: u32,
    /// From so many wrong codes on a phone is locked, for longer than a run.
    pub(crate) wrong_codes_lock: usize,
}

/// All that is known.
#[derive(Debug)]
pub(crate) struct Ledger {
    rules: Rules,
    pub(crate) lives: Lives,
    books: BTreeMap<String, Book>,
    phones: BTreeMap<String, Phone>,
    /// The replies to requests with an `Idempotency-Key`.
    replies: BTreeMap<String, (u16, u64)>,
    events: Events,
    webhooks: Webhooks,
    calls: Calls,
    pub(crate) faults: Vec<Fault>,
    pub(crate) figures: Figures,
}

/// How much there was to go wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) starts: u64,
    pub(crate) checks: u64,
    pub(crate) cancels: u64,
    pub(crate) further_calls: u64,
    pub(crate) reads: u64,
    pub(crate) replies_lost: u64,
    pub(crate) replayed: u64,
    pub(crate) events: u64,
    pub(crate) webhooks: u64,
    pub(crate) webhooks_again: u64,
    pub(crate) invites: u64,
    /// Calls that rang when the process was killed.
    pub(crate) rang_at_kill: u64,
    /// Calls that the phone or the trunk ended.
    pub(crate) ended_by_trunk: u64,
    /// Calls that were hung up late because the machine stood still.
    pub(crate) late_by_machine: u64,
}

/// What is not as it was promised.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    /// A counted attempt is there again.
    AttemptBack,
    /// A phone was rung twice from one number.
    CallerIdAgain,
    /// What never changes has changed.
    Changed,
    /// A code that was tried once counted twice.
    CountedTwice,
    /// Two ends, or one end told twice as two.
    Duplicated,
    /// Events are missing, or out of order.
    Gap,
    /// A repeated request was not recognised.
    Idempotency,
    /// A limit or a lock was forgotten.
    Limit,
    /// What was acknowledged is not there.
    Lost,
    /// A phone rang for too long.
    RangTooLong,
    /// It has ended, and has not.
    Resurrected,
    /// More calls than were asked for.
    SecondCall,
    /// What nobody asked for.
    Unasked,
    /// A rule of SIP was broken that no kill excuses.
    Violation,
    /// A webhook is missing, or is not what it should be.
    Webhook,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.text)
    }
}

impl Ledger {
    pub(crate) fn new(rules: Rules, has_webhooks: bool) -> Self {
        let webhooks = Webhooks::new(has_webhooks);
        Self {
            rules,
            lives: Lives::default(),
            books: BTreeMap::new(),
            phones: BTreeMap::new(),
            replies: BTreeMap::new(),
            events: Events::default(),
            webhooks,
            calls: Calls::default(),
            faults: vec![],
            figures: Figures::default(),
        }
    }

    /// A request with a key has its reply. All its replies are one.
    pub(crate) fn on_keyed_reply(&mut self, key: &str, status: u16, body: u64) {
        let reply = (status, body);
        let first = *self.replies.entry(key.to_owned()).or_insert(reply);
        if first != reply {
            let text = format!("the key {key} had a reply {}, then another, {status}", first.0);
            self.object(Kind::Idempotency, text);
        }
    }

    /// Something else is wrong.
    pub(crate) fn object(&mut self, kind: Kind, text: impl Into<String>) {
        self.faults.push(Fault { kind, text: text.into() });
    }

    /// How many faults are of this kind.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.faults.iter().filter(|fault| fault.kind == kind).count()
    }

    /// Everything has come to rest: what should have happened by now?
    pub(crate) fn finish(&mut self, now: Duration) {
        self.finish_verifications();
        self.finish_phones();
        self.finish_calls(now);
        self.finish_webhooks();
    }
}

#[cfg(test)]
mod tests;
