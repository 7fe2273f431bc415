//! A stop: no new calls, and those that live are hung up, a batch at a time, so that a thousand
//! CANCELs do not leave in one burst and get lost in the send buffer. Whoever rings us is refused
//! in the same way. Who waits for one of these calls hears at once what would be found after a
//! kill: they end as
//! `restarted`.
//!
//! A refused caller is waited for only if a verification is: its ACK is the proof that it wants, and
//! comes within a round trip.

use std::ops::Bound;
use std::time::{Duration, Instant};

use super::Gateway;
use super::outbox::{BURST_GAP, BURST_MAX};
use super::timers::Timer;
use crate::outcome::Outcome;
use crate::transaction::slab::Handle;
use crate::verify::id::CallId;

/// A stop that was asked for.
#[derive(Debug)]
pub(crate) struct Stop {
    /// When.
    since: Instant,
    /// The last call that was hung up.
    hung_up_to: Option<CallId>,
    /// Calls from trunks that are still to be refused.
    to_refuse: Vec<Handle>,
}

impl Gateway {
    /// Whether a stop was asked for.
    pub(crate) fn is_draining(&self) -> bool {
        self.stop.is_some()
    }

    /// No new calls; those that live are hung up, those that wait are given up.
    pub(crate) fn drain(&mut self, now: Instant) {
        if self.is_draining() {
            return;
        }
        let to_refuse = self.servers.handles().collect();
        self.stop = Some(Stop { since: now, hung_up_to: None, to_refuse });
        // Somebody must look when the time for ACKs is over.
        self.wheel.arm(now + ACK_WITHIN, Timer::Drain);
        self.on_drain(now);
    }

    /// Hangs up the next calls.
    pub(crate) fn on_drain(&mut self, now: Instant) {
        for _ in 0..BURST_MAX {
            let Some(waiting) = self.queue.pop() else { break };
            self.give_up(&waiting.errand.order, Outcome::Restarted, now);
        }
        let batch: Vec<CallId> = self.not_hung_up().take(BURST_MAX).collect();
        if let (Some(stop), Some(last)) = (&mut self.stop, batch.last()) {
            stop.hung_up_to = Some(*last);
        }
        for call in batch {
            if let Some(&handle) = self.calls.get(&call) {
                self.step(handle, now, |leg| leg.call.stop(now));
            }
        }
        self.refuse_next(now);
        let has_more = self.queue.len() > 0 || self.not_hung_up().next().is_some();
        if has_more || self.has_to_refuse() {
            self.wheel.arm(now + BURST_GAP, Timer::Drain);
        }
    }

    /// Whether the stop waits for calls from trunks: to be refused, or for an ACK that proves a number to
    /// a verification that wants it.
    pub(crate) fn awaits_callers(&self) -> bool {
        let Some(stop) = &self.stop else { return false };
        let has_time = self.now < stop.since + ACK_WITHIN;
        let mut calls = self.servers.handles().filter_map(|handle| self.servers.get(handle));
        !stop.to_refuse.is_empty()
            || has_time
                && calls.any(|server| {
                    let call = &server.owner;
                    call.call.is_refused() && self.is_awaited(call.did, &call.caller)
                })
    }

    fn has_to_refuse(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| !stop.to_refuse.is_empty())
    }

    /// Refuses the next callers.
    fn refuse_next(&mut self, now: Instant) {
        let Some(stop) = &mut self.stop else { return };
        let rest = stop.to_refuse.len().saturating_sub(BURST_MAX);
        for handle in stop.to_refuse.split_off(rest) {
            if let Some((_, call)) = self.inbound_mut(handle) {
                let step = call.call.stop();
                self.take(handle, step, now);
            }
        }
    }

    /// The live calls that the stop has not reached. No call begins any more, so none is left behind.
    fn not_hung_up(&self) -> impl Iterator<Item = CallId> + '_ {
        let last = self.stop.as_ref().and_then(|stop| stop.hung_up_to);
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.calls.range((after, Bound::Unbounded)).map(|(call, _)| *call)
    }
}

/// How long a stop waits for ACKs: a refusal that is lost is sent again after 0.5, 1.5 and 3.5 s.
const ACK_WITHIN: Duration = Duration::from_secs(5);
