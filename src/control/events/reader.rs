//! Who reads the stream: from now on, or from behind an event that is in memory or on disk.
//!
//! A reader that comes back from long ago reads the disk page by page until the ring has its place;
//! from then on it lives off the ring alone. Whoever has reached the ring and falls out of it is too
//! slow and is cut off: reading the disk for ever would make others pay for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use axum::body::Bytes;

use super::super::outside::{EventRange, Store, StoredEvent, Unavailable};
use super::EventBus;
use super::ring::Place;

/// A place in the stream.
#[derive(Debug)]
pub struct Reader {
    bus: Arc<EventBus>,
    place: u64,
    /// Events that were read from the disk and not handed out yet; `None`: it lives off the ring.
    page: Option<VecDeque<StoredEvent>>,
}

/// Why there is no reader.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Gone {
    /// The events after that one are not kept any more.
    #[error(
        "the events after this one are not kept any more{}: follow from now on, then read the state \
         anew, in this order",
        kept(.0)
    )]
    Gone(EventRange),
    /// No event has had this number.
    #[error(
        "no event has had this number here{}: follow from now on, then read the state anew, in this \
         order",
        kept(.0)
    )]
    Never(EventRange),
    /// The disk cannot tell.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a reader is sent away. What it has not seen it gets when it comes back with `Last-Event-ID`, as
/// long as that is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CutOff {
    /// Events were dropped from memory, or from the disk, before it had read them.
    #[error("too slow")]
    TooSlow,
    /// The disk cannot be read.
    #[error("the events before cannot be read now")]
    Unavailable,
}

/// It is no event's id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "an event is named by its `id`, which is a number, or by its `sequence`; `oldest` begins with the \
     oldest that is kept"
)]
pub struct IdError;

/// Where a reader begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Begin {
    /// Behind the event with this number.
    After(u64),
    /// With what happens next.
    Now,
    /// With the oldest event that is kept.
    Oldest,
}

impl Begin {
    /// What a client names.
    pub(in super::super) fn read(text: &str) -> Result<Self, IdError> {
        match text {
            "oldest" => Ok(Self::Oldest),
            id => number(id).map(Self::After),
        }
    }
}

/// Which events there are.
fn kept(range: &EventRange) -> String {
    let EventRange { oldest, latest } = range;
    if oldest > latest { String::new() } else { format!(", only those from {oldest} to {latest}") }
}

/// The number of the event that a client names.
pub(super) fn number(id: &str) -> Result<u64, IdError> {
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse().ok().filter(|_| is_plain).ok_or(IdError)
}

/// A reader of everything from there on.
///
/// # Errors
///
/// The event that it begins behind is not kept any more, or there never was one with this number.
pub(in super::super) async fn subscribe(
    bus: &Arc<EventBus>,
    store: &Arc<dyn Store>,
    begin: Begin,
) -> Result<Reader, Gone> {
    let in_memory = match begin {
        Begin::After(number) => bus.ring.after(number),
        Begin::Now => return Ok(Reader::new(bus, None)),
        Begin::Oldest => None,
    };
    if let Some(place) = in_memory {
        return Ok(Reader::new(bus, Some((place, None))));
    }
    let range = range(store).await?;
    let place = match begin {
        Begin::After(number) if number > range.latest => return Err(Gone::Never(range)),
        Begin::After(number) if number + 1 < range.oldest => return Err(Gone::Gone(range)),
        Begin::After(number) => number + 1,
        Begin::Now | Begin::Oldest => range.oldest,
    };
    // What memory has is not read from the disk.
    let page = bus.ring.after(place.saturating_sub(1)).is_none().then(VecDeque::new);
    Ok(Reader::new(bus, Some((place, page))))
}

/// Which events are on disk.
pub(in super::super) async fn range(store: &Arc<dyn Store>) -> Result<EventRange, Unavailable> {
    let store = Arc::clone(store);
    aside(move || store.event_range()).await
}

impl Reader {
    /// At a place, with what was read of the disk there; `None`: behind the newest event.
    pub(super) fn new(
        bus: &Arc<EventBus>,
        at: Option<(u64, Option<VecDeque<StoredEvent>>)>,
    ) -> Self {
        let (place, page) = at.unwrap_or_else(|| (bus.ring.end(), None));
        bus.reading.fetch_add(1, Ordering::Relaxed);
        // Either the publisher sees this reader, or this reader sees the event: each writes its own
        // word before it looks at the other's, and the fence keeps that order.
        fence(Ordering::SeqCst);
        Self { bus: Arc::clone(bus), place, page }
    }

    /// The number of the last event that it has seen, or need not see: who comes back with it misses
    /// nothing.
    pub fn seen(&self) -> u64 {
        self.place.saturating_sub(1)
    }

    /// The next event, as a frame of the event stream; waits for it.
    ///
    /// Nothing is lost when the wait is given up: the place moves only with an event.
    ///
    /// # Errors
    ///
    /// The reader is cut off.
    pub async fn next(&mut self, store: &Arc<dyn Store>) -> Result<Bytes, CutOff> {
        loop {
            if let Some(event) = self.page.as_mut().and_then(VecDeque::pop_front) {
                self.place = event.number + 1;
                return Ok(event.frame());
            }
            let mut news = std::pin::pin!(self.bus.readers.notified());
            // Before the look: news that comes between look and wait must not be missed.
            news.as_mut().enable();
            match self.bus.ring.read(self.place) {
                Place::Event(frame) => {
                    self.page = None;
                    self.place += 1;
                    return Ok(frame);
                }
                Place::Gone if self.page.is_none() => return Err(CutOff::TooSlow),
                Place::Gone => {
                    let page = self.turn_page(store).await?;
                    if page.is_empty() {
                        self.place = self.bus.ring.first();
                    }
                    self.page = Some(page);
                }
                Place::NotYet => news.await,
            }
        }
    }

    /// The events on disk from the place on. None: numbers were left out up to those of this process.
    async fn turn_page(&self, store: &Arc<dyn Store>) -> Result<VecDeque<StoredEvent>, CutOff> {
        let (store, place) = (Arc::clone(store), self.place);
        let read = move || {
            let events = store.events_after(place.saturating_sub(1), PAGE)?;
            // After the look: what was deleted before it would be missing.
            Ok((store.event_range()?.oldest, events))
        };
        let (oldest, events) = aside(read).await.map_err(|Unavailable| CutOff::Unavailable)?;
        let is_left_out = place < self.bus.ring.first();
        if oldest > place || events.is_empty() && !is_left_out {
            return Err(CutOff::TooSlow);
        }
        Ok(events.into())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.bus.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads from the disk on a thread that nobody waits for.
async fn aside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Unavailable> + Send + 'static,
) -> Result<T, Unavailable> {
    // Nobody aborts it: it fails when the runtime goes down.
    tokio::task::spawn_blocking(read).await.unwrap_or(Err(Unavailable))
}

/// Events that are read at a time: about a quarter of a megabyte.
const PAGE: usize = 256;
