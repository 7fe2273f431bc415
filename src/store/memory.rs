//! A disk of memory that fails on purpose, for tests and simulations: it forgets what was not synced
//! when the power goes, tears what it half wrote, runs full, and breaks down at a given moment.

#![expect(clippy::disallowed_types, reason = "a disk is shared, and this one is for tests only")]

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::disk::Disk;
use crate::entropy::Stream;

/// A disk of memory.
#[derive(Debug, Default)]
pub struct MemoryDisk(Mutex<State>);

#[derive(Clone, Debug, Default)]
struct State {
    /// What a loss of power leaves.
    safe: Vec<u8>,
    /// What is read.
    bytes: Vec<u8>,
    unsafe_changes: Vec<Change>,
    /// Changes and syncs that still succeed; `None`: all.
    left: Option<u64>,
    /// The most bytes that it holds; `None`: any.
    room: Option<u64>,
    calls: u64,
}

#[derive(Clone, Debug)]
enum Change {
    Length(usize),
    Write(usize, Box<[u8]>),
}

impl MemoryDisk {
    /// A disk that holds `bytes`.
    pub fn of(bytes: Vec<u8>) -> Self {
        let state = State { safe: bytes.clone(), bytes, ..State::default() };
        Self(Mutex::new(state))
    }

    /// What it holds.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    /// How many changes and syncs it was asked for.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// After so many more changes and syncs it breaks down; `None`: it is mended.
    pub fn break_after(&self, calls: Option<u64>) {
        self.state().left = calls;
    }

    /// It holds at most so many bytes; `None`: any number.
    pub fn limit(&self, room: Option<u64>) {
        self.state().room = room;
    }

    /// The disk after a loss of power: everything that was synced, and of the rest what `dice` says,
    /// in pieces of a sector, in any order of which came through.
    pub fn lose_power(&self, dice: &mut Stream) -> Self {
        let state = self.state();
        let mut bytes = state.safe.clone();
        for change in &state.unsafe_changes {
            match change {
                Change::Length(length) if dice.below(2) == 0 => bytes.resize(*length, 0),
                Change::Length(_) => {}
                Change::Write(place, written) => {
                    for (nth, sector) in written.chunks(SECTOR_BYTES).enumerate() {
                        if dice.below(2) == 0 {
                            put(&mut bytes, place + nth * SECTOR_BYTES, sector);
                        }
                    }
                }
            }
        }
        Self::of(bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        match &mut self.left {
            Some(0) => Err(io::Error::other("the disk broke down on purpose")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn has_room(&self, end: u64) -> io::Result<()> {
        match self.room {
            Some(room) if end > room => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl Disk for MemoryDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&self, place: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let place = place as usize;
        let found = place.checked_add(out.len()).and_then(|end| state.bytes.get(place..end));
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.has_room(place + bytes.len() as u64)?;
        put(&mut state.bytes, place as usize, bytes);
        state.unsafe_changes.push(Change::Write(place as usize, bytes.into()));
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.has_room(len)?;
        state.bytes.resize(len as usize, 0);
        state.unsafe_changes.push(Change::Length(len as usize));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        for change in std::mem::take(&mut state.unsafe_changes) {
            match change {
                Change::Length(length) => state.safe.resize(length, 0),
                Change::Write(place, bytes) => put(&mut state.safe, place, &bytes),
            }
        }
        Ok(())
    }
}

fn put(bytes: &mut Vec<u8>, place: usize, written: &[u8]) {
    let end = place + written.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[place..end].copy_from_slice(written);
}

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;
