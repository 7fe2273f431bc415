//! A call begins: one INVITE, or two of one call, or one that nobody answers for.

use std::time::Instant;

use super::call::{Call, Part};
use super::conduct::Conduct;
use super::event::{Ending, Event, Line};
use super::settings::Dial;
use super::write::{Thread, write_invite};
use super::{Caller, Owner, Stop};
use crate::transaction::Transport;
use crate::transaction::client::{Client, Machine};
use crate::transaction::invite_client::InviteClient;
use crate::transaction::slab::Handle;

impl Caller {
    pub(super) fn dial(&mut self, dial: Dial, now: Instant) {
        self.counts.calls += 1;
        let line = Line(self.counts.calls);
        let thread = Thread {
            call_id: [self.entropy.u64(), self.entropy.u64()],
            from_tag: self.entropy.u64(),
        };
        let is_running = self.stop == Stop::Running;
        let first = Call::new(line, Part::Only, dial, self.settings.patience, now);
        let Some(handle) = is_running.then(|| self.place(first, thread, now)).flatten() else {
            self.counts.shed += 1;
            let ending = Ending::Shed;
            return self.tell(Event::Ended { line, ending, is_as_told: false, at: now });
        };
        self.tell(Event::Dialled { line, from: dial.from, to: dial.to, at: now });
        match dial.conduct {
            Conduct::Forged => {
                self.end(handle, Ending::Forged, now);
                // Its branch was ours: what comes of it is late, and no lapse.
                self.clients.remove(handle);
                return;
            }
            Conduct::Merged => {
                let second = Call::new(line, Part::Merged, dial, self.settings.patience, now);
                // Where there is no room the first is an ordinary call.
                if let Some(second) = self.place(second, thread, now) {
                    self.rest(second);
                }
            }
            Conduct::HangsUp { .. }
            | Conduct::HangsUpEarly { .. }
            | Conduct::NeverAcks
            | Conduct::NoTag
            | Conduct::RepeatsCancel
            | Conduct::Waits
            | Conduct::WrongTag => {}
        }
        self.by_line.insert(line, handle);
        self.rest(handle);
    }

    /// Sends an INVITE; `None` when there is no room for its transaction.
    fn place(&mut self, call: Call, thread: Thread, now: Instant) -> Option<Handle> {
        let invite = InviteClient::start(Transport::Unreliable, self.settings.base, now);
        let dial = call.dial;
        let machine = Machine::Invite { invite, cancel: None };
        let owner = Owner::Call(Box::new(call));
        let handle = self.clients.insert(Client { machine, owner }).ok()?;
        let branch = self.clients.branch(handle);
        let ways = (self.settings.local, self.settings.callee);
        let mut bytes = vec![];
        write_invite(&dial, thread, ways, &branch, &mut bytes);
        self.send(|out| out.extend_from_slice(&bytes));
        if let Some(call) = self.call_mut(handle) {
            call.invite = bytes;
        }
        Some(handle)
    }
}
