//! What is remembered of each phone: its pending verification by flash call, how many wait for a
//! call from it, whether it is being called, from where it was called lately, and how many wrong
//! codes were given for it.
//!
//! Wrong codes are summed over all verifications of a phone, whoever started them, and a success
//! does not clear them: otherwise a guesser could reset his own count. From the fifth one on each
//! locks the phone for an hour, the tenth for a day; a day without one forgets them.
//!
//! Invariants: at most one pending verification by flash call and one call per phone; a phone with a
//! pending verification is in the table; a code is compared and
//! counted in one step, so codes that come at the same time are no more guesses than those that come
//! one after the other.

use std::num::NonZeroU128;
use std::sync::Arc;
use std::time::Duration;

use super::census::Level;
use super::id::VerificationId;
use super::lease::{Lease, Pick, pick};
use super::moment::Moment;
use super::pool::Pool;
use super::settings::{Limits, Settings};
use super::striped::{Full, Stale, Striped};
use super::velocity::{longest, wait};
use crate::entropy::Stream;
use crate::number::E164;

/// Every phone that is remembered.
pub(super) struct Phones {
    table: Striped<Phone>,
    rules: Arc<Rules>,
}

/// A call that somebody wants to place.
pub(super) struct Wish<'a> {
    pub(super) phone: E164,
    pub(super) verification: VerificationId,
    pub(super) pool: u16,
    /// Suffixes that must be usable.
    pub(super) needed: u32,
    pub(super) mark: Moment,
    pub(super) now: Moment,
    pub(super) dice: &'a mut Stream,
}

/// Why a phone is not called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PhoneError {
    Calling,
    Exhausted { usable: u32 },
    Full(Full),
    Locked { wait: Duration },
    Pending { id: VerificationId },
    TooOften { wait: Duration },
}

/// What comparing a code gave.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Guess {
    /// It was right.
    Right,
    /// Nothing was compared: the verification had ended.
    Void,
    /// It was wrong.
    Wrong,
}

/// How a phone stands after a guess.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It is locked: by this guess, or since before it, which was then not looked at.
    Locked,
    /// It is not.
    Open,
}

struct Rules {
    limits: Limits,
    reuse_window: Duration,
    /// How long leases are remembered: for reuse and for the longest limit.
    keep: Duration,
    pools: Arc<[Pool]>,
}

#[derive(Default)]
struct Phone {
    pending: Option<NonZeroU128>,
    /// Oldest first.
    leases: Vec<Lease>,
    wrong_at: Moment,
    /// Pending verifications that wait for a call from it: as many as there are DIDs, at most.
    waiting: u16,
    wrong: u8,
    is_called: bool,
}

impl Phones {
    pub(super) fn new(settings: &Settings, pools: Arc<[Pool]>) -> Self {
        let limits = settings.limits.clone();
        let keep = settings.reuse_window.max(longest(&limits.phone));
        let reuse_window = settings.reuse_window;
        let rules = Arc::new(Rules { limits, reuse_window, keep, pools });
        Self { table: Striped::new(settings.bounds.phones_max, Arc::clone(&rules)), rules }
    }

    /// Leases a suffix for the first call of a verification.
    pub(super) fn start(&self, wish: Wish<'_>) -> Result<Pick, PhoneError> {
        let (key, now) = (wish.phone.as_u64(), wish.now);
        let act = |phone: &mut Phone| {
            phone.may_start(&self.rules, now)?;
            let pending = NonZeroU128::new(wish.verification.0);
            let pick = phone.lease(&self.rules, wish, true)?;
            phone.pending = pending;
            Ok(pick)
        };
        self.table.upsert(key, now, act).map_err(PhoneError::Full)?
    }

    /// Counts the start of a verification that waits for a call from this phone. `needs_code`: it
    /// is refused while the phone is locked for wrong codes.
    pub(super) fn start_waiting(
        &self,
        phone: E164,
        (mark, now): (Moment, Moment),
        needs_code: bool,
    ) -> Result<(), PhoneError> {
        let act = |phone: &mut Phone| {
            phone.refresh(&self.rules, now);
            if needs_code {
                phone.check_lock(&self.rules.limits, now)?;
            }
            phone.check_starts(&self.rules.limits, now)?;
            phone.leases.reserve_exact(1);
            phone.leases.push(Lease::start_alone(mark));
            phone.waiting = phone.waiting.saturating_add(1);
            Ok(())
        };
        self.table.upsert(phone.as_u64(), now, act).map_err(PhoneError::Full)?
    }

    /// Takes back what `start_waiting` counted at `mark`.
    pub(super) fn undo_waiting(&self, phone: E164, mark: Moment) {
        self.uncount_start(phone, mark);
        self.on_waiting_ended(phone);
    }

    /// Takes back the start that was counted at `mark`, of a verification that has ended.
    pub(super) fn uncount_start(&self, phone: E164, mark: Moment) {
        self.table.update(phone.as_u64(), |phone| {
            let is_it = |lease: &Lease| !lease.is_call() && lease.at() == mark;
            if let Some(place) = phone.leases.iter().rposition(is_it) {
                phone.leases.remove(place);
            }
        });
    }

    /// A verification that waited for a call from this phone reached its final state.
    pub(super) fn on_waiting_ended(&self, phone: E164) {
        self.table.update(phone.as_u64(), |phone| phone.waiting = phone.waiting.saturating_sub(1));
    }

    /// The pending verification of a phone by flash call.
    pub(super) fn pending(&self, phone: E164) -> Option<VerificationId> {
        let pending = self.table.update(phone.as_u64(), |phone| phone.pending)??;
        Some(VerificationId(pending.get()))
    }

    /// Leases another suffix for a further call of the pending verification.
    pub(super) fn call_again(&self, wish: Wish<'_>) -> Result<Pick, PhoneError> {
        let key = wish.phone.as_u64();
        let act = |phone: &mut Phone| {
            if phone.is_called {
                return Err(PhoneError::Calling);
            }
            phone.refresh(&self.rules, wish.now);
            phone.check_lock(&self.rules.limits, wish.now)?;
            phone.lease(&self.rules, wish, false)
        };
        // A phone with a pending verification is never stale: it is in the table.
        self.table.update(key, act).unwrap_or(Err(PhoneError::Calling))
    }

    /// Takes a start back whose call was never placed.
    pub(super) fn undo_start(&self, phone: E164, suffix: u32, verification: VerificationId) {
        self.table.update(phone.as_u64(), |phone| {
            phone.undo_call(&self.rules, suffix);
            phone.forget(verification);
        });
    }

    /// Takes a call back that was never placed: its lease and its mark.
    pub(super) fn undo_call(&self, phone: E164, suffix: u32) {
        self.table.update(phone.as_u64(), |phone| phone.undo_call(&self.rules, suffix));
    }

    /// The call is over.
    pub(super) fn on_call_ended(&self, phone: E164) {
        self.table.update(phone.as_u64(), |phone| phone.is_called = false);
    }

    /// The verification reached its final state.
    pub(super) fn on_ended(&self, phone: E164, verification: VerificationId) {
        self.table.update(phone.as_u64(), |phone| phone.forget(verification));
    }

    /// Has a code compared unless the phone is locked, and counts it if it was wrong, before any
    /// other code for this phone is compared. `compare` holds the phone's lock and must be short.
    /// Returns how the phone stands, and with how many wrong codes.
    pub(super) fn guess(
        &self,
        phone: E164,
        (mark, now): (Moment, Moment),
        compare: impl FnOnce() -> Guess,
    ) -> (Verdict, u8) {
        let limits = &self.rules.limits;
        let act = |phone: &mut Phone| {
            phone.forget_wrong_codes(limits, now);
            if phone.lock(limits, now).is_some() {
                return (Verdict::Locked, phone.wrong);
            }
            match compare() {
                Guess::Right | Guess::Void => return (Verdict::Open, phone.wrong),
                Guess::Wrong => {}
            }
            phone.wrong = phone.wrong.saturating_add(1);
            phone.wrong_at = mark;
            let is_locked = phone.lock(limits, now).is_some();
            (if is_locked { Verdict::Locked } else { Verdict::Open }, phone.wrong)
        };
        // A phone with a pending verification is never stale: it is in the table.
        self.table.update(phone.as_u64(), act).unwrap_or((Verdict::Locked, 0))
    }

    /// Forgets a part of what is outdated.
    pub(super) fn sweep(&self, now: Moment) {
        self.table.sweep_now_and_then(now);
    }

    pub(super) fn level(&self) -> Level {
        self.table.level()
    }
}

impl Phone {
    fn may_start(&mut self, rules: &Rules, now: Moment) -> Result<(), PhoneError> {
        self.refresh(rules, now);
        if let Some(id) = self.pending {
            return Err(PhoneError::Pending { id: VerificationId(id.get()) });
        }
        if self.is_called {
            return Err(PhoneError::Calling);
        }
        self.check_lock(&rules.limits, now)?;
        self.check_starts(&rules.limits, now)
    }

    /// Drops what is outdated.
    fn refresh(&mut self, rules: &Rules, now: Moment) {
        self.forget_wrong_codes(&rules.limits, now);
        self.forget_leases(rules, now);
    }

    fn check_lock(&self, limits: &Limits, now: Moment) -> Result<(), PhoneError> {
        self.lock(limits, now).map_or(Ok(()), |wait| Err(PhoneError::Locked { wait }))
    }

    fn check_starts(&self, limits: &Limits, now: Moment) -> Result<(), PhoneError> {
        let starts =
            self.leases.iter().rev().filter(|lease| lease.is_start()).map(|lease| lease.at());
        wait(starts, &limits.phone, now).map_or(Ok(()), |wait| Err(PhoneError::TooOften { wait }))
    }

    fn lease(&mut self, rules: &Rules, wish: Wish<'_>, is_start: bool) -> Result<Pick, PhoneError> {
        let pool = &rules.pools[usize::from(wish.pool)];
        let window = (rules.reuse_window, wish.now);
        let pick = pick(&pool.suffixes, &self.leases, window, wish.needed, wish.dice)
            .map_err(|usable| PhoneError::Exhausted { usable })?;
        // Most phones are called once: room for one, not for the four of a plain `push`.
        self.leases.reserve_exact(1);
        self.leases.push(Lease::new(wish.mark, pick.suffix, wish.pool, is_start));
        self.is_called = true;
        pool.on_leased();
        Ok(pick)
    }

    /// How long the phone is still locked.
    fn lock(&self, limits: &Limits, now: Moment) -> Option<Duration> {
        let time = match self.wrong {
            wrong if wrong >= limits.wrong_codes_stop => limits.hard_lock,
            wrong if wrong >= limits.wrong_codes_lock => limits.lock,
            _ => return None,
        };
        self.wrong_at.left_of(time, now)
    }

    fn undo_call(&mut self, rules: &Rules, suffix: u32) {
        let is_it = |lease: &Lease| lease.is_call() && lease.suffix() == suffix;
        if let Some(place) = self.leases.iter().rposition(is_it) {
            let lease = self.leases.remove(place);
            rules.pool(lease).on_undone();
        }
        self.is_called = false;
    }

    fn forget(&mut self, verification: VerificationId) {
        let ended = NonZeroU128::new(verification.0);
        if ended.is_some() && self.pending == ended {
            self.pending = None;
        }
    }

    fn forget_wrong_codes(&mut self, limits: &Limits, now: Moment) {
        let keep = limits.hard_lock.max(limits.lock);
        if self.wrong > 0 && self.wrong_at.left_of(keep, now).is_none() {
            self.wrong = 0;
        }
    }

    fn forget_leases(&mut self, rules: &Rules, now: Moment) {
        // The newest call of a phone that is being called has not cooled, whatever its age.
        let up = self.leases.iter().rposition(|lease| lease.is_call()).filter(|_| self.is_called);
        let past = up.unwrap_or(self.leases.len());
        for lease in &mut self.leases[..past] {
            if lease.at().left_of(rules.reuse_window, now).is_none() && lease.cool() {
                rules.pool(*lease).on_cooled();
            }
        }
        let is_old = |lease: &&Lease| lease.at().left_of(rules.keep, now).is_none();
        let old = self.leases[..past].iter().take_while(is_old).count();
        // They are kept for no less than the reuse window, so they have cooled.
        self.leases.drain(..old);
    }
}

impl Stale for Phone {
    type Rules = Arc<Rules>;

    fn is_stale(&mut self, rules: &Arc<Rules>, now: Moment) -> bool {
        self.refresh(rules, now);
        let is_pending = self.pending.is_some() || self.waiting > 0 || self.is_called;
        let is_remembered = is_pending || self.wrong > 0 || !self.leases.is_empty();
        !is_remembered
    }
}

impl Rules {
    fn pool(&self, lease: Lease) -> &Pool {
        &self.pools[usize::from(lease.pool())]
    }
}

mod restore;

#[cfg(test)]
mod tests;
