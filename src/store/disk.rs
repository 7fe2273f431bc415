//! What the journal is written on: a file, or in tests a disk that loses, tears and refuses.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, PosixFadviseAdvice, fallocate, posix_fadvise};

/// Bytes by their place. What was written is safe from a loss of power once `sync` has returned.
pub trait Disk: Debug + Send + Sync + 'static {
    /// How many bytes there are.
    ///
    /// # Errors
    ///
    /// The system's.
    fn len(&self) -> io::Result<u64>;

    /// There are none.
    ///
    /// # Errors
    ///
    /// The system's.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills `out` with what stands at `place`.
    ///
    /// # Errors
    ///
    /// The system's; `UnexpectedEof` where nothing stands.
    fn read(&self, place: u64, out: &mut [u8]) -> io::Result<()>;

    /// Writes `bytes` at `place`, behind the end, too.
    ///
    /// # Errors
    ///
    /// The system's. Any part of the bytes may have been written.
    fn write(&self, place: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts, or adds zeros.
    ///
    /// # Errors
    ///
    /// The system's.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Tries whether so many bytes more could be written. It is a look: nothing is kept for who asks.
    ///
    /// # Errors
    ///
    /// The system's; `StorageFull` when there is no room.
    fn try_room(&self, bytes: u64) -> io::Result<()>;

    /// Waits until everything that was written is safe.
    ///
    /// # Errors
    ///
    /// The system's. What was written since the last `sync` is then lost, whatever a read shows:
    /// Linux says so once and takes the pages for clean.
    fn sync(&self) -> io::Result<()>;
}

/// A file that no other process writes.
#[derive(Debug)]
pub struct FileDisk(File);

impl FileDisk {
    /// Opens the file at `path`, which only its owner may read: codes and keys are in it.
    /// `may_be_new`: where there is none, an empty one is made.
    ///
    /// # Errors
    ///
    /// The system's; `WouldBlock` when another process has it open.
    pub fn open(path: &Path, may_be_new: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(may_be_new)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        file.try_lock()?;
        // Pages are read and written here and there. Without this advice the kernel caches the file in
        // large folios, and a page that is written costs it three times the processor time.
        let advice = PosixFadviseAdvice::POSIX_FADV_RANDOM;
        posix_fadvise(&file, 0, 0, advice).map_err(io::Error::from)?;
        Ok(Self(file))
    }

    /// Opens the file at `path` for who only reads it, as others may at the same time.
    ///
    /// # Errors
    ///
    /// The system's; `WouldBlock` when another process has it open to write it.
    pub(super) fn look(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        file.try_lock_shared()?;
        Ok(Self(file))
    }
}

impl Disk for FileDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, place: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, place)
    }

    fn write(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, place)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn try_room(&self, bytes: u64) -> io::Result<()> {
        let len = self.len()?;
        let place = |at: u64| i64::try_from(at).map_err(io::Error::other);
        let flags = FallocateFlags::FALLOC_FL_KEEP_SIZE;
        let tried = fallocate(&self.0, flags, place(len)?, place(bytes)?);
        // What is behind the end goes back, also the part that there was room for. There may be holes
        // before it that need it.
        self.set_len(len)?;
        match tried {
            Ok(()) | Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn d07_to_try_whether_there_is_room_takes_none() {
        let path = std::env::temp_dir().join(format!("ringproof-room-{}", std::process::id()));
        let disk = FileDisk::open(&path, true).unwrap();
        disk.write(0, &[1; 8_192]).unwrap();
        disk.sync().unwrap();
        let taken = || path.metadata().map(|found| (found.len(), found.blocks())).unwrap();
        let before = taken();
        disk.try_room(1 << 20).unwrap();
        assert_eq!(taken(), before);
        // More than any file may have, with what is there.
        assert!(disk.try_room(i64::MAX as u64 - 8_192).is_err());
        assert_eq!(taken(), before);
        std::fs::remove_file(path).unwrap();
    }
}
