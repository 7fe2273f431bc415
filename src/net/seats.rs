//! Places in a queue that are counted beside it, so that one can be taken before there is anything to
//! put there.
//!
//! Invariant: seats that are taken and not left are never more than there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The places of one queue.
#[derive(Debug)]
pub(super) struct Seats {
    taken: AtomicUsize,
    most: usize,
}

/// A place that is taken; dropped, it is left.
#[derive(Debug)]
pub(super) struct Seat(Option<Arc<Seats>>);

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most }
    }

    /// Takes one, if there is one.
    pub(super) fn take(seats: &Arc<Self>) -> Option<Seat> {
        let more = |taken| (taken < seats.most).then_some(taken + 1);
        let taken = seats.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        taken.is_ok().then(|| Seat(Some(Arc::clone(seats))))
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
        let (one, other) = (Seats::take(&seats), Seats::take(&seats));
        assert!(one.is_some() && other.is_some() && Seats::take(&seats).is_none());
        drop(one);
        other.unwrap().keep();
        let third = Seats::take(&seats);
        assert!(third.is_some() && Seats::take(&seats).is_none(), "what was kept is taken");
        seats.leave();
        assert!(Seats::take(&seats).is_some());
    }
}
