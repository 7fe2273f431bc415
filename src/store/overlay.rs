//! A disk over one that is never written: what is changed stays in memory and goes with it. The
//! engine writes when it opens a file, to mend what a crash left; who only looks must not.

#![expect(
    clippy::disallowed_types,
    reason = "a disk is shared, and this one belongs to one reader"
)]

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk::Disk;

/// A disk whose changes are in memory.
#[derive(Debug)]
pub(super) struct Overlay {
    below: Arc<dyn Disk>,
    above: Mutex<Above>,
}

#[derive(Debug)]
struct Above {
    /// Pages that were changed, by their number.
    pages: BTreeMap<u64, Box<[u8]>>,
    len: u64,
    /// So many bytes of the disk below still show.
    shown: u64,
}

impl Overlay {
    /// Everything that `below` holds, and nothing changed.
    pub(super) fn over(below: Arc<dyn Disk>) -> io::Result<Self> {
        let len = below.len()?;
        Ok(Self { below, above: Mutex::new(Above { pages: BTreeMap::new(), len, shown: len }) })
    }

    fn above(&self) -> MutexGuard<'_, Above> {
        self.above.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Above {
    /// Fills `out` with what stands at `place`, which is in one page.
    fn read(&self, below: &dyn Disk, place: u64, out: &mut [u8]) -> io::Result<()> {
        if let Some(page) = self.pages.get(&(place / PAGE_BYTES)) {
            let from = (place % PAGE_BYTES) as usize;
            out.copy_from_slice(&page[from..from + out.len()]);
            return Ok(());
        }
        let shown = self.shown.saturating_sub(place).min(out.len() as u64) as usize;
        let (old, new) = out.split_at_mut(shown);
        new.fill(0);
        if old.is_empty() { Ok(()) } else { below.read(place, old) }
    }

    fn page(&mut self, below: &dyn Disk, number: u64) -> io::Result<&mut [u8]> {
        if !self.pages.contains_key(&number) {
            let mut page = vec![0; PAGE_BYTES as usize].into_boxed_slice();
            self.read(below, number * PAGE_BYTES, &mut page)?;
            self.pages.insert(number, page);
        }
        Ok(self.pages.entry(number).or_default())
    }
}

impl Disk for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.above().len)
    }

    fn read(&self, place: u64, out: &mut [u8]) -> io::Result<()> {
        let above = self.above();
        if place + out.len() as u64 > above.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (place, range) in pieces(place, out.len()) {
            above.read(&*self.below, place, &mut out[range])?;
        }
        Ok(())
    }

    fn write(&self, place: u64, bytes: &[u8]) -> io::Result<()> {
        let mut above = self.above();
        above.len = above.len.max(place + bytes.len() as u64);
        for (place, range) in pieces(place, bytes.len()) {
            let from = (place % PAGE_BYTES) as usize;
            let page = above.page(&*self.below, place / PAGE_BYTES)?;
            page[from..from + range.len()].copy_from_slice(&bytes[range]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut above = self.above();
        if len < above.len {
            above.shown = above.shown.min(len);
            let behind = above.pages.split_off(&len.div_ceil(PAGE_BYTES));
            drop(behind);
            if let Some(page) = above.pages.get_mut(&(len / PAGE_BYTES)) {
                page[(len % PAGE_BYTES) as usize..].fill(0);
            }
        }
        above.len = len;
        Ok(())
    }

    fn try_room(&self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A range of bytes page by page: where each piece stands, and which part of the whole it is.
fn pieces(place: u64, length: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = place + done as u64;
        let room = (PAGE_BYTES - at % PAGE_BYTES) as usize;
        let piece = done..length.min(done + room);
        done = piece.end;
        (!piece.is_empty()).then_some((at, piece))
    })
}

const PAGE_BYTES: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;
    use crate::store::memory::MemoryDisk;

    #[test]
    fn it_reads_as_a_disk_that_was_changed_and_changes_nothing() {
        let mut dice = Entropy::seeded(11).stream();
        let whole: Vec<u8> = (0..20_000).map(|_| dice.below(256) as u8).collect();
        let below = Arc::new(MemoryDisk::of(whole.clone()));
        let overlay = Overlay::over(Arc::clone(&below) as Arc<dyn Disk>).unwrap();
        let twin = MemoryDisk::of(whole.clone());
        for round in 0..500 {
            let place = u64::from(dice.below(30_000));
            match dice.below(8) {
                0 => {
                    overlay.set_len(place).unwrap();
                    twin.set_len(place).unwrap();
                }
                1..=3 => {
                    let bytes = vec![round as u8; dice.below(9_000) as usize];
                    overlay.write(place, &bytes).unwrap();
                    twin.write(place, &bytes).unwrap();
                }
                _ => {
                    let (mut one, mut other) = (vec![1; 5_000], vec![2; 5_000]);
                    let read = overlay.read(place, &mut one).is_ok();
                    assert_eq!(read, twin.read(place, &mut other).is_ok());
                    assert!(!read || one == other, "round {round} at {place}");
                }
            }
            assert_eq!(overlay.len().unwrap(), twin.len().unwrap());
        }
        overlay.sync().unwrap();
        assert_eq!(below.bytes(), whole);
    }
}
