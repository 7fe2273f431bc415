//! The numbers that people ring: from which trunks their calls may come, and how these go.
//!
//! Invariant: a number that is not ours on the trunk that a call came from is handled like one that
//! nobody waits for, and its caller cannot tell the difference.

use std::collections::HashMap;

use crate::call::inbound::Plan;
use crate::number::E164;
use crate::verify::DidId;

/// One number.
#[derive(Clone, Debug)]
pub struct Did {
    /// The number.
    pub number: E164,
    /// The indices of the trunks that its calls come from.
    pub trunks: Box<[u16]>,
    /// How its calls go.
    pub plan: Plan,
}

/// Every number, by its place in the configuration.
#[derive(Clone, Debug)]
pub struct Dids {
    dids: Box<[Did]>,
    by_number: HashMap<E164, DidId>,
    elsewhere: Plan,
}

impl Dids {
    /// The numbers of the configuration, in its order, which is also that of `verify`. `elsewhere`: how
    /// calls to other numbers go.
    pub fn new(dids: Vec<Did>, elsewhere: Plan) -> Self {
        let ids = (0..u16::MAX).map(DidId);
        let by_number = dids.iter().map(|did| did.number).zip(ids).collect();
        Self { dids: dids.into(), by_number, elsewhere }
    }

    /// Every number, in the configuration's order.
    pub fn all(&self) -> &[Did] {
        &self.dids
    }

    /// Whether there is no number to ring.
    pub(crate) fn is_empty(&self) -> bool {
        self.dids.is_empty()
    }

    /// How a call to `number` that came from `trunk` goes, and which of our numbers it is, if it is one.
    pub(crate) fn find(&self, number: Option<E164>, trunk: u16) -> (Option<DidId>, Plan) {
        let found = number.and_then(|number| self.by_number.get(&number).copied());
        let did = found.and_then(|id| Some((id, self.dids.get(usize::from(id.0))?)));
        match did.filter(|(_, did)| did.trunks.contains(&trunk)) {
            Some((id, did)) => (Some(id), did.plan),
            None => (None, self.elsewhere),
        }
    }
}

impl Default for Dids {
    /// No number: every call is refused at once.
    fn default() -> Self {
        use std::time::Duration;
        Self::new(vec![], Plan { ring: Duration::ZERO, refusal: crate::sip::Status::BUSY_HERE })
    }
}
