//! Which messages stay in memory, which lane is asked when, and which lane is whose.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::message::Endpoint;
use super::super::outbox::Of;
use super::super::target::Target;
use super::Shelf;

impl Shelf {
    /// Leaves one message to the disk if there are too many.
    pub(super) fn make_room(&mut self) {
        if self.held.len() - self.flying <= self.bounds.capacity {
            return;
        }
        let largest = self.lanes.iter().max_by_key(|(_, lane)| lane.waiting.len());
        let Some((name, _)) = largest else { return };
        let name = name.clone();
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
        if let Some(at) = lane.listed.take() {
            self.ready.remove(&(at, name.clone()));
        }
        if lane.is_idle() && matches!(self.of, Of::Urls) {
            if lane.breaker.is_open() {
                self.tally.down.fetch_sub(1, Ordering::Relaxed);
                // What it did not take lies on disk, and comes back when it takes something.
                self.rest.owe(name);
            }
            self.lanes.remove(name);
            return;
        }
        lane.listed = lane.ready_at(self.bounds.lane);
        if let Some(at) = lane.listed {
            self.ready.insert((at, name.clone()));
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
