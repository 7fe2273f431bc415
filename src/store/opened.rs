//! What is found when a journal is opened: read back from here, before anybody writes.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::{Batch, Change};
use super::by_hand::{self, Hand};
use super::clock::{Away, JournalClock, Reading, Stamp};
use super::disk::{Disk, FileDisk};
use super::engine::{Engine, EngineError, ReadError};
use super::event::Announce;
use super::hidden::Hidden;
use super::journal::{self, Hold, Journal, WriterThread};
use super::kind::{Key, Kind};
use super::preamble::{FORMAT, Preamble};
use super::record::{Record, Secret};
use super::settings::{Durability, Settings, WINDOW_MAX};
use super::strips::{self, Strips};
use super::ticket::CommitError;

/// Why a key was neither found nor made.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It could not be written.
    #[error("{0}")]
    Commit(#[from] CommitError),
    /// It could not be read.
    #[error("{0}")]
    Read(#[from] ReadError),
}

/// A journal that was opened and is not written yet: its records are read back from here.
pub struct Opened {
    pub(super) engine: Engine,
    /// Where it is, if in a file.
    path: Option<PathBuf>,
    pub(super) settings: Settings,
    pub(super) clock: JournalClock,
    pub(super) started: Reading,
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
    /// [`Durability::Process`]. All that was committed before them is there.
    pub lost: u64,
    /// The place that tells of lost commits is damaged itself.
    pub is_witness_damaged: bool,
    /// How long nobody wrote: since the last commit, which may be long before the process ended.
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
        let disk = FileDisk::open(path, false).map_err(in_use)?;
        let mut opened = Self::reopen(Arc::new(disk), settings, now)?;
        opened.report.is_new = is_new;
        opened.path = Some(path.to_owned());
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
            // Events are numbered from the wall clock on, so that those of a journal that was deleted
            // are not met again.
            engine.skip_events(now.wall.0.saturating_sub(1));
            engine.commit(&[], JournalClock::resume(None, &now).stamp(&now))?;
            return Self::new(engine, Some(0), true, settings, now);
        }
        Self::reopen(disk, settings, now)
    }

    /// Opens a journal that must be there: an empty file is none.
    pub(super) fn reopen(
        disk: Arc<dyn Disk>,
        settings: Settings,
        now: Reading,
    ) -> Result<Self, OpenError> {
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
        mut engine: Engine,
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
        let may_lack_commits = report.lost > 0
            || report.is_witness_damaged
            || settings.durability == Durability::Process
                && matches!(report.away, Away::Supposed(_));
        if may_lack_commits {
            // What they gave their events were numbers near the wall clock's, or below.
            engine.skip_events(now.wall.0);
        }
        let window = settings.window.min(WINDOW_MAX);
        let settings = Settings { window, ..settings };
        Ok(Self { engine, path: None, settings, clock, started: now, report })
    }

    /// Makes the strips of a journal in a file anew, for who is about to write it. Without them the next
    /// process hangs up later, and no worse.
    pub(super) fn write_strips(&self) -> Option<Strips> {
        let path = self.path.as_deref()?;
        let write = || {
            let mut strips = Strips::create(path)?;
            let put = |call: Record| strips.on_change(&Change::put(&call));
            self.visit(Kind::InFlight, put).map_err(io::Error::other)?;
            Ok::<_, io::Error>(strips)
        };
        let warn = |error: &io::Error| {
            let file = strips::beside(path);
            tracing::warn!(
                file = %file.display(), %error,
                "the copy of the calls in flight cannot be written: after a crash phones ring on until \
                 the journal is read; let this user write the file and its folder, or delete the file"
            );
        };
        write().inspect_err(warn).ok()
    }

    /// What was found.
    pub fn report(&self) -> Report {
        self.report
    }

    /// What the clocks showed at its last commit.
    pub(super) fn last_commit(&self) -> Stamp {
        self.engine.head().stamp
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

    /// Records of the kind of `after` with keys behind it, at most `limit`.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub fn after(&self, after: &Key, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.engine.tables.after(after.kind(), Some(after), limit)
    }

    /// The number that the next event gets.
    pub fn next_event(&self) -> u64 {
        self.engine.last_event() + 1
    }

    /// The key of this name; made, and committed at `now`, when there is none.
    ///
    /// # Errors
    ///
    /// Why it cannot be read or written. The journal is given up.
    pub fn secret(
        self,
        name: &str,
        now: &Reading,
        make: impl FnOnce() -> Box<[u8]>,
    ) -> Result<(Self, Secret), SecretError> {
        let found = self.engine.tables.get(&Key::Secret(name.into()))?;
        if let Some(found) = found.and_then(Secret::of) {
            return Ok((self, found));
        }
        let secret = Secret { name: name.into(), bytes: Hidden(make()) };
        let mut batch = Batch::new();
        batch.put(secret.clone());
        Ok((self.commit(batch, now)?, secret))
    }

    /// Commits a batch at `now`, at once and on this thread: for what recovery must write before
    /// anything else happens, and for simulations. Its events are numbered and not announced: who
    /// reads them back finds them.
    ///
    /// # Errors
    ///
    /// The disk failed: the journal is put back to the commit before, and given up.
    pub fn commit(mut self, batch: Batch, now: &Reading) -> Result<Self, CommitError> {
        match self.engine.commit(&[&batch], self.clock.stamp(now)) {
            Ok(_) => Ok(self),
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

    /// Starts the thread that writes. Events are announced from then on.
    ///
    /// # Errors
    ///
    /// The system has no thread to spare.
    pub fn start(self, announce: Announce) -> io::Result<(Journal, WriterThread)> {
        self.start_held(announce).map(|(journal, thread, _)| (journal, thread))
    }

    /// The same, and nothing is written as long as the [`Hold`] lives: who reads many records
    /// reads them as they are now, whatever the disk does. What is handed over meanwhile waits.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start_held(self, announce: Announce) -> io::Result<(Journal, WriterThread, Hold)> {
        journal::start(self, announce)
    }

    /// The same without a thread: it is written when the [`Hand`] is told to. For simulations.
    pub fn by_hand(self, announce: Announce) -> (Journal, Hand) {
        by_hand::start(self, announce)
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("report", &self.report).finish_non_exhaustive()
    }
}

impl From<EngineError> for OpenError {
    fn from(error: EngineError) -> Self {
        match error {
            // A file that is too short, or whose tables are not the engine's, not a disk that fails.
            EngineError::Io(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Damaged { reason: not_as_written(&error) }
            }
            EngineError::Io(error) => Self::Io(error),
            error @ EngineError::Head => Self::Damaged { reason: error.to_string().into() },
            EngineError::Redb(error) => Self::Damaged { reason: not_as_written(&error) },
        }
    }
}

/// What the storage engine says of a file, in our words first: its own are for who looks into it.
fn not_as_written(error: &dyn fmt::Display) -> Box<str> {
    let detail = error.to_string();
    format!(
        "parts of it that are in use are not what was written (storage engine: {})",
        detail.trim_end()
    )
    .into()
}

/// Why a file could not be opened: another process has locked it, or the system refuses.
pub(super) fn in_use(error: io::Error) -> OpenError {
    match error.kind() == io::ErrorKind::WouldBlock {
        true => OpenError::InUse,
        false => OpenError::Io(error),
    }
}

/// Makes a new journal beside `path` and puts it there when it is whole: a file that is found there
/// was never half made.
fn create(path: &Path, settings: Settings, now: Reading) -> Result<(), OpenError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    // One that was left half made is nobody's; one that is being made is locked.
    let disk: Arc<dyn Disk> = Arc::new(FileDisk::open(beside, true).map_err(in_use)?);
    if fs::exists(path)? {
        // Another process was faster. What is locked here may be that very file, under its old name.
        return Ok(());
    }
    disk.set_len(0)?;
    drop(Opened::on(Arc::clone(&disk), settings, now)?);
    disk.sync()?;
    fs::rename(beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
