//! The door: what is found when a journal is opened, and the handle to write it.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwapOption;
use tokio::sync::oneshot;

use super::batch::{Batch, Changes};
use super::clock::{Away, JournalClock, Reading};
use super::disk::{Disk, FileDisk};
use super::engine::{Engine, EngineError, ReadError};
use super::kind::{Key, Kind};
use super::preamble::{FORMAT, Preamble};
use super::record::Record;
use super::settings::{BATCH_BYTES_MAX, QUEUE_MAX, Settings, WINDOW_MAX};
use super::ticket::{CommitError, SubmitError, Ticket};
use super::writer::{Done, Shared, Submission, Writer};

/// A journal that was opened and is not written yet: its records are read back from here.
pub struct Opened {
    engine: Engine,
    settings: Settings,
    clock: JournalClock,
    started: Reading,
    report: Report,
}

/// What was found when a journal was opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Report {
    /// There was none: it is new.
    pub is_new: bool,
    /// Commits over its whole life.
    pub commits: u64,
    /// Acknowledged commits that are not in it: the file is damaged, or the power was lost under
    /// [`Durability::Process`](super::Durability::Process). All that was committed before them is there.
    pub lost: u64,
    /// The place that tells of lost commits is damaged itself.
    pub is_witness_damaged: bool,
    /// How long nobody wrote.
    pub away: Away,
}

/// Why a journal cannot be opened. The file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Parts of it that are in use are not what was written.
    #[error("the journal is damaged: {reason}")]
    Damaged {
        /// What was found.
        reason: Box<str>,
    },
    /// The file begins with something else.
    #[error("the file is no journal of ringproof, or its first block is damaged")]
    Foreign,
    /// Another process has it open.
    #[error("another process has the journal open")]
    InUse,
    /// The system refused.
    #[error("the journal cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// A newer release wrote it.
    #[error("the journal is of format {found}, this release reads up to {FORMAT}")]
    Newer {
        /// Its format.
        found: u32,
    },
}

/// Writes to a journal that is open. Cheap to clone; any thread may hold one. When the last is
/// dropped, what waits is committed and the file is closed.
#[derive(Clone)]
pub struct Journal {
    queue: SyncSender<Submission>,
    shared: Arc<Shared>,
    clock: JournalClock,
}

/// The thread that writes a journal.
#[derive(Debug)]
pub struct WriterThread(JoinHandle<()>);

impl Opened {
    /// Opens the journal in the file at `path`, or makes a new one.
    ///
    /// # Errors
    ///
    /// Why not. A file that is there is never replaced.
    pub fn open(path: &Path, settings: Settings, now: Reading) -> Result<Self, OpenError> {
        let is_new = !fs::exists(path)?;
        if is_new {
            create(path, settings, now)?;
        }
        let disk = match FileDisk::open(path, false) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(OpenError::InUse);
            }
            disk => disk?,
        };
        let mut opened = Self::reopen(Arc::new(disk), settings, now)?;
        opened.report.is_new = is_new;
        Ok(opened)
    }

    /// Opens the journal on a disk, or makes a new one where nothing was ever written.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn on(disk: Arc<dyn Disk>, settings: Settings, now: Reading) -> Result<Self, OpenError> {
        if disk.is_empty()? {
            Preamble::create(&*disk)?;
            let mut engine = Engine::open(Arc::clone(&disk), settings)?;
            // Its first commit says when its time began: nobody can have gone away before.
            engine.commit(&Changes::new(), JournalClock::resume(None, &now).stamp(&now))?;
            return Self::new(engine, Some(0), true, settings, now);
        }
        Self::reopen(disk, settings, now)
    }

    /// Opens a journal that must be there: an empty file is none.
    fn reopen(disk: Arc<dyn Disk>, settings: Settings, now: Reading) -> Result<Self, OpenError> {
        match Preamble::read(&*disk)? {
            Preamble::Foreign => Err(OpenError::Foreign),
            Preamble::Newer { found } => Err(OpenError::Newer { found }),
            Preamble::Ours { commits } => {
                let engine = Engine::open(disk, settings)?;
                Self::new(engine, commits, false, settings, now)
            }
        }
    }

    fn new(
        engine: Engine,
        told: Option<u64>,
        is_new: bool,
        settings: Settings,
        now: Reading,
    ) -> Result<Self, OpenError> {
        let head = engine.head();
        if head.commits == 0 {
            let reason = "its tables are empty, which not even a new one's are".into();
            return Err(OpenError::Damaged { reason });
        }
        let clock = JournalClock::resume(Some(head.stamp), &now);
        let report = Report {
            is_new,
            commits: head.commits,
            lost: told.unwrap_or(0).saturating_sub(head.commits),
            is_witness_damaged: told.is_none(),
            away: clock.away(),
        };
        let window = settings.window.min(WINDOW_MAX);
        Ok(Self { engine, settings: Settings { window, ..settings }, clock, started: now, report })
    }

    /// What was found.
    pub fn report(&self) -> Report {
        self.report
    }

    /// Journal time, for the deadlines of what is read back.
    pub fn clock(&self) -> JournalClock {
        self.clock
    }

    /// How many records of a kind there are.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub fn count(&self, kind: Kind) -> Result<u64, ReadError> {
        self.engine.tables.count(kind)
    }

    /// Shows every record of a kind, in the order of their keys, one at a time.
    ///
    /// # Errors
    ///
    /// Why they cannot be read, or one of them cannot. Nobody should go on with a part.
    pub fn visit(&self, kind: Kind, mut see: impl FnMut(Record)) -> Result<(), ReadError> {
        self.engine.tables.visit(kind, &mut see)
    }

    /// Commits a batch at `now`, at once and on this thread: for what recovery must write before
    /// anything else happens, and for simulations.
    ///
    /// # Errors
    ///
    /// The disk failed: the journal is put back to the commit before, and given up.
    pub fn commit(mut self, batch: Batch, now: &Reading) -> Result<Self, CommitError> {
        match self.engine.commit(&batch.into_changes(), self.clock.stamp(now)) {
            Ok(()) => Ok(self),
            Err(error) => {
                tracing::error!(%error, "the journal's disk failed");
                // It is put back again, by the engine itself, when it is next opened.
                let _ = self.engine.give_up().put_back();
                Err(CommitError::Disk)
            }
        }
    }

    /// Gives room that is not used back to the system: pages of what was deleted are used again, but
    /// the file stays as large as it ever was. Takes as long as writing what is live.
    ///
    /// # Errors
    ///
    /// The disk failed. Nothing is lost.
    pub fn compact(mut self) -> Result<Self, OpenError> {
        self.engine.compact()?;
        Ok(self)
    }

    /// Starts the thread that writes.
    ///
    /// # Errors
    ///
    /// The system has no thread to spare.
    pub fn start(self) -> io::Result<(Journal, WriterThread)> {
        let (queue, waiting) = sync_channel(QUEUE_MAX);
        let tables = ArcSwapOption::from_pointee(self.engine.tables.clone());
        let shared = Arc::new(Shared { epoch: AtomicU64::new(0), tables });
        let writer = Writer {
            queue: waiting,
            shared: Arc::clone(&shared),
            settings: self.settings,
            clock: self.clock,
            started: self.started,
        };
        let engine = self.engine;
        let run = move || writer.run(engine);
        let thread = thread::Builder::new().name("journal".to_owned()).spawn(run)?;
        Ok((Journal { queue, shared, clock: self.clock }, WriterThread(thread)))
    }
}

impl Journal {
    /// Hands a batch over to be committed; never blocks. Batches of one thread are committed in the
    /// order in which they were handed over. The ticket of an empty one tells when all before it are.
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

    /// Whether the disk was seen to work.
    pub fn is_writable(&self) -> bool {
        self.shared.epoch.load(Ordering::Acquire).is_multiple_of(2)
    }

    /// Journal time.
    pub fn clock(&self) -> JournalClock {
        self.clock
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
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        if !epoch.is_multiple_of(2) {
            return Err(SubmitError::Unwritable);
        }
        self.queue.try_send(Submission { batch, epoch, done }).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::Full,
            TrySendError::Disconnected(_) => SubmitError::Closed,
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

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("report", &self.report).finish_non_exhaustive()
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("is_writable", &self.is_writable()).finish_non_exhaustive()
    }
}

impl From<EngineError> for OpenError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Io(error) => Self::Io(error),
            error @ (EngineError::Head | EngineError::Redb(_)) => {
                Self::Damaged { reason: error.to_string().into() }
            }
        }
    }
}

/// Makes a new journal beside `path` and puts it there when it is whole: a file that is found there
/// was never half made.
fn create(path: &Path, settings: Settings, now: Reading) -> Result<(), OpenError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Ok(()) | Err(_) => {}
    }
    let disk: Arc<dyn Disk> = Arc::new(FileDisk::open(Path::new(&beside), true)?);
    drop(Opened::on(Arc::clone(&disk), settings, now)?);
    disk.sync()?;
    fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
