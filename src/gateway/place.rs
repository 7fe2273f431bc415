//! From an order to an INVITE: which trunk, when, and with which names; and from a failed leg to the
//! next trunk. Where records are kept, `recording` lies between the names and the INVITE.

use std::sync::Arc;
use std::time::Instant;

use super::Gateway;
use super::heard::Heard;
use super::leg::{Leg, Owner, Purpose};
use super::passed::Passed;
use super::queue::{Errand, Line};
use super::recording::RECORD_TIME_MAX;
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
            return self.give_up_unwanted(&order, now);
        }
        self.dispatch(Errand { order, passed: Passed::default(), before: None }, now);
    }

    /// A leg ended: the call goes on through the next trunk of its route, or is over.
    pub(crate) fn on_leg_ended(
        &mut self,
        order: Order,
        passed: Passed,
        ended: &Ended,
        now: Instant,
    ) {
        let is_wanted = self.is_wanted(&order);
        let ending = Ending {
            outcome: ended.outcome,
            by: classify::ended_by(ended.outcome),
            sip_code: ended.code,
            q850_cause: ended.q850_cause,
        };
        let has_more = self.route(order.pool).iter().any(|trunk| !passed.has(*trunk));
        if ended.may_fail_over && is_wanted && has_more {
            return self.dispatch(Errand { order, passed, before: Some(ending) }, now);
        }
        self.end(&order, ending, now);
    }

    /// Whether anybody still waits for a call. A verification may end while its order is on the way
    /// to the shard, or waits for a trunk.
    pub(crate) fn is_wanted(&self, order: &Order) -> bool {
        !self.is_draining() && self.verify.is_pending(order.verification)
    }

    /// Ends an order that is not wanted: nobody waits for it, or the stop came before its turn.
    pub(crate) fn give_up_unwanted(&mut self, order: &Order, now: Instant) {
        let outcome = match self.verify.is_pending(order.verification) {
            true => Outcome::Restarted,
            false => Outcome::Withdrawn,
        };
        self.give_up(order, outcome, now);
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

    /// The trunks that carry the calls of a pool, in the order in which they are tried.
    pub(crate) fn route(&self, pool: u16) -> &[u16] {
        self.routes.get(usize::from(pool)).map_or(&[], AsRef::as_ref)
    }

    /// Leave for one order of a line, from the first trunk that has not had its turn and has room:
    /// those that answered lately first.
    pub(crate) fn leave(&mut self, (pool, passed): Line, now: Instant) -> Result<u16, Wait> {
        if !self.has_room() {
            return Err(Wait::Full);
        }
        let mut wait = Wait::Full;
        for is_preferred in [true, false] {
            for place in 0..self.route(pool).len() {
                let trunk = self.route(pool)[place];
                if passed.has(trunk) {
                    continue;
                }
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

    /// What has had its turn once `trunk` takes an order: that one, and those before it on the route.
    fn pass(&self, (pool, passed): Line, trunk: u16) -> Passed {
        let before = self.route(pool).iter().copied().take_while(|other| *other != trunk);
        before.fold(passed.with(trunk), Passed::with)
    }

    /// Whether there is room for an INVITE, and for the BYE of every call that may be answered.
    pub(crate) fn has_room(&self) -> bool {
        let (alive, limit) = self.clients.occupancy();
        alive + self.calls.len() + 2 <= limit
            && self.has_room_for_deadlines()
            && self.recording.has_room()
    }

    /// Sends the INVITE of an order, which has leave from `trunk`, or has its record written first.
    pub(crate) fn invite(&mut self, errand: Errand, trunk: u16, now: Instant) {
        let passed = self.pass(errand.line(), trunk);
        let order = errand.order;
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
        let (call, machine) = if self.recording.is_on() {
            (Outbound::record(plan, now + RECORD_TIME_MAX), Machine::Unsent)
        } else {
            let invite = InviteClient::start(Transport::Unreliable, peer.base(), now);
            (Outbound::start(plan, now), Machine::Invite { invite, cancel: None })
        };
        let leg = Leg { call, order, identity, trunk, passed, peer, to_tag: None, dialogs: vec![] };
        let owner = Owner { armed: None, heard: Heard::default(), purpose: Purpose::Leg(leg) };
        let inserted = self.clients.insert(Client { machine, owner });
        debug_assert!(inserted.is_ok(), "leave is only given when there is room");
        let Ok(handle) = inserted else { return };
        let branch = self.clients.branch(handle);
        let Some(leg) = self.leg_mut(handle) else { return };
        leg.identity.branch = branch;
        let call = leg.order.call.id;
        self.calls.insert(call, handle);
        match self.recording.is_on() {
            true => self.record(handle, now),
            false => self.send_first_invite(handle, now),
        }
    }

    /// Sends the INVITE of a leg that has begun.
    pub(crate) fn send_first_invite(&mut self, handle: Handle, now: Instant) {
        let Some(leg) = self.leg_mut(handle) else { return };
        let record = &leg.order.call;
        record.plan_ring(leg.identity.ring);
        record.on_invited(leg.trunk, now);
        self.send_invite(handle, false, now);
        self.arm(handle);
    }

    /// Ends a call that has no leg.
    pub(crate) fn give_up(&mut self, order: &Order, outcome: Outcome, now: Instant) {
        let by = classify::ended_by(outcome);
        self.end(order, Ending { outcome, by, sip_code: None, q850_cause: None }, now);
    }

    /// A call is over.
    pub(crate) fn end(&mut self, order: &Order, ending: Ending, now: Instant) {
        order.call.on_ended(ending, now);
        self.forget_ended(order.call.id);
        self.verify.on_call_ended(&order.call);
    }
}

fn sooner(one: Wait, other: Wait) -> Wait {
    match (one, other) {
        (Wait::Until(a), Wait::Until(b)) => Wait::Until(a.min(b)),
        (Wait::Until(at), Wait::Full) | (Wait::Full, Wait::Until(at)) => Wait::Until(at),
        (Wait::Full, Wait::Full) => Wait::Full,
    }
}
