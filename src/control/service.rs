//! What can be done with verifications, whoever asks and in whatever shape: each use case in one
//! function. Routes translate, nothing more, so that other front doors find everything here.
//!
//! Invariant: a call reaches its shard's queue before its verification is announced, and a
//! verification whose call found no room there is undone: as if it had never been asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::access::Caller;
use super::counters::{ApiCounters, Shed};
use super::outside::Calls;
use crate::number::E164;
use crate::verify::CallAgainError;
use crate::verify::CancelError;
use crate::verify::Verify;
use crate::verify::id::{CallId, VerificationId};
use crate::verify::record::CallRecord;
use crate::verify::snapshot::Snapshot;
use crate::verify::{Census, DidState, MissedCallRecord, PoolState};
use crate::verify::{CheckError, Evidence};
use crate::verify::{Filter, Page};
use crate::verify::{Order, Start, StartError, Task, Watch};
use crate::verify::{Report, ReportError};

/// The use cases over the verifications and the shards.
pub struct Service {
    verify: Arc<Verify>,
    calls: Arc<dyn Calls>,
    counters: Arc<ApiCounters>,
}

impl Service {
    /// Over these.
    pub fn new(verify: Arc<Verify>, calls: Arc<dyn Calls>, counters: Arc<ApiCounters>) -> Self {
        Self { verify, calls, counters }
    }

    /// Starts a verification: places its call, or has a shard wait for the phone's.
    ///
    /// # Errors
    ///
    /// Nothing was started and nothing will be dialled.
    pub fn start(
        &self,
        caller: &Caller,
        start: Start,
        now: Instant,
    ) -> Result<Snapshot, StartRefusal> {
        self.admit_call(caller, now)
            .map_err(|retry_after| StartRefusal::CallRate { retry_after })?;
        let started = self.verify.start(start, now)?;
        match started.task {
            Task::Call(order) => self.place(&order, now)?,
            Task::Watch(watch) => {
                if let Some(ended) = self.watch(watch, now)? {
                    return Ok(ended);
                }
            }
        }
        Ok(started.snapshot)
    }

    /// Rings again, from another number.
    ///
    /// # Errors
    ///
    /// Nothing will be dialled.
    pub fn call_again(
        &self,
        caller: &Caller,
        id: VerificationId,
        now: Instant,
    ) -> Result<Option<Snapshot>, CallAgainRefusal> {
        self.admit_call(caller, now)
            .map_err(|retry_after| CallAgainRefusal::CallRate { retry_after })?;
        let order = self.verify.call_again(id, now)?;
        self.place(&order, now)?;
        Ok(self.verify.get(id, now))
    }

    /// Compares evidence. A wrong code is no error: the snapshot has fewer attempts left.
    ///
    /// # Errors
    ///
    /// Nothing was compared.
    pub fn check(
        &self,
        id: VerificationId,
        evidence: Evidence<'_>,
        now: Instant,
    ) -> Result<Snapshot, CheckError> {
        self.verify.check(id, evidence, now)
    }

    /// Withdraws a verification; a call that is up is hung up at once.
    ///
    /// # Errors
    ///
    /// Nothing was withdrawn.
    pub fn cancel(&self, id: VerificationId, now: Instant) -> Result<Snapshot, CancelError> {
        let canceled = self.verify.cancel(id, now)?;
        if let Some((call, shard)) = canceled.call {
            self.calls.hang_up(&call, shard);
        }
        Ok(canceled.snapshot)
    }

    /// Takes down what the phone saw.
    ///
    /// # Errors
    ///
    /// There is no such verification, or it has called nobody.
    pub fn report(&self, id: VerificationId, report: Report) -> Result<(), ReportError> {
        self.verify.report(id, report)
    }

    /// A verification as it stands at `now`.
    pub fn get(&self, id: VerificationId, now: Instant) -> Option<Snapshot> {
        self.verify.get(id, now)
    }

    /// A call.
    pub fn call(&self, id: CallId) -> Option<Arc<CallRecord>> {
        self.verify.call(id)
    }

    /// A call that came in and is over.
    pub fn missed_call(&self, id: CallId) -> Option<Arc<MissedCallRecord>> {
        self.verify.missed_call(id)
    }

    /// Verifications, newest first. Looks at many: not for a thread that others wait for.
    pub fn list(&self, filter: Filter, now: Instant) -> Page {
        self.verify.list(filter, now)
    }

    /// The calls from `caller`, to `did` or to any number, that came within `within` and that no
    /// verification has, latest first.
    pub fn missed_calls(
        &self,
        caller: E164,
        did: Option<E164>,
        within: Option<Duration>,
        now: Instant,
    ) -> Vec<Arc<MissedCallRecord>> {
        self.verify.missed_calls(caller, did, within, now)
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

    fn place(&self, order: &Order, now: Instant) -> Result<(), NotPlaced> {
        match self.calls.place(order) {
            Ok(()) => {
                self.verify.confirm(order);
                Ok(())
            }
            Err(error) => {
                self.verify.undo(order, now);
                self.on_not_placed(error);
                Err(error)
            }
        }
    }

    /// How the verification stands, when it needs no shard any more: a call has settled it.
    fn watch(&self, watch: Watch, now: Instant) -> Result<Option<Snapshot>, NotPlaced> {
        let Err(error) = self.calls.watch(watch) else {
            self.verify.announce(&Task::Watch(watch));
            return Ok(None);
        };
        if !self.verify.undo_watch(&watch, now) {
            return Ok(self.verify.get(watch.verification, now));
        }
        self.on_not_placed(error);
        Err(error)
    }

    fn on_not_placed(&self, error: NotPlaced) {
        if error == NotPlaced::QueueFull {
            self.counters.on_shed(Shed::ShardQueue);
        }
    }
}

/// Why a call was not handed to a shard.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotPlaced {
    /// No trunk is up.
    #[error("no trunk is up")]
    NoTrunk,
    /// The shard has more to do than it may keep.
    #[error("too many calls wait to be placed")]
    QueueFull,
    /// The daemon is on its way out.
    #[error("the gateway is stopping")]
    Stopping,
}

/// Why a verification was not started.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StartRefusal {
    /// The caller's key has started all the calls that it may start in a second.
    #[error("this key starts too many calls each second")]
    CallRate {
        /// When the next may be started.
        retry_after: Duration,
    },
    /// Its call found no room.
    #[error(transparent)]
    NotPlaced(#[from] NotPlaced),
    /// The rules do not allow it.
    #[error(transparent)]
    Verify(#[from] StartError),
}

/// Why no second call was placed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallAgainRefusal {
    /// The caller's key has started all the calls that it may start in a second.
    #[error("this key starts too many calls each second")]
    CallRate {
        /// When the next may be started.
        retry_after: Duration,
    },
    /// The call found no room.
    #[error(transparent)]
    NotPlaced(#[from] NotPlaced),
    /// The rules do not allow it.
    #[error(transparent)]
    Verify(#[from] CallAgainError),
}
