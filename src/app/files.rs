//! What the system lets this process do: how many files it may have open, and whether that is
//! enough for its connections; no core dumps; whether there is a place for the journal.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{AccessFlags, access};

use super::settings;
use crate::config::Config;
use crate::store::strips;

/// Lets this process have as many files open as it may: distributions keep the soft limit at 1024
/// for the sake of `select`, which nothing here uses. Returns the limit that holds afterwards;
/// `None` when the system tells none.
pub(super) fn raise() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    Some(if raised.is_ok() { hard } else { soft })
}

/// Lets nobody find phone numbers and keys in a core dump: a panic aborts. The limit is 1 and not 0,
/// which core(5) knows to be ignored where dumps are piped to a program; the kernel writes and pipes
/// none at 1. Who may not raise a limit of 0 to 1 forbids dumps in another way, at a price: only root
/// then sees what `/proc` says of this process.
///
/// # Errors
///
/// What the system says when it grants neither.
pub(super) fn forbid_core_dumps() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 1, 1).or_else(|_| set_dumpable(false))
}

/// What the daemon would raise its limit to, as far as this process can tell.
pub(super) fn most() -> Option<u64> {
    getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(_, hard)| hard)
}

/// What to say when `most` files are too few. Connections need files, and so does the gateway
/// itself.
pub(super) fn too_few(config: &Config, most: u64) -> Option<String> {
    let connections = settings::control(config).connections_max() as u64;
    let own = OWN_FILES + FILES_FOR_A_SHARD * u64::from(config.sip.shards);
    (connections + own > most).then(|| {
        format!(
            "`control.connections_max` allows {connections} connections, but a process may have \
             {most} files open here (`ulimit -Hn`) and the gateway needs up to {own} for itself: \
             connections beyond {} will wait",
            most.saturating_sub(own)
        )
    })
}

/// There is no place for the journal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct NoJournal {
    /// What to say.
    pub(super) message: String,
    /// It is so for every user: the daemon may run as another one.
    pub(super) is_certain: bool,
}

/// Whether there is no place for the journal, as far as this user can tell. Makes nothing.
pub(super) fn no_journal(config: &Config) -> Option<NoJournal> {
    let path = &config.journal.path;
    let reason = unwritable(path)?;
    let message =
        format!("`journal.path` is \"{}\", {reason}: `serve` will not start", path.display());
    Some(NoJournal { message, is_certain: [NO_FILE, NO_FOLDER].contains(&reason) })
}

/// What to say when others than its owner may read the journal.
pub(super) fn open_journal(config: &Config) -> Option<String> {
    let path = &config.journal.path;
    let is_open = path.metadata().is_ok_and(|found| found.mode() & READ_BY_OTHERS != 0);
    is_open.then(|| {
        format!(
            "`journal.path` \"{}\" may be read by others than its owner, and holds phone numbers, codes \
             and the keys that they are hashed with (`chmod 600`)",
            path.display()
        )
    })
}

/// What to say when the copy of the calls in flight, beside the journal, cannot be kept.
pub(super) fn no_strips(config: &Config) -> Option<String> {
    let (file, reason) = unkept(&config.journal.path)?;
    Some(format!(
        "the copy of the calls in flight cannot be kept at \"{}\", {reason}: after a crash phones ring on \
         until the journal is read (a file there can be deleted: the gateway makes it anew)",
        file.display()
    ))
}

/// Why there can be no strips beside the journal at `path`, which is there, for this user.
fn unkept(path: &Path) -> Option<(PathBuf, &'static str)> {
    let (file, journal) = (strips::beside(path), path.metadata().ok()?);
    let reason = match file.metadata() {
        Ok(found) if found.uid() != journal.uid() => Some(ANOTHER_OWNER),
        Ok(_) => unwritable(&file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => unwritable(&file),
        Err(_) => Some("where this user may not look"),
    };
    reason.map(|reason| (file, reason))
}

/// Why there can be no file of ours at `path`, for this user.
fn unwritable(path: &Path) -> Option<&'static str> {
    if path.exists() {
        let may_write = || access(path, AccessFlags::R_OK | AccessFlags::W_OK).is_ok();
        return match path.is_file() {
            true if may_write() => None,
            true => Some("a file that this user may not read and write"),
            false => Some(NO_FILE),
        };
    }
    // A name alone is one in the directory that the daemon works in.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let may_make = || access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_ok();
    match folder.is_dir() {
        true if may_make() => None,
        true => Some("in a folder that this user may not write"),
        false => Some(NO_FOLDER),
    }
}

/// The file that was found at a path. Another may be there later, or none.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    file: Option<(u64, u64)>,
    was_there: AtomicBool,
}

impl Found {
    /// What is there now.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { file: file_at(&path), path, was_there: AtomicBool::new(true) }
    }

    /// Whether it is still there. So it is when nobody could tell in the beginning.
    pub(super) fn is_there(&self) -> bool {
        let is_there = self.file.is_none() || file_at(&self.path) == self.file;
        self.was_there.store(is_there, Ordering::Relaxed);
        is_there
    }

    /// What the last look has found: for those who must not wait for a disk.
    pub(super) fn was_there(&self) -> bool {
        self.was_there.load(Ordering::Relaxed)
    }
}

fn file_at(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|found| (found.dev(), found.ino()))
}

const ANOTHER_OWNER: &str = "which belongs to another user than the journal";
const NO_FILE: &str = "which is no file";
const NO_FOLDER: &str = "in a folder that does not exist";
/// By the group, and by everybody.
const READ_BY_OTHERS: u32 = 0o044;
/// Standard streams, listeners, the runtime's own, and a few to spare.
const OWN_FILES: u64 = 24;
/// Two sockets, the poll and its waker.
const FILES_FOR_A_SHARD: u64 = 4;

#[cfg(test)]
mod tests;
