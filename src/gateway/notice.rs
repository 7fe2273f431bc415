//! What an operator should hear of at once, because calls fail until somebody acts. The shard tells a
//! watcher; what becomes of it (a line in the log) is not its business.
//!
//! Only what takes a live transaction of ours to cause: a stranger cannot fill the log. Invariant: one
//! notice for each trunk and minute, so what is remembered has as many entries as there are trunks.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use crate::sip::Message;

/// What an operator should hear of at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice {
    /// A response to a request of ours was dropped, because it came from an address that is none of
    /// the trunk's sources.
    ForeignSource {
        /// The trunk that the request was sent to, by its place in the configuration.
        trunk: u16,
        /// Where the response came from.
        source: IpAddr,
    },
}

/// Hears what an operator should hear of. Called from the shard's thread: it must not block.
pub trait Watcher: Send + Sync {
    /// It happened, for the first time in a minute.
    fn on_notice(&self, notice: Notice);
}

/// The watcher, and when it was told last.
#[derive(Default)]
pub(crate) struct Notices {
    watcher: Option<Arc<dyn Watcher>>,
    foreign: BTreeMap<u16, Instant>,
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").field("foreign", &self.foreign).finish_non_exhaustive()
    }
}

impl Gateway {
    /// The same shard, with somebody who hears of what an operator should act on.
    pub fn watched_by(mut self, watcher: Arc<dyn Watcher>) -> Self {
        self.notices.watcher = Some(watcher);
        self
    }

    /// A response that is ours but for its source was dropped.
    pub(crate) fn notice_foreign_source(
        &mut self,
        from: SocketAddr,
        message: &Message<'_>,
        now: Instant,
    ) {
        let Some(trunk) = self.trunk_asked(message) else { return };
        let is_due = |at: &Instant| now.saturating_duration_since(*at) >= MINUTE;
        if self.notices.foreign.get(&trunk).is_none_or(is_due) {
            self.notices.foreign.insert(trunk, now);
            if let Some(watcher) = &self.notices.watcher {
                watcher.on_notice(Notice::ForeignSource { trunk, source: from.ip() });
            }
        }
    }

    /// The trunk that the request was sent to which a response names by its branch.
    fn trunk_asked(&self, response: &Message<'_>) -> Option<u16> {
        let (via, cseq) = (response.via().ok()?, response.cseq().ok()?);
        let (handle, _) = self.clients.find(via.branch?, cseq.method)?;
        let (trunk, ..) = self.clients.get(handle)?.owner.purpose.identity();
        Some(trunk)
    }
}

const MINUTE: Duration = Duration::from_secs(60);
