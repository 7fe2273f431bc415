//! The thread that tells of events: it writes their log lines, counts them and hands them to the
//! journal, so that neither a shard nor an HTTP task spends its time on that.
//!
//! Under load it rests for half a millisecond after each batch: to be woken costs a thread more than to
//! tell of an event, and so does to wake the readers of the stream and the writer of the log.
//!
//! Invariants: events are told in the order in which they were handed over; whoever hands one over never
//! waits. Nothing overtakes: what is told is on disk in that order, which a restart counts on. So the
//! queue has no end; what comes into it is bounded by what was let in at the door.
#![expect(clippy::disallowed_methods, reason = "an edge: here a thread rests")]

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::verify::Level;
use crate::verify::event::{Event, Listener, Told};

/// Hands events over to the thread that tells of them.
pub(super) struct Teller<T> {
    queue: Sender<T>,
    many: usize,
    taken: AtomicU64,
    told: Arc<AtomicU64>,
    /// Came when many waited.
    late: AtomicU64,
}

/// What is done in turn.
pub(super) enum Item {
    /// Somebody is told.
    Told(Told),
    /// Something is done once all that was handed over before has been told.
    Then(Box<dyn FnOnce() + Send>),
}

/// What a teller without a thread has to tell.
pub(super) struct Turns {
    events: Receiver<Item>,
    waiting: VecDeque<Item>,
    listener: Arc<dyn Listener>,
    told: Arc<AtomicU64>,
}

impl Teller<Item> {
    /// Begins to tell `listener`. The thread ends with the last reference to what is returned.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(super) fn of_events(listener: Arc<dyn Listener>) -> io::Result<Arc<Self>> {
        Self::start(MANY, move |item| act(item, &*listener)).map(Arc::new)
    }

    /// One without a thread: whoever has the [`Turns`] has it tell. For simulations.
    pub(super) fn by_hand(listener: Arc<dyn Listener>) -> (Arc<Self>, Turns) {
        let (teller, events) = Self::with_queue(MANY);
        let told = Arc::clone(&teller.told);
        (Arc::new(teller), Turns { events, waiting: VecDeque::new(), listener, told })
    }

    /// Does something once all that was handed over before has been told.
    pub(super) fn then(&self, act: impl FnOnce() + Send + 'static) {
        self.take(Item::Then(Box::new(act)));
    }
}

impl<T: Send + 'static> Teller<T> {
    fn start(many: usize, listener: impl Fn(T) + Send + 'static) -> io::Result<Self> {
        let (teller, events) = Self::with_queue(many);
        let count = Arc::clone(&teller.told);
        thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || tell(&events, &listener, &count))?;
        Ok(teller)
    }

    fn with_queue(many: usize) -> (Self, Receiver<T>) {
        let (queue, events) = channel();
        let [taken, late] = [AtomicU64::new(0), AtomicU64::new(0)];
        (Self { queue, many, taken, told: Arc::default(), late }, events)
    }

    fn take(&self, event: T) {
        // Counted first: who flushes must not overlook it.
        let before = self.taken.fetch_add(1, Ordering::AcqRel);
        if before.saturating_sub(self.told.load(Ordering::Relaxed)) >= self.many as u64 {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
        // The thread lives as long as this does.
        let _ = self.queue.send(event);
    }

    /// How many events wait. Shed: came when more than the limit waited, and were told late.
    pub(super) fn level(&self) -> Level {
        let told = self.told.load(Ordering::Acquire);
        let waiting = self.taken.load(Ordering::Acquire).saturating_sub(told);
        let size = usize::try_from(waiting).unwrap_or(usize::MAX);
        Level { size, limit: self.many, shed: self.late.load(Ordering::Relaxed) }
    }

    /// Waits until everything that has been handed over so far is told.
    pub(super) async fn flush(&self) {
        let taken = self.taken.load(Ordering::Acquire);
        while self.told.load(Ordering::Acquire) < taken {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Listener for Teller<Item> {
    fn on_event(&self, event: Event) {
        self.on_told(Told::event(event));
    }

    fn on_told(&self, told: Told) {
        self.take(Item::Told(told));
    }
}

impl Turns {
    /// How much waits to be told.
    pub(super) fn waiting(&mut self) -> usize {
        self.waiting.extend(self.events.try_iter());
        self.waiting.len()
    }

    /// Tells the next thing, if there is one.
    pub(super) fn tell(&mut self) {
        if self.waiting() > 0
            && let Some(item) = self.waiting.pop_front()
        {
            act(item, &*self.listener);
            self.told.fetch_add(1, Ordering::AcqRel);
        }
    }
}

fn act(item: Item, listener: &dyn Listener) {
    match item {
        Item::Told(told) => listener.on_told(told),
        Item::Then(act) => act(),
    }
}

fn tell<T>(events: &Receiver<T>, listener: &dyn Fn(T), told: &AtomicU64) {
    while let Ok(first) = events.recv() {
        listener(first);
        told.fetch_add(1, Ordering::AcqRel);
        while tell_all(events, listener, told) >= BUSY {
            thread::sleep(REST);
        }
    }
}

/// Tells what waits; how much that was.
fn tell_all<T>(events: &Receiver<T>, listener: &dyn Fn(T), told: &AtomicU64) -> u64 {
    let mut count = 0;
    while let Ok(event) = events.try_recv() {
        listener(event);
        told.fetch_add(1, Ordering::AcqRel);
        count += 1;
    }
    count
}

/// Some seconds' worth of a busy daemon, and two megabytes: more is worth a look.
const MANY: usize = 65_536;
/// So many in one batch: more come at once. A lone verification has fewer.
const BUSY: u64 = 3;
const REST: Duration = Duration::from_micros(500);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[tokio::test]
    async fn events_are_told_in_order_and_a_flush_waits_for_the_last() {
        let (mouth, heard) = sync_channel(10_000);
        let teller = Teller::start(16_384, move |n| mouth.send(n).unwrap()).unwrap();
        (0..10_000).for_each(|n: u32| teller.take(n));
        teller.flush().await;
        assert!(heard.try_iter().eq(0..10_000));
    }

    #[test]
    fn nothing_overtakes_however_many_wait() {
        let (mouth, heard) = sync_channel(100);
        let (gate, shut) = sync_channel::<()>(0);
        let tell = move |n: u32| {
            // Until the gate is gone.
            let _ = shut.recv();
            mouth.send(n).unwrap();
        };
        let teller = Teller::start(2, tell).unwrap();
        (0..50).for_each(|n| teller.take(n));
        assert!(teller.level().size >= 49 && teller.level().shed > 40, "{:?}", teller.level());
        drop(gate);
        assert!(heard.iter().take(50).eq(0..50));
    }
}
