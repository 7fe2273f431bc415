//! Calls that wait until a trunk's rate lets them go. Bounded in number and in time: an app that
//! waits for a call is better told soon that none will come.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::verify::Order;
use crate::verify::id::CallId;

/// Orders in the order in which they came.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<Waiting>,
    limit: usize,
    time_max: Duration,
}

/// One order that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// What is asked for.
    pub(crate) order: Order,
    /// How many trunks of its route were tried.
    pub(crate) tried: u16,
    /// When it has waited for too long.
    pub(crate) until: Instant,
}

impl Queue {
    /// An empty queue for `limit` orders, each for `time_max` at most.
    pub(crate) fn new(limit: usize, time_max: Duration) -> Self {
        Self { waiting: VecDeque::new(), limit, time_max }
    }

    /// Adds an order, or gives it back when the queue is full.
    pub(crate) fn push(&mut self, order: Order, tried: u16, now: Instant) -> Result<(), Order> {
        if self.waiting.len() >= self.limit {
            return Err(order);
        }
        self.waiting.push_back(Waiting { order, tried, until: now + self.time_max });
        Ok(())
    }

    /// Puts one back that was looked at and must wait on.
    pub(crate) fn put_back(&mut self, waiting: Waiting) {
        self.waiting.push_front(waiting);
    }

    /// The order that has waited longest.
    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }

    /// Takes out the order of one call.
    pub(crate) fn remove(&mut self, call: CallId) -> Option<Waiting> {
        let place = self.waiting.iter().position(|waiting| waiting.order.call.id == call)?;
        self.waiting.remove(place)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// How many may wait.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }
}
