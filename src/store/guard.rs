//! The engine's disk: ours behind the preamble. It can be shut, so that an engine that was given up
//! writes nothing more, whoever still holds it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::StorageBackend;

use super::disk::Disk;
use super::preamble::PREAMBLE_BYTES;
use super::settings::Durability;

/// What the engine is given.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    disk: Arc<dyn Disk>,
    durability: Durability,
    is_shut: Arc<AtomicBool>,
}

impl Guard {
    pub(super) fn new(disk: Arc<dyn Disk>, durability: Durability) -> Self {
        Self { disk, durability, is_shut: Arc::default() }
    }

    /// From now on everything fails.
    pub(super) fn shut(&self) {
        self.is_shut.store(true, Ordering::Release);
    }

    fn check(&self) -> io::Result<()> {
        if self.is_shut.load(Ordering::Acquire) {
            return Err(io::Error::other("the engine was given up"));
        }
        Ok(())
    }
}

impl StorageBackend for Guard {
    fn len(&self) -> io::Result<u64> {
        self.check()?;
        Ok(self.disk.len()?.saturating_sub(PREAMBLE_BYTES))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.check()?;
        self.disk.read(offset + PREAMBLE_BYTES, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.disk.set_len(len + PREAMBLE_BYTES)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        match self.durability {
            Durability::Power => self.disk.sync(),
            // What the system was given outlives this process.
            Durability::Process => Ok(()),
        }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.disk.write(offset + PREAMBLE_BYTES, data)
    }
}
