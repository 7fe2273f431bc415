//! Who looks at a journal sees what opening it would find, and changes nothing.

use std::sync::Arc;

use super::{FORMAT, head_of, journal_of, now, open};
use crate::entropy::Entropy;
use crate::store::disk::Disk;
use crate::store::memory::MemoryDisk;
use crate::store::{Look, OpenError};

#[test]
fn d06_who_looks_at_a_damaged_journal_finds_what_opening_it_finds_and_changes_nothing() {
    let whole = journal_of(30).bytes();
    let mut dice = Entropy::seeded(8).stream();
    let mut bad = 0;
    for nth in 0..200 {
        let mut bytes = whole.clone();
        let place = dice.below(bytes.len() as u32) as usize;
        match nth % 2 {
            0 => bytes.truncate(place),
            _ => bytes[place] ^= 1,
        }
        let disk = Arc::new(MemoryDisk::of(bytes.clone()));
        let look = Look::on(Arc::clone(&disk) as Arc<dyn Disk>, now());
        let seen = look.as_ref().map(Look::report).map_err(ToString::to_string);
        drop(look);
        assert_eq!((disk.calls(), disk.bytes()), (0, bytes), "it was written");
        if disk.is_empty().unwrap() {
            continue;
        }
        let found = open(&disk).map(|opened| opened.report()).map_err(|error| error.to_string());
        assert_eq!(seen, found, "{nth} at {place}");
        bad += usize::from(seen.is_err());
    }
    assert!(bad > 50, "{bad}");
}

#[test]
fn d13_who_looks_is_told_of_a_newer_format_and_of_a_foreign_file() {
    let mut bytes = journal_of(1).bytes();
    let look = |bytes: &[u8]| Look::on(Arc::new(MemoryDisk::of(bytes.to_vec())), now());
    assert_eq!(look(&bytes).unwrap().report().commits, 2);
    bytes[..32].copy_from_slice(&head_of(FORMAT + 1));
    assert!(matches!(look(&bytes), Err(OpenError::Newer { found }) if found == FORMAT + 1));
    for foreign in [&b""[..], b"SQLite format 3"] {
        assert!(matches!(look(foreign), Err(OpenError::Foreign)));
    }
}
