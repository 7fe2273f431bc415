//! Replies that are kept for a repeated `Idempotency-Key`: the same request gets the same reply,
//! byte for byte, and is carried out once, even when both arrive together.
//!
//! Invariant: bounded without sweeps. Every kept reply owns one slot of a ring; who needs a slot
//! takes the oldest one and forgets the reply that owned it.
//!
//! Deliberately absent: a kept reply for what was refused for the moment. Nothing was done, and a
//! client that repeats the request wants it tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::counters::{ApiCounters, Shed};

/// A whole reply.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// It is a refusal for the moment.
    pub(super) is_passing: bool,
}

/// One caller's one key on one path, hashed: its length is the client's choice, ours is not.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct RequestKey([u8; 32]);

impl RequestKey {
    /// The parts are told apart by their lengths.
    pub(super) fn new(caller: &str, path: &str, key: &[u8]) -> Self {
        let mut hash = Sha256::new();
        for part in [caller.as_bytes(), path.as_bytes(), key] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// The table.
pub(super) struct Replies {
    table: Arc<DashMap<RequestKey, Kept>>,
    owners: Box<[ArcSwapOption<Owner>]>,
    tickets: AtomicU64,
    kept_for: Duration,
    counters: Arc<ApiCounters>,
}

struct Kept {
    body: [u8; 32],
    since: Instant,
    ticket: u64,
    reply: Awaited,
}

struct Owner {
    key: RequestKey,
    ticket: u64,
}

/// The reply to the first request, once there is one.
pub(super) type Awaited = watch::Receiver<Option<Arc<Reply>>>;

/// What a request with a key is.
pub(super) enum Claim {
    /// A repetition: this is, or will be, its reply.
    Again(Awaited),
    /// The first: carry it out and say how it went.
    First(Turn),
    /// The key was used with another body.
    Mismatch,
}

impl Replies {
    /// Keeps at most `size` replies, each for at most `kept_for`.
    pub(super) fn new(size: usize, kept_for: Duration, counters: Arc<ApiCounters>) -> Self {
        Self {
            table: Arc::default(),
            owners: (0..size.max(1)).map(|_| ArcSwapOption::empty()).collect(),
            tickets: AtomicU64::new(0),
            kept_for,
            counters,
        }
    }

    /// Whose turn it is.
    pub(super) fn claim(&self, key: RequestKey, body: &[u8], now: Instant) -> Claim {
        let body: [u8; 32] = Sha256::digest(body).into();
        let (sender, reply) = watch::channel(None);
        let ticket = match self.table.entry(key) {
            Entry::Occupied(kept) if self.is_fresh(kept.get(), now) => {
                let kept = kept.get();
                return match kept.body == body {
                    true => Claim::Again(kept.reply.clone()),
                    false => Claim::Mismatch,
                };
            }
            entry @ (Entry::Occupied(_) | Entry::Vacant(_)) => {
                let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
                drop(entry.insert(Kept { body, since: now, ticket, reply }));
                ticket
            }
        };
        self.take_slot(Owner { key, ticket }, now);
        Claim::First(Turn { table: self.table.clone(), key, ticket, sender })
    }

    /// How many are kept, and how many could be.
    pub(super) fn level(&self) -> (usize, usize) {
        (self.table.len(), self.owners.len())
    }

    fn take_slot(&self, owner: Owner, now: Instant) {
        // The remainder is below the number of slots, which fits into usize.
        let slot = &self.owners[(owner.ticket % self.owners.len() as u64) as usize];
        let Some(oldest) = slot.swap(Some(Arc::new(owner))) else { return };
        let removed = forget(&self.table, oldest.key, oldest.ticket);
        if removed.is_some_and(|kept| self.is_fresh(&kept, now)) {
            self.counters.on_shed(Shed::KeptReply);
        }
    }

    fn is_fresh(&self, kept: &Kept, now: Instant) -> bool {
        now.saturating_duration_since(kept.since) < self.kept_for
    }
}

/// The right, and the duty, to carry out a request. Dropped without a word, the request may be
/// tried again.
pub(super) struct Turn {
    table: Arc<DashMap<RequestKey, Kept>>,
    key: RequestKey,
    ticket: u64,
    sender: watch::Sender<Option<Arc<Reply>>>,
}

impl Turn {
    /// Says how it went, to those who wait and, unless it was refused for the moment, to those who
    /// will ask.
    pub(super) fn settle(self, reply: Arc<Reply>) {
        self.sender.send_replace(Some(reply));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let is_kept = self.sender.borrow().as_ref().is_some_and(|reply| !reply.is_passing);
        if !is_kept {
            forget(&self.table, self.key, self.ticket);
        }
    }
}

fn forget(table: &DashMap<RequestKey, Kept>, key: RequestKey, ticket: u64) -> Option<Kept> {
    // The key may have been used anew since; that one has a ticket of its own.
    table.remove_if(&key, |_, kept| kept.ticket == ticket).map(|(_, kept)| kept)
}

#[cfg(test)]
mod tests;
