//! The stream of events: each event of the rooms below gets the next number, is written once as
//! JSON, and is kept for a while for readers that come back.
//!
//! Invariants: whoever reports an event never waits, for a reader or for another reporter (a ring of
//! atomic slots, no lock); a reader has no queue of its own, only a place in the ring, so a slow one
//! costs nothing and is told when the ring has overtaken it.
//!
//! Numbers begin at the wall clock's microseconds, so that they go on rising after a restart. The
//! clock may have been set back meanwhile, so an event's id also names the run of the daemon: what
//! was seen in another run is recognised as gone, whatever its number.

mod envelope;
mod id;
mod ring;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::task::Poll;

use axum::body::Bytes;
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use crate::entropy::Entropy;
use crate::time::Micros;
use crate::verify::TrunkNames;
use crate::verify::event::{Event, Listener};
use envelope::Subject;
pub use id::{EventId, IdError};
use ring::{Place, Ring};

/// Takes events from every thread and hands them to every reader.
#[derive(Debug)]
pub struct EventBus {
    ring: Ring,
    /// What tells this run's events from those of another.
    run: u32,
    trunks: TrunkNames,
    /// Events were added since the readers were last woken.
    is_news: AtomicBool,
    waker: AtomicWaker,
    readers: Notify,
    /// How many readers there are: without any, nobody is woken.
    reading: AtomicUsize,
}

impl EventBus {
    /// A bus that keeps the latest `kept` events. `started` is the wall clock's time.
    pub fn new(kept: usize, trunks: TrunkNames, started: Micros, entropy: &Entropy) -> Arc<Self> {
        Arc::new(Self {
            ring: Ring::new(kept, started.0),
            run: entropy.stream().u32(),
            trunks,
            is_news: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            readers: Notify::new(),
            reading: AtomicUsize::new(0),
        })
    }

    /// A trunk came up or went down.
    pub fn on_trunk(&self, name: &str, is_up: bool, at: Micros) {
        self.publish(&Subject::trunk(name, is_up, at));
    }

    /// How many events can be read again.
    pub fn kept(&self) -> u64 {
        self.ring.kept()
    }

    /// A reader of everything after the event with this id, or of everything from now on.
    ///
    /// # Errors
    ///
    /// That event is not kept any more, or there never was one with this id.
    pub fn subscribe(self: &Arc<Self>, after: Option<EventId>) -> Result<Reader, Gone> {
        let place = match after {
            None => self.ring.end(),
            Some(EventId { run: Some(run), .. }) if run != self.run => return Err(Gone),
            Some(EventId { number, .. }) => self.ring.after(number).ok_or(Gone)?,
        };
        self.reading.fetch_add(1, Ordering::Relaxed);
        // Either the publisher sees this reader, or this reader sees the event: each writes its own
        // word before it looks at the other's, and the fence keeps that order.
        fence(Ordering::SeqCst);
        Ok(Reader { bus: self.clone(), place })
    }

    /// Wakes readers. Runs for as long as there are any: a shard wakes this one task and never the
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

    fn publish(&self, subject: &Subject<'_>) {
        let number = self.ring.claim();
        self.ring.put(number, subject.frame(EventId { number, run: Some(self.run) }));
        fence(Ordering::SeqCst);
        let has_readers = self.reading.load(Ordering::Relaxed) > 0;
        if has_readers && !self.is_news.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }
}

impl Listener for EventBus {
    fn on_event(&self, event: Event) {
        if let Some(subject) = Subject::of(&event, &self.trunks) {
            self.publish(&subject);
        }
    }
}

/// A place in the stream.
#[derive(Debug)]
pub struct Reader {
    bus: Arc<EventBus>,
    place: u64,
}

impl Reader {
    /// The next event, as a frame of the event stream; waits for it.
    ///
    /// Nothing is lost when the wait is given up: the place moves only with an event.
    ///
    /// # Errors
    ///
    /// The reader was too slow: events were dropped before it had read them.
    pub async fn next(&mut self) -> Result<Bytes, Gone> {
        loop {
            let mut news = std::pin::pin!(self.bus.readers.notified());
            // Before the look: news that comes between look and wait must not be missed.
            news.as_mut().enable();
            match self.bus.ring.read(self.place) {
                Place::Event(frame) => {
                    self.place += 1;
                    return Ok(frame);
                }
                Place::Gone => return Err(Gone),
                Place::NotYet => news.await,
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.bus.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Events that are not kept any more, or never were.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the events after this one are not kept any more: read the state anew, then follow from now on"
)]
pub struct Gone;

#[cfg(test)]
mod tests;
