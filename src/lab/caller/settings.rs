//! What can be chosen of a caller, and what it is asked to dial.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::number::Number;
use super::super::settings::Wire;
use super::conduct::Conduct;
use super::identity::{Identity, IdentityError, Shown};
use crate::number::E164;
use crate::transaction::TimerBase;

/// Everything about a caller that can be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Where it can be reached: its Via and its Contact.
    pub local: SocketAddr,
    /// Whom it calls. Every request goes there, whatever routes a response names.
    pub callee: SocketAddr,
    /// T1, T2 and T4.
    pub base: TimerBase,
    /// How long it waits for a final response before it gives up.
    pub patience: Duration,
    /// What lies between the caller and the called side.
    pub wire: Wire,
    /// Most client transactions alive; calls beyond are shed.
    pub transactions_max: usize,
    /// Most events that wait to be read; those beyond are counted and dropped.
    pub events_max: usize,
}

impl Settings {
    /// A caller at `local` that calls `callee`, as a newcomer expects it.
    pub fn new(local: SocketAddr, callee: SocketAddr) -> Self {
        Self {
            local,
            callee,
            base: TimerBase::default(),
            patience: Duration::from_secs(40),
            wire: Wire::Orderly,
            transactions_max: 1 << 18,
            events_max: 1 << 16,
        }
    }
}

/// How a caller is shown, and what it does with the call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Manner {
    /// How it is shown.
    pub identity: Identity,
    /// What it does.
    pub conduct: Conduct,
}

/// A call to be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dial {
    /// Who calls.
    pub(super) from: Number,
    pub(super) shown: Shown,
    /// Who is called.
    pub(super) to: Number,
    pub(super) conduct: Conduct,
}

impl Dial {
    /// `from` rings `to` in this manner.
    ///
    /// # Errors
    ///
    /// When `from` has no such form as it is to be shown in.
    pub fn new(from: E164, to: E164, manner: Manner) -> Result<Self, IdentityError> {
        let Manner { identity, conduct } = manner;
        let shown = Shown::new(from, identity)?;
        Ok(Self { from: from.into(), shown, to: to.into(), conduct })
    }
}
