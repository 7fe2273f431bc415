//! Starting a verification: policy, limits, lease, entry. What was taken on the way is given back
//! when a later step refuses, so a refused start leaves no trace but its refusal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::entry::{Entry, State, Word};
use super::id::{CallId, VerificationId};
use super::lease::Pick;
use super::moment::Moment;
use super::phone::Wish;
use super::placed::Placed;
use super::pool::{Pool, needed};
use super::record::{CallRecord, Ending};
use super::refusal::StartError;
use super::service::Verify;
use super::settings::EXPIRY_MIN;
use super::snapshot::{Reason, Snapshot, Status};
use super::story::{Fact, Story};
use super::suffixes::SPACE;
use crate::entropy::Stream;
use crate::number::E164;
use crate::number::plan::Country;
use crate::outcome::{Outcome, Side};

/// A wish to verify a phone by a flash call.
#[derive(Clone, Debug)]
pub struct Start {
    /// The phone.
    pub to: E164,
    /// The pool to call from; `None`: the first of the configuration.
    pub pool: Option<Arc<str>>,
    /// How long it should ring; `None`: what the trunk's profile says.
    pub ring: Option<Duration>,
    /// How long the verification stays pending; `None`: the configured time.
    pub expires_in: Option<Duration>,
    /// The client's own word for it.
    pub client_ref: Option<Arc<str>>,
}

/// A verification that was started: what the client is told, and what a shard must do.
#[derive(Clone, Debug)]
pub struct Started {
    /// What the client is told.
    pub snapshot: Snapshot,
    /// What the shard must do.
    pub order: Order,
}

/// One call that a shard must place. Holds the caller ID, and so the code: never to be logged
/// (`Debug` masks both numbers).
#[derive(Clone, Debug)]
pub struct Order {
    /// The call's record, which the shard writes from now on.
    pub call: Arc<CallRecord>,
    /// What the call is for.
    pub verification: VerificationId,
    /// The phone.
    pub to: E164,
    /// The number to call from.
    pub caller_id: E164,
    /// How long it should ring; `None`: what the trunk's profile says.
    pub ring: Option<Duration>,
    /// Index of the pool that the caller ID is of, in the configuration's order.
    pub pool: u16,
    /// The phone's country.
    pub country: Country,
    /// The shard that must place it.
    pub shard: u16,
    /// When the shard must call `on_timeout` for the verification; `None` for a second call, whose
    /// verification's timer runs already.
    pub wake_at: Option<Instant>,
}

impl Verify {
    /// Starts a verification: from here on it is pending, and the shard of the order must call.
    /// Listeners hear of it from [`confirm`](Self::confirm).
    ///
    /// # Errors
    ///
    /// Why nothing was started.
    pub fn start(&self, request: Start, now: Instant) -> Result<Started, StartError> {
        let (index, pool) = self.choose_pool(request.pool.as_ref())?;
        let expires_in = self.check_times(&request)?;
        let country = self.policy.check(request.to)?;
        self.check_pending(request.to, now)?;
        if !self.table.reserve() {
            let limit = self.settings.bounds.pending_max;
            return Err(StartError::Overloaded { table: "pending verifications", limit });
        }
        let (mark, moment) = (self.epoch.mark(now), self.epoch.now(now));
        let id = VerificationId::new(self.wall.at(now), &self.entropy);
        let mut dice = self.entropy.stream();
        let wish = Wish {
            phone: request.to,
            verification: id,
            pool: index,
            needed: self.needed(self.settings.attempts),
            mark,
            now: moment,
            dice: &mut dice,
        };
        let pick = self.take(wish, pool).inspect_err(|_| self.table.release())?;
        let Some((placed, caller_id)) = self.place(id, pool, pick, None, &mut dice, now) else {
            // Unreachable: a suffix that was picked from a pool has a number in it.
            self.give_back(request.to, pick.suffix, id, mark);
            return Err(StartError::PoolExhausted {
                pool: Arc::clone(&pool.name),
                usable: 0,
                needed: 1,
            });
        };
        let call = Arc::clone(&placed.record);
        let entry = Arc::new(Entry {
            id,
            to: request.to,
            country,
            pool: index,
            ring: request.ring,
            client_ref: request.client_ref,
            created: now,
            created_at: call.placed_at,
            expires: now + expires_in,
            word: Word::new(State::new(self.settings.attempts)),
            story: Story::default(),
            placed: ArcSwap::from_pointee(placed),
            slot: AtomicU32::new(u32::MAX),
            is_forgotten: AtomicBool::new(false),
        });
        self.table.insert(&entry);
        self.table.insert_call(call.id, &entry);
        let wake_at = Some(entry.expires);
        let snapshot = self.snapshot(&entry, entry.word.load());
        Ok(Started { snapshot, order: self.order(&entry, call, caller_id, wake_at) })
    }

    /// Takes an order back that no shard could be given and that was not confirmed, as if it had
    /// never been: nothing is counted and nobody hears of it. A verification that ended meanwhile
    /// stays as it is, and listeners, who hear of it, hear of the end of its call, too.
    pub fn undo(&self, order: &Order, now: Instant) {
        let Some(entry) = self.table.get_by_call(order.call.id) else { return };
        let Some(placed) = entry.placed.load().find(order.call.id) else { return };
        if !placed.end() {
            return;
        }
        let suffix = order.caller_id.suffix();
        let is_undone = if placed.ordinal > 1 {
            self.undo_call(&entry, &placed, suffix)
        } else {
            self.undo_start(&entry, suffix, now)
        };
        if !is_undone || entry.story.has_placed(placed.ordinal) {
            // Whoever ended the verification before its call could be taken back tells of both.
            let (outcome, by) = (Outcome::Withdrawn, Side::Us);
            let ending = Ending { outcome, by, sip_code: None, q850_cause: None };
            placed.record.on_ended(ending, now);
            self.tell(&entry, Fact::CallEnded(placed.ordinal));
            self.table.on_call_over(placed.record.id, &entry);
        }
    }

    /// False: the verification has ended, with this call.
    fn undo_start(&self, entry: &Arc<Entry>, suffix: u32, now: Instant) -> bool {
        let withdraw =
            |state: State| state.end(Status::Canceled, Reason::CanceledByClient, entry.age(now));
        let is_undone = entry.word.change(withdraw).is_ok();
        if is_undone {
            self.table.remove(entry);
            self.give_back(entry.to, suffix, entry.id, self.epoch.mark(entry.created));
        } else {
            self.phones.undo(entry.to, suffix, None);
        }
        is_undone
    }

    fn choose_pool(&self, name: Option<&Arc<str>>) -> Result<(u16, &Pool), StartError> {
        let named = |pool: &Pool| name.is_none_or(|name| *name == pool.name);
        let found = self.pools.iter().enumerate().find(|(_, pool)| named(pool));
        // `Settings::check` bounds the number of pools far below 65,536, and at one from below.
        let unknown = || StartError::UnknownPool { found: name.cloned().unwrap_or_default() };
        found.map(|(index, pool)| (index as u16, pool)).ok_or_else(unknown)
    }

    fn check_times(&self, request: &Start) -> Result<Duration, StartError> {
        if let Some(found) = request.ring
            && !(RING_MIN..=RING_MAX).contains(&found)
        {
            return Err(StartError::Ring { found });
        }
        let (min, max) = (EXPIRY_MIN, self.settings.expires_in_max);
        match request.expires_in {
            Some(found) if !(min..=max).contains(&found) => {
                Err(StartError::ExpiresIn { found, min, max })
            }
            Some(found) => Ok(found),
            None => Ok(self.settings.expires_in),
        }
    }

    /// Asked before anything is counted or taken: who has a verification is told its name, whatever
    /// limit of the phone, its block or a table would be in the way of another one.
    fn check_pending(&self, phone: E164, now: Instant) -> Result<(), StartError> {
        let pending = || self.phones.pending(phone);
        if let Some(entry) = pending().and_then(|id| self.table.get(id)) {
            self.expire_if_due(&entry, now);
        }
        pending().map_or(Ok(()), |id| Err(StartError::AlreadyPending { id }))
    }

    /// Counts the start and leases a suffix.
    fn take(&self, wish: Wish<'_>, pool: &Pool) -> Result<Pick, StartError> {
        let (number, needed) = (wish.phone.as_u64(), wish.needed);
        let (mark, now) = (wish.mark, wish.now);
        self.blocks.take(number, mark, now)?;
        self.phones.start(wish).map_err(|error| {
            self.blocks.give_back(number, mark);
            StartError::of_phone(error, pool, needed)
        })
    }

    fn give_back(&self, to: E164, suffix: u32, id: VerificationId, mark: Moment) {
        self.phones.undo(to, suffix, Some(id));
        self.blocks.give_back(to.as_u64(), mark);
        self.table.release();
    }

    /// How many suffixes must be usable for `attempts` guesses.
    pub(super) fn needed(&self, attempts: u8) -> u32 {
        needed(attempts, self.settings.max_guess_odds)
    }

    /// A call from a number with the picked suffix.
    pub(super) fn place(
        &self,
        verification: VerificationId,
        pool: &Pool,
        pick: Pick,
        before: Option<Arc<Placed>>,
        dice: &mut Stream,
        now: Instant,
    ) -> Option<(Placed, E164)> {
        let caller_id = pool.number(pick.suffix, dice)?;
        let at = self.wall.at(now);
        let id = CallId::new(at, &self.entropy);
        let record = Arc::new(CallRecord::new(id, verification, now, at));
        let code = self.codes.hash(id, pick.suffix);
        let block = caller_id.as_u64() / SPACE;
        Some((Placed::new(record, (code, block, pick.usable), before), caller_id))
    }

    pub(super) fn order(
        &self,
        entry: &Entry,
        call: Arc<CallRecord>,
        caller_id: E164,
        wake_at: Option<Instant>,
    ) -> Order {
        Order {
            call,
            verification: entry.id,
            to: entry.to,
            caller_id,
            ring: entry.ring,
            // As many pools as a configuration file can hold.
            pool: entry.pool,
            country: entry.country,
            shard: self.shard(entry.id),
            wake_at,
        }
    }
}

/// A shorter ring may not reach the phone's call log.
pub const RING_MIN: Duration = Duration::from_secs(1);
/// A longer ring reaches voicemail.
pub const RING_MAX: Duration = Duration::from_secs(20);
