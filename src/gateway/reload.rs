//! Another configuration for a shard that works: trunks that are new, changed or gone.
//!
//! Calls go on as they began: a leg keeps its [`Peer`](super::settings::Peer). A trunk keeps its
//! index for as long as the process lives, because records and metrics know it by that, and a trunk
//! that is gone, or has another address, still knows its calls, so that a late answer is hung up.
//!
//! Invariant: after a reload no call and no probe begins on a trunk that is gone.

use std::sync::Arc;
use std::time::Instant;

use super::Gateway;
use super::dids::Dids;
use super::settings::Line;

/// What one shard is to work with from now on.
#[derive(Debug)]
pub struct Reload {
    /// The trunks of the configuration with their indices, in the order of these. A new trunk has
    /// the next free index.
    pub lines: Vec<(u16, Line)>,
    /// As [`Settings::routes`](super::settings::Settings::routes).
    pub routes: Vec<Box<[u16]>>,
    /// The same numbers in the same order, with other trunks.
    pub dids: Arc<Dids>,
}

impl Gateway {
    /// Works with another configuration.
    pub(crate) fn reload(&mut self, reload: Reload, now: Instant) {
        self.lines.iter_mut().for_each(Line::unlist);
        for (index, line) in reload.lines {
            match self.lines.get_mut(usize::from(index)) {
                Some(known) => known.change_to(line),
                None => {
                    debug_assert_eq!(usize::from(index), self.lines.len(), "no index is left out");
                    self.lines.push(line);
                }
            }
        }
        self.routes = reload.routes;
        self.dids = reload.dids;
        self.start_probes(now);
        // A trunk may have room that it did not have.
        self.on_room(now);
    }
}
