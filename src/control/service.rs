//! What can be done with verifications, whoever asks and in whatever shape: each use case in one
//! function. Routes translate, nothing more, so that other front doors find everything here.
//!
//! Invariants: nothing is shown that is not on disk. A start has its place in a shard's queue before it
//! is written, and reaches the shard before it is announced; one that finds no place, or no disk, is
//! undone: as if it had never been asked for.

mod once;
mod refusal;
mod saved;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::access::Caller;
use super::clock;
use super::counters::{ApiCounters, Shed};
use super::outside::{Calls, KeptReply, Place, Store, Unavailable};
use crate::number::E164;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::record::{CallRecord, Facts};
use crate::verify::snapshot::{Snapshot, Status};
use crate::verify::{CallAgainError, CancelError, Canceled, CheckError, Evidence};
use crate::verify::{Census, DidState, MissedCallRecord, PoolState, Verify};
use crate::verify::{Filter, Page, Report, ReportError, Start, StartError, Started, Task};

pub(super) use once::{is_called, is_checked};
pub use refusal::{CallAgainRefusal, CancelRefusal, CheckRefusal, NotPlaced, StartRefusal};
use saved::Known;

/// The use cases over the verifications, the shards and the store.
pub struct Service {
    verify: Arc<Verify>,
    calls: Arc<dyn Calls>,
    store: Arc<dyn Store>,
    counters: Arc<ApiCounters>,
    save_timeout: Duration,
}

impl Service {
    /// Over these. What happened is waited for until it is on disk, for `save_timeout` at most.
    pub fn new(
        verify: Arc<Verify>,
        calls: Arc<dyn Calls>,
        store: Arc<dyn Store>,
        counters: Arc<ApiCounters>,
        save_timeout: Duration,
    ) -> Self {
        Self { verify, calls, store, counters, save_timeout }
    }

    /// Starts a verification: places its call, or has a shard wait for the phone's. It, and the reply
    /// that `reply` makes of it as it was started, are on disk when this returns. What an earlier call
    /// made of it at once is shown if that is on disk, too.
    ///
    /// # Errors
    ///
    /// Nothing was started and nothing will be dialled, or nothing goes on being dialled.
    pub async fn start(
        &self,
        caller: &Caller,
        start: Start,
        reply: impl FnOnce(&Snapshot) -> Option<KeptReply>,
        now: Instant,
    ) -> Result<Snapshot, StartRefusal> {
        self.admit_call(caller, now)
            .map_err(|retry_after| StartRefusal::CallRate { retry_after })?;
        self.check_writable()?;
        let Started { snapshot, task } = match self.verify.start(start, now) {
            Ok(started) => started,
            Err(error) => return Err(self.refused(error, now).await),
        };
        // An earlier call may have settled it already: then no shard is needed.
        let place = match snapshot.status {
            Status::Pending => match self.reserve(&task) {
                Ok(place) => Some(place),
                Err(error) if self.undo(&task, now) => return Err(error.into()),
                // It was settled meanwhile.
                Err(_) => None,
            },
            Status::Canceled | Status::Expired | Status::Failed | Status::Verified => None,
        };
        let started = if snapshot.is_untouched() { None } else { Some(snapshot.as_started()) };
        let reply = reply(started.as_ref().unwrap_or(&snapshot));
        let beginning = self.verify.beginning(&task).ok_or(Unavailable);
        let saving = match beginning.and_then(|beginning| self.store.begin(beginning, reply)) {
            Ok(saving) => saving,
            Err(error) => {
                self.undo(&task, now);
                return Err(error.into());
            }
        };
        // A call behind the start, so that what the shard writes is written behind it. Who waits for a
        // call is not called back before the start is on disk.
        let is_call = matches!(task, Task::Call(_));
        let (call, watch) = if is_call { (place, None) } else { (None, place) };
        if let Some(place) = call {
            place.hand_over(task.clone());
        }
        if let Err(error) = saving.await {
            self.take_back(&task, clock::now());
            return Err(error.into());
        }
        self.verify.announce(&task);
        if let Some(place) = watch {
            place.hand_over(task);
        }
        match started {
            // It stands, and its client hears of its end as of any other.
            Some(started) if self.saved(&snapshot).await.is_err() => Ok(started),
            Some(_) | None => Ok(snapshot),
        }
    }

    /// Rings again, from another number.
    ///
    /// # Errors
    ///
    /// Nothing will be dialled; or the disk failed meanwhile, and without it nothing is.
    pub async fn call_again(
        &self,
        caller: &Caller,
        id: VerificationId,
        now: Instant,
    ) -> Result<Snapshot, CallAgainRefusal> {
        self.admit_call(caller, now)
            .map_err(|retry_after| CallAgainRefusal::CallRate { retry_after })?;
        self.check_writable()?;
        let order = match self.verify.call_again(id, now) {
            Ok(order) => order,
            Err(CallAgainError::AlreadyEnded(snapshot)) => {
                let is_known = self.saved(&snapshot).await? == Known::Yes;
                let ended = CallAgainError::AlreadyEnded(snapshot);
                return Err(if is_known { ended } else { CallAgainError::NotFound }.into());
            }
            Err(error) => return Err(error.into()),
        };
        let task = Task::Call(order.clone());
        let place = self.reserve(&task).inspect_err(|_| self.verify.undo(&order, now))?;
        self.verify.confirm(&order);
        place.hand_over(task);
        self.get(id, now).await?.ok_or_else(|| CallAgainError::NotFound.into())
    }

    /// Compares evidence. A wrong code is no error: the snapshot has fewer attempts left. It is counted
    /// on disk when this returns.
    ///
    /// # Errors
    ///
    /// Nothing was compared; or it was, and is not on disk yet.
    pub async fn check(
        &self,
        id: VerificationId,
        evidence: Evidence<'_>,
        now: Instant,
    ) -> Result<Snapshot, CheckRefusal> {
        self.check_writable()?;
        match self.verify.check(id, evidence, now) {
            Ok(snapshot) => {
                // Forgotten or not: it was counted before this waited.
                self.saved(&snapshot).await?;
                Ok(snapshot)
            }
            Err(CheckError::AlreadyEnded(snapshot)) => {
                let is_known = self.saved(&snapshot).await? == Known::Yes;
                let ended = CheckError::AlreadyEnded(snapshot);
                Err(if is_known { ended } else { CheckError::NotFound }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Withdraws a verification; a call that is up is hung up at once.
    ///
    /// # Errors
    ///
    /// Nothing was withdrawn; or it was, and is not on disk yet.
    pub async fn cancel(
        &self,
        id: VerificationId,
        now: Instant,
    ) -> Result<Snapshot, CancelRefusal> {
        self.check_writable()?;
        match self.verify.cancel(id, now) {
            Ok(Canceled { snapshot, call }) => {
                if let Some((call, shard)) = call {
                    self.calls.hang_up(&call, shard);
                }
                self.saved(&snapshot).await?;
                Ok(snapshot)
            }
            Err(CancelError::AlreadyEnded(snapshot)) => {
                let is_known = self.saved(&snapshot).await? == Known::Yes;
                let ended = CancelError::AlreadyEnded(snapshot);
                Err(if is_known { ended } else { CancelError::NotFound }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Takes down what the phone saw. Nothing of it is kept, so it needs no disk.
    ///
    /// # Errors
    ///
    /// There is no such verification, or it has called nobody.
    pub fn report(&self, id: VerificationId, report: Report) -> Result<(), ReportError> {
        self.verify.report(id, report)
    }

    /// A verification as it stood at `now`, once that is on disk.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn get(
        &self,
        id: VerificationId,
        now: Instant,
    ) -> Result<Option<Snapshot>, Unavailable> {
        self.saved_now(|| self.verify.get(id, now)).await
    }

    /// A call and how far it had come at `now`, once that is on disk.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn call(
        &self,
        id: CallId,
        now: Instant,
    ) -> Result<Option<(Arc<CallRecord>, Facts)>, Unavailable> {
        let Some(call) = self.verify.call(id) else { return Ok(None) };
        // It may come further while this waits, and that is not on disk then.
        let facts = call.facts();
        Ok(self.get(call.verification, now).await?.map(|_| (call, facts)))
    }

    /// A call that came in and is over, once that is on disk.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn missed_call(
        &self,
        id: CallId,
    ) -> Result<Option<Arc<MissedCallRecord>>, Unavailable> {
        let found = self.verify.missed_call(id);
        if found.is_some() {
            self.barrier().await?;
        }
        Ok(found)
    }

    /// Verifications, newest first. Looks at many: not for a thread that others wait for. Nobody is
    /// shown them before [`page_saved`](Self::page_saved).
    pub fn list(&self, filter: Filter, now: Instant) -> Page {
        self.verify.list(filter, now)
    }

    /// A list without what was taken back meanwhile, once all that it shows is on disk.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub async fn page_saved(&self, page: Page) -> Result<Page, Unavailable> {
        let mut items = Vec::with_capacity(page.items.len());
        for snapshot in page.items {
            if self.saved(&snapshot).await? == Known::Yes {
                items.push(snapshot);
            }
        }
        Ok(Page { items, ..page })
    }

    /// The calls from `caller`, to `did` or to any number, that came within `within` and that no
    /// verification has, latest first; once they are on disk.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub async fn missed_calls(
        &self,
        caller: E164,
        did: Option<E164>,
        within: Option<Duration>,
        now: Instant,
    ) -> Result<Vec<Arc<MissedCallRecord>>, Unavailable> {
        let found = self.verify.missed_calls(caller, did, within, now);
        if !found.is_empty() {
            self.barrier().await?;
        }
        Ok(found)
    }

    /// Every number that people ring.
    pub fn dids(&self) -> Vec<DidState> {
        self.verify.dids()
    }

    /// Every pool. Looks at many leases: not for a thread that others wait for.
    pub fn pools(&self, now: Instant) -> Vec<PoolState> {
        self.verify.pools(now)
    }

    /// The sizes of the tables.
    pub fn census(&self) -> Census {
        self.verify.census()
    }

    fn admit_call(&self, caller: &Caller, now: Instant) -> Result<(), Duration> {
        caller.admit_call(now).inspect_err(|_| self.counters.on_shed(Shed::CallRate))
    }

    fn check_writable(&self) -> Result<(), Unavailable> {
        if self.store.is_writable() { Ok(()) } else { Err(Unavailable) }
    }

    fn reserve(&self, task: &Task) -> Result<Box<dyn Place>, NotPlaced> {
        self.calls.reserve(task).inspect_err(|error| {
            if *error == NotPlaced::QueueFull {
                self.counters.on_shed(Shed::ShardQueue);
            }
        })
    }

    /// False: a call has settled it meanwhile, and it stays.
    fn undo(&self, task: &Task, now: Instant) -> bool {
        match task {
            Task::Call(order) => {
                self.verify.undo(order, now);
                true
            }
            Task::Watch(watch) => self.verify.undo_watch(watch, now),
        }
    }

    /// Undoes what a shard has already.
    fn take_back(&self, task: &Task, now: Instant) {
        if let Task::Call(order) = task {
            self.calls.hang_up(&order.call, order.shard);
        }
        self.undo(task, now);
    }

    /// Names another verification only once its start is on disk.
    async fn refused(&self, error: StartError, now: Instant) -> StartRefusal {
        let (StartError::AlreadyPending { id } | StartError::NoFreeDid { id }) = error else {
            return error.into();
        };
        match self.get(id, now).await {
            Ok(Some(_)) => error.into(),
            // It was taken back: the disk does not work.
            Ok(None) | Err(Unavailable) => Unavailable.into(),
        }
    }
}
