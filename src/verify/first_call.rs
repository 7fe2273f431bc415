//! The first call of a verification by flash call: limits, lease, entry; and what every call is made
//! of.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::entry::Entry;
use super::id::{CallId, VerificationId};
use super::lease::Pick;
use super::phone::Wish;
use super::placed::Placed;
use super::pool::Pool;
use super::record::CallRecord;
use super::refusal::StartError;
use super::service::Verify;
use super::start::{Order, Started, Task, Ticket};
use super::step::{Flash, Step};
use super::suffixes::SPACE;
use crate::entropy::Stream;
use crate::number::E164;

impl Verify {
    /// Starts a verification by flash call.
    pub(super) fn start_call(
        &self,
        ticket: Ticket,
        index: u16,
        ring: Option<Duration>,
        now: Instant,
    ) -> Result<Started, StartError> {
        let (to, pool) = (ticket.to, &self.pools[usize::from(index)]);
        self.check_pending(to, now)?;
        self.reserve()?;
        let (mark, moment) = (self.epoch.mark(now), self.epoch.now(now));
        let id = VerificationId::new(self.wall.at(now), &self.entropy);
        let mut dice = self.entropy.stream();
        let wish = Wish {
            phone: to,
            verification: id,
            pool: index,
            needed: self.needed(self.settings.attempts),
            mark,
            now: moment,
            dice: &mut dice,
        };
        let pick = self.take(wish, pool).inspect_err(|_| self.table.release())?;
        let of = (None, self.shard(id));
        let Some((placed, caller_id)) = self.place(id, (index, pick), of, &mut dice, now) else {
            // Unreachable: a suffix that was picked from a pool has a number in it.
            self.give_back_call(to, pick.suffix, id, mark);
            let pool = Arc::clone(&pool.name);
            return Err(StartError::PoolExhausted { pool, usable: 0, needed: 1 });
        };
        let step = Step::FlashCall(Flash::new(index, ring, Some(placed)));
        let entry = self.entry(id, &ticket, step, now);
        let (Some(flash), Some(placed)) = (entry.step.flash(), entry.latest()) else {
            // Unreachable: both were just put in.
            self.give_back_call(to, pick.suffix, id, mark);
            return Err(StartError::NoPool);
        };
        self.table.insert(&entry);
        self.table.insert_call(placed.record.id, &entry);
        let order = self.order(&entry, flash, &placed, caller_id, Some(entry.expires));
        let snapshot = self.snapshot(&entry, entry.word.load());
        Ok(Started { snapshot, task: Task::Call(order) })
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

    /// A call from a number with the picked suffix, after the one `before`, for a shard.
    pub(super) fn place(
        &self,
        verification: VerificationId,
        (pool, pick): (u16, Pick),
        (before, shard): (Option<Arc<Placed>>, u16),
        dice: &mut Stream,
        now: Instant,
    ) -> Option<(Placed, E164)> {
        let caller_id = self.pools[usize::from(pool)].number(pick.suffix, dice)?;
        let at = self.wall.at(now);
        let id = CallId::new(at, &self.entropy);
        let record = Arc::new(CallRecord::new(id, verification, now, at));
        let code = self.codes.hash(id, pick.suffix);
        let block = caller_id.as_u64() / SPACE;
        Some((Placed::new(record, (code, block, pick.usable), before, shard), caller_id))
    }

    pub(super) fn order(
        &self,
        entry: &Entry,
        flash: &Flash,
        placed: &Placed,
        caller_id: E164,
        wake_at: Option<Instant>,
    ) -> Order {
        Order {
            call: Arc::clone(&placed.record),
            verification: entry.id,
            to: entry.to,
            caller_id,
            ring: flash.ring,
            pool: flash.pool,
            country: entry.country,
            shard: placed.shard,
            wake_at,
        }
    }
}
