//! What is on disk and not in memory: where it begins, when it is due, and how far a walk through it
//! has come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::message::{Message, MessageId};
use super::super::outbox::Found;
use super::super::recent::Recent;
use super::{Shelf, order::lane_of};

/// What is on disk and not in memory, as far as is known.
#[derive(Debug)]
pub(super) struct Rest {
    /// The first id that was left there since the last walk began, and when the first is due.
    left: Option<(MessageId, Instant)>,
    /// How far the present walk has come.
    cursor: Option<MessageId>,
    /// A page is being read, from there on.
    reading: Option<MessageId>,
    /// When the last page came.
    read_at: Option<Instant>,
    /// Lanes whose dead letters the present walk brings back, and those of the next one.
    revived: BTreeSet<Arc<str>>,
    to_revive: BTreeSet<Arc<str>>,
    /// Lanes that something is brought back for once they take a message, whatever their breakers know:
    /// an earlier life left it, or the lane was forgotten while it was down.
    owing: Recent<Arc<str>>,
}

impl Rest {
    /// Everything is there.
    pub(super) fn from_the_start(now: Instant) -> Self {
        Self {
            left: Some((MessageId(0), now)),
            cursor: None,
            reading: None,
            read_at: None,
            revived: BTreeSet::new(),
            to_revive: BTreeSet::new(),
            owing: Recent::default(),
        }
    }

    /// When this lane takes a message, what it did not take comes back.
    pub(super) fn owe(&mut self, lane: &Arc<str>) {
        // A walk that has yet to begin finds it all.
        if !self.to_revive.contains(lane) {
            self.owing.insert(lane.clone());
        }
    }

    /// The lane took a message. True when something is to be brought back for that.
    pub(super) fn settle(&mut self, lane: &Arc<str>) -> bool {
        self.owing.remove(lane)
    }

    /// `id` was left there, due at `due`.
    pub(super) fn note(&mut self, id: MessageId, due: Instant) {
        let (from, at) = self.left.unwrap_or((id, due));
        self.left = Some((from.min(id), at.min(due)));
    }

    /// The receiver was down for long and works again: it gets its dead letters, too.
    pub(super) fn revive(&mut self, lane: Arc<str>, now: Instant) {
        self.to_revive.insert(lane);
        self.note(MessageId(0), now);
    }
}

impl Shelf {
    /// `id` and what follows may have been missed.
    pub(in super::super) fn look_again(&mut self, from: MessageId, now: Instant) {
        self.rest.note(from, now);
    }

    /// The page that is to be read now.
    pub(in super::super) fn read(&mut self, now: Instant) -> Option<(MessageId, usize)> {
        if self.read_at(now)? > now {
            return None;
        }
        let rest = &mut self.rest;
        let from = match rest.cursor {
            Some(cursor) => cursor,
            None => {
                rest.revived = std::mem::take(&mut rest.to_revive);
                rest.left.take()?.0
            }
        };
        rest.reading = Some(from);
        Some((from, PAGE))
    }

    /// A page came.
    pub(in super::super) fn on_rows(&mut self, found: Found, now: Instant) {
        if self.rest.reading.take().is_none() {
            return;
        }
        self.rest.read_at = Some(now);
        self.rest.cursor = found.next;
        for row in found.messages {
            let lane = lane_of(&row.endpoint);
            let is_revived = self.rest.revived.contains(&lane);
            let is_gone = row.status == Some(410);
            let is_dead = row.next.is_none() && !self.is_known(row.id);
            if !self.gone.contains(&row.id) && !self.dead.contains(&row.id) {
                if !self.census.is_counted(&row) && was_put_off(&row, now) {
                    self.rest.owe(&lane);
                }
                self.census.on_found(&row, is_dead);
            }
            self.census.on_seen(row.id);
            match row.next {
                Some(_) if is_revived => self.insert(row, now),
                Some(due) => self.insert(row, due),
                None if is_dead && is_revived && !is_gone => drop(self.put_back(row, now)),
                None => {}
            }
        }
    }

    /// The disk did not answer.
    pub(in super::super) fn on_read_failed(&mut self, now: Instant) {
        let Some(from) = self.rest.reading.take() else { return };
        self.rest.read_at = Some(now);
        self.rest.cursor = None;
        self.rest.to_revive.append(&mut self.rest.revived);
        self.rest.note(from, now + DISK_AGAIN);
    }

    /// When the next page is worth reading, if nothing happens before.
    pub(super) fn read_at(&self, now: Instant) -> Option<Instant> {
        let rest = &self.rest;
        if rest.reading.is_some() {
            return None;
        }
        let due = match (rest.cursor, rest.left) {
            (Some(_), _) => now,
            (None, Some((_, due))) => due,
            (None, None) => return None,
        };
        if self.held.len() <= self.bounds.capacity / 2 {
            return Some(due);
        }
        // Memory is full of those that cannot go: others may be hidden behind them.
        let can_go = self.places.next(now).is_some();
        let slowly = rest.read_at.map_or(due, |last| due.max(last + PAGE_GAP));
        (!can_go).then_some(slowly)
    }
}

/// Whether a message of an earlier life waits longer than for a receiver that works: as a dead letter,
/// or for its next try. What a 410 ended is tried when somebody asks.
fn was_put_off(row: &Message, now: Instant) -> bool {
    match row.next {
        Some(due) => row.attempts > 0 && due > now,
        None => row.status != Some(410),
    }
}

/// Messages read at once.
pub(super) const PAGE: usize = 512;
/// Between two pages while memory is full.
const PAGE_GAP: Duration = Duration::from_secs(1);
/// A disk that does not work is asked again after this.
const DISK_AGAIN: Duration = Duration::from_secs(1);
