//! A service with numbers that people ring, and the people.

use std::sync::Arc;

use super::world::{PHONE, World, request, world};
use crate::evidence::{Assurance, IdentityHeader, Unknown};
use crate::ladder::Course;
use crate::number::E164;
use crate::verify::record::CallRecord;
use crate::verify::{
    Awaited, DidId, Filter, FlashCall, How, MissedCall, Settings, Settled, Start, StartError,
    Started,
};

pub(super) const DIDS: [&str; 4] = ["+46850500001", "+46850500002", "+46850500003", "+46850500004"];

/// A call to one of our numbers, proven and from [`PHONE`] unless it says otherwise.
#[derive(Clone, Copy)]
pub(super) struct Ring<'a> {
    pub(super) did: u16,
    pub(super) caller: Result<&'a str, Unknown>,
    pub(super) assurance: Assurance,
    pub(super) is_forwarded: bool,
}

impl Default for Ring<'_> {
    fn default() -> Self {
        let assurance = Assurance::ReturnRouted;
        Self { did: 0, caller: Ok(PHONE), assurance, is_forwarded: false }
    }
}

pub(super) fn missed_world(change: impl FnOnce(&mut Settings)) -> World {
    world(|settings| {
        settings.dids = DIDS.map(|did| E164::parse(did).unwrap()).into();
        change(settings);
    })
}

/// A call is waited for, wherever.
pub(super) fn waits() -> Awaited {
    Awaited::default()
}

/// A call to this one of [`DIDS`] is waited for.
pub(super) fn wait(did: usize) -> Awaited {
    Awaited { did: E164::parse(DIDS[did]).ok(), ..waits() }
}

/// The same, and its caller is called back.
pub(super) fn confirmed(did: usize) -> Awaited {
    Awaited { confirm: Some(FlashCall::default()), ..wait(did) }
}

impl World {
    /// An announced start.
    pub(super) fn waiting(&self, wanted: Awaited, seconds: f64) -> Result<Started, StartError> {
        self.waiting_for(PHONE, wanted, seconds)
    }

    pub(super) fn waiting_for(
        &self,
        to: &str,
        wanted: Awaited,
        seconds: f64,
    ) -> Result<Started, StartError> {
        let start = Start { how: How::MissedCall(wanted), ..request(to) };
        let started = self.verify.start(start, self.at(seconds))?;
        self.verify.announce(&started.task);
        Ok(started)
    }

    /// A start that is not announced yet.
    pub(super) fn begin_waiting(
        &self,
        wanted: Awaited,
        seconds: f64,
    ) -> Result<Started, StartError> {
        let start = Start { how: How::MissedCall(wanted), ..request(PHONE) };
        self.verify.start(start, self.at(seconds))
    }

    /// Somebody rings, and it is over at once.
    pub(super) fn rings(&self, ring: Ring<'_>, seconds: f64) -> Settled {
        self.rings_on(ring, seconds, seconds)
    }

    /// Somebody begins to ring, and it is over some seconds later.
    pub(super) fn rings_on(&self, ring: Ring<'_>, began: f64, over: f64) -> Settled {
        let call = MissedCall {
            did: DidId(ring.did),
            caller: ring.caller.map(|caller| E164::parse(caller).unwrap()),
            header: Some(IdentityHeader::PAssertedIdentity),
            is_disputed: false,
            is_forwarded: ring.is_forwarded,
            assurance: ring.assurance,
            trunk: 3,
            sip_call_id: "a84b4c76e66710".into(),
            sip_code: 486,
            course: Course::default(),
            received: self.at(began),
        };
        self.verify.on_missed_call(call, self.at(over))
    }
}

/// Every call of every verification.
pub(super) fn calls(world: &World) -> Vec<Arc<CallRecord>> {
    let page = world.list(Filter { limit: 1_000, ..Filter::default() });
    page.items.into_iter().flat_map(|item| item.calls).collect()
}
