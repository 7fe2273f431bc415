//! Back from the notes of a process that died: the tables as they were, and what is to be done about
//! what it left unfinished.
//!
//! Notes come in any order and some may be missing whose thread had not come so far; each verification
//! is put together from those that are there. What was told stays as it was told. What was not is
//! decided now: a verification whose time is over expires; one whose call has come is verified; a call
//! that may have been up has ended, and fails its verification unless its phone is known to have rung;
//! a call that never left is placed.

mod past;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::entry::{Client, Entry, Origin};
use super::event::Told;
use super::id::{CallId, VerificationId};
use super::missed::DidId;
use super::missed::recent::Remembered;
use super::note::{AttemptNote, LeaseNote, Note, VerificationNote};
use super::placed::Placed;
use super::record::Ending;
use super::service::Verify;
use super::snapshot::{Method, Reason, Status};
use super::start::{Order, Task, Watch};
use super::step::{Flash, Missed, Step};
use super::story::Story;
use super::suffixes::SPACE;
use crate::number::E164;
use crate::outcome::{Outcome, Side};

use past::Draft;
pub use past::Past;

/// What came of a [`Past`].
#[derive(Debug, Default)]
pub struct Revival {
    /// What shards must do: keep the time of those that are pending, place calls that never left.
    pub tasks: Vec<Task>,
    /// Verifications that were pending.
    pub pending: usize,
    /// Verifications that had ended and can still be read.
    pub ended: usize,
    /// Verifications that the configuration has no place for: there is no pool. They stay on disk for a
    /// configuration that has one.
    pub homeless: usize,
}

impl Verify {
    /// The same, which began now: what another process remembered happened before, and is counted from
    /// long enough ago.
    pub fn begun(self, now: Instant) -> Self {
        let limits = &self.settings.limits;
        let windows = limits.phone.iter().chain(&limits.prefix).map(|limit| limit.window);
        let longest =
            windows.chain([limits.hard_lock, limits.lock, self.settings.reuse_window]).max();
        let before = longest.unwrap_or_default() * 2;
        self.epoch.begin(now.checked_sub(before).unwrap_or(now));
        self
    }

    /// Takes over from a process that is gone. Called once, before anybody is served; callers may ring
    /// already. Listeners are told of what is decided now.
    pub fn recover(&self, past: Past, now: Instant) -> Revival {
        let suffixes = past.suffixes();
        self.epoch.begin(past.oldest().unwrap_or(now).min(now));
        self.recover_phones(past.leases, past.attempts, &suffixes, now);
        let mut revival = Revival::default();
        let mut entries = vec![];
        for (id, draft) in past.drafts {
            // Of one that was forgotten something may have been said after that.
            let (is_known, is_litter) = (draft.start.is_some(), draft.is_litter());
            match self.revive(draft) {
                Ok(entry) => entries.push(entry),
                Err(_) if is_known => revival.homeless += 1,
                Err(calls) if is_litter => self.forget_note(id, calls),
                // Wrong codes alone: they count for its phone, and are swept.
                Err(_) => {}
            }
        }
        // The ring of ended ones forgets the oldest first.
        entries.sort_by_key(|entry| entry.ended(entry.word.load()));
        self.table.expect(entries.len());
        for entry in &entries {
            self.admit(entry);
        }
        let found = past.remembered.into_iter();
        let mut found: Vec<_> = found.filter_map(|call| Some((call.caller.ok()?, call))).collect();
        found.sort_by_key(|(_, call)| call.received);
        for (caller, call) in found {
            self.recent.insert(&Remembered::new(call, caller), now);
        }
        for entry in &entries {
            match entry.word.load().status == Status::Pending {
                true => {
                    revival.pending += 1;
                    revival.tasks.extend(self.resume(entry, (&suffixes, &past.may_ring), now));
                }
                false => {
                    revival.ended += 1;
                    self.end_calls(entry, now);
                }
            }
        }
        revival
    }

    fn recover_phones(
        &self,
        mut leases: Vec<LeaseNote>,
        mut attempts: Vec<AttemptNote>,
        live: &BTreeMap<CallId, Option<u32>>,
        now: Instant,
    ) {
        leases.sort_by_key(|lease| lease.at);
        attempts.sort_by_key(|attempt| attempt.at);
        let moment = self.epoch.now(now);
        for lease in leases {
            let mark = self.epoch.mark(lease.at);
            if lease.is_start {
                self.blocks.restore(lease.phone.as_u64(), mark, moment);
            }
            let is_up = live.contains_key(&CallId(lease.id));
            let suffix =
                lease.suffix.and_then(|(suffix, pool)| Some((suffix, self.pool_or_other(&pool)?)));
            self.phones.restore(lease.phone, (mark, moment), suffix, lease.is_start, is_up);
        }
        for attempt in attempts {
            let mark = self.epoch.mark(attempt.at);
            self.phones.restore_wrong(attempt.phone, mark, attempt.of_phone);
        }
    }

    /// The pool of this name, or the first when there is none any more: what a phone was called from
    /// stays taken for it.
    fn pool_or_other(&self, name: &str) -> Option<u16> {
        let place = self.pools.iter().position(|pool| &*pool.name == name).unwrap_or(0);
        u16::try_from(place).ok().filter(|_| !self.pools.is_empty())
    }

    fn forget_note(&self, id: VerificationId, calls: Vec<CallId>) {
        self.listener.on_told(Told::note(Note::Forgotten { id, calls, missed: None }));
    }

    /// `Err`: there is no place for it, and these are its calls.
    fn revive(&self, mut draft: Draft) -> Result<Arc<Entry>, Vec<CallId>> {
        draft.calls.sort_by_key(|call| call.ordinal);
        let calls = draft.calls.iter().map(|call| call.record.id).collect();
        let Some(start) = draft.start.take() else { return Err(calls) };
        let Some(step) = self.revive_step(&start, &draft) else { return Err(calls) };
        let state = draft.state(&start, &step);
        let story = Story::told(&draft.facts());
        let (reference, callback_url) = (start.client_ref, start.callback_url);
        let has_words = reference.is_some() || callback_url.is_some();
        let origin = Origin {
            id: start.id,
            to: start.to,
            country: start.country,
            client: has_words.then(|| Box::new(Client { reference, callback_url })),
            created: start.created,
            created_at: start.created_at,
            expires: start.expires,
        };
        Ok(Arc::new(Entry::new(origin, step, state, story)))
    }

    fn revive_step(&self, start: &VerificationNote, draft: &Draft) -> Option<Step> {
        let flash = || {
            // Of another pool, when its own is gone: what was shown of the code then is not known.
            let name = start.pool.as_deref().unwrap_or_default();
            let pool = self.pool_or_other(name)?;
            let flash = Flash::new(pool, start.ring, None);
            let shard = self.shard(start.id);
            let mut latest: Option<Arc<Placed>> = None;
            for call in &draft.calls {
                let code = (call.code(), call.block, call.usable);
                let placed = Placed::new(Arc::clone(&call.record), code, latest.take(), shard);
                latest = Some(Arc::new(placed));
            }
            flash.set_latest(latest);
            Some(flash)
        };
        match start.method {
            Method::FlashCall => Some(Step::FlashCall(flash()?)),
            Method::MissedCall => {
                let did = start.did.and_then(|number| self.waiting.find(number));
                let confirm = match start.is_confirmed {
                    true => Some(flash()?),
                    false => None,
                };
                Some(Step::MissedCall(Box::new(Missed {
                    did: did.unwrap_or(NOWHERE),
                    recent_within: start.recent_within,
                    call: ArcSwapOption::new(draft.missed.clone()),
                    confirm,
                })))
            }
        }
    }

    /// Puts an entry into the tables.
    fn admit(&self, entry: &Arc<Entry>) {
        self.table.reserve_for_recovered();
        self.table.insert(entry);
        for call in entry.latest().map_or_else(Vec::new, |placed| placed.records()) {
            self.table.insert_call(call.id, entry);
        }
        let missed = entry.missed();
        if let Some(call) = missed.and_then(|missed| missed.call.load_full()) {
            self.table.insert_call(call.id, entry);
        }
        if entry.word.load().status != Status::Pending {
            if let Some(oldest) = self.table.on_ended(entry) {
                self.on_forgotten(&oldest);
            }
            return;
        }
        match missed {
            None => self.phones.restore_pending(entry.to, entry.id),
            Some(missed) => {
                self.phones.restore_waiting(entry.to);
                self.waiting.claim(missed.did, entry);
            }
        }
    }

    /// Goes on with a pending verification.
    fn resume(
        &self,
        entry: &Arc<Entry>,
        (suffixes, may_ring): (&BTreeMap<CallId, Option<u32>>, &BTreeSet<CallId>),
        now: Instant,
    ) -> Option<Task> {
        self.expire_if_due(entry, now);
        self.offer_remembered(entry, now);
        self.complete(entry, now);
        let latest = entry.latest().filter(|placed| !may_ring.contains(&placed.record.id));
        let order = latest.and_then(|placed| self.order_anew(entry, &placed, suffixes));
        self.end_calls_but(order.as_ref().map(|order| order.call.id), entry, now);
        let state = entry.word.load();
        if state.status != Status::Pending {
            self.end_calls(entry, now);
            return None;
        }
        let wake_at = entry.expires;
        if let Some(order) = order {
            return Some(Task::Call(Order { wake_at: Some(wake_at), ..order }));
        }
        let is_due = state.is_matched && state.calls == 0;
        let challenge_at = is_due.then(|| now + self.settings.missed_calls.confirm_after);
        let shard = self.shard(entry.id);
        Some(Task::Watch(Watch { verification: entry.id, shard, wake_at, challenge_at }))
    }

    /// A call may have come that its verification did not live to be offered.
    fn offer_remembered(&self, entry: &Arc<Entry>, now: Instant) {
        let Some(missed) = entry.missed().filter(|missed| missed.call.load().is_none()) else {
            return;
        };
        let did = self.waiting.number(missed.did);
        let found = did.and_then(|_| self.recent.take(entry.to, did, missed.recent_within, now));
        if let Some(call) = found {
            self.use_recent(entry, &call, now);
        }
    }

    /// The order of a call that never left.
    fn order_anew(
        &self,
        entry: &Entry,
        placed: &Placed,
        suffixes: &BTreeMap<CallId, Option<u32>>,
    ) -> Option<Order> {
        let facts = placed.record.facts();
        let is_asked = facts.moments.invited.is_none() && facts.ending.is_none();
        let flash = entry.step.flash().filter(|_| is_asked)?;
        let suffix = (*suffixes.get(&placed.record.id)?)?;
        let number = placed.block * SPACE + u64::from(suffix);
        let caller_id = E164::parse(&format!("+{number}")).ok()?;
        let is_pending = entry.word.load().status == Status::Pending;
        is_pending.then(|| self.order(entry, flash, placed, caller_id, None))
    }

    /// Ends every call that has no end: the process that had it is gone.
    fn end_calls(&self, entry: &Arc<Entry>, now: Instant) {
        self.end_calls_but(None, entry, now);
    }

    /// The same but for one that goes on.
    fn end_calls_but(&self, live: Option<CallId>, entry: &Arc<Entry>, now: Instant) {
        let latest = entry.latest();
        let calls =
            latest.iter().flat_map(|latest| (1..=latest.ordinal).filter_map(|n| latest.nth(n)));
        for placed in calls.filter(|placed| live != Some(placed.record.id)) {
            if placed.record.ending().is_none() {
                let (outcome, by) = (Outcome::Restarted, Side::Us);
                let ending = Ending { outcome, by, sip_code: None, q850_cause: None };
                placed.record.on_ended(ending, now);
                self.finish_call(entry, &placed);
            } else {
                // Told long ago; what follows from it perhaps not.
                placed.end();
                self.follow_call(entry, &placed);
            }
        }
    }

    /// Ends what only wanted to be ended.
    fn complete(&self, entry: &Arc<Entry>, now: Instant) {
        let state = entry.word.load();
        if entry.step.flash().is_some() && state.attempts_left == 0 {
            // The last wrong code is on disk, the end that it meant is not.
            let _ = self.end(entry, (Status::Failed, Reason::TooManyAttempts), now);
        }
        let Some(missed) = entry.missed() else { return };
        let end = match (missed.did == NOWHERE, missed.call.load_full(), &missed.confirm) {
            (_, Some(_), None) => (Status::Verified, Reason::MissedCallMatched),
            // Nobody can ring there any more.
            (true, None, _) => (Status::Failed, Reason::Restarted),
            (_, Some(_), Some(_)) | (false, None, _) => return,
        };
        // Lost against another final state or not: it is final now.
        let _ = self.end(entry, end, now);
    }
}

/// At a number that the configuration has no more.
const NOWHERE: DidId = DidId(u16::MAX);
