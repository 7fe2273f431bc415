//! The tables, in a `redb` file: the only place that names it.
//!
//! A commit that fails must leave nothing behind, not even after a crash: it was refused. The engine
//! writes new pages beside those in use and then one header; what the header said after the last good
//! commit is kept, and is put back before anything else is done. Every page that it names was safe
//! then and has not been touched since.

use std::io;
use std::sync::Arc;

use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
    TableError, WriteTransaction,
};

use super::batch::{Batch, Change, merged};
use super::clock::Stamp;
use super::disk::Disk;
use super::event::Announced;
use super::field::Field;
use super::guard::Guard;
use super::kind::{Key, Kind};
use super::preamble::{PREAMBLE_BYTES, Preamble};
use super::record::{Record, RecordError};
use super::settings::{Durability, Settings};

/// The tables of one file.
pub(super) struct Engine {
    pub(super) tables: Tables,
    guard: Guard,
    rest: Rest,
    head: Head,
}

/// The tables, for who reads while the writer writes.
#[derive(Clone)]
pub(super) struct Tables(Arc<Database>);

/// Where an engine that was given up stands: what its disk must be put back to.
pub(super) struct Rest {
    disk: Arc<dyn Disk>,
    settings: Settings,
    /// The last good commit.
    commits: u64,
    /// The header after it and the length of the disk; `None`: they could not be read.
    mark: Option<Mark>,
    /// What was said last of why the disk does not work.
    said: Option<String>,
}

struct Mark {
    header: Box<[u8; HEADER_BYTES]>,
    len: u64,
}

/// What is written with each commit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) commits: u64,
    /// The number of the last event: those of deleted ones are not given again.
    pub(super) last_event: u64,
    pub(super) stamp: Stamp,
}

/// What a commit came to.
pub(super) struct Written {
    /// Its events, in order.
    pub(super) announced: Vec<Announced>,
    /// Records that were written or deleted.
    pub(super) records: usize,
    /// Bytes of their keys and values.
    pub(super) bytes: usize,
}

/// Why the tables could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum EngineError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Redb(Box<redb::Error>),
    #[error("its head, which says how many commits there were, cannot be read")]
    Head,
}

/// Why a table could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A record is not one that this release reads.
    #[error("a record of the table `{}`: {error}", kind.as_str())]
    Record {
        /// The table.
        kind: Kind,
        /// Why not.
        error: RecordError,
    },
    /// The file cannot be read.
    #[error("parts of it that are in use are not what was written (storage engine: {0})")]
    Tables(Box<redb::Error>),
    /// The disk failed and has not been seen to work since.
    #[error("the journal's disk does not work")]
    Away,
}

impl Engine {
    /// Opens what is on the disk, or makes new tables where only a preamble is. Every page in use is
    /// checked.
    pub(super) fn open(disk: Arc<dyn Disk>, settings: Settings) -> Result<Self, EngineError> {
        let guard = Guard::new(Arc::clone(&disk), settings.durability);
        let database = Builder::new()
            .set_cache_size(settings.cache_bytes)
            // Behind a crash the engine checks by itself; a file that was closed in order it trusts.
            .set_check_integrity_on_open(true)
            .create_with_backend(guard.clone())
            .map_err(redb::Error::from)?;
        let tables = Tables(Arc::new(database));
        let head = tables.head()?;
        let mark = Some(Mark::read(&*disk)?);
        let rest = Rest { disk, settings, commits: head.commits, mark, said: None };
        Ok(Self { tables, guard, rest, head })
    }

    /// What was written with the last commit.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// The number of the last event that was given.
    pub(super) fn last_event(&self) -> u64 {
        self.head.last_event
    }

    /// No event will have this number, or one below it.
    pub(super) fn skip_events(&mut self, last: u64) {
        self.head.last_event = self.head.last_event.max(last);
    }

    /// The length of the file behind the last commit; zero when it could not be read.
    pub(super) fn file_bytes(&self) -> u64 {
        self.rest.mark.as_ref().map_or(0, |mark| mark.len)
    }

    /// Commits batches as one, with numbers for their events, and a stamp. After an error the engine
    /// must be given up.
    pub(super) fn commit(
        &mut self,
        batches: &[&Batch],
        stamp: Stamp,
    ) -> Result<Written, EngineError> {
        let mut head = Head { commits: self.head.commits + 1, stamp, ..self.head };
        let (mut announced, mut told) = (vec![], vec![]);
        for event in batches.iter().flat_map(|batch| batch.events()) {
            head.last_event += 1;
            announced.push(event.number(head.last_event, stamp.time, &mut told));
        }
        let changes = merged(batches.iter().flat_map(|batch| batch.changes()).chain(&told));
        self.write(&changes, head)?;
        let bytes = changes.iter().map(|change| change.bytes()).sum();
        Ok(Written { announced, records: changes.len(), bytes })
    }

    fn write(&mut self, changes: &[&Change], head: Head) -> Result<(), EngineError> {
        let mut transaction = self.tables.0.begin_write().map_err(redb::Error::from)?;
        // A disk without room makes new pages fail, not the header: one flush is enough, since every
        // page is checked when the file is opened.
        transaction.set_durability(redb::Durability::Immediate).map_err(redb::Error::from)?;
        write(&transaction, changes, head)?;
        transaction.commit().map_err(redb::Error::from)?;
        // It is safe: nothing that fails from here on may make it a refusal. A witness that is behind
        // only notices less.
        let _ = Preamble::witness(&*self.rest.disk, head.commits);
        self.rest.commits = head.commits;
        self.rest.mark = Mark::read(&*self.rest.disk).ok();
        self.head = head;
        Ok(())
    }

    /// Makes the file as small as it can be. Reads and writes much of it.
    pub(super) fn compact(&mut self) -> Result<(), EngineError> {
        // Somebody who reads holds the tables, and the file as it is.
        if let Some(database) = Arc::get_mut(&mut self.tables.0) {
            database.compact().map_err(redb::Error::from)?;
            self.rest.mark = Some(Mark::read(&*self.rest.disk)?);
        }
        Ok(())
    }

    /// Gives the engine up after an error. It writes nothing more.
    pub(super) fn give_up(self) -> Rest {
        self.guard.shut();
        self.rest
    }
}

impl Rest {
    /// Puts the disk back to the last good commit. Needs no room on it.
    pub(super) fn put_back(&self) -> io::Result<()> {
        // The header of an older commit would name pages that were used again. Without this one's
        // the engine's own must do, which may keep what was refused but is never torn.
        if let Some(mark) = &self.mark {
            self.disk.write(PREAMBLE_BYTES, &*mark.header)?;
            self.disk.set_len(mark.len)?;
        }
        Preamble::witness(&*self.disk, self.commits)?;
        match self.settings.durability {
            Durability::Power => self.disk.sync(),
            Durability::Process => Ok(()),
        }
    }

    /// Tries whether the disk works again: puts it back, opens it and commits once. `Err`: it does
    /// not, and this is what it must be put back to.
    pub(super) fn try_again(self, stamp: Stamp) -> Result<Engine, Self> {
        let open = || {
            self.put_back()?;
            // An empty commit fits where nothing else does.
            self.disk.try_room(ROOM)?;
            Engine::open(Arc::clone(&self.disk), self.settings)
        };
        let mut engine = match open() {
            Ok(engine) => engine,
            Err(error) => return Err(self.because(&error)),
        };
        let Err(error) = engine.commit(&[], stamp) else { return Ok(engine) };
        // From the older rest on the engine may have used pages again that it names.
        let rest = Self { said: self.said, ..engine.give_up() };
        let _ = rest.put_back();
        Err(rest.because(&error))
    }

    /// Says why the disk does not work, when it is for another reason than before.
    pub(super) fn because(mut self, error: &EngineError) -> Self {
        let why = error.to_string();
        if self.said.as_ref().is_some_and(|said| *said != why) {
            tracing::error!(%error, "the journal's disk does not work, now for this reason");
        }
        self.said = Some(why);
        self
    }
}

impl Mark {
    fn read(disk: &dyn Disk) -> io::Result<Self> {
        let mut header = Box::new([0; HEADER_BYTES]);
        disk.read(PREAMBLE_BYTES, &mut *header)?;
        Ok(Self { header, len: disk.len()? })
    }
}

impl Tables {
    /// Every record of a kind, in the order of their keys.
    pub(super) fn visit(&self, kind: Kind, see: &mut dyn FnMut(Record)) -> Result<(), ReadError> {
        let read = self.0.begin_read().map_err(redb::Error::from)?;
        let Some(table) = known(read.open_table(table(kind)))? else { return Ok(()) };
        for entry in table.iter().map_err(redb::Error::from)? {
            let (_, value) = entry.map_err(redb::Error::from)?;
            see(decode(kind, value.value())?);
        }
        Ok(())
    }

    /// Records of a kind whose keys come after `after`, at most `limit`.
    pub(super) fn after(
        &self,
        kind: Kind,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<Vec<Record>, ReadError> {
        use std::ops::Bound;

        let read = self.0.begin_read().map_err(redb::Error::from)?;
        let Some(table) = known(read.open_table(table(kind)))? else { return Ok(vec![]) };
        let from = after.map(Key::to_bytes);
        let from = from.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let found = table.range::<&[u8]>((from, Bound::Unbounded)).map_err(redb::Error::from)?;
        let record = |entry: Result<(_, redb::AccessGuard<'_, &[u8]>), _>| {
            let (_, value) = entry.map_err(redb::Error::from)?;
            decode(kind, value.value())
        };
        found.take(limit).map(record).collect()
    }

    /// The record with this key, if there is one.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Record>, ReadError> {
        let read = self.0.begin_read().map_err(redb::Error::from)?;
        let Some(table) = known(read.open_table(table(key.kind())))? else { return Ok(None) };
        let value = table.get(&*key.to_bytes()).map_err(redb::Error::from)?;
        value.map(|value| decode(key.kind(), value.value())).transpose()
    }

    /// How many records of a kind there are.
    pub(super) fn count(&self, kind: Kind) -> Result<u64, ReadError> {
        let read = self.0.begin_read().map_err(redb::Error::from)?;
        let Some(table) = known(read.open_table(table(kind)))? else { return Ok(0) };
        Ok(table.len().map_err(redb::Error::from)?)
    }

    fn head(&self) -> Result<Head, EngineError> {
        let read = self.0.begin_read().map_err(redb::Error::from)?;
        let Some(table) = known(read.open_table(HEAD))? else { return Ok(Head::default()) };
        let bytes = table.get(()).map_err(redb::Error::from)?.ok_or(EngineError::Head)?;
        Head::read(bytes.value()).ok_or(EngineError::Head)
    }
}

impl Head {
    fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        self.commits.write(&mut bytes);
        self.last_event.write(&mut bytes);
        self.stamp.time.write(&mut bytes);
        self.stamp.wall.write(&mut bytes);
        self.stamp.boot.write(&mut bytes);
        self.stamp.uptime.write(&mut bytes);
        bytes
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let (commits, last_event) = (Field::read(bytes).ok()?, Field::read(bytes).ok()?);
        let (time, wall) = (Field::read(bytes).ok()?, Field::read(bytes).ok()?);
        let (boot, uptime) = (Field::read(bytes).ok()?, Field::read(bytes).ok()?);
        Some(Self { commits, last_event, stamp: Stamp { time, wall, boot, uptime } })
    }
}

impl From<redb::Error> for EngineError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "redb may add to its errors")]
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) => Self::Io(error),
            other => Self::Redb(Box::new(other)),
        }
    }
}

impl From<redb::Error> for ReadError {
    fn from(error: redb::Error) -> Self {
        Self::Tables(Box::new(error))
    }
}

fn write(
    transaction: &WriteTransaction,
    changes: &[&Change],
    head: Head,
) -> Result<(), redb::Error> {
    // They are sorted: each table is opened once, and neighbours share pages.
    for changes in changes.chunk_by(|one, next| one.kind() == next.kind()) {
        let mut table = transaction.open_table(table(changes[0].kind()))?;
        for change in changes {
            match change.value() {
                Some(value) => drop(table.insert(change.key(), value)?),
                None => drop(table.remove(change.key())?),
            }
        }
    }
    let mut table = transaction.open_table(HEAD)?;
    table.insert((), &*head.write())?;
    Ok(())
}

fn decode(kind: Kind, value: &[u8]) -> Result<Record, ReadError> {
    Record::read(kind, value).map_err(|error| ReadError::Record { kind, error })
}

/// A table that nothing was ever written to does not exist.
fn known<T>(found: Result<T, TableError>) -> Result<Option<T>, redb::Error> {
    match found {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn table(kind: Kind) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(kind.as_str())
}

const HEAD: TableDefinition<'static, (), &'static [u8]> = TableDefinition::new("head");
/// A disk that was full works again when it takes so much: some hundred starts.
const ROOM: u64 = 1 << 20;
/// redb's header, which has 320 bytes: a sector.
const HEADER_BYTES: usize = 512;
