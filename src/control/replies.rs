//! Replies that are kept for a repeated `Idempotency-Key`: the same request gets the same reply,
//! byte for byte, and is carried out once, even when both arrive together.
//!
//! Invariants: bounded. Every kept reply owns one slot of a ring; who needs a slot takes the oldest one
//! and forgets the reply that owned it. A request needs none before its reply is kept: those that are
//! refused for the moment, however many, push nothing out. A reply is on disk before anybody gets it,
//! and what is forgotten is forgotten there, too. Of a request whose reply was lost, with the process or
//! because the disk failed, it is known what stood before it, if it says so ahead: who repeats it learns
//! what came of it.
//!
//! Deliberately absent: a kept reply for what was refused for the moment. Nothing was done, and a
//! client that repeats the request wants it tried again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::counters::{ApiCounters, Shed};
use super::outside::{Answer, Before, KeptReply, Saving, Store, Unavailable};

/// A whole reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// For how long it is true.
    pub(super) term: Term,
}

/// For how long a reply is true.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Term {
    /// Whoever asks again hears the same.
    Lasting,
    /// It is a refusal for the moment: nothing was done.
    Passing,
    /// The disk failed: what was done may come to be known, or not.
    Unsure,
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
    table: DashMap<RequestKey, Kept>,
    store: Arc<dyn Store>,
    owners: Box<[ArcSwapOption<Owner>]>,
    /// The next turn's. What begins with it has it for a ticket.
    turns: AtomicU64,
    /// How many replies were kept.
    places: AtomicU64,
    /// Every place below has been looked at and is free.
    oldest: AtomicU64,
    kept_for: Duration,
    counters: Arc<ApiCounters>,
}

struct Kept {
    body: [u8; 32],
    expires: Instant,
    /// What it is called on disk.
    ticket: u64,
    /// Which of all turns it is in: those that are given up have slots that count no more.
    turn: u64,
    reply: Awaited,
    /// Its reply was lost, and nobody carries it out: what stood before it.
    lost: Option<Before>,
}

struct Owner {
    key: RequestKey,
    turn: u64,
    place: u64,
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
    /// Keeps at most so many replies, each for at most so long, and in `store`.
    pub(super) fn new(
        (size, kept_for): (usize, Duration),
        store: Arc<dyn Store>,
        counters: Arc<ApiCounters>,
    ) -> Arc<Self> {
        Arc::new(Self {
            table: DashMap::new(),
            store,
            owners: (0..size.max(1)).map(|_| ArcSwapOption::empty()).collect(),
            turns: AtomicU64::new(0),
            places: AtomicU64::new(0),
            oldest: AtomicU64::new(0),
            kept_for,
            counters,
        })
    }

    /// Takes over what the process before this one kept. Called once, before the first request.
    pub(super) fn restore(&self, mut kept: Vec<KeptReply>, now: Instant) {
        kept.sort_by_key(|reply| reply.ticket);
        let Some(last) = kept.last() else { return };
        self.turns.store(last.ticket + 1, Ordering::Relaxed);
        for kept in kept {
            let (key, ticket) = (RequestKey(kept.owner), kept.ticket);
            let Some((reply, lost)) = kept.read().filter(|_| kept.expires > now) else {
                self.store.forget_reply(ticket);
                continue;
            };
            let (_, reply) = watch::channel(reply);
            let (body, expires) = (kept.request, kept.expires);
            let kept = Kept { body, expires, ticket, turn: ticket, reply, lost };
            // Of two with one key the younger one counts.
            if let Some(older) = self.table.insert(key, kept) {
                self.store.forget_reply(older.ticket);
            }
            self.take_slot(key, ticket, now);
        }
    }

    /// Whose turn it is.
    pub(super) fn claim(self: &Arc<Self>, key: RequestKey, body: &[u8], now: Instant) -> Claim {
        self.forget_oldest(now);
        let body: [u8; 32] = Sha256::digest(body).into();
        let (sender, reply) = watch::channel(None);
        let expires = now + self.kept_for;
        let next = || self.turns.fetch_add(1, Ordering::Relaxed);
        let anew = |(ticket, turn)| Kept { body, expires, ticket, turn, reply, lost: None };
        let (ticket, turn, lost, expired) = match self.table.entry(key) {
            Entry::Occupied(mut kept) if kept.get().expires > now => {
                let kept = kept.get_mut();
                if kept.body != body {
                    return Claim::Mismatch;
                }
                let Some(lost) = kept.lost else { return Claim::Again(kept.reply.clone()) };
                let (ticket, turn) = (kept.ticket, next());
                *kept = Kept { expires: kept.expires, ..anew((ticket, turn)) };
                (ticket, turn, Some(lost), None)
            }
            Entry::Occupied(mut kept) => {
                let turn = next();
                (turn, turn, None, Some(kept.insert(anew((turn, turn))).ticket))
            }
            Entry::Vacant(place) => {
                let turn = next();
                drop(place.insert(anew((turn, turn))));
                (turn, turn, None, None)
            }
        };
        if let Some(expired) = expired {
            self.store.forget_reply(expired);
        }
        let before = Arc::new(lost.map_or_else(OnceLock::new, OnceLock::from));
        let slip = Slip { ticket, turn, owner: key, request: body, expires, before };
        Claim::First(Turn { replies: Arc::clone(self), slip, since: now, sender })
    }

    /// How many are kept, and how many could be.
    pub(super) fn level(&self) -> (usize, usize) {
        (self.table.len(), self.owners.len())
    }

    fn take_slot(&self, key: RequestKey, turn: u64, now: Instant) {
        let place = self.places.fetch_add(1, Ordering::Relaxed);
        let owner = Arc::new(Owner { key, turn, place });
        let Some(oldest) = self.slot(place).swap(Some(owner)) else { return };
        let Some(removed) = self.forget(oldest.key, oldest.turn) else { return };
        self.store.forget_reply(removed.ticket);
        if removed.expires > now {
            self.counters.on_shed(Shed::KeptReply);
        }
    }

    /// Forgets what is over, a few at a time: more than come anew, so that none stays for long.
    fn forget_oldest(&self, now: Instant) {
        for _ in 0..FORGET_EACH {
            let place = self.oldest.load(Ordering::Relaxed);
            if place >= self.places.load(Ordering::Relaxed) {
                return;
            }
            let owner = self.slot(place).load_full().filter(|owner| owner.place == place);
            if let Some(Owner { key, turn, .. }) = owner.as_deref() {
                let is_fresh = |kept: &Kept| kept.turn == *turn && kept.expires > now;
                if self.table.get(key).is_some_and(|kept| is_fresh(&kept)) {
                    return;
                }
                if let Some(forgotten) = self.forget(*key, *turn) {
                    self.store.forget_reply(forgotten.ticket);
                }
            }
            // Another thread has done the same, or is about to take it; then it is found when the ring
            // comes round.
            let (order, next) = (Ordering::Relaxed, place + 1);
            let _ = self.oldest.compare_exchange(place, next, order, order);
        }
    }

    /// The reply to this request was lost, and nobody goes on with it.
    fn lose(&self, key: RequestKey, turn: u64, before: Before) {
        if let Some(mut kept) = self.table.get_mut(&key).filter(|kept| kept.turn == turn) {
            kept.lost = Some(before);
        }
    }

    fn forget(&self, key: RequestKey, turn: u64) -> Option<Kept> {
        // The key may have been used anew since; that one has a turn of its own.
        self.table.remove_if(&key, |_, kept| kept.turn == turn).map(|(_, kept)| kept)
    }

    fn slot(&self, place: u64) -> &ArcSwapOption<Owner> {
        // The remainder is below the number of slots, which fits into usize.
        &self.owners[(place % self.owners.len() as u64) as usize]
    }
}

/// A request with a key that is being carried out: what its reply is kept under.
#[derive(Clone, Debug)]
pub(super) struct Slip {
    ticket: u64,
    turn: u64,
    owner: RequestKey,
    request: [u8; 32],
    expires: Instant,
    before: Arc<OnceLock<Before>>,
}

impl Slip {
    /// What stood before the request, when it was about to be carried out already and its reply was lost.
    pub(super) fn before(&self) -> Option<Before> {
        self.before.get().copied()
    }

    /// Writes down what stands before the request, ahead of what it does.
    ///
    /// # Errors
    ///
    /// It cannot be written: then nothing must be done.
    pub(super) fn intend(&self, before: Before, store: &dyn Store) -> Result<(), Unavailable> {
        store.intend(self.kept(Answer::Intent(before)))?;
        // One request is carried out by one.
        let _ = self.before.set(before);
        Ok(())
    }

    /// The reply as it is kept.
    pub(super) fn keep(&self, reply: &Reply) -> KeptReply {
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            // Those of our replies are text.
            Some((name.as_str().into(), value.to_str().ok()?.into()))
        };
        self.kept(Answer::Reply {
            status: reply.status.as_u16(),
            headers: reply.headers.iter().filter_map(header).collect(),
            body: reply.body.clone(),
        })
    }

    fn kept(&self, answer: Answer) -> KeptReply {
        let Self { ticket, request, expires, .. } = *self;
        KeptReply { ticket, owner: self.owner.0, request, answer, expires }
    }
}

impl KeptReply {
    /// The reply, or what is known without one; `None` when it is not one of ours.
    fn read(&self) -> Option<(Option<Arc<Reply>>, Option<Before>)> {
        let header = |(name, value): &(Box<str>, Box<str>)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        };
        match &self.answer {
            Answer::Intent(before) => Some((None, Some(*before))),
            Answer::Reply { status, headers, body } => {
                let reply = Reply {
                    status: StatusCode::from_u16(*status).ok()?,
                    headers: headers.iter().map(header).collect::<Option<HeaderMap>>()?,
                    body: body.clone(),
                    term: Term::Lasting,
                };
                Some((Some(Arc::new(reply)), None))
            }
        }
    }
}

/// The right, and the duty, to carry out a request. Dropped without a word, the request may be
/// tried again.
pub(super) struct Turn {
    replies: Arc<Replies>,
    slip: Slip,
    since: Instant,
    sender: watch::Sender<Option<Arc<Reply>>>,
}

impl Turn {
    /// What its reply is kept under.
    pub(super) fn slip(&self) -> Slip {
        self.slip.clone()
    }

    /// Has the reply written.
    pub(super) fn keep(&self, reply: &Reply) -> Saving {
        self.replies.store.keep_reply(self.slip.keep(reply))
    }

    /// Says how it went, to those who wait and, unless it was refused for the moment, to those who
    /// will ask.
    pub(super) fn settle(self, reply: Arc<Reply>) {
        self.sender.send_replace(Some(reply));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let term = self.sender.borrow().as_ref().map_or(Term::Unsure, |reply| reply.term);
        let Slip { owner, ticket, turn, .. } = self.slip;
        match (term, self.slip.before()) {
            (Term::Lasting, _) => {}
            (Term::Unsure, Some(before)) => self.replies.lose(owner, turn, before),
            (Term::Passing | Term::Unsure, before) => {
                drop(self.replies.forget(owner, turn));
                if before.is_some() {
                    self.replies.store.forget_reply(ticket);
                }
                return;
            }
        }
        self.replies.take_slot(owner, turn, self.since);
    }
}

/// How many of the oldest each new one looks at.
const FORGET_EACH: usize = 2;

#[cfg(test)]
mod tests;
