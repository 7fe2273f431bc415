//! From an order to an INVITE: which trunk, when, and with which names; and from a failed leg to the
//! next trunk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use super::heard::Heard;
use super::leg::{Leg, Owner, Purpose};
use super::queue::{Errand, Waiting};
use super::timers::Timer;
use crate::call::classify;
use crate::call::outbound::{Ended, Outbound};
use crate::outcome::Outcome;
use crate::tally::Shed;
use crate::transaction::Transport;
use crate::transaction::branch::BRANCH_LENGTH;
use crate::transaction::client::{Client, Machine};
use crate::transaction::invite_client::InviteClient;
use crate::transaction::slab::Handle;
use crate::trunk::{Leg as Identity, Wait};
use crate::verify::Order;
use crate::verify::id::CallId;
use crate::verify::record::Ending;

impl Gateway {
    /// Takes an order of the control room.
    pub(crate) fn place(&mut self, order: Order, now: Instant) {
        if let Some(at) = order.wake_at {
            if self.expiries.len() >= self.expiries_max() {
                self.tally.on_shed(Shed::Call);
                return self.give_up(&order, Outcome::Unsent, now);
            }
            self.expiries.arm(at, order.verification);
        }
        if !self.is_wanted(&order) {
            return self.give_up(&order, Outcome::Withdrawn, now);
        }
        let errand = Errand { order, after: None, before: None };
        // Who came first goes first.
        if self.queue.has(errand.order.pool) {
            return self.wait(errand, now);
        }
        self.dispatch(errand, now);
    }

    /// Lets waiting calls go as far as their trunks have room; those that waited too long fail.
    pub(crate) fn on_pace(&mut self, now: Instant) {
        // Filed before a sooner look was wanted: that one has been, or stands for it.
        if self.look_again_at.is_some_and(|at| at > now) {
            return;
        }
        self.look_again_at = None;
        for pool in self.queue.pools() {
            self.release_waiting(pool, now);
        }
    }

    fn release_waiting(&mut self, pool: u16, now: Instant) {
        while let Some(waiting) = self.queue.pop(pool) {
            let errand = &waiting.errand;
            if !self.is_wanted(&errand.order) {
                self.give_up(&errand.order, Outcome::Withdrawn, now);
                continue;
            }
            match self.leave(&errand.order, errand.after, now) {
                Ok(trunk) => self.invite(waiting.errand.order, trunk, now),
                Err(_) if now >= waiting.until => self.give_up_waiting(errand, now),
                Err(wait) => {
                    self.arm_pace(wait, waiting.until, now);
                    return self.queue.put_back(waiting);
                }
            }
        }
    }

    /// A leg ended: the call goes on through the next trunk of its route, or is over.
    pub(crate) fn on_leg_ended(&mut self, order: Order, trunk: u16, ended: &Ended, now: Instant) {
        let is_wanted = self.is_wanted(&order);
        let ending = Ending {
            outcome: ended.outcome,
            by: classify::ended_by(ended.outcome),
            sip_code: ended.code,
            q850_cause: ended.q850_cause,
        };
        let has_more = !self.rest_of_route(&order, Some(trunk)).is_empty();
        if ended.may_fail_over && is_wanted && has_more {
            return self.dispatch(Errand { order, after: Some(trunk), before: Some(ending) }, now);
        }
        self.end(&order, ending, now);
    }

    /// Whether anybody still waits for a call. A verification may end while its order is on the way
    /// to the shard, or waits for a trunk.
    fn is_wanted(&self, order: &Order) -> bool {
        !self.is_draining && self.verify.is_pending(order.verification)
    }

    /// Hangs up one call, wherever it stands.
    pub(crate) fn hang_up(&mut self, call: CallId, now: Instant) {
        if let Some(&handle) = self.calls.get(&call) {
            return self.step(handle, now, |leg| leg.call.hang_up(now));
        }
        if let Some(waiting) = self.queue.remove(call) {
            self.give_up(&waiting.errand.order, Outcome::Withdrawn, now);
        }
    }

    /// No new calls; those that live are hung up, those that wait are given up.
    pub(crate) fn drain(&mut self, now: Instant) {
        self.is_draining = true;
        for pool in self.queue.pools() {
            while let Some(Waiting { errand, .. }) = self.queue.pop(pool) {
                self.give_up(&errand.order, Outcome::Withdrawn, now);
            }
        }
        let live: Vec<CallId> = self.calls.keys().copied().collect();
        for call in live {
            self.hang_up(call, now);
        }
    }

    /// The trunks that may carry an order after `after` has failed it, in the order in which they are
    /// tried. All of them when a reload took `after` off the route.
    fn rest_of_route(&self, order: &Order, after: Option<u16>) -> &[u16] {
        let route = self.routes.get(usize::from(order.pool)).map_or(&[][..], AsRef::as_ref);
        let failed = after.and_then(|after| route.iter().position(|trunk| *trunk == after));
        failed.map_or(route, |failed| &route[failed + 1..])
    }

    fn dispatch(&mut self, errand: Errand, now: Instant) {
        match self.leave(&errand.order, errand.after, now) {
            Ok(trunk) => self.invite(errand.order, trunk, now),
            Err(wait) => {
                self.arm_pace(wait, now + QUEUE_LOOK_AGAIN, now);
                self.wait(errand, now);
            }
        }
    }

    fn wait(&mut self, errand: Errand, now: Instant) {
        if let Err(errand) = self.queue.push(errand, now) {
            self.tally.on_shed(Shed::Call);
            self.give_up_waiting(&errand, now);
        }
    }

    /// No trunk takes the order: its call ended as the last one that did take it said.
    fn give_up_waiting(&mut self, errand: &Errand, now: Instant) {
        match errand.before {
            Some(ending) => self.end(&errand.order, ending, now),
            None => self.give_up(&errand.order, Outcome::Unsent, now),
        }
    }

    /// A call has left its trunk: those that wait look again at once.
    pub(crate) fn on_room(&mut self, now: Instant) {
        if self.queue.len() > 0 && self.look_again_at.is_none_or(|at| at > now) {
            self.look_again_at = Some(now);
            self.wheel.arm(now, Timer::Pace);
        }
    }

    /// Leave from the first trunk of the rest of the route that has room: those that answered
    /// lately first.
    fn leave(&mut self, order: &Order, after: Option<u16>, now: Instant) -> Result<u16, Wait> {
        if !self.has_room() {
            return Err(Wait::Full);
        }
        let mut wait = Wait::Full;
        for is_preferred in [true, false] {
            for place in 0..self.rest_of_route(order, after).len() {
                let trunk = self.rest_of_route(order, after)[place];
                let line = &mut self.lines[usize::from(trunk)];
                if line.health.takes_calls(now) != is_preferred {
                    continue;
                }
                match line.pace.take(now) {
                    Ok(()) => {
                        line.health.on_call(now);
                        line.file_health(trunk, &mut self.wheel, now);
                        return Ok(trunk);
                    }
                    Err(other) => wait = sooner(wait, other),
                }
            }
        }
        Err(wait)
    }

    /// Whether there is room for an INVITE, and for the BYE of every call that may be answered.
    pub(crate) fn has_room(&self) -> bool {
        let (alive, limit) = self.clients.occupancy();
        alive + self.calls.len() + 2 <= limit && self.has_room_for_deadlines()
    }

    fn invite(&mut self, order: Order, trunk: u16, now: Instant) {
        let peer = Arc::clone(&self.lines[usize::from(trunk)].peer);
        let plan = peer.plan(order.ring);
        let call_id = self.entropy.u128();
        let identity = Identity {
            to: order.to,
            caller_id: order.caller_id,
            call_id,
            from_tag: self.identities.tag_of(call_id),
            branch: [0; BRANCH_LENGTH],
            session: self.entropy.u32(),
            cseq: 1,
            ring: plan.ring,
        };
        let invite = InviteClient::start(Transport::Unreliable, peer.base(), now);
        let leg = Leg {
            call: Outbound::start(plan, now),
            order,
            identity,
            trunk,
            peer,
            to_tag: None,
            dialogs: vec![],
        };
        let machine = Machine::Invite { invite, cancel: None };
        let owner = Owner { armed: None, heard: Heard::default(), purpose: Purpose::Leg(leg) };
        let inserted = self.clients.insert(Client { machine, owner });
        debug_assert!(inserted.is_ok(), "leave is only given when there is room");
        if let Ok(handle) = inserted {
            self.send_first_invite(handle, plan.ring, now);
        }
    }

    fn send_first_invite(&mut self, handle: Handle, ring: Duration, now: Instant) {
        let branch = self.clients.branch(handle);
        let Some(leg) = self.leg_mut(handle) else { return };
        leg.identity.branch = branch;
        let record = leg.order.call.clone();
        let trunk = leg.trunk;
        record.plan_ring(ring);
        record.on_invited(trunk, now);
        self.calls.insert(record.id, handle);
        self.send_invite(handle, false, now);
        self.arm(handle);
    }

    /// Ends a call that has no leg.
    pub(crate) fn give_up(&mut self, order: &Order, outcome: Outcome, now: Instant) {
        let by = classify::ended_by(outcome);
        self.end(order, Ending { outcome, by, sip_code: None, q850_cause: None }, now);
    }

    fn end(&mut self, order: &Order, ending: Ending, now: Instant) {
        order.call.on_ended(ending, now);
        self.verify.on_call_ended(&order.call);
    }

    /// Looks at the waiting orders again when a trunk may have room: one entry in the wheel, however
    /// many wait.
    fn arm_pace(&mut self, wait: Wait, until: Instant, now: Instant) {
        let at = match wait {
            Wait::Until(at) => at.min(until),
            Wait::Full => until.min(now + QUEUE_LOOK_AGAIN),
        };
        if self.look_again_at.is_none_or(|planned| at < planned) {
            self.look_again_at = Some(at);
            self.wheel.arm(at, Timer::Pace);
        }
    }
}

fn sooner(one: Wait, other: Wait) -> Wait {
    match (one, other) {
        (Wait::Until(a), Wait::Until(b)) => Wait::Until(a.min(b)),
        (Wait::Until(at), Wait::Full) | (Wait::Full, Wait::Until(at)) => Wait::Until(at),
        (Wait::Full, Wait::Full) => Wait::Full,
    }
}

/// When every trunk is full, the end of a call makes room; this is how often it is looked for.
const QUEUE_LOOK_AGAIN: Duration = Duration::from_millis(20);
