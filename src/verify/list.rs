//! Listing verifications, newest first, page by page.

use super::id::VerificationId;
use super::snapshot::{Snapshot, Status};
use crate::number::E164;

/// Which verifications are wanted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Only those of this phone.
    pub to: Option<E164>,
    /// Only those that stand here.
    pub status: Option<Status>,
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

/// How many are listed when the request does not say.
pub const PAGE_DEFAULT: usize = 20;
/// How many are listed at most.
pub const PAGE_MAX: usize = 1_000;
