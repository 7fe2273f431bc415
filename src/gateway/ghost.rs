//! Calls of a gateway that died: nobody knows whether their phones ring, so each is CANCELled at once,
//! with the branch of its INVITE, and what comes for that branch is answered as the dead would have.
//!
//! RFC 3261 §9.1 wants a provisional response before a CANCEL. Whether there was one nobody knows any
//! more; see `docs/decisions/cancel-after-a-crash.md`. So an INVITE that its CANCEL has overtaken is
//! CANCELled again as soon as the trunk says a word of it.
//!
//! Branches of this process are never a ghost's: their keyed check is made with a key that is drawn when
//! the process starts, so two processes write the same one no sooner than a stranger guesses 64 bits.
//! The key of From tags may outlive a process, the key of branches must not.
//!
//! Invariants: the end of a ghost is told once. Nothing is sent for it after [`CANCELS_MAX`] CANCEL
//! transactions but what answers the trunk; it is forgotten after 64*T1 of silence.

pub(crate) mod table;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use self::table::{Ghost, Silent, State, key};
use super::Gateway;
use super::identity::read_call_id;
use super::inflight::{GhostEnd, InFlight};
use super::leg::DIALOGS_MAX;
use super::outbox::{BURST_GAP, BURST_MAX, Outbox};
use super::salvage;
use super::settings::{Line, Peer};
use super::timers::Timer;
use crate::sip::request::Dialog;
use crate::sip::{Class, Message, Method, Status, echo};
use crate::tally::{DropReason, Shed, SipKind, Tally};
use crate::transaction::Transport;
use crate::transaction::non_invite_client::{NonInviteClient, OnTimeout};
use crate::transaction::slab::Handle;
use crate::verify::id::CallId;

impl Gateway {
    /// Hangs up the calls of a gateway that died, which had this shard's socket: at the next timeout,
    /// which is due now. To be said once, before this shard reads anything, so that what trunks have
    /// said meanwhile finds them; none of them may be placed again under its id.
    pub fn haunt(&mut self, records: Vec<InFlight>, now: Instant) {
        for record in records {
            match record.is_answered() {
                true => self.ghosts.waiting.push_back(Silent::Answered(record)),
                false => self.raise(record, now),
            }
        }
        if !self.ghosts.waiting.is_empty() {
            self.wheel.arm(now, Timer::Haunt);
        }
    }

    /// Sends the next first CANCELs, a burst at most.
    pub(crate) fn on_haunt(&mut self, now: Instant) {
        for _ in 0..BURST_MAX {
            match self.ghosts.waiting.pop_front() {
                Some(Silent::Answered(record)) => self.say_bye(record, now),
                Some(Silent::Raised(handle)) => self.cancel_silent(handle),
                None => return,
            }
        }
        if !self.ghosts.waiting.is_empty() {
            self.wheel.arm(now + BURST_GAP, Timer::Haunt);
        }
    }

    fn raise(&mut self, record: InFlight, now: Instant) {
        let call = record.call;
        let Some(ghost) = self.ghost(record, now) else {
            self.tally.on_dropped(DropReason::Malformed);
            return self.tell_ghost_over(call, GhostEnd::Silent);
        };
        // A record that is there twice is the same call.
        if self.ghosts.find(&ghost.branch).is_some() {
            return;
        }
        let (remote, invite) = (ghost.remote, ghost.invite.clone());
        match self.ghosts.insert(ghost) {
            Ok(handle) => self.ghosts.waiting.push_back(Silent::Raised(handle)),
            // Nobody will listen, but the trunk hears.
            Err(_) => {
                send_cancel(&mut self.outbox, &self.tally, (remote, &invite));
                self.tally.on_shed(Shed::Transaction);
                self.tell_ghost_over(call, GhostEnd::Silent);
            }
        }
    }

    /// The first CANCEL, unless the call was over before.
    fn cancel_silent(&mut self, handle: Handle) {
        if matches!(self.ghosts.get(handle), Some(Ghost { state: State::Canceling(_), .. })) {
            self.cancel_ghost(handle);
            self.arm_ghost(handle);
        }
    }

    fn ghost(&self, record: InFlight, now: Instant) -> Option<Ghost> {
        let names = record.names()?;
        let (branch, call_id) = (key(names.branch)?, read_call_id(names.call_id)?);
        let cseq = names.cseq;
        let peer = self.peer_of(&record)?;
        let cancel = NonInviteClient::start(Transport::Unreliable, peer.base(), now);
        let until = now + peer.base().patience();
        Some(Ghost {
            call: record.call,
            peer,
            remote: record.remote,
            invite: record.invite,
            branch,
            call_id,
            cseq,
            state: State::Canceling(cancel),
            is_told: false,
            cancels_left: CANCELS_MAX - 1,
            until,
            dialogs: vec![],
            armed: None,
        })
    }

    /// How the trunk of a record is spoken to: the trunk of that name, if it is, or was, where the INVITE
    /// went; else nobody but that address counts.
    pub(crate) fn peer_of(&self, record: &InFlight) -> Option<Arc<Peer>> {
        let is_it = |peer: &&Arc<Peer>| {
            peer.profile.name == record.trunk
                && peer.profile.accepts(record.remote.ip())
                && peer.local() == record.local
        };
        let known = self.lines.iter().flat_map(Line::places).find(is_it);
        known.cloned().or_else(|| {
            let stand_in = Peer::stand_in(&record.trunk, record.remote, record.local);
            stand_in.ok().map(Arc::new)
        })
    }

    /// The ghost that a response without a transaction is for.
    pub(crate) fn ghost_of(&self, message: &Message<'_>) -> Option<Handle> {
        self.ghosts.find(message.via().ok()?.branch?)
    }

    /// A response with the branch of a ghost.
    pub(crate) fn on_ghost_response(
        &mut self,
        handle: Handle,
        from: SocketAddr,
        message: &Message<'_>,
        status: Status,
        now: Instant,
    ) {
        match self.check_ghost(handle, from, message) {
            Err(reason) => return self.tally.on_dropped(reason),
            Ok(Method::Cancel) => self.on_ghost_cancel_response(handle, status, now),
            Ok(_) => match status.class() {
                Class::Provisional => self.on_ghost_provisional(handle, now),
                Class::Success => self.on_ghost_answered(handle, from, message, now),
                Class::Redirection
                | Class::ClientError
                | Class::ServerError
                | Class::GlobalFailure => self.on_ghost_failure(handle, message, status, now),
            },
        }
        self.arm_ghost(handle);
    }

    /// Whether a response counts, as for every other call: our Via, the trunk's address, the call's
    /// Call-ID and CSeq. Gives the method that it answers.
    fn check_ghost(
        &self,
        handle: Handle,
        from: SocketAddr,
        message: &Message<'_>,
    ) -> Result<Method, DropReason> {
        let ghost = self.ghosts.get(handle).ok_or(DropReason::Late)?;
        let via = message.via().map_err(|_| DropReason::Malformed)?;
        let cseq = message.cseq().map_err(|_| DropReason::Malformed)?;
        if !ghost.peer.is_named_by(&via) {
            return Err(DropReason::ForeignVia);
        }
        if !ghost.peer.profile.accepts(from.ip()) {
            return Err(DropReason::ForeignSource);
        }
        if message.call_id().ok().and_then(read_call_id) != Some(ghost.call_id) {
            return Err(DropReason::WrongCallId);
        }
        let is_its = matches!(cseq.method, Method::Cancel | Method::Invite);
        if cseq.number != ghost.cseq || !is_its {
            return Err(DropReason::WrongCseq);
        }
        Ok(cseq.method)
    }

    fn on_ghost_cancel_response(&mut self, handle: Handle, status: Status, now: Instant) {
        let Some(ghost) = self.ghosts.get_mut(handle) else { return };
        let State::Canceling(cancel) = &mut ghost.state else { return };
        cancel.on_response(status.class(), now);
        match status.class() {
            Class::Provisional => {}
            Class::Success => ghost.state = State::Confirmed,
            Class::Redirection | Class::ClientError | Class::ServerError | Class::GlobalFailure => {
                ghost.state = State::Refused
            }
        }
        // Whatever else the trunk says against the CANCEL, the phone may ring.
        if status == Status::NO_SUCH_TRANSACTION {
            self.on_ghost_over(handle, GhostEnd::Unknown);
        }
    }

    /// The call is there after all. If no CANCEL is under way or was taken, this one came too early.
    fn on_ghost_provisional(&mut self, handle: Handle, now: Instant) {
        let Some(ghost) = self.ghosts.get_mut(handle) else { return };
        match ghost.state {
            State::Canceling(_) | State::Refused if ghost.cancels_left == 0 => return,
            State::Refused => {
                let base = ghost.peer.base();
                ghost.cancels_left -= 1;
                ghost.state =
                    State::Canceling(NonInviteClient::start(Transport::Unreliable, base, now));
            }
            State::Canceling(_) => {
                ghost.until = now + ghost.peer.base().patience();
                return;
            }
            State::Confirmed | State::Final => return,
        }
        ghost.until = now + ghost.peer.base().patience();
        self.cancel_ghost(handle);
    }

    /// The INVITE failed, as a CANCEL makes it: ACK, each time that it comes.
    fn on_ghost_failure(
        &mut self,
        handle: Handle,
        message: &Message<'_>,
        status: Status,
        now: Instant,
    ) {
        let Some(ghost) = self.ghosts.get_mut(handle) else { return };
        if !matches!(ghost.state, State::Final) {
            ghost.state = State::Final;
            ghost.until = now + ghost.patience();
        }
        if let Ok(invite) = Message::parse(&ghost.invite) {
            self.outbox.push_if(ghost.remote, |out| echo::write_ack(&invite, message, out));
            self.tally.on_sent(SipKind::Ack);
        }
        let end = match status.code() {
            487 => GhostEnd::Canceled,
            code => GhostEnd::Refused(code),
        };
        self.on_ghost_over(handle, end);
    }

    /// Somebody picked up, or had: ACK, and BYE if this dialog has not had one.
    fn on_ghost_answered(
        &mut self,
        handle: Handle,
        from: SocketAddr,
        message: &Message<'_>,
        now: Instant,
    ) {
        let Some(ghost) = self.ghosts.get_mut(handle) else { return };
        let (peer, invite) = (Arc::clone(&ghost.peer), ghost.invite.clone());
        let tag = salvage::name_of(message);
        let is_new = !ghost.dialogs.contains(&tag);
        let has_room = ghost.dialogs.len() < DIALOGS_MAX;
        if is_new && has_room {
            ghost.state = State::Final;
            ghost.until = now + ghost.patience();
        }
        let dialog = Dialog::of_2xx(message).ok();
        let Some(dialog) = dialog.or_else(|| salvage::of_leg(message, &invite)) else {
            return self.tally.on_dropped(DropReason::Malformed);
        };
        self.acknowledge(&peer, &dialog, from);
        if is_new {
            let is_said =
                has_room && self.start_bye((&peer, from), message, &dialog, None, now).is_some();
            if !is_said {
                self.send_bye_once((&peer, from), &dialog);
            } else if let Some(ghost) = self.ghosts.get_mut(handle) {
                ghost.dialogs.push(tag);
            }
        }
        self.on_ghost_over(handle, GhostEnd::Answered);
    }

    /// A ghost wants to be looked at.
    pub(crate) fn on_ghost_due(&mut self, handle: Handle, now: Instant) {
        if !self.ghosts.on_filed(handle, now) {
            return;
        }
        let Some(ghost) = self.ghosts.get_mut(handle) else { return };
        if ghost.until <= now {
            return self.lay(handle);
        }
        if let State::Canceling(cancel) = &mut ghost.state {
            match cancel.on_timeout(now) {
                OnTimeout::Fail => ghost.state = State::Refused,
                OnTimeout::Rest => {}
                OnTimeout::Retransmit => {
                    self.tally.on_sent_again();
                    self.cancel_ghost(handle);
                }
            }
        }
        self.arm_ghost(handle);
    }

    /// Forgets a ghost; what it has hung up stays known, for the 2xx that comes again.
    fn lay(&mut self, handle: Handle) {
        self.on_ghost_over(handle, GhostEnd::Silent);
        if let Some(ghost) = self.ghosts.remove(handle) {
            self.late.note_all(ghost.call_id, ghost.dialogs);
        }
    }

    fn on_ghost_over(&mut self, handle: Handle, how: GhostEnd) {
        if let Some(call) = self.ghosts.close(handle) {
            self.tell_ghost_over(call, how);
        }
    }

    pub(crate) fn tell_ghost_over(&self, call: CallId, how: GhostEnd) {
        if let Some(records) = self.recording.records() {
            records.on_ghost_over(call, how);
        }
    }

    fn cancel_ghost(&mut self, handle: Handle) {
        if let Some(ghost) = self.ghosts.get(handle) {
            send_cancel(&mut self.outbox, &self.tally, (ghost.remote, &ghost.invite));
        }
    }

    fn arm_ghost(&mut self, handle: Handle) {
        if let Some(at) = self.ghosts.file(handle) {
            self.wheel.arm(at, Timer::Ghost(handle));
        }
    }
}

fn send_cancel(outbox: &mut Outbox, tally: &Tally, (remote, invite): (SocketAddr, &[u8])) {
    let Ok(invite) = Message::parse(invite) else { return };
    outbox.push_if(remote, |out| echo::write_cancel(&invite, out));
    tally.on_sent(SipKind::Cancel);
}

/// How many CANCEL transactions a ghost gets: one for each time that the trunk turns out to know the call
/// after all, and no more for one that says so for ever.
const CANCELS_MAX: u8 = 4;
