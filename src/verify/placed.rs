//! One call as its verification knows it: the hash of its code, and the call before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::code::CodeHash;
use super::id::CallId;
use super::record::CallRecord;

/// One call of a verification.
pub(super) struct Placed {
    pub(super) record: Arc<CallRecord>,
    /// Which call of its verification it is, from 1.
    pub(super) ordinal: u8,
    /// The shard that places it.
    pub(super) shard: u16,
    pub(super) code: CodeHash,
    /// The caller ID without its last five digits.
    pub(super) block: u64,
    /// Among how many suffixes its code was drawn.
    pub(super) usable: u32,
    pub(super) before: Option<Arc<Self>>,
    is_over: AtomicBool,
}

impl Placed {
    pub(super) fn new(
        record: Arc<CallRecord>,
        (code, block, usable): (CodeHash, u64, u32),
        before: Option<Arc<Self>>,
        shard: u16,
    ) -> Self {
        Self {
            record,
            shard,
            ordinal: before.as_ref().map_or(1, |before| before.ordinal + 1),
            code,
            block,
            usable,
            before,
            is_over: AtomicBool::new(false),
        }
    }

    /// Marks it as over; true for the one thread that did.
    pub(super) fn end(&self) -> bool {
        !self.is_over.swap(true, Ordering::SeqCst)
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// The records of this call and those before it, oldest first.
    pub(super) fn records(&self) -> Vec<Arc<CallRecord>> {
        let mut records = Vec::with_capacity(self.ordinal.into());
        let mut next = Some(self);
        while let Some(placed) = next {
            records.push(Arc::clone(&placed.record));
            next = placed.before.as_deref();
        }
        records.reverse();
        records
    }

    /// This call or the one before it with this number.
    pub(super) fn nth(self: &Arc<Self>, ordinal: u8) -> Option<Arc<Self>> {
        let mut placed = self;
        while placed.ordinal > ordinal {
            placed = placed.before.as_ref()?;
        }
        (placed.ordinal == ordinal).then(|| Arc::clone(placed))
    }

    /// This call or the one before it with this name.
    pub(super) fn find(self: &Arc<Self>, id: CallId) -> Option<Arc<Self>> {
        let mut next = Some(self);
        while let Some(placed) = next {
            if placed.record.id == id {
                return Some(Arc::clone(placed));
            }
            next = placed.before.as_ref();
        }
        None
    }
}
