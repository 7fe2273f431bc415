//! INVITEs: a call begins, goes by its script, and gets its final response.

use std::time::{Duration, Instant};

use super::super::event::{Ending, Entry, Event};
use super::super::number::{self, Number};
use super::super::outbox::Fate;
use super::super::script::{Act, After, OnCancel, Say};
use super::super::violation::Violation;
use super::call::{Call, Due, LEGS, Opening, Said};
use super::receive::Request;
use super::write::{reply_address, write_call_response};
use super::{Owner, Sleeper, Trunk};
use crate::sip::{Class, Method, Status};
use crate::time::Wake;
use crate::transaction::Transport;
use crate::transaction::invite_server::{InviteServer, OnInvite, OnTimeout};
use crate::transaction::server::Machine;
use crate::transaction::slab::Handle;

impl Trunk {
    pub(super) fn on_invite(&mut self, request: &Request<'_>, now: Instant) {
        let Ok(key) = self.servers.key(&request.message, Method::Invite) else { return };
        if let Some(handle) = self.servers.find(key) {
            return self.on_invite_again(handle, now);
        }
        if let Some(tag) = request.message.to().ok().and_then(|to| to.tag()) {
            self.notice(Violation::InviteInDialog, request.phone, request.quality, now);
            // The phones here change nothing about a call that stands.
            let stands = self.dialog_of(tag).is_some();
            let status = if stands { NOT_ACCEPTABLE } else { Status::NO_SUCH_TRANSACTION };
            return self.respond_statelessly(request, status, None);
        }
        self.check_invite(request, now);
        if self.servers.is_merged(&request.message) {
            return self.respond_statelessly(request, Status::LOOP_DETECTED, None);
        }
        if self.is_stopping {
            return self.respond_statelessly(request, Status::SERVICE_UNAVAILABLE, None);
        }
        let Some(phone) = request.phone else {
            return self.respond_statelessly(request, Status::NOT_FOUND, None);
        };
        let call = self.open(request, phone, now);
        let machine = InviteServer::start(Transport::Unreliable, self.settings.base, now);
        let owner = Owner::Invite(Box::new(call));
        match self.servers.insert(key, &request.message, Machine::Invite(machine), owner) {
            Ok(handle) => {
                self.counts.calls += 1;
                self.tell_if_silent(handle, now);
                if let Ok(call_id) = request.message.call_id() {
                    self.by_call_id.insert(call_id.to_vec(), handle);
                }
                self.run_script(handle, now);
            }
            Err(_) => {
                self.counts.shed += 1;
                self.respond_statelessly(request, Status::SERVICE_UNAVAILABLE, None);
            }
        }
    }

    /// A phone that never says anything would leave no trace of its call.
    fn tell_if_silent(&mut self, handle: Handle, now: Instant) {
        let Some(call) = self.call(handle).filter(|call| call.is_silent()) else { return };
        let (phone, caller_id) = (call.phone, call.caller_id);
        self.tell(Event::Silent { phone, caller_id, at: now });
    }

    fn check_invite(&mut self, request: &Request<'_>, now: Instant) {
        let call_id = request.message.call_id().unwrap_or_default();
        let before = self.by_call_id.get(call_id).copied();
        let was_cancelled =
            before.and_then(|handle| self.call(handle)).is_some_and(|call| call.was_cancelled);
        let rings = request.phone.and_then(|phone| self.ringing.get(&phone)).copied();
        let rings = rings.filter(|handle| Some(*handle) != before);
        let rings_unwanted = rings.and_then(|handle| self.call(handle)).is_some_and(|call| {
            call.is_from(request.source.ip()) && !call.was_cancelled && call.was_heard
        });
        let has_contact = matches!(request.message.contact(), Ok(Some(_)));
        let checks = [
            (was_cancelled, Violation::InviteAfterCancel),
            (rings_unwanted, Violation::InviteWhileRinging),
            (!has_contact, Violation::InviteContact),
        ];
        for (_, violation) in checks.into_iter().filter(|(is_broken, _)| *is_broken) {
            self.notice(violation, request.phone, request.quality, now);
        }
    }

    fn open(&mut self, request: &Request<'_>, phone: Number, now: Instant) -> Call {
        let jitter_micros = self.settings.post_dial_jitter.as_micros();
        let jitter_micros = u32::try_from(jitter_micros).unwrap_or(u32::MAX - 1);
        let jitter = Duration::from_micros(self.entropy.below(jitter_micros + 1).into());
        let opening = Opening {
            invite: request.payload.to_vec(),
            source: request.source,
            phone,
            caller_id: number::shown(&request.message),
            tags: [(); LEGS].map(|()| self.entropy.u64()),
            script: self.settings.behaviour_of(phone).script(),
            quality: request.quality,
            post_dial: self.settings.post_dial_delay + jitter,
        };
        // What cannot be read was refused.
        let expires = request.message.expires().ok().flatten();
        Call::start(opening, &self.settings, expires, now)
    }

    fn on_invite_again(&mut self, handle: Handle, now: Instant) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        let (Machine::Invite(machine), Owner::Invite(call)) = (&server.machine, &server.owner)
        else {
            return;
        };
        let answer = machine.on_invite();
        let cancelled = call.was_cancelled.then_some((call.phone, call.quality));
        if let Some((phone, quality)) = cancelled {
            self.notice(Violation::InviteAfterCancel, Some(phone), quality, now);
        }
        match answer {
            OnInvite::Absorb => {}
            OnInvite::Respond => self.say_again(handle),
        }
    }

    /// Lets the call do what is due, and the transaction end if it has.
    pub(super) fn run_script(&mut self, handle: Handle, now: Instant) {
        loop {
            let Some(call) = self.call_mut(handle) else { return };
            match call.on_timeout(now) {
                Due::Forget => {
                    self.stop_ringing(handle, Ending::Missed, now);
                    return self.forget_server(handle);
                }
                Due::Nothing => break,
                Due::Say(say) => self.act(handle, say, now),
                Due::Stop(status) => self.end(handle, status, Ending::Missed, now),
                Due::Trying => self.say(handle, Status::TRYING, 0, now),
            }
        }
        self.rest_server(handle);
    }

    fn act(&mut self, handle: Handle, say: Say, now: Instant) {
        match say {
            Say::Answer(leg) => self.pick_up(handle, leg, now),
            Say::Progress(status, leg) => self.say(handle, status, leg, now),
            Say::Refuse(status) => self.refuse(handle, status, now),
            Say::RefuseGiven => {
                let status = self.call(handle).map(|call| call.script.refusal);
                self.refuse(handle, status.unwrap_or(Status::TEMPORARILY_UNAVAILABLE), now);
            }
            Say::Ring(status) => {
                self.say(handle, status, 0, now);
                let Some(call) = self.call_mut(handle) else { return };
                call.rang_at = Some(now);
                let (phone, caller_id) = (call.phone, call.caller_id);
                self.ringing.insert(phone, handle);
                self.tell(Event::Rang { phone, caller_id, at: now });
            }
        }
    }

    /// Gives a final response of 300 or more, if none has been given.
    pub(super) fn refuse(&mut self, handle: Handle, status: Status, now: Instant) {
        let was_cancelled = self.call(handle).is_some_and(|call| call.was_cancelled);
        let ending = if was_cancelled { Ending::Missed } else { Ending::Declined };
        self.end(handle, status, ending, now);
    }

    pub(super) fn end(&mut self, handle: Handle, status: Status, ending: Ending, now: Instant) {
        let Some(call) = self.call(handle).filter(|call| call.is_pending()) else { return };
        let phone = call.phone;
        match (call.rang_at, call.was_cancelled) {
            // It was told when it came.
            _ if call.is_silent() => {}
            (Some(_), _) => {}
            (None, true) => self.tell_gone(handle, now),
            (None, false) => self.tell(Event::Refused { phone, status, at: now }),
        }
        self.say(handle, status, 0, now);
        self.stop_ringing(handle, ending, now);
        if let Some(call) = self.call_mut(handle) {
            call.settle();
        }
        self.rest_server(handle);
    }

    /// The caller has hung up a call that neither rang nor was refused.
    fn tell_gone(&mut self, handle: Handle, now: Instant) {
        let Some(call) = self.call(handle) else { return };
        let (phone, caller_id) = (call.phone, call.caller_id);
        self.tell(Event::Gone { phone, caller_id, at: now });
    }

    /// The person whose phone rings has decided.
    pub(super) fn on_person(&mut self, phone: Number, status: Status, now: Instant) {
        let Some(handle) = self.ringing.get(&phone.phone()).copied() else { return };
        if status.class() == Class::Success {
            self.pick_up(handle, 0, now);
        } else {
            self.refuse(handle, status, now);
        }
        self.rest_server(handle);
    }

    /// Writes the line of the phone's log. Once: who does not ring cannot stop.
    pub(super) fn stop_ringing(&mut self, handle: Handle, ending: Ending, now: Instant) {
        let Some(call) = self.call_mut(handle) else { return };
        let rang_at = match (call.rang_at.take(), ending) {
            (None, Ending::Declined | Ending::Missed | Ending::Stopped) => return,
            (rang_at, _) => rang_at.unwrap_or(now),
        };
        let (phone, caller_id) = (call.phone, call.caller_id);
        let rang_for = now.duration_since(rang_at);
        if self.ringing.get(&phone) == Some(&handle) {
            self.ringing.remove(&phone);
        }
        let entry = Entry { phone, caller_id, at: rang_at, rang_for, ending };
        self.phones.write(entry);
        self.tell(Event::Stopped(entry));
    }

    /// Sends a response of the call, if its transaction lets it.
    pub(super) fn say(&mut self, handle: Handle, status: Status, leg: usize, now: Instant) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        let (Machine::Invite(machine), Owner::Invite(call)) =
            (&mut server.machine, &mut server.owner)
        else {
            return;
        };
        if machine.on_send(status.class(), now) {
            call.said = Some(Said { status, leg });
            self.say_again(handle);
        }
    }

    /// Sends the last response of the call once more.
    pub(super) fn say_again(&mut self, handle: Handle) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        let Owner::Invite(call) = &mut server.owner else { return };
        let Some(Said { status, leg }) = call.said else { return };
        let to = reply_address(&call.invite, call.source);
        let contact = (self.settings.local, call.phone);
        let fate = self.outbox.send(to, call.quality, &mut self.entropy, |out| {
            let tag = call.tags[leg.min(LEGS - 1)];
            write_call_response(&call.invite, call.source, contact, status, tag, out);
        });
        call.was_heard |= fate == Fate::Sent;
    }

    pub(super) fn on_server_timeout(&mut self, handle: Handle, now: Instant) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        match (&mut server.machine, &server.owner) {
            (Machine::Invite(machine), Owner::Invite(call)) => match machine.on_timeout(now) {
                OnTimeout::Fail => {
                    let (phone, quality, heard) = (call.phone, call.quality, call.acks_heard);
                    if heard == 0 {
                        self.notice(Violation::AckMissing, Some(phone), quality, now);
                    }
                }
                // The script decides about 100.
                OnTimeout::Rest | OnTimeout::Trying => {}
                OnTimeout::Retransmit => self.say_again(handle),
            },
            (Machine::NonInvite(machine), _) => machine.on_timeout(now),
            (Machine::Invite(_), Owner::NonInvite { .. }) => {}
        }
        self.run_script(handle, now);
        self.rest_server(handle);
    }

    /// Sets the next deadline of a server transaction, or drops it when it has ended.
    pub(super) fn rest_server(&mut self, handle: Handle) {
        let Some(server) = self.servers.get_mut(handle) else { return };
        if server.machine.is_terminated() {
            return self.forget_server(handle);
        }
        let own = server.machine.next_wake();
        let wake = match &server.owner {
            Owner::Invite(call) => Wake::earlier(own, call.next_wake()),
            Owner::NonInvite { .. } => own,
        };
        self.deadlines.set(Sleeper::Server(handle), wake);
    }

    fn forget_server(&mut self, handle: Handle) {
        self.deadlines.set(Sleeper::Server(handle), None);
        let Some(server) = self.servers.remove(handle) else { return };
        if let Owner::Invite(call) = server.owner
            && let Ok(message) = crate::sip::Message::parse(&call.invite)
            && let Ok(call_id) = message.call_id()
            && self.by_call_id.get(call_id) == Some(&handle)
        {
            self.by_call_id.remove(call_id);
        }
    }

    pub(super) fn call(&mut self, handle: Handle) -> Option<&Call> {
        self.call_mut(handle).map(|call| &*call)
    }

    pub(super) fn call_mut(&mut self, handle: Handle) -> Option<&mut Call> {
        match &mut self.servers.get_mut(handle)?.owner {
            Owner::Invite(call) => Some(call),
            Owner::NonInvite { .. } => None,
        }
    }

    /// A CANCEL has confirmed, refused or crossed something: what becomes of the INVITE.
    pub(super) fn end_cancelled(&mut self, handle: Handle, policy: OnCancel, now: Instant) {
        match policy {
            OnCancel::Answer => self.pick_up(handle, 0, now),
            OnCancel::End | OnCancel::EndFirst => {
                self.refuse(handle, Status::REQUEST_TERMINATED, now);
            }
            OnCancel::EndThenAnswer => {
                self.refuse(handle, Status::REQUEST_TERMINATED, now);
                if let Some(call) = self.call_mut(handle) {
                    call.play(ANSWERED_LATER, now);
                }
            }
            OnCancel::Ignore => {}
            OnCancel::Refuse => {
                if let Some(call) = self.call_mut(handle) {
                    call.play(REFUSED_LATER, now);
                }
            }
            OnCancel::Stall => {
                if self.call(handle).is_some_and(|call| call.rang_at.is_none()) {
                    self.tell_gone(handle, now);
                }
                self.stop_ringing(handle, Ending::Missed, now);
                let until = now + self.settings.base.patience();
                if let Some(call) = self.call_mut(handle) {
                    call.stall(until);
                }
            }
        }
        self.rest_server(handle);
    }
}

/// The refusal that follows a refused CANCEL.
const REFUSED_LATER: &[Act] =
    &[Act { after: After::Millis(1_000), say: Say::Refuse(Status::TEMPORARILY_UNAVAILABLE) }];
/// The answer of another phone of the number, which crossed the 487.
const ANSWERED_LATER: &[Act] = &[Act { after: After::Millis(50), say: Say::Answer(1) }];
const NOT_ACCEPTABLE: Status = super::super::behaviour::status(488);
