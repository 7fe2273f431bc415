//! A disk of memory that fails on purpose, for tests and simulations: it forgets what was not
//! synced when the power goes, tears what it half wrote, runs full, and breaks down at a given
//! moment, in the middle of a write.

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
        Self::of(self.state().left(dice, |_, _, _| {}))
    }

    /// The same, and in some sectors of the rest a bit is wrong: the head was over them. Not where
    /// sectors are written in place: before the journal's tables, which is `spared`, a disk keeps
    /// its word that a sector is old or new.
    pub fn lose_power_badly(&self, spared: usize, dice: &mut Stream) -> Self {
        Self::of(self.state().left(dice, |place, sector, dice| {
            if place >= spared && dice.below(4) == 0 {
                let bit = dice.below(8 * sector.len() as u32) as usize;
                sector[bit / 8] ^= 1 << (bit % 8);
            }
        }))
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

    /// What a write of so many bytes comes to, and how many are written first.
    fn try_write(&mut self, place: u64, length: usize) -> (io::Result<()>, usize) {
        if let Err(error) = self.call() {
            // Anything from no sector to all but one: the next time another number.
            let sectors = length.div_ceil(SECTOR_BYTES).max(1) as u64;
            return (Err(error), (self.calls % sectors) as usize * SECTOR_BYTES);
        }
        match self.has_room(place + length as u64) {
            Ok(()) => (Ok(()), length),
            Err(error) => {
                let left = self.room.unwrap_or_default().saturating_sub(place);
                (Err(error), length.min(left as usize))
            }
        }
    }

    /// What a loss of power leaves; `spoil` sees each sector that was not synced, with its place.
    fn left(&self, dice: &mut Stream, spoil: impl Fn(usize, &mut [u8], &mut Stream)) -> Vec<u8> {
        let mut bytes = self.safe.clone();
        for change in &self.unsafe_changes {
            match change {
                Change::Length(length) if dice.below(2) == 0 => bytes.resize(*length, 0),
                Change::Length(_) => {}
                Change::Write(place, written) => {
                    for (nth, sector) in written.chunks(SECTOR_BYTES).enumerate() {
                        if dice.below(2) == 0 {
                            let place = place + nth * SECTOR_BYTES;
                            put(&mut bytes, place, sector);
                            spoil(place, &mut bytes[place..place + sector.len()], dice);
                        }
                    }
                }
            }
        }
        bytes
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
        let (result, written) = state.try_write(place, bytes.len());
        // What fails half way leaves its first half.
        if written > 0 {
            put(&mut state.bytes, place as usize, &bytes[..written]);
            state.unsafe_changes.push(Change::Write(place as usize, bytes[..written].into()));
        }
        result
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.has_room(len)?;
        state.bytes.resize(len as usize, 0);
        state.unsafe_changes.push(Change::Length(len as usize));
        Ok(())
    }

    fn try_room(&self, bytes: u64) -> io::Result<()> {
        let mut state = self.state();
        state.call()?;
        state.has_room(state.bytes.len() as u64 + bytes)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn d09_a_loss_of_power_leaves_what_was_synced_and_any_of_the_rest_right_or_wrong() {
        let mut dice = Entropy::seeded(3).stream();
        let disk = MemoryDisk::of(vec![0; 8 * SECTOR_BYTES]);
        disk.write(0, &[1; SECTOR_BYTES]).unwrap();
        disk.sync().unwrap();
        disk.write(SECTOR_BYTES as u64, &[2; 7 * SECTOR_BYTES]).unwrap();
        let (mut old, mut new, mut wrong) = (0, 0, 0);
        for _ in 0..100 {
            let left = disk.lose_power_badly(2 * SECTOR_BYTES, &mut dice).bytes();
            let mut sectors = left.chunks(SECTOR_BYTES);
            assert_eq!(sectors.next().unwrap(), [1; SECTOR_BYTES], "it was synced");
            let spared = sectors.next().unwrap();
            assert!([[0; SECTOR_BYTES], [2; SECTOR_BYTES]].iter().any(|it| it == spared));
            for sector in sectors {
                match sector {
                    it if *it == [0; SECTOR_BYTES] => old += 1,
                    it if *it == [2; SECTOR_BYTES] => new += 1,
                    _ => wrong += 1,
                }
            }
            let left = disk.lose_power(&mut dice).bytes();
            assert!(left.iter().all(|byte| *byte < 3), "no bit is wrong");
        }
        assert!(old > 200 && new > 150 && wrong > 40, "{old} {new} {wrong}");
    }

    #[test]
    fn d07_a_write_that_fails_half_way_leaves_its_first_half() {
        let disk = MemoryDisk::of(vec![0; 1_000]);
        disk.limit(Some(1_600));
        assert!(disk.write(800, &[1; 2_000]).is_err());
        assert_eq!(disk.bytes(), [vec![0; 800], vec![1; 800]].concat());
        disk.break_after(Some(0));
        let tears = (0..4).map(|nth| {
            assert!(disk.write(0, &[2 + nth; 4 * SECTOR_BYTES]).is_err());
            disk.bytes().iter().filter(|byte| **byte == 2 + nth).count() / SECTOR_BYTES
        });
        assert_eq!(tears.collect::<Vec<_>>(), [2, 3, 0, 1]);
        // A sector is written whole or not at all.
        assert!(disk.write(0, &[9; SECTOR_BYTES]).is_err());
        assert!(!disk.bytes().contains(&9));
    }
}
