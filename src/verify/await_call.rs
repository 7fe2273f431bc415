//! The start of a verification that waits for a call from its phone: a number to ring, limits, entry;
//! and the call that came before it.
//!
//! Several of one phone are told apart by the number that it is to ring. The number is drawn, so that
//! who has one verification of a phone does not know where another one waits.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use super::entry::Entry;
use super::id::VerificationId;
use super::missed::{DidId, Settled};
use super::moment::Moment;
use super::phone::PhoneError;
use super::refusal::{Rate, StartError};
use super::service::Verify;
use super::snapshot::Status;
use super::start::{Awaited, Started, Task, Ticket, Watch};
use super::step::{Flash, Missed, Step};
use crate::entropy::Stream;
use crate::evidence::Assurance;
use crate::number::E164;

/// Where and how a call is waited for.
pub(super) struct Place {
    did: Option<DidId>,
    /// The pool and the ring time of the call back.
    confirm: Option<(u16, Option<Duration>)>,
    recent_within: Duration,
}

impl Verify {
    /// What a client wants, when that can be.
    pub(super) fn choose_place(&self, wanted: &Awaited) -> Result<Place, StartError> {
        if self.waiting.dids() == 0 {
            return Err(StartError::NoDid);
        }
        let find = |number| self.waiting.find(number).ok_or(StartError::UnknownDid);
        let rules = &self.settings.missed_calls;
        let is_demanded = rules.min_assurance == Assurance::ChallengeConfirmed;
        let flash = wanted.confirm.clone().or_else(|| is_demanded.then(Default::default));
        let confirm = match &flash {
            None => None,
            Some(_) if self.pools.is_empty() => return Err(StartError::NoPoolToConfirm),
            Some(flash) => Some((self.choose_flash(flash)?, flash.ring)),
        };
        let max = rules.recent_window;
        let recent_within = match wanted.recent_within {
            Some(found) if found > max => return Err(StartError::RecentWithin { found, max }),
            Some(found) => found,
            None => max,
        };
        Ok(Place { did: wanted.did.map(find).transpose()?, confirm, recent_within })
    }

    /// Starts a verification that waits for a call.
    pub(super) fn start_waiting(
        &self,
        ticket: Ticket,
        place: &Place,
        now: Instant,
    ) -> Result<Started, StartError> {
        let to = ticket.to;
        if let Some(did) = place.did {
            self.check_waiting(did, to, now)?;
        }
        self.reserve()?;
        let mark = self.epoch.mark(now);
        let counted = self.count_start(to, place, mark, now);
        counted.inspect_err(|_| self.table.release())?;
        let (entry, did) = match self.claim(&ticket, place, now) {
            Ok(claimed) => claimed,
            Err(error) => {
                self.give_back_start(to, mark);
                return Err(error);
            }
        };
        // See `missed`: from here on a call finds the verification, and this finds an earlier call.
        fence(Ordering::SeqCst);
        let number = place.did.and_then(|_| self.waiting.number(did));
        let found = self.recent.take(to, number, place.recent_within, now);
        let settled = found.and_then(|call| self.use_recent(&entry, &call, now));
        Ok(self.started(&entry, settled, now))
    }

    /// What the client is told and what the shard must do, after the look at earlier calls.
    fn started(&self, entry: &Arc<Entry>, settled: Option<Settled>, now: Instant) -> Started {
        let shard = self.shard(entry.id);
        let challenge_at = match settled {
            Some(Settled::Challenge { at, .. }) => Some(at),
            Some(Settled::Nothing | Settled::Verified(_)) | None => None,
        };
        let wake_at = entry.expires;
        let watch = Watch { verification: entry.id, shard, wake_at, challenge_at };
        let mut task = Task::Watch(watch);
        // One that is kept is called back once it is on disk.
        if !self.is_kept && challenge_at.is_some_and(|at| at <= now) {
            task = match self.challenge(entry.id, shard, now) {
                Some(order) => Task::Call(super::start::Order { wake_at: Some(wake_at), ..order }),
                None => Task::Watch(Watch { challenge_at: None, ..watch }),
            };
        }
        Started { snapshot: self.snapshot(entry, entry.word.load()), task }
    }

    /// Counts the start for its phone and its block of phones.
    fn count_start(
        &self,
        to: E164,
        place: &Place,
        mark: Moment,
        now: Instant,
    ) -> Result<(), StartError> {
        let (number, moment) = (to.as_u64(), self.epoch.now(now));
        self.blocks.take(number, mark, moment)?;
        let counted = self.phones.start_waiting(to, (mark, moment), place.confirm.is_some());
        counted.map_err(|error| {
            self.blocks.give_back(number, mark);
            match error {
                PhoneError::Full(full) => {
                    StartError::Overloaded { table: "phones", limit: full.limit }
                }
                PhoneError::Locked { wait } => {
                    StartError::RateLimited { of: Rate::WrongCodes, retry_after: wait }
                }
                PhoneError::TooOften { wait } => {
                    StartError::RateLimited { of: Rate::PhoneStarts, retry_after: wait }
                }
                // Nobody calls the phone yet.
                PhoneError::Calling | PhoneError::Exhausted { .. } | PhoneError::Pending { .. } => {
                    StartError::CallInProgress
                }
            }
        })
    }

    /// Puts the verification where calls find it: at the number that is named; at the one that the
    /// phone has rung already; or at one that is drawn from those that are free for this phone, each
    /// with the same probability.
    fn claim(
        &self,
        ticket: &Ticket,
        place: &Place,
        now: Instant,
    ) -> Result<(Arc<Entry>, DidId), StartError> {
        let (to, id) = (ticket.to, VerificationId::new(self.wall.at(now), &self.entropy));
        let try_at = |did| self.claim_at(id, ticket, (did, place), now).map(|entry| (entry, did));
        if let Some(did) = place.did {
            return try_at(did).ok_or_else(|| match self.taken(did, to) {
                Some(id) => StartError::AlreadyPending { id },
                None => StartError::CallInProgress,
            });
        }
        let rung = self.recent.look(to, None, place.recent_within, now);
        let rung = rung.first().and_then(|call| self.waiting.find(call.record.did));
        if let Some(claimed) = rung.and_then(try_at) {
            return Ok(claimed);
        }
        let mut dice = self.entropy.stream();
        let count = self.waiting.dids();
        for _ in 0..DRAWS {
            // Below `count`, so it fits.
            let did = DidId(dice.below(count.into()) as u16);
            if let Some(claimed) = try_at(did) {
                return Ok(claimed);
            }
        }
        while let Some(did) = self.draw_free(to, &mut dice, now) {
            if let Some(claimed) = try_at(did) {
                return Ok(claimed);
            }
        }
        Err(match self.taken(DidId(0), to) {
            Some(id) if count > 1 => StartError::NoFreeDid { id },
            Some(id) => StartError::AlreadyPending { id },
            None => StartError::CallInProgress,
        })
    }

    /// One of those that are free, when nearly all are taken.
    fn draw_free(&self, to: E164, dice: &mut Stream, now: Instant) -> Option<DidId> {
        let is_free = |did: &DidId| self.check_waiting(*did, to, now).is_ok();
        let free: Vec<DidId> = (0..self.waiting.dids()).map(DidId).filter(is_free).collect();
        let count = u32::try_from(free.len()).ok().filter(|count| *count > 0)?;
        free.get(dice.below(count) as usize).copied()
    }

    fn claim_at(
        &self,
        id: VerificationId,
        ticket: &Ticket,
        (did, place): (DidId, &Place),
        now: Instant,
    ) -> Option<Arc<Entry>> {
        if self.check_waiting(did, ticket.to, now).is_err() {
            return None;
        }
        let confirm = place.confirm.map(|(pool, ring)| Flash::new(pool, ring, None));
        let call = arc_swap::ArcSwapOption::empty();
        let missed = Missed { did, recent_within: place.recent_within, call, confirm };
        let entry = self.entry(id, ticket, Step::MissedCall(Box::new(missed)), now);
        // First in the table, where its end is looked for; nobody knows its name yet.
        self.table.insert(&entry);
        let is_mine = self.waiting.claim(did, &entry);
        if !is_mine {
            self.table.remove(&entry);
        }
        is_mine.then_some(entry)
    }

    /// Refuses a second verification of one phone at one number, whose first one has not expired.
    fn check_waiting(&self, did: DidId, to: E164, now: Instant) -> Result<(), StartError> {
        let Some(entry) = self.waiting.get(did, to) else { return Ok(()) };
        self.expire_if_due(&entry, now);
        let is_pending = entry.word.load().status == Status::Pending;
        if is_pending { Err(StartError::AlreadyPending { id: entry.id }) } else { Ok(()) }
    }

    /// Who was faster at a number. `None`: it has ended since, and the start may be tried again.
    fn taken(&self, did: DidId, to: E164) -> Option<VerificationId> {
        self.waiting.get(did, to).map(|entry| entry.id)
    }
}

/// How often a number is drawn before those that are free are counted.
const DRAWS: usize = 16;
