//! The handle to write a journal that is open.

#![expect(clippy::disallowed_methods, reason = "the queue's bound is ours: not every batch counts")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SendError, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use tokio::sync::oneshot;

use super::batch::Batch;
use super::clock::JournalClock;
use super::committer::{Committer, Done, Pulse, Shared, Submission, Terms};
use super::engine::{Engine, ReadError};
use super::event::Announce;
use super::figures::{Counts, Figures};
use super::kind::{Key, Kind};
use super::opened::Opened;
use super::record::Record;
use super::settings::{BATCH_BYTES_MAX, OFFERED_MAX, QUEUE_MAX, SILENCE_MAX};
use super::ticket::{CommitError, SubmitError, Ticket};
use super::writer::Writer;

/// Writes to a journal that is open. Cheap to clone; any thread may hold one. When the last is
/// dropped, what waits is committed and the file is closed; what is held then, because the disk does
/// not work, is lost.
#[derive(Clone)]
pub struct Journal {
    queue: Sender<Submission>,
    shared: Arc<Shared>,
    clock: JournalClock,
}

/// The thread that writes a journal.
#[derive(Debug)]
pub struct WriterThread(JoinHandle<()>);

/// As long as it lives nothing is written.
#[derive(Debug)]
#[must_use]
pub struct Hold {
    _end: SyncSender<Infallible>,
}

/// Starts the thread that writes, once nobody has the [`Hold`].
pub(super) fn start(
    opened: Opened,
    announce: Announce,
) -> io::Result<(Journal, WriterThread, Hold)> {
    let (window, started) = (opened.settings.window, opened.started);
    let (journal, queue, committer, engine) = join(opened, announce);
    let (end, held) = sync_channel(0);
    let writer = Writer { queue, committer, window, started, held };
    let thread =
        thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run(engine))?;
    Ok((journal, WriterThread(thread), Hold { _end: end }))
}

/// A journal and what is needed to write it.
pub(super) fn join(
    opened: Opened,
    announce: Announce,
) -> (Journal, Receiver<Submission>, Committer, Engine) {
    let strips = opened.write_strips();
    let Opened { engine, clock, started, .. } = opened;
    let (queue, waiting) = channel();
    let counts = Counts::default();
    counts.file_bytes.store(engine.file_bytes(), Ordering::Relaxed);
    let shared = Arc::new(Shared {
        epoch: AtomicU64::new(0),
        tables: ArcSwapOption::from_pointee(engine.tables.clone()),
        last_event: AtomicU64::new(engine.last_event()),
        pulse: Pulse::new(started.instant),
        counts,
    });
    let held = VecDeque::new();
    let committer = Committer { shared: Arc::clone(&shared), clock, announce, strips, held };
    (Journal { queue, shared, clock }, waiting, committer, engine)
}

impl Journal {
    /// Hands a batch over to be committed; never blocks. Batches of one thread are committed in the
    /// order in which they were handed over.
    ///
    /// # Errors
    ///
    /// Why it was not taken. A client then hears 503.
    pub fn submit(&self, batch: Batch) -> Result<Ticket, SubmitError> {
        let (answer, ticket) = oneshot::channel();
        self.send(batch, Done::Ticket(answer))?;
        Ok(Ticket(ticket))
    }

    /// As [`submit`](Self::submit); `done` is called with the answer on the thread that writes, so it
    /// must be short: it wakes a shard, say.
    ///
    /// # Errors
    ///
    /// Why the batch was not taken; `done` is not called.
    pub fn submit_then(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<(), SubmitError> {
        self.send(batch, Done::Call(Box::new(done)))
    }

    /// Hands over what happened, whether it can be written or not: never blocks, is never refused and
    /// has no bound. While the disk does not work the batch is held, and written before anything newer
    /// once it does. `saved` is called on the thread that writes when it is on disk; never, when the
    /// journal is closed before.
    pub fn keep(&self, batch: Batch, saved: impl FnOnce() + Send + 'static) {
        self.shared.counts.kept.fetch_add(1, Ordering::Relaxed);
        let done = Done::Saved(Box::new(saved));
        if self.queue.send(Submission { batch, terms: Terms::Kept, done }).is_err() {
            self.shared.counts.kept.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The same for what nobody will ask for, a call from a stranger, say: while [`OFFERED_MAX`]
    /// things are kept and not on disk it is left out, and counted. `saved` is not called then.
    pub fn offer(&self, batch: Batch, saved: impl FnOnce() + Send + 'static) {
        let counts = &self.shared.counts;
        if counts.held.load(Ordering::Relaxed) + counts.kept.load(Ordering::Relaxed) < OFFERED_MAX {
            self.keep(batch, saved);
        } else {
            counts.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells when everything that was handed over before is on disk. The answer is no when the disk
    /// does not work, also if it failed since and something before was refused or is held.
    pub fn barrier(&self) -> Ticket {
        let (answer, ticket) = oneshot::channel();
        let (epoch, done) = (self.shared.epoch(), Done::Ticket(answer));
        let submission = Submission { batch: Batch::new(), terms: Terms::Barrier(epoch), done };
        if !epoch.is_multiple_of(2) {
            submission.done.tell(Err(CommitError::Disk));
        } else if let Err(SendError(lost)) = self.queue.send(submission) {
            lost.done.tell(Err(CommitError::Closed));
        }
        Ticket(ticket)
    }

    /// Whether the disk was seen to work, and has not been silent for [`SILENCE_MAX`] since.
    pub fn is_writable(&self) -> bool {
        self.is_writable_at(Instant::now)
    }

    /// For how long the disk has not answered: how old the commit is that is being made.
    pub fn silence(&self) -> Duration {
        self.shared.pulse.silence(Instant::now)
    }

    pub(super) fn is_writable_at(&self, now: impl FnOnce() -> Instant) -> bool {
        self.shared.epoch().is_multiple_of(2) && self.shared.pulse.silence(now) < SILENCE_MAX
    }

    /// How many batches are held until the disk works.
    pub fn held(&self) -> usize {
        self.shared.counts.held.load(Ordering::Relaxed)
    }

    /// The number of the last event that is on disk; what is announced may be behind.
    pub fn last_event(&self) -> u64 {
        self.shared.last_event.load(Ordering::Acquire)
    }

    /// How it does.
    pub fn figures(&self) -> Figures {
        self.shared.counts.figures(self.is_writable())
    }

    /// Journal time.
    pub fn clock(&self) -> JournalClock {
        self.clock
    }

    /// Shows every record of a kind, as they were at one moment, in the order of their keys, one at a
    /// time. Reads from the disk and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// Why they cannot be read, or one of them cannot. Nobody should go on with a part.
    pub fn visit(&self, kind: Kind, mut see: impl FnMut(Record)) -> Result<(), ReadError> {
        let tables = self.shared.tables.load_full().ok_or(ReadError::Away)?;
        tables.visit(kind, &mut see)
    }

    /// How many records of a kind there are.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub fn count(&self, kind: Kind) -> Result<u64, ReadError> {
        self.shared.tables.load_full().ok_or(ReadError::Away)?.count(kind)
    }

    /// The first records of a kind, at most `limit`: the oldest, which are swept. Reads from the disk
    /// and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub fn first(&self, kind: Kind, limit: usize) -> Result<Vec<Record>, ReadError> {
        let tables = self.shared.tables.load_full().ok_or(ReadError::Away)?;
        tables.after(kind, None, limit)
    }

    /// Records of the kind of `after` with keys behind it, at most `limit`: the events since one, say.
    /// Reads from the disk and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub fn after(&self, after: &Key, limit: usize) -> Result<Vec<Record>, ReadError> {
        let tables = self.shared.tables.load_full().ok_or(ReadError::Away)?;
        tables.after(after.kind(), Some(after), limit)
    }

    fn send(&self, batch: Batch, done: Done) -> Result<(), SubmitError> {
        let (bytes, max) = (batch.bytes(), BATCH_BYTES_MAX);
        if bytes > max {
            return Err(SubmitError::TooLarge { bytes, max });
        }
        // Before the look: a disk that fails behind it is met by the writer.
        let epoch = self.shared.epoch();
        if !self.is_writable() {
            return Err(SubmitError::Unwritable);
        }
        let waiting = &self.shared.counts.submitted;
        if waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE_MAX {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(SubmitError::Full);
        }
        let terms = Terms::Submitted(epoch);
        self.queue.send(Submission { batch, terms, done }).map_err(|_| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            SubmitError::Closed
        })
    }
}

impl WriterThread {
    /// Waits until every [`Journal`] is gone, what waited is committed and the file is closed.
    pub fn join(self) {
        // It panics only where the engine does; the process then ends by itself in a release.
        let _ = self.0.join();
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("is_writable", &self.is_writable()).finish_non_exhaustive()
    }
}
