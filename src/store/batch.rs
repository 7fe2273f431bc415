//! What is committed as one: all of it, or nothing.

use super::event::NewEvent;
use super::kind::{Key, Kind};
use super::record::Record;

/// Puts, deletes and events that are committed as one. Written out by whoever makes it, so that the
/// one thread that commits has only bytes to move.
#[derive(Clone, Default)]
pub struct Batch {
    changes: Vec<Change>,
    events: Vec<NewEvent>,
    bytes: usize,
}

/// One record's new value, or that there is none.
#[derive(Clone)]
pub(super) struct Change {
    kind: Kind,
    key: Box<[u8]>,
    value: Option<Box<[u8]>>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a record over the one with the same key, if there is one.
    pub fn put(&mut self, record: impl Into<Record>) -> &mut Self {
        self.change(Change::put(&record.into()))
    }

    /// Deletes the record with this key, if there is one.
    pub fn delete(&mut self, key: &Key) -> &mut Self {
        self.change(Change { kind: key.kind(), key: key.to_bytes(), value: None })
    }

    /// Tells of an event. It gets its number when it is committed, and is announced then; events of
    /// one batch keep their order.
    pub fn tell(&mut self, event: NewEvent) -> &mut Self {
        self.bytes += event.bytes();
        self.events.push(event);
        self
    }

    /// Nothing was put, deleted or told.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.events.is_empty()
    }

    /// About how many bytes it takes in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    pub(super) fn events(&self) -> &[NewEvent] {
        &self.events
    }

    fn change(&mut self, change: Change) -> &mut Self {
        self.bytes += change.bytes();
        self.changes.push(change);
        self
    }
}

impl Change {
    /// A record that is written.
    pub(super) fn put(record: &Record) -> Self {
        let mut value = Vec::with_capacity(128);
        record.write(&mut value);
        let key = record.key();
        Self { kind: key.kind(), key: key.to_bytes(), value: Some(value.into()) }
    }

    /// The table.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The key, as it sorts.
    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    /// What is written; `None`: it is deleted.
    pub(super) fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    /// Key and value.
    pub(super) fn bytes(&self) -> usize {
        self.key.len() + self.value.as_ref().map_or(0, |value| value.len())
    }
}

/// Changes by table and key, so that each table is opened once and neighbours share pages. The last
/// word on a key counts.
pub(super) fn merged<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<&'a Change> {
    let mut all: Vec<_> = changes.collect();
    // Those of one key stay in the order in which they came.
    all.sort_by(|one, other| (one.kind, &one.key).cmp(&(other.kind, &other.key)));
    all.dedup_by(|later, earlier| {
        let is_same = later.kind == earlier.kind && later.key == earlier.key;
        if is_same {
            *earlier = later;
        }
        is_same
    });
    all
}
