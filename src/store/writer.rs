//! The one thread that commits.
//!
//! ```text
//!   Working ──a commit fails──▶ Broken ──every RETRY: put back, open, commit──▶ Working
//! ```
//!
//! Batches that wait while one is committed are committed together. An epoch tells whether the disk
//! works (even) or not (odd): a batch that was taken in an earlier one is refused, for it may build on
//! another that was.

#![expect(clippy::disallowed_methods, reason = "the writer is an edge: it reads the clock")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use tokio::sync::oneshot;

use super::batch::{Batch, Changes};
use super::clock::{JournalClock, Reading};
use super::engine::{Engine, Rest, Tables};
use super::settings::{GROUP_BYTES_MAX, RETRY, Settings};
use super::ticket::CommitError;

/// One batch on its way.
pub(super) struct Submission {
    pub(super) batch: Batch,
    pub(super) epoch: u64,
    pub(super) done: Done,
}

/// Who is told.
pub(super) enum Done {
    /// Whoever holds the ticket.
    Ticket(oneshot::Sender<Result<(), CommitError>>),
    /// What to call, on the writer's thread.
    Call(Box<dyn FnOnce(Result<(), CommitError>) + Send>),
}

/// What the writer and the handles share.
pub(super) struct Shared {
    /// Even: the disk works.
    pub(super) epoch: AtomicU64,
    /// For reading; `None` while the disk does not work.
    pub(super) tables: ArcSwapOption<Tables>,
}

/// The state of the thread.
pub(super) struct Writer {
    pub(super) queue: Receiver<Submission>,
    pub(super) shared: Arc<Shared>,
    pub(super) settings: Settings,
    pub(super) clock: JournalClock,
    pub(super) started: Reading,
}

/// Batches that are committed as one.
#[derive(Default)]
struct Group {
    changes: Changes,
    bytes: usize,
    done: Vec<Done>,
}

impl Writer {
    /// Commits until every handle is gone and nothing waits.
    pub(super) fn run(self, mut engine: Engine) {
        let mut free_at = Instant::now();
        while let Some(group) = self.gather(free_at) {
            engine = match self.commit(engine, group) {
                Ok(engine) => engine,
                Err(rest) => match self.wait_for_disk(rest) {
                    Some(engine) => engine,
                    None => return,
                },
            };
            free_at = Instant::now() + self.settings.window;
        }
        // Readers first: the engine is closed in order when nobody else holds it.
        self.shared.tables.store(None);
    }

    /// The next group; `None` when there will be none.
    fn gather(&self, free_at: Instant) -> Option<Group> {
        let mut group = Group::default();
        self.take(&mut group, self.queue.recv().ok()?);
        while group.bytes < GROUP_BYTES_MAX {
            let wait = free_at.saturating_duration_since(Instant::now());
            match self.queue.recv_timeout(wait) {
                Ok(submission) => self.take(&mut group, submission),
                // Those that are left are gone for good only at the next `recv`.
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break,
            }
        }
        Some(group)
    }

    fn take(&self, group: &mut Group, submission: Submission) {
        if submission.epoch != self.shared.epoch.load(Ordering::Acquire) {
            return submission.done.tell(Err(CommitError::Disk));
        }
        group.bytes += submission.batch.bytes();
        group.changes.extend(submission.batch.into_changes());
        group.done.push(submission.done);
    }

    /// Commits a group and tells. `Err`: the disk failed.
    fn commit(&self, mut engine: Engine, group: Group) -> Result<Engine, Rest> {
        if group.changes.is_empty() {
            // All before it is committed, which is what an empty batch asks.
            group.tell(Ok(()));
            return Ok(engine);
        }
        let stamp = self.clock.stamp(&self.started.again());
        let Err(error) = engine.commit(&group.changes, stamp) else {
            group.tell(Ok(()));
            return Ok(engine);
        };
        self.shared.epoch.fetch_add(1, Ordering::AcqRel);
        self.shared.tables.store(None);
        tracing::error!(%error, "the journal's disk failed: nothing is accepted until it works");
        let rest = engine.give_up();
        if let Err(error) = rest.put_back() {
            tracing::error!(%error, "what was refused may still stand in the journal until it works");
        }
        group.tell(Err(CommitError::Disk));
        Err(rest)
    }

    /// Refuses everything and tries the disk again and again; `None` when every handle is gone.
    fn wait_for_disk(&self, mut rest: Rest) -> Option<Engine> {
        let mut again_at = Instant::now() + RETRY;
        loop {
            match self.queue.recv_timeout(again_at.saturating_duration_since(Instant::now())) {
                Ok(submission) => submission.done.tell(Err(CommitError::Disk)),
                Err(RecvTimeoutError::Disconnected) => {
                    // A last chance: from now on nobody puts it back.
                    let _ = rest.put_back();
                    return None;
                }
                Err(RecvTimeoutError::Timeout) => {
                    match rest.try_again(self.clock.stamp(&self.started.again())) {
                        Ok(engine) => return Some(self.back(engine)),
                        Err(still) => rest = still,
                    }
                    again_at = Instant::now() + RETRY;
                }
            }
        }
    }

    /// The disk works again.
    fn back(&self, engine: Engine) -> Engine {
        self.shared.tables.store(Some(Arc::new(engine.tables.clone())));
        self.shared.epoch.fetch_add(1, Ordering::AcqRel);
        tracing::warn!("the journal's disk works again");
        engine
    }
}

impl Group {
    fn tell(self, answer: Result<(), CommitError>) {
        for done in self.done {
            done.tell(answer);
        }
    }
}

impl Done {
    fn tell(self, answer: Result<(), CommitError>) {
        match self {
            // Who dropped the ticket does not want to know.
            Self::Ticket(ticket) => drop(ticket.send(answer)),
            Self::Call(call) => call(answer),
        }
    }
}
