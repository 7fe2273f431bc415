//! How a receiver does, as people are shown it.

use std::sync::Arc;
use std::time::Instant;

use super::failure::Failure;
use crate::delivery::EndpointState;
use crate::time::Micros;

/// One receiver at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndpointReading {
    /// Its name; `None`: all callback URLs together.
    pub name: Option<Arc<str>>,
    /// The host of its URL; `None`: of callbacks, or not in the configuration.
    pub host: Option<Arc<str>>,
    /// How it does.
    pub state: EndpointState,
    /// Before when it is not asked again, if it rests or is down and that is known.
    pub until: Option<Micros>,
    /// Messages for it that wait for a try.
    pub waiting: u64,
    /// Messages for it under way.
    pub trying: u64,
    /// Dead letters for it.
    pub dead: u64,
    /// Why the last try that failed did so, and when.
    pub last_error: Option<(Box<str>, Micros)>,
}

/// Why a try failed, and when.
pub(super) type LastFailure = (Failure, Instant);

/// How a lane does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Standing {
    pub(super) state: EndpointState,
    /// From when on it may be asked; `None`: now, or not before something changes.
    pub(super) from: Option<Instant>,
}

impl Standing {
    pub(super) const GONE: Self = Self { state: EndpointState::Gone, from: None };
    pub(super) const WORKING: Self = Self { state: EndpointState::Working, from: None };

    /// When a message that is due at `due` is tried; `None`: it is not.
    pub(super) fn tries_at(self, due: Instant) -> Option<Instant> {
        match self.state {
            EndpointState::Disabled | EndpointState::Gone => None,
            EndpointState::Down | EndpointState::Resting | EndpointState::Working => {
                Some(self.from.map_or(due, |from| from.max(due)))
            }
        }
    }
}
