//! Datagrams that wait for the socket: one buffer, reused, so that sending allocates nothing.
//!
//! Bounded by use: the driver empties it after each batch of inputs. One input adds a few datagrams; a
//! stop, a timeout, or room for those who wait adds a burst of [`BURST_MAX`] and leaves the rest to the
//! next.

use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

/// Rendered datagrams in the order in which they leave.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    queue: Vec<(SocketAddr, Range<usize>)>,
    next: usize,
}

impl Outbox {
    /// Adds the datagram that `render` appends to the buffer.
    pub(crate) fn push(&mut self, to: SocketAddr, render: impl FnOnce(&mut Vec<u8>)) -> &[u8] {
        let start = self.bytes.len();
        render(&mut self.bytes);
        self.queue.push((to, start..self.bytes.len()));
        &self.bytes[start..]
    }

    /// Adds the datagram that `render` appends, unless it says that there is none.
    pub(crate) fn push_if(&mut self, to: SocketAddr, render: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.bytes.len();
        match render(&mut self.bytes) {
            true => self.queue.push((to, start..self.bytes.len())),
            false => self.bytes.truncate(start),
        }
    }

    /// The next datagram. When there is none the buffer is taken back.
    pub(crate) fn pop(&mut self) -> Option<(SocketAddr, &[u8])> {
        let Some((to, range)) = self.queue.get(self.next) else {
            self.bytes.clear();
            self.queue.clear();
            self.next = 0;
            return None;
        };
        self.next += 1;
        Some((*to, &self.bytes[range.clone()]))
    }

    /// How many datagrams wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len() - self.next
    }
}

/// What the send buffer of a socket holds as Linux sets it up (`net.core.wmem_default`, 208 KiB, for
/// which a datagram of ours counts as about 1.3 KiB). What is over that is lost.
pub(crate) const BURST_MAX: usize = 128;
/// Between two bursts that nothing but themselves makes wait.
pub(crate) const BURST_GAP: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_leave_in_order_and_the_buffer_is_reused() {
        let mut outbox = Outbox::default();
        let to: SocketAddr = "192.0.2.1:5060".parse().unwrap();
        for round in 0..3 {
            outbox.push(to, |out| out.extend_from_slice(b"one"));
            outbox.push(to, |out| out.extend_from_slice(b"two!"));
            assert_eq!(outbox.len(), 2, "round {round}");
            assert_eq!(outbox.pop(), Some((to, b"one".as_slice())));
            assert_eq!(outbox.pop(), Some((to, b"two!".as_slice())));
            assert_eq!(outbox.pop(), None);
        }
        assert_eq!(outbox.bytes.capacity(), 8);
    }
}
