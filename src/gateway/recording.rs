//! Calls whose INVITE waits until their record is safe ([`Records`]).
//!
//! Such a call is live: it holds its trunk's leave, its transaction's slot and branch. But nothing has
//! left, so whatever ends it ends it at once.
//!
//! Deliberately absent: a clock for each answer. The call's own deadline ends one that waits too long.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Gateway;
use super::inflight::{Answers, InFlight, Records};
use super::settings::Line;
use crate::transaction::Transport;
use crate::transaction::client::Machine;
use crate::transaction::invite_client::InviteClient;
use crate::transaction::slab::Handle;
use crate::verify::id::CallId;

/// The records that are being written, oldest first.
#[derive(Default)]
pub(crate) struct Recording {
    keeper: Option<Keeper>,
    /// The calls that wait. One that has ended meanwhile stands here until its turn comes.
    waiting: VecDeque<Handle>,
    /// How many have ever been handed over: the number of the last.
    asked: u64,
}

struct Keeper {
    records: Arc<dyn Records>,
    answers: Arc<Answers>,
}

impl Recording {
    /// Whether a further record can be handed over.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < RECORDING_MAX
    }

    /// Whether calls need a record.
    pub(crate) fn is_on(&self) -> bool {
        self.keeper.is_some()
    }

    /// Who keeps records, if anybody does.
    pub(crate) fn records(&self) -> Option<&dyn Records> {
        self.keeper.as_ref().map(|keeper| &*keeper.records)
    }

    fn push(&mut self, handle: Handle, record: InFlight) {
        let Some(keeper) = &self.keeper else { return };
        self.asked += 1;
        self.waiting.push_back(handle);
        keeper.records.record(record, keeper.answers.open(self.asked));
    }

    /// The oldest that waits, and its answer.
    fn first(&self) -> Option<(Handle, Option<bool>)> {
        let number = self.asked + 1 - self.waiting.len() as u64;
        let answer = self.keeper.as_ref()?.answers.read(number);
        Some((*self.waiting.front()?, answer.map(|answer| answer.is_ok())))
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Gateway {
    /// The same shard, whose calls leave once `records` has them.
    pub fn recorded_by(mut self, records: Arc<dyn Records>) -> Self {
        let answers = Answers::new(RECORDING_MAX);
        self.recording.keeper = Some(Keeper { records, answers });
        self
    }

    /// Hands over the record of the leg at `handle`, whose INVITE has not left.
    pub(crate) fn record(&mut self, handle: Handle, now: Instant) {
        self.scratch.clear();
        let Some(client) = self.clients.get(handle) else { return };
        let Some(leg) = client.owner.purpose.leg() else { return };
        let (peer, order) = (&leg.peer, &leg.order);
        peer.messages.write_invite(&leg.identity, &mut self.scratch);
        let record = InFlight {
            call: order.call.id,
            verification: order.verification,
            trunk: Arc::clone(&peer.profile.name),
            remote: peer.profile.address,
            local: peer.local(),
            invite: self.scratch.as_slice().into(),
            invited: now,
        };
        self.recording.push(handle, record);
        self.arm(handle);
        self.on_recorded(now);
    }

    /// Answers may be there: sends the INVITEs of those whose record is safe.
    pub(crate) fn on_recorded(&mut self, now: Instant) {
        while let Some((handle, answer)) = self.recording.first() {
            let lives = self.is_recording(handle);
            if lives && answer.is_none() {
                return;
            }
            // First: what follows may hand over another record.
            self.recording.waiting.pop_front();
            match answer {
                Some(true) if lives => self.on_saved(handle, now),
                Some(false) => self.step(handle, now, |leg| leg.call.on_not_recorded()),
                None | Some(true) => {}
            }
        }
    }

    /// Ends calls that nobody waits for any more: a verification of this shard has just ended.
    pub(crate) fn withdraw_unwanted(&mut self, now: Instant) {
        for place in 0..self.recording.waiting.len() {
            let handle = self.recording.waiting[place];
            if self.is_recording(handle) && !self.is_leg_wanted(handle) {
                self.withdraw(handle, now);
            }
        }
    }

    /// Ends a call that is not wanted.
    fn withdraw(&mut self, handle: Handle, now: Instant) {
        let is_stop = self.is_draining();
        self.step(handle, now, |leg| match is_stop {
            true => leg.call.stop(now),
            false => leg.call.hang_up(now),
        });
    }

    /// Tells who keeps records that a call is over.
    pub(crate) fn forget_record(&self, call: CallId) {
        if let Some(records) = self.recording.records() {
            records.forget(call);
        }
    }

    fn is_recording(&self, handle: Handle) -> bool {
        self.clients.get(handle).is_some_and(|client| matches!(client.machine, Machine::Unsent))
    }

    fn is_leg_wanted(&self, handle: Handle) -> bool {
        let leg = self.clients.get(handle).and_then(|client| client.owner.purpose.leg());
        leg.is_some_and(|leg| self.is_wanted(&leg.order))
    }

    fn on_saved(&mut self, handle: Handle, now: Instant) {
        if !self.is_leg_wanted(handle) {
            return self.withdraw(handle, now);
        }
        let Some(leg) = self.leg_mut(handle) else { return };
        let trunk = leg.trunk;
        // A reload took the trunk away: those that are left may carry the call.
        if !self.lines.get(usize::from(trunk)).is_some_and(Line::is_listed) {
            return self.step(handle, now, |leg| leg.call.on_transport_error());
        }
        let Some(client) = self.clients.get_mut(handle) else { return };
        let Some(leg) = client.owner.purpose.leg_mut() else { return };
        if leg.call.on_recorded(now) {
            let invite = InviteClient::start(Transport::Unreliable, leg.peer.base(), now);
            client.machine = Machine::Invite { invite, cancel: None };
            self.send_first_invite(handle, now);
        }
    }
}

/// How long the record of a call may take. Longer than any commit, shorter than a person's patience.
pub const RECORD_TIME_MAX: Duration = Duration::from_secs(2);
/// As many as a shard places in that time, and some more; those beyond wait in line.
const RECORDING_MAX: usize = 8_192;
