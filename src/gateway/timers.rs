//! The shard's deadlines: one wheel for transactions, calls, verifications and waiting orders.
//!
//! A client transaction is filed once, at its earliest wish. A wish that moves later leaves the entry
//! where it is (it is found early and filed again), so that the usual life of a call costs two or
//! three entries, not one for each change of mind.

use std::time::Instant;

use super::Gateway;
use super::leg::Purpose;
use crate::ladder::Direction;
use crate::tally::SipKind;
use crate::time::Wake;
use crate::transaction::client::Machine;
use crate::transaction::slab::Handle;
use crate::transaction::{invite_client, non_invite_client};
use crate::verify::id::VerificationId;

/// Who is woken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Timer {
    /// A client transaction and its call.
    Client(Handle),
    /// Nobody: a trunk that is down may be tried again, which the board then shows.
    Health,
    /// The orders that wait for a trunk.
    Pace,
    /// A verification: it expires, or is forgotten.
    Verification(VerificationId),
}

impl Gateway {
    /// Wakes whoever is due. At most a batch, so that a million verifications that expire at once
    /// do not keep a ringing phone waiting: the rest is due at the next call.
    pub(crate) fn on_timeout(&mut self, now: Instant) {
        for _ in 0..BATCH {
            match self.wheel.pop_due(now) {
                Some(Timer::Client(handle)) => self.on_client_due(handle, now),
                Some(Timer::Health) => {}
                Some(Timer::Pace) => self.on_pace(now),
                Some(Timer::Verification(id)) => {
                    if let Some(at) = self.verify.on_timeout(id, now) {
                        self.wheel.arm(at, Timer::Verification(id));
                    }
                }
                None => return,
            }
        }
    }

    /// Files a client transaction at its next wish, or drops it when it has none left. Called after
    /// every step of the transaction and its call.
    pub(crate) fn arm(&mut self, handle: Handle) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        let call = match &client.owner.purpose {
            Purpose::Bye(_) => None,
            Purpose::Leg(leg) => leg.call.next_wake(),
        };
        let Some(wake) = Wake::earlier(client.machine.next_wake(), call) else {
            debug_assert!(client.machine.is_terminated(), "what lives has a deadline");
            self.clients.remove(handle);
            return;
        };
        if client.owner.armed.is_none_or(|armed| wake.at < armed) {
            client.owner.armed = Some(wake.at);
            self.wheel.arm(wake.at, Timer::Client(handle));
        }
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
            Machine::NonInvite { request, .. } => {
                if request.on_timeout(now) == non_invite_client::OnTimeout::Retransmit {
                    self.repeat_bye(handle, now);
                }
            }
        }
        self.arm(handle);
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
                self.step(handle, now, |leg| leg.call.on_invite_timeout());
            }
            invite_client::OnTimeout::Rest => {}
            invite_client::OnTimeout::Retransmit => self.send_invite(handle, true, now),
        }
        // A CANCEL that got no answer changes nothing: the guard of the call ends it.
        if cancel == Some(non_invite_client::OnTimeout::Retransmit) {
            self.send_cancel(handle, true, now);
        }
        self.step(handle, now, |leg| leg.call.on_timeout(now));
    }

    fn repeat_bye(&mut self, handle: Handle, now: Instant) {
        let Some(client) = self.clients.get_mut(handle) else { return };
        if let Purpose::Bye(bye) = &client.owner.purpose {
            self.outbox.push(bye.to, |out| out.extend_from_slice(&bye.request));
            bye.trace(Direction::Out, None, true, now);
            self.tally.on_sent(SipKind::Bye);
            self.tally.on_sent_again();
        }
    }
}

const BATCH: usize = 4_096;
