//! The one thread that commits.
//!
//! ```text
//!   Working ──a commit fails──▶ Broken ──every RETRY: put back, open, commit──▶ Working
//! ```
//!
//! Batches that wait while one is committed are committed together. An epoch tells whether the disk
//! works (even) or not (odd): a batch that was submitted in an earlier one is refused, for it may
//! build on another that was. What is to be kept is held, and is written, in the order in which it
//! came, before the disk is said to work again.

#![expect(clippy::disallowed_methods, reason = "the writer is an edge: it reads the clock")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::clock::{JournalClock, Reading};
use super::engine::{Engine, EngineError, Rest, Tables};
use super::event::Announce;
use super::figures::{Commit, Counts};
use super::settings::{GROUP_BYTES_MAX, RETRY, Settings};
use super::strips::Strips;
use super::ticket::CommitError;

/// One batch on its way.
pub(super) struct Submission {
    pub(super) batch: Batch,
    pub(super) terms: Terms,
    pub(super) done: Done,
}

/// When a batch is refused.
#[derive(Clone, Copy)]
pub(super) enum Terms {
    /// When the disk failed since this epoch. It is empty, and takes no place in the queue.
    Barrier(u64),
    /// Never.
    Kept,
    /// When the disk failed since this epoch.
    Submitted(u64),
}

/// Who is told.
pub(super) enum Done {
    /// What to call, on the writer's thread.
    Call(Box<dyn FnOnce(Result<(), CommitError>) + Send>),
    /// What to call once it is on disk, whenever that is.
    Saved(Box<dyn FnOnce() + Send>),
    /// Whoever holds the ticket.
    Ticket(oneshot::Sender<Result<(), CommitError>>),
}

/// What the writer and the handles share.
pub(super) struct Shared {
    /// Even: the disk works.
    pub(super) epoch: AtomicU64,
    /// For reading; `None` while the disk does not work.
    pub(super) tables: ArcSwapOption<Tables>,
    /// The number of the last event that was committed.
    pub(super) last_event: AtomicU64,
    pub(super) counts: Counts,
}

/// The state of the thread.
pub(super) struct Writer {
    pub(super) queue: Receiver<Submission>,
    pub(super) shared: Arc<Shared>,
    pub(super) settings: Settings,
    pub(super) clock: JournalClock,
    pub(super) started: Reading,
    pub(super) announce: Announce,
    pub(super) strips: Option<Strips>,
    /// What is to be written before anything else, oldest first; empty while the disk works.
    pub(super) held: VecDeque<(Batch, Done)>,
}

/// Batches that are committed as one, each as it came: when the disk fails they part again.
#[derive(Default)]
struct Group {
    parts: Vec<Part>,
    bytes: usize,
}

struct Part {
    batch: Batch,
    is_kept: bool,
    done: Done,
}

impl Writer {
    /// Commits until every handle is gone and nothing waits.
    pub(super) fn run(mut self, mut engine: Engine) {
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
        group.add(self.admit(self.queue.recv().ok()?));
        while group.bytes < GROUP_BYTES_MAX {
            let wait = free_at.saturating_duration_since(Instant::now());
            match self.queue.recv_timeout(wait) {
                Ok(submission) => group.add(self.admit(submission)),
                // Those that are left are gone for good only at the next `recv`.
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break,
            }
        }
        Some(group)
    }

    /// A batch that left the queue, unless it is refused.
    fn admit(&self, submission: Submission) -> Option<Part> {
        let counts = &self.shared.counts;
        let (is_kept, is_late) = match submission.terms {
            Terms::Barrier(epoch) => (false, epoch != self.shared.epoch()),
            Terms::Kept => {
                counts.kept.fetch_sub(1, Ordering::Relaxed);
                (true, false)
            }
            Terms::Submitted(epoch) => {
                counts.submitted.fetch_sub(1, Ordering::Relaxed);
                (false, epoch != self.shared.epoch())
            }
        };
        if is_late {
            submission.done.tell(Err(CommitError::Disk));
            return None;
        }
        Some(Part { batch: submission.batch, is_kept, done: submission.done })
    }

    /// Commits a group, announces and tells. `Err`: the disk failed.
    fn commit(&mut self, mut engine: Engine, group: Group) -> Result<Engine, Rest> {
        if group.is_empty() {
            // All before it is committed, which is what an empty batch asks.
            group.tell(Ok(()));
            return Ok(engine);
        }
        let begin = self.started.again();
        let batches = group.parts.iter().map(|part| &part.batch);
        let batches: Vec<_> = batches.filter(|batch| !batch.is_empty()).collect();
        let written = match engine.commit(&batches, self.clock.stamp(&begin)) {
            Ok(written) => written,
            Err(error) => return Err(self.fail(engine, group, &error)),
        };
        self.shared.counts.on_commit(Commit {
            batches: batches.len(),
            records: written.records,
            bytes: written.bytes,
            took: begin.instant.elapsed(),
            file_bytes: engine.file_bytes(),
        });
        self.shared.last_event.store(engine.last_event(), Ordering::Release);
        // Before a shard hears that it may send the INVITE.
        if let Some(strips) = &mut self.strips {
            batches.iter().flat_map(|batch| batch.changes()).for_each(|it| strips.on_change(it));
        }
        if !written.announced.is_empty() {
            (self.announce)(&written.announced);
        }
        group.tell(Ok(()));
        Ok(engine)
    }

    /// Gives the engine up and refuses a group; what is to be kept of it is held.
    fn fail(&mut self, engine: Engine, group: Group, error: &EngineError) -> Rest {
        if self.shared.epoch.fetch_or(1, Ordering::AcqRel).is_multiple_of(2) {
            self.shared.counts.on_failure();
            tracing::error!(%error, "the journal's disk failed: nothing is accepted until it works");
        }
        self.shared.tables.store(None);
        let rest = engine.give_up();
        if let Err(error) = rest.put_back() {
            tracing::error!(%error, "what was refused may still stand in the journal until it works");
        }
        // They came before what is held already.
        let newer = std::mem::take(&mut self.held);
        group.parts.into_iter().for_each(|part| self.refuse(part));
        self.held.extend(newer);
        self.count_held();
        rest
    }

    /// Refuses a batch, or holds it, behind what is held already.
    fn refuse(&mut self, part: Part) {
        match part.is_kept {
            true => self.held.push_back((part.batch, part.done)),
            false => part.done.tell(Err(CommitError::Disk)),
        }
    }

    /// Refuses and holds, and tries the disk again and again; `None` when every handle is gone.
    fn wait_for_disk(&mut self, mut rest: Rest) -> Option<Engine> {
        let mut again_at = Instant::now() + RETRY;
        loop {
            match self.queue.recv_timeout(again_at.saturating_duration_since(Instant::now())) {
                Ok(submission) => {
                    if let Some(part) = self.admit(submission) {
                        self.refuse(part);
                        self.count_held();
                    }
                    // However many come, the disk is tried.
                    if Instant::now() < again_at {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return self.last_try(rest),
                Err(RecvTimeoutError::Timeout) => {}
            }
            match self.try_disk(rest) {
                Ok(engine) => return Some(self.back(engine)),
                Err(still) => rest = still,
            }
            again_at = Instant::now() + RETRY;
        }
    }

    /// Opens the journal again and writes what is held.
    fn try_disk(&mut self, rest: Rest) -> Result<Engine, Rest> {
        let mut engine = rest.try_again(self.clock.stamp(&self.started.again()))?;
        while !self.held.is_empty() {
            let mut group = Group::default();
            while group.bytes < GROUP_BYTES_MAX
                && let Some((batch, done)) = self.held.pop_front()
            {
                group.add(Some(Part { batch, is_kept: true, done }));
            }
            engine = self.commit(engine, group)?;
            self.count_held();
        }
        Ok(engine)
    }

    /// Every handle is gone: from now on nobody puts the journal back, or writes what is held.
    fn last_try(&mut self, rest: Rest) -> Option<Engine> {
        match self.try_disk(rest) {
            Ok(engine) => Some(self.back(engine)),
            Err(rest) => {
                let _ = rest.put_back();
                let batches = self.held.len();
                tracing::error!(
                    batches,
                    "the journal is closed while its disk does not work: lost"
                );
                None
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

    fn count_held(&self) {
        self.shared.counts.held.store(self.held.len(), Ordering::Relaxed);
    }
}

impl Shared {
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

impl Group {
    fn add(&mut self, part: Option<Part>) {
        if let Some(part) = part {
            self.bytes += part.batch.bytes();
            self.parts.push(part);
        }
    }

    fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| part.batch.is_empty())
    }

    fn tell(self, answer: Result<(), CommitError>) {
        for part in self.parts {
            part.done.tell(answer);
        }
    }
}

impl Done {
    pub(super) fn tell(self, answer: Result<(), CommitError>) {
        match self {
            Self::Call(call) => call(answer),
            Self::Saved(saved) => {
                if answer.is_ok() {
                    saved();
                }
            }
            // Who dropped the ticket does not want to know.
            Self::Ticket(ticket) => drop(ticket.send(answer)),
        }
    }
}
