//! Which messages stay in memory, which lane is asked when, and which lane is whose.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::lane::Lane;
use super::super::message::Endpoint;
use super::super::outbox::Of;
use super::super::target::Target;
use super::{Group, Shelf};

impl Shelf {
    /// Leaves one message to the disk if there are too many.
    pub(super) fn make_room(&mut self) {
        if self.held.len() - self.places.flying() <= self.bounds.capacity {
            return;
        }
        let Some(name) = self.places.largest() else { return };
        let Some(lane) = self.lanes.get_mut(&name) else { return };
        let from = lane.from().flatten();
        let Some((due, id)) = lane.waiting.pop_last() else { return };
        self.held.remove(&id);
        self.rest.note(id, from.map_or(due, |from| due.max(from)));
        self.relist(&name);
    }

    /// Keeps the order of those that can go on, and forgets who need not be known.
    pub(super) fn relist(&mut self, name: &Arc<str>) {
        let Some(lane) = self.lanes.get_mut(name) else { return };
        if lane.is_idle() && matches!(self.of, Of::Urls) {
            if lane.breaker.is_open() {
                self.tally.down.fetch_sub(1, Ordering::Relaxed);
                // What it did not take lies on disk, and comes back when it takes something.
                self.rest.owe(name);
            }
            self.places.unlist(name, lane);
            self.lanes.remove(name);
            return;
        }
        let ready = lane.ready_at(self.bounds.lane);
        self.places.list(name, lane, ready);
    }

    /// The lane of this name, which begins with what is known of its receiver.
    pub(super) fn lane(&mut self, name: &Arc<str>) -> &mut Lane {
        let is_known = matches!(self.of, Of::Named(_)) || self.takers.contains(name);
        let group = if is_known { Group::Known } else { Group::Other };
        self.lanes.entry(name.clone()).or_insert_with(|| Lane::new(group))
    }

    /// The receiver took a message, or did not.
    pub(super) fn on_answer(&mut self, name: &Arc<str>, is_taken: bool) {
        if matches!(self.of, Of::Named(_)) {
            return;
        }
        let group = match is_taken {
            true => {
                self.takers.insert(name.clone());
                Group::Known
            }
            false => {
                self.takers.remove(name);
                Group::Other
            }
        };
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.group = group;
        }
    }
}

/// Callbacks have a lane for each host; an endpoint has one.
pub(super) fn lane_of(endpoint: &Endpoint) -> Arc<str> {
    match endpoint {
        Endpoint::Named(name) => name.clone(),
        Endpoint::Url(url) => Target::parse(url).map_or_else(|_| "".into(), |target| target.host),
    }
}
