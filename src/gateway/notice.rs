//! What an operator should hear of at once, because calls fail until somebody acts. The shard tells a
//! watcher; what becomes of it (a line in the log) is not its business.
//!
//! A stranger cannot fill the log. Invariant: one notice in a minute for each trunk, and one for all
//! strangers together, so what is remembered has as many entries as there are trunks, and one more.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use crate::sip::Message;

/// What an operator should hear of at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice {
    /// A response to a request of ours was dropped, because it came from an address that is none of
    /// the trunk's sources.
    ForeignSource {
        /// The name of the trunk that the request was sent to.
        trunk: Arc<str>,
        /// Where the response came from.
        source: IpAddr,
    },
    /// Somebody rings from an address that is no trunk's, and gets no answer. Told of only where there
    /// are numbers to ring.
    Stranger {
        /// Where the INVITE came from.
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
    foreign: BTreeMap<Arc<str>, Instant>,
    stranger: Option<Instant>,
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
        if is_due(self.notices.foreign.get(&trunk), now) {
            self.notices.foreign.insert(Arc::clone(&trunk), now);
            if let Some(watcher) = &self.notices.watcher {
                watcher.on_notice(Notice::ForeignSource { trunk, source: from.ip() });
            }
        }
    }

    /// A datagram of somebody who is no trunk was dropped. Carriers call from more addresses than they
    /// answer from, and a call that nobody answers shows nothing else.
    pub(crate) fn notice_stranger(&mut self, from: SocketAddr, payload: &[u8], now: Instant) {
        let rings = payload.starts_with(b"INVITE ") && !self.dids.is_empty();
        if rings && is_due(self.notices.stranger.as_ref(), now) {
            self.notices.stranger = Some(now);
            if let Some(watcher) = &self.notices.watcher {
                watcher.on_notice(Notice::Stranger { source: from.ip() });
            }
        }
    }

    /// The trunk that the request was sent to which a response names by its branch.
    fn trunk_asked(&self, response: &Message<'_>) -> Option<Arc<str>> {
        let (via, cseq) = (response.via().ok()?, response.cseq().ok()?);
        let (handle, _) = self.clients.find(via.branch?, cseq.method)?;
        let (peer, ..) = self.clients.get(handle)?.owner.purpose.identity();
        Some(Arc::clone(&peer.profile.name))
    }
}

/// Whether what was last told of then may be told of again.
fn is_due(told: Option<&Instant>, now: Instant) -> bool {
    told.is_none_or(|at| now.saturating_duration_since(*at) >= MINUTE)
}

const MINUTE: Duration = Duration::from_secs(60);
