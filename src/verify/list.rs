//! Listing verifications, newest first, page by page.
//!
//! Names sort by age, so a page is the largest names below a cursor. Finding them walks the whole
//! table: this is for operators, not for the way of a call.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Instant;

use super::entry::Entry;
use super::id::VerificationId;
use super::service::Verify;
use super::snapshot::{Method, Snapshot, Status};
use crate::number::E164;

/// Which verifications are wanted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Only those of this phone.
    pub to: Option<E164>,
    /// Only those that stand here.
    pub status: Option<Status>,
    /// Only those that are proven so.
    pub method: Option<Method>,
    /// Only those that are older than this one: the last one of the page before.
    pub after: Option<VerificationId>,
    /// How many at most; 0 stands for [`PAGE_DEFAULT`], more than [`PAGE_MAX`] for that.
    pub limit: usize,
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// Newest first.
    pub items: Vec<Snapshot>,
    /// Ask again with this as `after`; `None` when nothing is left.
    pub next: Option<VerificationId>,
}

impl Verify {
    /// Verifications that can still be read, as they stand at `now`. A start that may yet be taken back
    /// is none of them: who cannot know its name cannot end it while it is being built.
    pub fn list(&self, filter: Filter, now: Instant) -> Page {
        let limit = match filter.limit {
            0 => PAGE_DEFAULT,
            limit => limit.min(PAGE_MAX),
        };
        // The newest so far, the oldest of them on top; one more tells whether there is a next page.
        let mut newest = BinaryHeap::with_capacity(limit + 2);
        self.table.for_each(|entry| {
            self.expire_if_due(entry, now);
            if entry.story.is_begun() && filter.admits(entry) {
                newest.push(Reverse(Listed(Arc::clone(entry))));
                if newest.len() > limit + 1 {
                    newest.pop();
                }
            }
        });
        let mut sorted = newest.into_sorted_vec();
        let has_more = sorted.len() > limit;
        sorted.truncate(limit);
        let snapshot =
            |Reverse(Listed(entry)): Reverse<Listed>| self.snapshot(&entry, entry.word.load());
        let items: Vec<Snapshot> = sorted.into_iter().map(snapshot).collect();
        let next = items.last().filter(|_| has_more).map(|last| last.id);
        Page { items, next }
    }
}

impl Filter {
    fn admits(&self, entry: &Entry) -> bool {
        self.after.is_none_or(|after| entry.id < after)
            && self.to.is_none_or(|to| entry.to == to)
            && self.method.is_none_or(|method| entry.method() == method)
            && self.status.is_none_or(|status| entry.word.load().status == status)
    }
}

/// Ordered by name.
struct Listed(Arc<Entry>);

impl Ord for Listed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.id.cmp(&other.0.id)
    }
}

impl PartialOrd for Listed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Listed {}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

/// How many are listed when the request does not say.
pub const PAGE_DEFAULT: usize = 20;
/// How many are listed at most.
pub const PAGE_MAX: usize = 1_000;
