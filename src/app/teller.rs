//! The thread that tells of events: it writes their log lines, counts them and puts them into the
//! stream, so that neither a shard nor an HTTP task spends its time on that.
//!
//! Under load it rests for half a millisecond after each batch: to be woken costs a thread more than to
//! tell of an event, and so does to wake the readers of the stream and the writer of the log.
//!
//! Invariants: events are told in the order in which they were handed over; whoever hands one over never
//! waits. Should the teller be tens of thousands behind, an event is told at once, by the thread that it
//! happened in: late and in order would be better, but lost would be worst.
#![expect(clippy::disallowed_methods, reason = "an edge: here a thread rests")]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::verify::Level;
use crate::verify::event::{Event, Listener, Told};

/// Hands events over to the thread that tells of them.
pub(super) struct Teller<T> {
    queue: SyncSender<T>,
    listener: Ear<T>,
    most: usize,
    taken: AtomicU64,
    told: Arc<AtomicU64>,
    /// Told by the thread that they happened in, because too many waited.
    told_at_once: AtomicU64,
}

/// Who is told.
type Ear<T> = Arc<dyn Fn(T) + Send + Sync>;

/// What is done in turn.
pub(super) enum Item {
    /// Somebody is told.
    Told(Told),
    /// Something is done once all that was handed over before has been told.
    Then(Box<dyn FnOnce() + Send>),
}

impl Teller<Item> {
    /// Begins to tell `listener`. The thread ends with the last reference to what is returned.
    ///
    /// # Errors
    ///
    /// When the system gives no thread.
    pub(super) fn of_events(listener: Arc<dyn Listener>) -> io::Result<Arc<Self>> {
        let tell = move |item| match item {
            Item::Told(told) => listener.on_told(told),
            Item::Then(act) => act(),
        };
        Self::start(EVENTS_MAX, Arc::new(tell)).map(Arc::new)
    }

    /// Does something once all that was handed over before has been told.
    pub(super) fn then(&self, act: impl FnOnce() + Send + 'static) {
        self.take(Item::Then(Box::new(act)));
    }
}

impl<T: Send + 'static> Teller<T> {
    fn start(most: usize, listener: Ear<T>) -> io::Result<Self> {
        let (queue, events) = sync_channel(most);
        let told = Arc::new(AtomicU64::new(0));
        let (count, ear) = (Arc::clone(&told), Arc::clone(&listener));
        thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || tell(&events, &*ear, &count))?;
        let (taken, told_at_once) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { queue, listener, most, taken, told, told_at_once })
    }

    fn take(&self, event: T) {
        match self.queue.try_send(event) {
            Ok(()) => {
                self.taken.fetch_add(1, Ordering::AcqRel);
            }
            Err(TrySendError::Full(event) | TrySendError::Disconnected(event)) => {
                self.told_at_once.fetch_add(1, Ordering::Relaxed);
                (self.listener)(event);
            }
        }
    }

    /// How many events wait. Shed: told where they happened.
    pub(super) fn level(&self) -> Level {
        let told = self.told.load(Ordering::Acquire);
        let waiting = self.taken.load(Ordering::Acquire).saturating_sub(told);
        // More than fit cannot wait.
        let size = usize::try_from(waiting).unwrap_or(self.most).min(self.most);
        Level { size, limit: self.most, shed: self.told_at_once.load(Ordering::Relaxed) }
    }

    /// Waits until everything that has been handed over so far is told, for a second at most.
    pub(super) async fn flush(&self) {
        let taken = self.taken.load(Ordering::Acquire);
        for _ in 0..FLUSH_LOOKS {
            if self.told.load(Ordering::Acquire) >= taken {
                return;
            }
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

/// Some seconds' worth of a busy daemon, and two megabytes.
const EVENTS_MAX: usize = 65_536;
/// So many in one batch: more come at once. A lone verification has fewer.
const BUSY: u64 = 3;
const REST: Duration = Duration::from_micros(500);
const FLUSH_LOOKS: u32 = 1_000;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[tokio::test]
    async fn events_are_told_in_order_and_a_flush_waits_for_the_last() {
        let (mouth, heard) = sync_channel(10_000);
        let teller = Teller::start(16_384, Arc::new(move |n| mouth.send(n).unwrap())).unwrap();
        (0..10_000).for_each(|n: u32| teller.take(n));
        teller.flush().await;
        assert!(heard.try_iter().eq(0..10_000));
    }

    #[test]
    fn what_is_beyond_the_bound_is_told_at_once_by_whom_it_happened_to() {
        let (mouth, heard) = sync_channel(100);
        let gate = Arc::new(AtomicBool::new(false));
        let (is_open, here) = (Arc::clone(&gate), thread::current().id());
        let tell = move |n: u32| {
            let is_here = thread::current().id() == here;
            while !is_here && !is_open.load(Ordering::Acquire) {
                thread::yield_now();
            }
            mouth.send((n, is_here)).unwrap();
        };
        let teller = Teller::start(2, Arc::new(tell)).unwrap();
        // The thread holds the first; two fit behind it.
        teller.take(0);
        while teller.queue.try_send(1).is_ok() {}
        teller.take(9);
        assert_eq!(heard.recv(), Ok((9, true)));
        assert_eq!((teller.level().limit, teller.level().shed), (2, 1));
        gate.store(true, Ordering::Release);
        assert_eq!(heard.recv(), Ok((0, false)));
    }
}
