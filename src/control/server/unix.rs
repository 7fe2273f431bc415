//! The control socket's file: one daemon, its mode from its first moment, gone when the daemon is.
//!
//! A lock on a file beside it decides who is the daemon: looking whether somebody answers, and then
//! replacing the file, would let two daemons that start together both win. The socket is bound under
//! another name, gets its mode, begins to listen, and is renamed: nobody can connect before the mode
//! is right, and a stale file is replaced in one step.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixListener;

use super::BindError;

/// The socket, listening.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode: which file is ours.
    file: (u64, u64),
    /// Held until the file is gone. Fields are dropped after `Drop::drop`.
    _lock: Flock<File>,
}

impl UnixSocket {
    /// Binds `path`, with this file mode.
    pub(super) fn bind(path: &Path, mode: u32) -> Result<Self, BindError> {
        let name = || path.display().to_string();
        let refused = |error| BindError::Unix { path: name(), error };
        let lock = lock(path).map_err(refused)?.ok_or_else(|| BindError::InUse { path: name() })?;
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(BindError::NotASocket { path: name() });
            }
            // Somebody who does not know of our lock.
            Ok(_) if UnixStream::connect(path).is_ok() => {
                return Err(BindError::InUse { path: name() });
            }
            Ok(_) | Err(_) => {}
        }
        let (listener, file) = listen(path, mode).map_err(refused)?;
        Ok(Self { listener, path: path.to_owned(), file, _lock: lock })
    }

    /// What accepts.
    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }
}

impl Drop for UnixSocket {
    /// Removes the file, if it is still ours.
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            // If it cannot be removed it is stale, which the next daemon knows to handle.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The lock of the daemon at `path`; `None` when another daemon has it. The lock's file stays when
/// the daemon stops: to remove it could take it from under one that starts.
fn lock(path: &Path) -> io::Result<Option<Flock<File>>> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(beside(path, "lock"))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, nix::Error::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(error.into()),
    }
}

fn listen(path: &Path, mode: u32) -> io::Result<(UnixListener, (u64, u64))> {
    let draft = beside(path, DRAFT);
    // Ours, from a start that was interrupted: we have the lock.
    let _ = fs::remove_file(&draft);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(&draft)?)?;
    fs::set_permissions(&draft, Permissions::from_mode(mode))?;
    socket.set_nonblocking(true)?;
    socket.listen(BACKLOG)?;
    fs::rename(&draft, path)?;
    let listener = std::os::unix::net::UnixListener::from(OwnedFd::from(socket));
    Ok((UnixListener::from_std(listener)?, identity(path)?))
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

/// The longest path that can be bound: `sockaddr_un` holds 108 octets, the last one zero, and the
/// draft's name is longer than the socket's own.
pub const SOCKET_PATH_BYTES_MAX: usize = 107 - (1 + DRAFT.len());
const DRAFT: &str = "new";
const BACKLOG: i32 = 1_024;
