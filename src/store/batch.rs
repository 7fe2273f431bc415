//! What is committed as one: all of it, or nothing.

use std::collections::BTreeMap;

use super::kind::{Key, Kind};
use super::record::Record;

/// Puts and deletes that are committed as one. Written out by whoever makes it, so that the one thread
/// that commits has only bytes to move.
#[derive(Clone, Default)]
pub struct Batch {
    changes: Changes,
    bytes: usize,
}

/// By table and key: the value, or that there is none. The last word on a key counts.
pub(super) type Changes = BTreeMap<(Kind, Box<[u8]>), Option<Box<[u8]>>>;

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a record over the one with the same key, if there is one.
    pub fn put(&mut self, record: impl Into<Record>) -> &mut Self {
        let record = record.into();
        let mut value = Vec::with_capacity(128);
        record.write(&mut value);
        self.change(&record.key(), Some(value.into()));
        self
    }

    /// Deletes the record with this key, if there is one.
    pub fn delete(&mut self, key: &Key) -> &mut Self {
        self.change(key, None);
        self
    }

    /// Nothing was put or deleted.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// About how many bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn into_changes(self) -> Changes {
        self.changes
    }

    fn change(&mut self, key: &Key, value: Option<Box<[u8]>>) {
        let place = (key.kind(), key.to_bytes());
        self.bytes += place.1.len() + value.as_ref().map_or(0, |value| value.len());
        self.changes.insert(place, value);
    }
}
