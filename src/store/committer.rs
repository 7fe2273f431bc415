//! What commits, announces, refuses and holds: the same for the thread that writes a journal and for
//! the hand that does so in a simulation. It reads no clock and waits for nobody.
//!
//! Batches that wait while one is committed are committed together. An epoch tells whether the disk
//! works (even) or not (odd): a batch that was submitted in an earlier one is refused, for it may
//! build on another that was. What is to be kept is held, and is written, in the order in which it
//! came, before the disk is said to work again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::clock::{JournalClock, Reading};
use super::engine::{Engine, EngineError, Rest, Tables};
use super::event::Announce;
use super::figures::{Commit, Counts};
use super::settings::GROUP_BYTES_MAX;
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
    pub(super) pulse: Pulse,
    pub(super) counts: Counts,
}

/// Since when a commit lasts: a disk that answers nothing is known by that alone.
pub(super) struct Pulse {
    zero: Instant,
    /// Microseconds behind `zero`, and one; zero: there is no commit.
    since: AtomicU64,
}

/// What the clocks show now.
pub(super) type Clocks<'a> = &'a dyn Fn() -> Reading;

/// All of a writer but its queue, its clock and its engine.
pub(super) struct Committer {
    pub(super) shared: Arc<Shared>,
    pub(super) clock: JournalClock,
    pub(super) announce: Announce,
    pub(super) strips: Option<Strips>,
    /// What is to be written before anything else, oldest first; empty while the disk works.
    pub(super) held: VecDeque<(Batch, Done)>,
}

/// Batches that are committed as one, each as it came: when the disk fails they part again.
#[derive(Default)]
pub(super) struct Group {
    parts: Vec<Part>,
    bytes: usize,
}

/// One batch of a group.
pub(super) struct Part {
    batch: Batch,
    is_kept: bool,
    done: Done,
}

impl Committer {
    /// A batch that left the queue, unless it is refused.
    pub(super) fn admit(&self, submission: Submission) -> Option<Part> {
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
    pub(super) fn commit(
        &mut self,
        mut engine: Engine,
        group: Group,
        clocks: Clocks<'_>,
    ) -> Result<Engine, Rest> {
        if group.is_empty() {
            // All before it is committed, which is what an empty batch asks.
            group.tell(Ok(()));
            return Ok(engine);
        }
        let begin = clocks();
        self.shared.pulse.begin(begin.instant);
        let batches = group.parts.iter().map(|part| &part.batch);
        let batches: Vec<_> = batches.filter(|batch| !batch.is_empty()).collect();
        let written = engine.commit(&batches, self.clock.stamp(&begin));
        self.shared.pulse.end();
        let written = match written {
            Ok(written) => written,
            Err(error) => return Err(self.fail(engine, group, &error)),
        };
        self.shared.counts.on_commit(Commit {
            batches: batches.len(),
            records: written.records,
            bytes: written.bytes,
            took: clocks().instant.saturating_duration_since(begin.instant),
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
        let rest = engine.give_up().because(error);
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
    pub(super) fn refuse(&mut self, part: Part) {
        match part.is_kept {
            true => self.held.push_back((part.batch, part.done)),
            false => part.done.tell(Err(CommitError::Disk)),
        }
        self.count_held();
    }

    /// Opens the journal again, writes what is held, and says that the disk works.
    pub(super) fn try_disk(&mut self, rest: Rest, clocks: Clocks<'_>) -> Result<Engine, Rest> {
        let mut engine = rest.try_again(self.clock.stamp(&clocks()))?;
        while !self.held.is_empty() {
            let mut group = Group::default();
            while !group.is_full()
                && let Some((batch, done)) = self.held.pop_front()
            {
                group.add(Some(Part { batch, is_kept: true, done }));
            }
            engine = self.commit(engine, group, clocks)?;
            self.count_held();
        }
        Ok(self.back(engine))
    }

    /// Every handle is gone: from now on nobody puts the journal back, or writes what is held.
    pub(super) fn last_try(&mut self, rest: Rest, clocks: Clocks<'_>) -> Option<Engine> {
        match self.try_disk(rest, clocks) {
            Ok(engine) => Some(engine),
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

impl Pulse {
    pub(super) fn new(zero: Instant) -> Self {
        Self { zero, since: AtomicU64::new(0) }
    }

    fn begin(&self, now: Instant) {
        let micros = now.saturating_duration_since(self.zero).as_micros();
        self.since.store(u64::try_from(micros).unwrap_or(u64::MAX - 1) + 1, Ordering::Release);
    }

    fn end(&self) {
        self.since.store(0, Ordering::Release);
    }

    /// For how long the disk has not answered. Asks for the time only when it has to.
    pub(super) fn silence(&self, now: impl FnOnce() -> Instant) -> Duration {
        match self.since.load(Ordering::Acquire) {
            0 => Duration::ZERO,
            since => {
                let begun = self.zero + Duration::from_micros(since - 1);
                now().saturating_duration_since(begun)
            }
        }
    }
}

impl Shared {
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

impl Group {
    pub(super) fn add(&mut self, part: Option<Part>) {
        if let Some(part) = part {
            self.bytes += part.batch.bytes();
            self.parts.push(part);
        }
    }

    /// It is as large as a group may be.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= GROUP_BYTES_MAX
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
