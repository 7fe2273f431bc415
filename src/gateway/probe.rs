//! Asks trunks whether they are there: OPTIONS outside of a dialog, RFC 3261 §11.1. When to ask, and
//! what an answer says, is [`Health`](crate::trunk::Health)'s; here are the request and its transaction.
//!
//! Each shard asks for itself: it sends from a port of its own, and what it knows of a trunk it knows
//! alone. One probe for each trunk and shard lives at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use super::heard::Heard;
use super::leg::{Owner, Purpose};
use super::settings::{Line, Peer};
use super::timers::{DEADLINES_PER_TRANSACTION, Timer};
use crate::sip::{Class, Method, Status};
use crate::tally::{Shed, SipKind};
use crate::time::Wheel;
use crate::transaction::Transport;
use crate::transaction::client::{Client, Machine};
use crate::transaction::non_invite_client::{NonInviteClient, OnResponse};
use crate::transaction::slab::Handle;
use crate::trunk::{Ping, Probe};

/// An OPTIONS on its way.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The request, to send it again.
    pub(crate) request: Box<[u8]>,
    /// Index of the trunk.
    pub(crate) trunk: u16,
    /// How it is spoken to.
    pub(crate) peer: Arc<Peer>,
    /// Its Call-ID.
    pub(crate) call_id: u128,
}

impl Line {
    /// Files the next look at the trunk `trunk`, which this is, unless a sooner one is filed. Looks
    /// soon even if there is nothing to see, so that entries of earlier plans do not gather.
    pub(crate) fn file_health(&mut self, trunk: u16, wheel: &mut Wheel<Timer>, now: Instant) {
        let Some(wake) = self.health.next_wake() else { return };
        let at = wake.at.min(now + LOOK_WITHIN);
        if self.filed.is_none_or(|filed| at < filed) {
            self.filed = Some(at);
            wheel.arm(at, Timer::Health(trunk));
        }
    }
}

impl Gateway {
    /// Begins to watch the trunks of the configuration. To be called once for every set of lines: a
    /// question that has no answer yet no longer counts, and is asked again.
    pub(crate) fn start_probes(&mut self, now: Instant) {
        for (trunk, line) in self.lines.iter_mut().enumerate() {
            if let Some(handle) = line.probe.take() {
                self.clients.remove(handle);
                line.health.forget_probe();
            }
            if !line.is_listed {
                continue;
            }
            line.health.start(now);
            line.file_health(trunk as u16, &mut self.wheel, now);
        }
    }

    /// A trunk wants to be looked at.
    pub(crate) fn on_health_due(&mut self, trunk: u16, now: Instant) {
        let is_draining = self.is_draining();
        let Some(line) = self.lines.get_mut(usize::from(trunk)) else { return };
        // Filed before a sooner look was wanted: that one has been, or stands for it.
        if is_draining || line.filed.is_some_and(|filed| filed > now) {
            return;
        }
        line.filed = None;
        if !line.is_listed {
            return;
        }
        line.health.on_timeout(now);
        if line.health.should_ask(now) {
            self.ask(trunk, now);
        }
        self.lines[usize::from(trunk)].file_health(trunk, &mut self.wheel, now);
    }

    /// A response to an OPTIONS.
    pub(crate) fn on_probe_response(&mut self, handle: Handle, status: Status, now: Instant) {
        let Some(Client { machine: Machine::NonInvite { request, .. }, .. }) =
            self.clients.get_mut(handle)
        else {
            return;
        };
        let is_new = request.on_response(status.class(), now) == OnResponse::Deliver;
        if is_new && status.class() != Class::Provisional {
            self.on_probed(handle, Probe::of_status(status.code()), now);
        }
    }

    /// The OPTIONS of `handle` is over.
    pub(crate) fn on_probed(&mut self, handle: Handle, probe: Probe, now: Instant) {
        let Some(Client { owner: Owner { purpose: Purpose::Probe(asked), .. }, .. }) =
            self.clients.get(handle)
        else {
            return;
        };
        let trunk = asked.trunk;
        let line = &mut self.lines[usize::from(trunk)];
        line.health.on_probed(probe, now);
        line.file_health(trunk, &mut self.wheel, now);
    }

    /// The network gave an OPTIONS back.
    pub(crate) fn on_probe_undelivered(&mut self, handle: Handle, now: Instant) {
        if let Some(Client { machine: Machine::NonInvite { request, .. }, .. }) =
            self.clients.get(handle)
            && request.is_open()
        {
            self.on_probed(handle, Probe::Undelivered, now);
            self.clients.remove(handle);
        }
    }

    /// How many probes live.
    pub(crate) fn probes(&self) -> usize {
        let handles = self.lines.iter().filter_map(|line| line.probe);
        handles.filter(|handle| self.clients.get(*handle).is_some()).count()
    }

    /// Whether nothing is left to happen but looks at the trunks and their probes, which never end.
    pub fn is_at_rest(&self) -> bool {
        let looks = self.lines.iter().filter(|line| line.filed.is_some()).count();
        let probes = self.probes();
        self.is_quiet()
            && self.clients.occupancy().0 == probes
            && self.wheel.len() <= looks + DEADLINES_PER_TRANSACTION * probes
            && self.expiries.is_empty()
    }

    fn ask(&mut self, trunk: u16, now: Instant) {
        if !self.has_room() {
            self.tally.on_shed(Shed::Transaction);
            return self.lines[usize::from(trunk)].health.on_probed(Probe::Skipped, now);
        }
        let line = &mut self.lines[usize::from(trunk)];
        // The last one has its answer, and may still be there to hear it again.
        if let Some(last) = line.probe.take() {
            self.clients.remove(last);
        }
        let peer = Arc::clone(&line.peer);
        let request = NonInviteClient::start(Transport::Unreliable, peer.base(), now);
        let machine = Machine::NonInvite { method: Method::Options, request };
        let call_id = self.entropy.u128();
        let asked = Asked { request: Box::default(), trunk, peer: Arc::clone(&peer), call_id };
        let owner = Owner { armed: None, heard: Heard::default(), purpose: Purpose::Probe(asked) };
        let inserted = self.clients.insert(Client { machine, owner });
        debug_assert!(inserted.is_ok(), "there was room");
        let Ok(handle) = inserted else { return };
        let branch = self.clients.branch(handle);
        let ping = Ping { call_id, from_tag: self.identities.tag_of(call_id), branch };
        let bytes = self.outbox.push(peer.profile.address, |out| {
            peer.messages.write_options(&ping, out);
        });
        if let Some(Client { owner: Owner { purpose: Purpose::Probe(asked), .. }, .. }) =
            self.clients.get_mut(handle)
        {
            asked.request = bytes.into();
        }
        line.probe = Some(handle);
        line.health.on_asked();
        self.tally.on_sent(SipKind::Options);
        self.arm(handle);
    }
}

const LOOK_WITHIN: Duration = Duration::from_secs(60);
