//! Datagrams that wait to be sent, in one buffer that is used again.
//!
//! Not bounded by itself: its owner takes everything after each input, and one input has it
//! say what its tables hold at most once.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;

use super::settings::Quality;
use crate::entropy::Stream;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    waiting: VecDeque<(SocketAddr, Range<usize>)>,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// Chance took it.
    Lost,
    /// It is on its way.
    Sent,
}

impl Outbox {
    /// Writes a datagram, and lets chance lose or repeat it.
    pub(super) fn send(
        &mut self,
        to: SocketAddr,
        quality: Quality,
        entropy: &mut Stream,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Fate {
        let start = self.bytes.len();
        write(&mut self.bytes);
        if self.bytes.len() == start || is_hit(quality.lost, entropy) {
            self.bytes.truncate(start);
            return Fate::Lost;
        }
        let range = start..self.bytes.len();
        if is_hit(quality.repeated, entropy) {
            self.waiting.push_back((to, range.clone()));
        }
        self.waiting.push_back((to, range));
        Fate::Sent
    }

    /// The next datagram.
    pub(super) fn pop(&mut self) -> Option<(SocketAddr, &[u8])> {
        let Some((to, range)) = self.waiting.pop_front() else {
            self.bytes.clear();
            return None;
        };
        Some((to, &self.bytes[range]))
    }
}

/// Whether chance strikes, `per_mille` times of a thousand. Nothing is drawn where it cannot.
pub(super) fn is_hit(per_mille: u16, entropy: &mut Stream) -> bool {
    per_mille > 0 && entropy.below(1_000) < u32::from(per_mille)
}
