//! Strips: beside the journal a plain copy of its calls in flight, as a tower keeps a strip of paper for
//! each flight.
//!
//! A journal is checked whole before it can be read, which takes seconds where it is large, and phones
//! would ring on meanwhile. The strips are read in a moment: the next process hangs up
//! by them first, and then does everything by the journal.
//!
//! Nothing relies on a strip. They are written without a flush: they outlive the process, and not a
//! loss of power, after which no call is left. One that is missing costs time; one too many costs a
//! CANCEL that the trunk answers with 481.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::batch::Change;
use super::kind::Kind;
use super::record::{InFlight, Record};

/// The strips of the journal at `path`, as far as they can be read.
///
/// # Errors
///
/// The system's. A file that is not there has none.
pub fn read(path: &Path) -> io::Result<Vec<InFlight>> {
    match fs::read(beside(path)) {
        Ok(bytes) => Ok(bytes.chunks(STRIP_BYTES).filter_map(record).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(error),
    }
}

/// The strips of a journal that is being written.
#[derive(Debug)]
pub(super) struct Strips {
    file: File,
    /// Where the strip of a call is, by its key.
    places: HashMap<Box<[u8]>, u64>,
    free: Vec<u64>,
}

impl Strips {
    /// Makes them anew for the journal at `path`. They hold nothing. A file that belongs to another user
    /// is replaced where the folder allows it: nothing in it is needed once the journal is open.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let path = beside(path);
        let open =
            || OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let file =
            open().or_else(|error| match error.kind() == io::ErrorKind::PermissionDenied {
                true => fs::remove_file(&path).and_then(|()| open()),
                false => Err(error),
            })?;
        Ok(Self { file, places: HashMap::new(), free: vec![] })
    }

    /// Something was committed.
    pub(super) fn on_change(&mut self, change: &Change) {
        if change.kind() != Kind::InFlight {
            return;
        }
        match change.value() {
            Some(value) if 2 + value.len() <= STRIP_BYTES => self.put(change.key(), value),
            // Longer than any INVITE of ours.
            Some(_) => {}
            None => self.delete(change.key()),
        }
    }

    fn put(&mut self, key: &[u8], value: &[u8]) {
        let end = (self.places.len() + self.free.len()) as u64;
        let known = self.places.get(key).copied();
        let place = known.or_else(|| self.free.pop()).unwrap_or(end);
        // It fits, so its length does.
        let mut strip = (value.len() as u16).to_be_bytes().to_vec();
        strip.extend_from_slice(value);
        self.places.insert(key.into(), place);
        self.write(place, &strip);
    }

    fn delete(&mut self, key: &[u8]) {
        if let Some(place) = self.places.remove(key) {
            // All of it: there are numbers in it.
            self.write(place, &[0; STRIP_BYTES]);
            self.free.push(place);
        }
    }

    fn write(&self, place: u64, strip: &[u8]) {
        // Nothing relies on it, and a disk that fails is told of by the journal.
        let _ = self.file.write_all_at(strip, place * STRIP_BYTES as u64);
    }
}

/// The record on a strip, if there is one that is whole.
fn record(strip: &[u8]) -> Option<InFlight> {
    let (len, rest) = strip.split_first_chunk()?;
    let len = usize::from(u16::from_be_bytes(*len));
    let value = rest.get(..len).filter(|value| !value.is_empty())?;
    InFlight::of(Record::read(Kind::InFlight, value).ok()?)
}

/// Where the strips of the journal at `path` are.
pub fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".calls");
    beside.into()
}

/// Room for the longest INVITE that fits into a datagram that is not cut, and what is kept beside it.
const STRIP_BYTES: usize = 2_048;

#[cfg(test)]
mod tests;
