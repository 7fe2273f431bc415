//! The stream of events: each event comes here when it is on disk, with the number that it got there,
//! and is kept in memory for a while for readers that come back. Older ones are read from the disk.
//!
//! Invariants: whoever publishes never waits for a reader (a ring of atomic slots, no lock); a reader
//! has no queue of its own, only a place in the ring, so a slow one costs nothing and is cut off when
//! the ring has overtaken it; a reader that comes back gets every event once, in order, or hears that
//! they are gone.

mod envelope;
mod reader;
mod ring;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::task::Poll;

use axum::body::Bytes;
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use super::outside::{EventRange, StoredEvent};
pub use envelope::{Rendered, render, render_trunk};
pub(super) use reader::{Begin, range, subscribe};
pub use reader::{CutOff, Gone, IdError, Reader};
use ring::Ring;

/// Takes events that are on disk and hands them to every reader.
#[derive(Debug)]
pub struct EventBus {
    ring: Ring,
    /// Events were added since the readers were last woken.
    is_news: AtomicBool,
    waker: AtomicWaker,
    readers: Notify,
    /// How many readers there are: without any, nobody is woken.
    reading: AtomicUsize,
}

impl EventBus {
    /// A bus that keeps the latest `kept` events in memory. `next` is the number of the next one.
    pub fn new(kept: usize, next: u64) -> Arc<Self> {
        Arc::new(Self {
            ring: Ring::new(kept, next),
            is_news: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            readers: Notify::new(),
            reading: AtomicUsize::new(0),
        })
    }

    /// An event is on disk. Numbers follow each other; `name` is its type and `body` its envelope, which
    /// has no raw line breaks, as JSON has none.
    pub fn publish(&self, number: u64, name: &str, body: &[u8]) {
        self.ring.put(number, frame(number, name, body));
        fence(Ordering::SeqCst);
        let has_readers = self.reading.load(Ordering::Relaxed) > 0;
        if has_readers && !self.is_news.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// How many events are kept in memory.
    pub fn kept(&self) -> u64 {
        self.ring.kept()
    }

    /// Which events are kept in memory.
    pub fn range(&self) -> EventRange {
        let oldest = self.ring.oldest();
        EventRange { oldest, latest: self.ring.end().max(oldest).saturating_sub(1) }
    }

    /// A reader of everything from now on.
    pub fn follow(self: &Arc<Self>) -> Reader {
        Reader::new(self, None)
    }

    /// Wakes readers. Runs for as long as there are any: a publisher wakes this one task and never the
    /// crowd behind it.
    pub(super) async fn run(&self) {
        loop {
            poll_fn(|context| {
                self.waker.register(context.waker());
                match self.is_news.swap(false, Ordering::AcqRel) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
            self.readers.notify_waiters();
        }
    }
}

/// One event as its readers get it (WHATWG HTML §9.2).
fn frame(number: u64, name: &str, body: &[u8]) -> Bytes {
    let head = format!("id: {number:020}\nevent: {name}\ndata: ");
    [head.as_bytes(), body, b"\n\n"].concat().into()
}

impl StoredEvent {
    fn frame(&self) -> Bytes {
        frame(self.number, &self.name, &self.body)
    }
}

#[cfg(test)]
mod tests;
