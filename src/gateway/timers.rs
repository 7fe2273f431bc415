//! The shard's deadlines: a wheel for transactions, calls, trunks and waiting orders, and one for
//! verifications, which can wait.
//!
//! A client transaction is filed once, at its earliest wish. A wish that moves later leaves the entry
//! where it is (it is found early and filed again), so that the usual life of a call costs two or
//! three entries, not one for each change of mind.

use std::time::Instant;

use super::Gateway;
use super::leg::Purpose;
use super::outbox::BURST_MAX;
use crate::ladder::Direction;
use crate::tally::{Farewell, Shed, SipKind};
use crate::time::Wake;
use crate::transaction::client::Machine;
use crate::transaction::slab::Handle;
use crate::transaction::{invite_client, invite_server, non_invite_client};
use crate::trunk::Probe;
use crate::verify::Watch;

/// Who is woken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timer {
    /// A verification that wants its caller to be called back.
    Challenge,
    /// A client transaction and its call.
    Client(Handle),
    /// The stop: more calls are to be hung up.
    Drain,
    /// A call of a gateway that died.
    Ghost(Handle),
    /// More calls of a gateway that died are to be hung up.
    Haunt,
    /// A trunk: it may be asked whether it is there, or may get a call again.
    Health(u16),
    /// The orders that wait for a trunk.
    Pace,
    /// A server transaction and its call.
    Server(Handle),
}

impl Gateway {
    /// Wakes whoever is due: calls first, then verifications, a batch of each. A million verifications
    /// that expire at once do not keep a ringing phone waiting, and a thousand phones do not overflow
    /// the send buffer: the rest is due at the next call.
    pub(crate) fn on_timeout(&mut self, now: Instant) {
        let full = self.outbox.len() + BURST_MAX;
        for _ in 0..DEADLINES_BATCH {
            if self.outbox.len() >= full {
                break;
            }
            match self.wheel.pop_due(now) {
                Some(Timer::Challenge) => self.on_challenge_due(now),
                Some(Timer::Client(handle)) => self.on_client_due(handle, now),
                Some(Timer::Drain) => self.on_drain(now),
                Some(Timer::Ghost(handle)) => self.on_ghost_due(handle, now),
                Some(Timer::Haunt) => self.on_haunt(now),
                Some(Timer::Health(trunk)) => self.on_health_due(trunk, now),
                Some(Timer::Pace) => self.on_pace(now),
                Some(Timer::Server(handle)) => self.on_server_due(handle, now),
                None => break,
            }
        }
        if self.run_expiries(now) {
            self.withdraw_unwanted(now);
        }
    }

    /// Says whether there were any.
    fn run_expiries(&mut self, now: Instant) -> bool {
        for nth in 0..EXPIRIES_BATCH {
            let Some(id) = self.expiries.pop_due(now) else { return nth > 0 };
            if let Some(at) = self.verify.on_timeout(id, now) {
                self.expiries.arm(at, id);
            }
        }
        true
    }

    /// Keeps the time of a verification. One that finds no room ends all the same when somebody looks at
    /// it: its client does, to hear how it went.
    pub(crate) fn watch(&mut self, watch: Watch) {
        if self.expiries.len() >= self.expiries_max() {
            return self.tally.on_shed(Shed::Call);
        }
        self.expiries.arm(watch.wake_at, watch.verification);
        // A call that came before its verification wants its caller to be called back.
        if let Some(at) = watch.challenge_at {
            self.file_challenge(watch.verification, at);
        }
    }

    /// Whether the wheels have room for the deadlines of one more call.
    ///
    /// A transaction that lives can file only so many, so as long as none begins above this mark,
    /// [`deadlines_max`](Self::deadlines_max) holds. What is above it then are deadlines whose owner
    /// is gone; they leave at their time.
    pub(crate) fn has_room_for_deadlines(&self) -> bool {
        // What calls from trunks and of gateways that died have filed has a room of its own, so
        // that they cannot take this one.
        let theirs = self.servers_filed + self.challenges.len() + self.ghosts.filed();
        self.wheel.len() - theirs <= DEADLINES_PER_TRANSACTION * self.clients.occupancy().1
    }

    /// The same for one more call from a trunk. One that is hung up early leaves the end of its ringing
    /// behind.
    pub(crate) fn has_room_for_server_deadlines(&self) -> bool {
        self.servers_filed <= DEADLINES_PER_TRANSACTION * self.servers.occupancy().1
    }

    /// How many verifications can wait for their caller to be called back.
    pub(crate) fn challenges_max(&self) -> usize {
        self.verifications_max
    }

    /// How many deadlines of calls and trunks can be filed.
    pub(crate) fn deadlines_max(&self) -> usize {
        let trunks = DEADLINES_PER_TRUNK * self.lines.len();
        let transactions =
            self.clients.occupancy().1 + self.servers.occupancy().1 + self.ghosts.limit();
        2 * DEADLINES_PER_TRANSACTION * transactions + trunks + self.challenges_max()
    }

    /// How many verifications can be watched. One that was forgotten before its time (ended, and the
    /// oldest of too many) is watched until then all the same: hence some more than are kept.
    pub(crate) fn expiries_max(&self) -> usize {
        EXPIRIES_PER_VERIFICATION * self.verifications_max
    }

    /// Files a client transaction at its next wish, or drops it when it has none left. Called after
    /// every step of the transaction and its call.
    pub(crate) fn arm(&mut self, handle: Handle) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        let call = match &client.owner.purpose {
            Purpose::Bye(_) | Purpose::Probe(_) => None,
            Purpose::Leg(leg) => leg.call.next_wake(),
        };
        let Some(wake) = Wake::earlier(client.machine.next_wake(), call) else {
            debug_assert!(client.machine.is_terminated(), "what lives has a deadline");
            return self.forget(handle);
        };
        if client.owner.armed.is_none_or(|armed| wake.at < armed) {
            client.owner.armed = Some(wake.at);
            self.wheel.arm(wake.at, Timer::Client(handle));
        }
    }

    /// Files a server transaction in the same way.
    pub(crate) fn arm_server(&mut self, handle: Handle) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        let call = &mut server.owner;
        let Some(wake) = Wake::earlier(server.machine.next_wake(), call.call.next_wake()) else {
            debug_assert!(server.machine.is_terminated(), "what lives has a deadline");
            self.servers.remove(handle);
            return;
        };
        if call.armed.is_none_or(|armed| wake.at < armed) {
            call.armed = Some(wake.at);
            self.servers_filed += 1;
            self.wheel.arm(wake.at, Timer::Server(handle));
        }
    }

    fn on_server_due(&mut self, handle: Handle, now: Instant) {
        self.servers_filed -= 1;
        let Some((machine, call)) = self.inbound_mut(handle) else { return };
        // Filed before the wish moved forward: another entry stands for it.
        if call.armed.is_some_and(|armed| armed > now) {
            return;
        }
        call.armed = None;
        let step = match machine.on_timeout(now) {
            invite_server::OnTimeout::Fail => call.call.on_unacknowledged(),
            invite_server::OnTimeout::Rest | invite_server::OnTimeout::Trying => {
                call.call.on_timeout(now)
            }
            invite_server::OnTimeout::Retransmit => {
                self.say_again(handle);
                return self.arm_server(handle);
            }
        };
        self.take(handle, step, now);
    }

    fn on_client_due(&mut self, handle: Handle, now: Instant) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        // Filed before the wish moved forward: another entry stands for it.
        if client.owner.armed.is_some_and(|armed| armed > now) {
            return;
        }
        client.owner.armed = None;
        match &mut client.machine {
            Machine::Invite { invite, cancel } => {
                let invite = invite.on_timeout(now);
                let cancel = cancel.as_mut().map(|cancel| cancel.on_timeout(now));
                self.on_leg_due(handle, invite, cancel, now);
            }
            Machine::NonInvite { request, .. } => match request.on_timeout(now) {
                non_invite_client::OnTimeout::Fail => self.on_unanswered(handle, now),
                non_invite_client::OnTimeout::Rest => {}
                non_invite_client::OnTimeout::Retransmit => self.repeat(handle, now),
            },
            Machine::Unsent => self.step(handle, now, |leg| leg.call.on_timeout(now)),
        }
        self.arm(handle);
    }

    /// A BYE or OPTIONS got no final response.
    fn on_unanswered(&mut self, handle: Handle, now: Instant) {
        let Some(client) = self.clients.get(handle) else { return };
        match &client.owner.purpose {
            Purpose::Bye(_) => self.on_bye_over(handle, Farewell::Unanswered, now),
            Purpose::Leg(_) => {}
            Purpose::Probe(_) => self.on_probed(handle, Probe::Silence, now),
        }
    }

    fn on_leg_due(
        &mut self,
        handle: Handle,
        invite: invite_client::OnTimeout,
        cancel: Option<non_invite_client::OnTimeout>,
        now: Instant,
    ) {
        match invite {
            invite_client::OnTimeout::Fail => {
                self.on_silent_invite(handle, now);
                self.step(handle, now, |leg| leg.call.on_invite_timeout());
            }
            invite_client::OnTimeout::Rest => {}
            invite_client::OnTimeout::Retransmit => {
                self.send_invite(handle, true, now);
                if let Some(leg) = self.leg_mut(handle) {
                    leg.call.on_invited_again(now);
                }
            }
        }
        // A CANCEL that got no answer changes nothing: the guard of the call ends it.
        if cancel == Some(non_invite_client::OnTimeout::Retransmit) {
            self.send_cancel(handle, true, now);
        }
        self.step(handle, now, |leg| leg.call.on_timeout(now));
    }

    /// Sends a BYE or OPTIONS again.
    fn repeat(&mut self, handle: Handle, now: Instant) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        let (to, request, kind) = match &client.owner.purpose {
            Purpose::Bye(bye) => {
                bye.trace(Direction::Out, None, true, now);
                (bye.to, &bye.request, SipKind::Bye)
            }
            Purpose::Leg(_) => return,
            Purpose::Probe(asked) => {
                let to = asked.peer.profile.address;
                (to, &asked.request, SipKind::Options)
            }
        };
        self.outbox.push(to, |out| out.extend_from_slice(request));
        self.tally.on_sent(kind);
        self.tally.on_sent_again();
    }
}

/// A transaction files the deadline of its record, its start, and each time that its wish moves forward:
/// the first response, the hang-up, the answer; its end makes those who wait look again.
pub(crate) const DEADLINES_PER_TRANSACTION: usize = 6;
/// The look at its health, and those that were filed, at most a minute before, when it was up: two
/// probes, a second apart, take it down.
const DEADLINES_PER_TRUNK: usize = 64;
const EXPIRIES_PER_VERIFICATION: usize = 4;
const DEADLINES_BATCH: usize = 4_096;
/// About a millisecond of work, which is what a deadline is rounded by.
const EXPIRIES_BATCH: usize = 1_000;
