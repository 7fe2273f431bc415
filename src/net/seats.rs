//! Places in a queue that are counted beside it, so that one can be taken before there is anything to
//! put there.
//!
//! Invariant: seats that are taken and not left are never more than there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Busy;

/// The places of one queue.
#[derive(Debug)]
pub(super) struct Seats {
    taken: AtomicUsize,
    most: usize,
    /// Nobody empties the queue any more.
    is_closed: AtomicBool,
}

/// A place that is taken; dropped, it is left.
#[derive(Debug)]
pub(super) struct Seat(Option<Arc<Seats>>);

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most, is_closed: AtomicBool::new(false) }
    }

    /// Takes one.
    ///
    /// # Errors
    ///
    /// There is none, or they are of no use any more.
    pub(super) fn take(seats: &Arc<Self>) -> Result<Seat, Busy> {
        Self::take_among(seats, seats.most)
    }

    /// The same for who can wait: half of the seats stay free for others.
    ///
    /// # Errors
    ///
    /// Half of them are taken, or they are of no use any more.
    pub(super) fn take_behind(seats: &Arc<Self>) -> Result<Seat, Busy> {
        Self::take_among(seats, seats.most.div_ceil(2))
    }

    fn take_among(seats: &Arc<Self>, most: usize) -> Result<Seat, Busy> {
        if seats.is_closed.load(Ordering::Acquire) {
            return Err(Busy::Stopped);
        }
        let more = |taken| (taken < most).then_some(taken + 1);
        let taken = seats.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.map(|_| Seat(Some(Arc::clone(seats)))).map_err(|_| Busy::Full)
    }

    /// Nobody empties the queue any more: who waits for a seat would wait for ever.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
    }

    /// What was put on a seat is gone from the queue.
    pub(super) fn leave(&self) {
        self.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Seat {
    /// Something was put there: it is taken until that is gone.
    pub(super) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(seats) = self.0.take() {
            seats.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_free_again_when_it_is_dropped_or_left() {
        let seats = Arc::new(Seats::new(2));
        let (one, other) = (Seats::take(&seats).unwrap(), Seats::take(&seats).unwrap());
        assert_eq!(Seats::take(&seats).err(), Some(Busy::Full));
        drop(one);
        other.keep();
        let third = Seats::take(&seats).unwrap();
        assert_eq!(Seats::take(&seats).err(), Some(Busy::Full), "what was kept is taken");
        seats.leave();
        drop((third, Seats::take(&seats).unwrap()));
        seats.close();
        assert_eq!(Seats::take(&seats).err(), Some(Busy::Stopped));
    }
}
