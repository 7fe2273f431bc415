//! The verification service: one value that HTTP tasks and shards share. Each operation is in the
//! file of its name; what they have in common is here.
//!
//! Invariant: every verification ends exactly once, by the thread that made its word final, and
//! that thread says so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::calls;
use super::census::{Census, Level, PoolState};
use super::code::Codes;
use super::entry::{Entry, State};
use super::event::{Listener, Told};
use super::id::{CallId, VerificationId};
use super::missed::history::History;
use super::missed::recent::Recent;
use super::missed::throttle::Throttle;
use super::missed::waiting::Waiting;
use super::moment::Epoch;
use super::phone::Phones;
use super::placed::Placed;
use super::policy::Policy;
use super::pool::Pool;
use super::record::{CallRecord, Facts};
use super::settings::{GUESS_ODDS_WISE, Settings, SettingsError, Warning};
use super::snapshot::{AwaitedCall, CodeSpace, Reason, Snapshot, Status};
use super::start::{Order, Task};
use super::step::{Flash, Missed};
use super::story::Fact;
use super::table::Table;
use super::velocity::Blocks;
use crate::entropy::Entropy;
use crate::time::{Micros, WallClock};

/// The verification service.
pub struct Verify {
    pub(super) settings: Settings,
    pub(super) pools: Arc<[Pool]>,
    pub(super) policy: Policy,
    pub(super) codes: Codes,
    pub(super) phones: Phones,
    pub(super) blocks: Blocks,
    pub(super) table: Table,
    pub(super) waiting: Waiting,
    pub(super) recent: Recent,
    pub(super) history: History,
    pub(super) throttle: Throttle,
    pub(super) epoch: Epoch,
    pub(super) wall: WallClock,
    pub(super) entropy: Entropy,
    pub(super) listener: Arc<dyn Listener>,
    /// Nobody hears of a start before it is on disk.
    pub(super) is_kept: bool,
}

impl std::fmt::Debug for Verify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verify(…)")
    }
}

impl Verify {
    /// A service that knows no verification yet.
    ///
    /// # Errors
    ///
    /// The first problem of the settings. [`Settings::check`] tells all that can be told without
    /// building the pools.
    pub fn new(
        settings: Settings,
        wall: WallClock,
        entropy: Entropy,
        listener: Arc<dyn Listener>,
    ) -> Result<Self, SettingsError> {
        if let Err(problems) = settings.check()
            && let Some(first) = problems.into_iter().next()
        {
            return Err(first);
        }
        let pools: Arc<[Pool]> =
            settings.pools.iter().map(Pool::new).collect::<Result<Vec<_>, _>>()?.into();
        let (attempts, needed) = (settings.attempts, settings.codes_needed());
        for pool in pools.iter() {
            let (distinct, pool) = (pool.suffixes.distinct(), Arc::clone(&pool.name));
            if distinct < needed {
                return Err(SettingsError::GuessOdds { pool, distinct, needed, attempts });
            }
        }
        Ok(Self {
            policy: Policy::new(&settings, Arc::clone(&pools))?,
            codes: Codes::new(&entropy),
            phones: Phones::new(&settings, Arc::clone(&pools)),
            blocks: Blocks::new(settings.bounds.prefixes_max, settings.limits.prefix.clone()),
            table: Table::new(&settings.bounds),
            waiting: Waiting::new(&settings.dids, settings.bounds.pending_max),
            recent: Recent::new(
                settings.missed_calls.recent_window,
                settings.missed_calls.recent_max,
            ),
            history: History::default(),
            throttle: Throttle::default(),
            epoch: Epoch::default(),
            settings,
            pools,
            wall,
            entropy,
            listener,
            is_kept: false,
        })
    }

    /// The same, of which nothing is told before it is on disk: starts are held back until
    /// [`announce`](Self::announce). The hashes of codes are made with `code_key`, which outlives the
    /// process.
    pub fn kept(self, code_key: &[u8; 32]) -> Self {
        Self { codes: Codes::keyed(code_key), is_kept: true, ..self }
    }

    /// What works but is unwise.
    pub fn warnings(&self) -> Vec<Warning> {
        let warning = |pool: &Pool| {
            let odds = pool.guess_odds(self.settings.attempts);
            let pool = Arc::clone(&pool.name);
            (odds > GUESS_ODDS_WISE).then_some(Warning::GuessOdds { pool, odds })
        };
        self.pools.iter().filter_map(warning).collect()
    }

    /// Says that an order is on its way: the verification exists and its call is placed. Best called
    /// when the shard's queue has a place for it and before the shard gets it; if the shard is
    /// faster, its first word about the call implies this one.
    pub fn confirm(&self, order: &Order) {
        if let Some(entry) = self.table.get_by_call(order.call.id)
            && let Some(placed) = entry.find(order.call.id)
        {
            if placed.ordinal > 1 || entry.missed().is_some() {
                // That of a start is kept with the start.
                self.listener.on_told(Told::note(self.lease_note(&entry, order, false)));
            }
            self.tell(&entry, Fact::CallPlaced(placed.ordinal));
        }
    }

    /// Says that what a start asks of a shard is on its way, as [`confirm`](Self::confirm) does, and
    /// that what must be kept of it is on disk.
    pub fn announce(&self, task: &Task) {
        let id = match task {
            Task::Call(order) => order.verification,
            Task::Watch(watch) => watch.verification,
        };
        let Some(entry) = self.table.get(id) else { return };
        entry.story.release(|fact, count| self.say(&entry, fact, count));
        match task {
            Task::Call(order) => self.confirm(order),
            Task::Watch(_) => self.tell(&entry, Fact::Created),
        }
    }

    /// Whether everything that a snapshot shows is on disk. False also for one that is gone: look
    /// again.
    pub fn is_saved(&self, shown: &Snapshot) -> bool {
        let state = |entry: &Entry| State {
            status: shown.status,
            attempts_left: shown.attempts_left,
            calls: shown.calls.len() as u8, // at most 14
            is_matched: shown.missed_call.as_ref().is_some_and(|call| call.matched.is_some()),
            ..entry.word.load()
        };
        let entry = self.table.get(shown.id);
        entry.is_some_and(|entry| entry.is_saved(state(&entry)) && entry.has_saved(&shown.latest))
    }

    /// How a verification stands at `now`.
    pub fn get(&self, id: VerificationId, now: Instant) -> Option<Snapshot> {
        let entry = self.table.get(id)?;
        self.expire_if_due(&entry, now);
        Some(self.snapshot(&entry, entry.word.load()))
    }

    /// Whether a verification still waits for its code.
    pub fn is_pending(&self, id: VerificationId) -> bool {
        self.table.get(id).is_some_and(|entry| entry.word.load().status == Status::Pending)
    }

    /// One call.
    pub fn call(&self, id: CallId) -> Option<Arc<CallRecord>> {
        let placed = self.table.get_by_call(id)?.find(id)?;
        Some(Arc::clone(&placed.record))
    }

    /// Whether phones can be rung at all: there may be only numbers that people ring.
    pub fn has_pools(&self) -> bool {
        !self.pools.is_empty()
    }

    /// Every pool. Each start and each look sweeps a part of what is remembered of phones, so a
    /// lease may be counted as cooling for some minutes after it has cooled.
    pub fn pools(&self, now: Instant) -> Vec<PoolState> {
        self.phones.sweep(self.epoch.now(now));
        self.pools.iter().map(|pool| pool.state(self.settings.attempts)).collect()
    }

    /// The sizes of every table against their bounds.
    pub fn census(&self) -> Census {
        let (pending, ended) = (self.table.pending(), self.table.ended());
        // With the call that it waited for.
        let missed = usize::from(!self.settings.dids.is_empty());
        let each = usize::from(self.settings.calls) + missed;
        Census {
            pending,
            ended,
            calls: Level {
                size: self.table.calls(),
                limit: (pending.limit + ended.limit) * each,
                shed: 0,
            },
            phones: self.phones.level(),
            prefixes: self.blocks.level(),
            waiting: self.waiting.level(),
            recent: self.recent.level(),
            untold: self.throttle.untold(),
        }
    }

    /// How a verification stood in this state. When it was pending and the call has failed it since,
    /// and its shard is about to say so, this thread says it first: nobody is shown a pending
    /// verification whose call did not reach the phone.
    pub(super) fn snapshot(&self, entry: &Arc<Entry>, state: State) -> Snapshot {
        let snapshot = self.look(entry, state);
        let is_failed = calls::failure_of(&snapshot.latest).is_some();
        if state.status != Status::Pending || !is_failed {
            return snapshot;
        }
        if let Some(placed) = entry.current(state) {
            self.finish_call(entry, &placed);
        }
        self.look(entry, entry.word.load())
    }

    /// What the control API shows. The call is looked at after the word was: a call whose end ended
    /// the verification has ended.
    pub(super) fn look(&self, entry: &Entry, state: State) -> Snapshot {
        let current = entry.current(state);
        let is_final = state.status != Status::Pending;
        let after = |time: Duration| Micros(entry.created_at.0 + time.as_micros() as u64);
        let flash = entry.step.flash();
        let calls = flash.map_or(0, |_| self.settings.calls);
        let codes = |flash: &Flash, placed: &Placed| {
            let pool = self.pool(flash);
            let (name, caller_id_prefix) = (Arc::clone(&pool.name), pool.prefix.clone());
            CodeSpace { pool: name, caller_id_prefix, distinct: placed.usable }
        };
        let missed = |missed: &Missed| AwaitedCall {
            // A step waits at one of our numbers.
            did: self.waiting.number(missed.did).unwrap_or(entry.to),
            is_confirmed: missed.confirm.is_some(),
            matched: state.is_matched.then(|| missed.call.load_full()).flatten(),
        };
        Snapshot {
            id: entry.id,
            to: entry.to,
            status: state.status,
            reason: state.reason,
            created_at: entry.created_at,
            expires_at: after(entry.expires.saturating_duration_since(entry.created)),
            ended_at: is_final.then(|| after(state.ended_after)),
            attempts_left: state.attempts_left,
            calls_left: calls.saturating_sub(state.calls),
            client_ref: entry.client_ref(),
            callback_url: entry.callback_url(),
            calls: current.as_ref().map_or_else(Vec::new, |placed| placed.records()),
            latest: current.as_ref().map_or_else(Facts::default, |placed| placed.record.facts()),
            codes: flash.zip(current).map(|(flash, placed)| codes(flash, &placed)),
            missed_call: entry.missed().map(missed),
        }
    }

    pub(super) fn pool(&self, flash: &Flash) -> &Pool {
        &self.pools[usize::from(flash.pool)]
    }

    /// Which shard places the calls of a verification and keeps its timer.
    pub(super) fn shard(&self, id: VerificationId) -> u16 {
        // Below the number of shards, so it fits.
        (id.0 % u128::from(self.settings.shards)) as u16
    }

    fn is_expired(entry: &Entry, now: Instant) -> bool {
        now >= entry.expires
    }

    /// Ends a verification whose time is over. Its timer fires a little late, on a busy shard or
    /// while its thread is preempted; until then whoever looks first does this.
    pub(super) fn expire_if_due(&self, entry: &Arc<Entry>, now: Instant) {
        if Self::is_expired(entry, now) {
            // Lost against another final state or not: it is final now.
            let _ = self.end(entry, (Status::Expired, Reason::Deadline), now);
        }
    }

    /// Ends a pending verification.
    ///
    /// # Errors
    ///
    /// Its final state, when another thread was first.
    pub(super) fn end(
        &self,
        entry: &Arc<Entry>,
        (status, reason): (Status, Reason),
        now: Instant,
    ) -> Result<Snapshot, State> {
        let state = entry.word.change(|state| state.end(status, reason, entry.age(now)))?;
        Ok(self.on_final(entry, state))
    }

    /// What follows a final state. Called once, by the thread that made it.
    pub(super) fn on_final(&self, entry: &Arc<Entry>, state: State) -> Snapshot {
        match entry.missed() {
            None => self.phones.on_ended(entry.to, entry.id),
            Some(missed) => {
                self.waiting.release(missed.did, entry);
                self.phones.on_waiting_ended(entry.to);
            }
        }
        if let Some(oldest) = self.table.on_ended(entry) {
            self.on_forgotten(&oldest);
        }
        if state.calls > 0 {
            self.tell(entry, Fact::CallPlaced(state.calls));
        }
        self.tell(entry, Fact::VerificationEnded);
        self.forget_due(SWEEP_EACH, entry.ended(state));
        self.look(entry, state)
    }
}

/// How many ended ones each new one looks at: more than one, so that they do not pile up.
const SWEEP_EACH: usize = 2;
