//! Which calls from trunks are taken: all of them, until a trunk sends more than it may or the table of
//! server transactions is more than half full. Then those that a verification waits for go first.
//!
//! The look-up is made before any state, and only when it decides something: an answer that does not
//! depend on it cannot tell how it came out.

use std::time::Instant;

use super::super::Gateway;
use super::super::request::Request;
use crate::call::inbound::Plan;
use crate::tally::Shed;
use crate::trunk::Caller;
use crate::verify::DidId;

/// Whom a call is from, and what it rings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rung {
    /// Index of the trunk.
    pub(super) trunk: u16,
    /// Which of our numbers, if it is one and this trunk carries it.
    pub(super) did: Option<DidId>,
    /// How the call goes.
    pub(super) plan: Plan,
    /// Who calls.
    pub(super) caller: Caller,
}

impl Gateway {
    /// What an INVITE rings, if it is let in.
    pub(super) fn admit(&mut self, request: &Request<'_>, now: Instant) -> Option<Rung> {
        let rung = self.rung(request)?;
        match self.find_room(&rung, now) {
            Ok(()) => Some(rung),
            Err(what) => {
                self.tally.on_shed(what);
                None
            }
        }
    }

    /// Who calls whom. Of several trunks with one address the call is that one's which carries the
    /// number, else the first's. `None`: no call begins where no trunk of the configuration is,
    /// even if one that was there before has something to end.
    fn rung(&self, request: &Request<'_>) -> Option<Rung> {
        let invite = request.message;
        let ip = request.from.ip();
        let here = (0_u16..).zip(&self.lines);
        let here = here.filter(|(_, line)| line.is_listed && line.peer.owns(ip));
        let mut found = here.map(|(trunk, line)| {
            let policy = &line.peer.profile.caller;
            let (did, plan) = self.dids.find(policy.called(invite), trunk);
            (trunk, did, plan)
        });
        let first = found.next()?;
        let carrier =
            if first.1.is_some() { None } else { found.find(|(_, did, _)| did.is_some()) };
        let (trunk, did, plan) = carrier.unwrap_or(first);
        let caller = self.lines[usize::from(trunk)].peer.profile.caller.identify(invite);
        Some(Rung { trunk, did, plan, caller })
    }

    fn find_room(&mut self, rung: &Rung, now: Instant) -> Result<(), Shed> {
        let (alive, limit) = self.servers.occupancy();
        let is_crowded = 2 * alive > limit;
        if alive >= limit
            || !self.has_room_for_server_deadlines()
            || is_crowded && !self.is_awaited(rung.did, &rung.caller)
        {
            return Err(Shed::MissedCallRoom);
        }
        let line = usize::from(rung.trunk);
        if self.lines[line].arrivals.take_spare(now).is_ok() {
            return Ok(());
        }
        let is_awaited = self.is_awaited(rung.did, &rung.caller);
        let is_let_in = is_awaited && self.lines[line].arrivals.take(now).is_ok();
        is_let_in.then_some(()).ok_or(Shed::MissedCallRate)
    }

    /// Whether a verification waits for such a call.
    pub(crate) fn is_awaited(&self, did: Option<DidId>, caller: &Caller) -> bool {
        let (Some(did), Ok(caller)) = (did, caller.number) else { return false };
        self.verify.awaits(did, caller)
    }
}
