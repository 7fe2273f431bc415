//! Orders that find every trunk of their route at its rate or full: they wait, and go as soon as a
//! trunk has room.
//!
//! Invariant: nobody who waits is passed by whoever comes later and wants the same trunk.

use std::time::{Duration, Instant};

use super::Gateway;
use super::outbox::{BURST_GAP, BURST_MAX};
use super::queue::{Errand, Line};
use super::timers::Timer;
use crate::outcome::Outcome;
use crate::tally::Shed;
use crate::trunk::Wait;

impl Gateway {
    /// Lets waiting calls go as far as their trunks have room; those that waited too long fail.
    pub(crate) fn on_pace(&mut self, now: Instant) {
        // Filed before a sooner look was wanted: that one has been, or stands for it.
        if self.look_again_at.is_some_and(|at| at > now) {
            return;
        }
        self.look_again_at = None;
        self.release(now);
    }

    /// Sends an order through the first trunk that takes it, or lets it wait.
    pub(crate) fn dispatch(&mut self, errand: Errand, now: Instant) {
        // Who came first goes first: those of its line, and those of others that want a trunk of its.
        if self.queue.has(errand.line()) {
            return self.wait(errand, now);
        }
        if !self.release(now) {
            return self.wait(errand, now);
        }
        match self.leave(errand.line(), now) {
            Ok(trunk) => self.invite(errand, trunk, now),
            Err(wait) => {
                self.look_again(wait.ends(now + QUEUE_LOOK_AGAIN));
                self.wait(errand, now);
            }
        }
    }

    /// A call has left its trunk: those that wait look again at once.
    pub(crate) fn on_room(&mut self, now: Instant) {
        if self.queue.len() > 0 {
            self.look_again(now);
        }
    }

    /// Whether an order waits although a trunk that it has not been through would take it. So it is for a
    /// moment when a trunk has room again, and never for long.
    pub fn holds_up(&self, now: Instant) -> bool {
        let has_way = |(pool, passed): Line| {
            let mut rest = self.route(pool).iter().filter(|trunk| !passed.has(**trunk));
            rest.any(|trunk| self.lines[usize::from(*trunk)].pace.clone().take(now).is_ok())
        };
        self.has_room() && self.queue.firsts().into_iter().any(|(_, line)| has_way(line))
    }

    /// Lets those go who can, a burst at most. Says whether all have gone who can.
    fn release(&mut self, now: Instant) -> bool {
        let mut firsts = self.queue.firsts();
        let (mut gone, mut again) = (0, None);
        while gone < BURST_MAX
            && let Some((_, line)) = firsts.pop_first()
        {
            match self.release_first(line, now) {
                Some(at) => again = Some(again.map_or(at, |other: Instant| other.min(at))),
                None => {
                    gone += 1;
                    firsts.extend(self.queue.first(line).map(|(number, _)| (number, line)));
                }
            }
        }
        if gone == BURST_MAX {
            again = Some(now + BURST_GAP);
        }
        again.into_iter().for_each(|at| self.look_again(at));
        gone < BURST_MAX
    }

    /// Takes the first out of a line, if it can go or has no business there any more. Otherwise says
    /// when to look again.
    fn release_first(&mut self, line: Line, now: Instant) -> Option<Instant> {
        let (_, waiting) = self.queue.first(line)?;
        let (call, until) = (waiting.errand.order.call.id, waiting.until);
        let leave = self.is_wanted(&waiting.errand.order).then(|| self.leave(line, now));
        if let Some(Err(wait)) = leave
            && now < until
        {
            return Some(wait.ends(now + QUEUE_LOOK_AGAIN).min(until));
        }
        let errand = self.queue.remove(call)?.errand;
        match leave {
            None => self.give_up_unwanted(&errand.order, now),
            Some(Ok(trunk)) => self.invite(errand, trunk, now),
            Some(Err(_)) => self.give_up_waiting(&errand, now),
        }
        None
    }

    fn wait(&mut self, errand: Errand, now: Instant) {
        if self.queue.is_full() {
            self.tally.on_shed(Shed::Call);
            return self.give_up_waiting(&errand, now);
        }
        self.queue.push(errand, now);
    }

    /// No trunk takes the order: its call ended as the last one that did take it said.
    fn give_up_waiting(&mut self, errand: &Errand, now: Instant) {
        match errand.before {
            Some(ending) => self.end(&errand.order, ending, now),
            None => self.give_up(&errand.order, Outcome::Unsent, now),
        }
    }

    /// Looks at the waiting orders again when a trunk may have room: one entry in the wheel, however
    /// many wait.
    fn look_again(&mut self, at: Instant) {
        if self.look_again_at.is_none_or(|planned| at < planned) {
            self.look_again_at = Some(at);
            self.wheel.arm(at, Timer::Pace);
        }
    }
}

impl Wait {
    /// When to look again, `at_most` at the latest.
    fn ends(self, at_most: Instant) -> Instant {
        match self {
            Self::Full => at_most,
            Self::Until(at) => at.min(at_most),
        }
    }
}

/// When every trunk is full, the end of a call makes room; this is how often it is looked for.
const QUEUE_LOOK_AGAIN: Duration = Duration::from_millis(20);
