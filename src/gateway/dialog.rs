//! Somebody picked up: each 2xx is acknowledged, and each dialog that it made is hung up at once.
//!
//! ACK and BYE carry the dialog's Request-URI and route set but always go to the address that the
//! 2xx came from: the trunk is our only neighbour, and a Contact must not make us talk to strangers.
//! See `docs/RFC.md`.
//!
//! Invariant: a dialog gets one BYE that is repeated until it is answered, however often its 2xx is
//! repeated (RFC 3261 §13.2.2.4 wants an ACK for each repetition). As long as there is no room for one,
//! each repetition gets a BYE that nobody remembers.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use super::heard::Heard;
use super::identity::{lone_branch, read_call_id};
use super::leg::{Bye, DIALOGS_MAX, Owner, Purpose, trace};
use super::salvage;
use super::settings::{Line, Peer};
use crate::ladder::Direction;
use crate::sip::request::{Dialog, Sender};
use crate::sip::{CSeq, Class, Message, Method, Status};
use crate::tally::{DropReason, Farewell, Shed, SipKind};
use crate::transaction::Transport;
use crate::transaction::client::{Client, Machine};
use crate::transaction::non_invite_client::NonInviteClient;
use crate::transaction::slab::Handle;
use crate::verify::record::CallRecord;

/// The Call-ID of a dialog, and what tells it from others of its INVITE.
type Name = (u128, Box<[u8]>);

/// Dialogs of calls that are forgotten and whose BYE is under way, or was, so that a repeated 2xx does
/// not get a BYE each time. The oldest make room: then a repetition gets a second BYE, which is
/// harmless.
#[derive(Debug, Default)]
pub(crate) struct Late {
    seen: VecDeque<Name>,
}

impl Late {
    fn has(&self, dialog: &Name) -> bool {
        self.seen.contains(dialog)
    }

    fn note(&mut self, dialog: Name) {
        if self.seen.len() == LATE_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(dialog);
    }

    /// Remembers the dialogs of one call that have had their BYE.
    pub(crate) fn note_all(&mut self, call_id: u128, tags: Vec<Box<[u8]>>) {
        tags.into_iter().for_each(|tag| self.note((call_id, tag)));
    }

    /// How many are remembered.
    pub(crate) fn len(&self) -> usize {
        self.seen.len()
    }

    /// How many may be remembered.
    pub(crate) fn limit(&self) -> usize {
        LATE_MAX
    }
}

impl Gateway {
    /// A 2xx to the INVITE of a leg: ACK, and BYE if this dialog has not had one. A fork beyond those
    /// that are remembered gets its BYE once for each repetition of its 2xx.
    pub(crate) fn answer(
        &mut self,
        handle: Handle,
        from: SocketAddr,
        message: &Message<'_>,
        now: Instant,
    ) {
        let invite;
        let found = match Dialog::of_2xx(message) {
            Ok(dialog) => Some(dialog),
            Err(_) => {
                invite = self.render_invite(handle);
                salvage::of_leg(message, &invite)
            }
        };
        let (Some(leg), Some(dialog)) = (self.leg_mut(handle), found) else {
            return self.tally.on_dropped(DropReason::Malformed);
        };
        let tag = salvage::name_of(message);
        let is_new = !leg.dialogs.contains(&tag);
        let has_room = leg.dialogs.len() < DIALOGS_MAX;
        let (peer, record) = (leg.peer.clone(), leg.order.call.clone());
        self.acknowledge(&peer, &dialog, from);
        trace(&record, Direction::Out, Method::Ack, None, !is_new, now);
        if !is_new {
            self.tally.on_sent_again();
            return;
        }
        let bye = match has_room {
            true => self.start_bye((&peer, from), message, &dialog, Some(record), now),
            false => None,
        };
        let Some(bye) = bye else { return self.send_bye_once((&peer, from), &dialog) };
        let Some(leg) = self.leg_mut(handle) else { return };
        leg.dialogs.push(tag);
        if leg.dialogs.len() == 1 {
            self.keep_bye(handle, bye, now);
        }
    }

    /// Whether a response without a transaction is a 2xx to a call of ours, which must be hung up
    /// all the same (RFC 3261 §13.2.2.4; RFC 6026 keeps the transaction for 64*T1 only).
    pub(crate) fn is_late_answer(
        &self,
        from: SocketAddr,
        message: &Message<'_>,
        status: Status,
    ) -> bool {
        let is_invite = message.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        let (Ok(call_id), Ok(party)) = (message.call_id(), message.from()) else { return false };
        status.class() == Class::Success
            && is_invite
            && message.via_count() == 1
            && party.tag().is_some_and(|tag| self.identities.is_ours(call_id, tag))
            && self.peer_that_answers(from).is_some()
    }

    /// Hangs up a call that was answered after everybody had forgotten it.
    pub(crate) fn answer_late(&mut self, from: SocketAddr, message: &Message<'_>, now: Instant) {
        let uri = format!("sip:{from}");
        let dialog = Dialog::of_2xx(message).ok();
        let dialog = dialog.or_else(|| salvage::of_late(message, uri.as_bytes()));
        let (Some(peer), Some(dialog)) = (self.peer_that_answers(from), dialog) else {
            return self.tally.on_dropped(DropReason::Malformed);
        };
        self.acknowledge(&peer, &dialog, from);
        let call_id = message.call_id().ok().and_then(read_call_id).unwrap_or_default();
        let name = (call_id, salvage::name_of(message));
        if self.late.has(&name) {
            return;
        }
        match self.start_bye((&peer, from), message, &dialog, None, now) {
            Some(_) => self.late.note(name),
            None => self.send_bye_once((&peer, from), &dialog),
        }
    }

    /// A leg is forgotten: what it has hung up stays known, for the 2xx that comes again.
    pub(crate) fn forget(&mut self, handle: Handle) {
        let Some(client) = self.clients.remove(handle) else { return };
        if let Purpose::Leg(leg) = client.owner.purpose {
            let call_id = leg.identity.call_id;
            self.late.note_all(call_id, leg.dialogs);
        }
    }

    /// The trunk that an answer from `from` counts for: the one whose address it is, or was, else the
    /// first of that IP version whose answers may come from anywhere.
    fn peer_that_answers(&self, from: SocketAddr) -> Option<Arc<Peer>> {
        let anywhere = |peer: &&Arc<Peer>| {
            let profile = &peer.profile;
            profile.accepts(from.ip()) && profile.address.is_ipv4() == from.is_ipv4()
        };
        let peers = || self.lines.iter().flat_map(Line::places);
        peers().find(|peer| peer.owns(from.ip())).or_else(|| peers().find(anywhere)).cloned()
    }

    /// Sends the ACK of a 2xx.
    pub(crate) fn acknowledge(&mut self, peer: &Peer, dialog: &Dialog<'_>, to: SocketAddr) {
        let branch = lone_branch(&mut self.entropy);
        let sender = Sender { transport: "UDP", sent_by: &peer.sent_by, branch: &branch };
        self.outbox.push(to, |out| dialog.write_ack(&sender, out));
        self.tally.on_sent(SipKind::Ack);
    }

    /// Sends a BYE that is repeated until it is answered. `None`: there was no room for it.
    pub(crate) fn start_bye(
        &mut self,
        (peer, to): (&Arc<Peer>, SocketAddr),
        message: &Message<'_>,
        dialog: &Dialog<'_>,
        record: Option<Arc<CallRecord>>,
        now: Instant,
    ) -> Option<Handle> {
        let call_id = message.call_id().ok().and_then(read_call_id);
        let (Some(call_id), Ok(CSeq { number: cseq, .. })) = (call_id, message.cseq()) else {
            return None;
        };
        let request = NonInviteClient::start(Transport::Unreliable, peer.base(), now);
        let machine = Machine::NonInvite { method: Method::Bye, request };
        let bye = {
            let (request, peer) = (Box::default(), Arc::clone(peer));
            Bye { request, to, peer, call_id, cseq: cseq + 1, answered: now, record, kept: None }
        };
        let owner = Owner { armed: None, heard: Heard::default(), purpose: Purpose::Bye(bye) };
        let handle = self.clients.insert(Client { machine, owner }).ok()?;
        let branch = self.clients.branch(handle);
        let sender = Sender { transport: "UDP", sent_by: &peer.sent_by, branch: &branch };
        let bytes = self.outbox.push(to, |out| dialog.write_bye(&sender, out));
        if let Some(Client { owner: Owner { purpose: Purpose::Bye(bye), .. }, .. }) =
            self.clients.get_mut(handle)
        {
            bye.request = bytes.into();
            bye.trace(Direction::Out, None, false, now);
        }
        self.tally.on_sent(SipKind::Bye);
        self.arm(handle);
        Some(handle)
    }

    /// A BYE that nobody remembers and that is not repeated: better than to leave the phone off the
    /// hook because a table is full.
    pub(crate) fn send_bye_once(&mut self, (peer, to): (&Peer, SocketAddr), dialog: &Dialog<'_>) {
        self.tally.on_shed(Shed::Transaction);
        self.tally.on_farewell(Farewell::Unknown, Duration::ZERO);
        let branch = lone_branch(&mut self.entropy);
        let sender = Sender { transport: "UDP", sent_by: &peer.sent_by, branch: &branch };
        self.outbox.push(to, |out| dialog.write_bye(&sender, out));
        self.tally.on_sent(SipKind::Bye);
    }
}

const LATE_MAX: usize = 256;
