//! The record of one flash call. Its shard writes it, the control socket reads it, nobody waits:
//! each fact is an atomic word of its own.
//!
//! Invariant: `ended` is set once, after every other fact of the end.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::id::{CallId, VerificationId};
use crate::ladder::Ladder;
use crate::outcome::{Outcome, Side};
use crate::time::Micros;

/// What is known of one call, while it lives and after.
#[derive(Debug)]
pub struct CallRecord {
    /// The call's name.
    pub id: CallId,
    /// What it is for.
    pub verification: VerificationId,
    /// When the client was told that the call is placed.
    pub placed_at: Micros,
    /// The same moment on the monotonic clock: the ladder's zero.
    pub placed: Instant,
    /// Its messages.
    pub ladder: Ladder,
    trunk: AtomicU16,
    invited_at: AtomicU64,
    answered_first_at: AtomicU64,
    ringing_at: AtomicU64,
    hung_up_at: AtomicU64,
    ended_at: AtomicU64,
    ring_planned_ms: AtomicU32,
    outcome: AtomicU8,
    by: AtomicU8,
    sip_code: AtomicU16,
    cause: AtomicU8,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallState {
    /// Accepted, nothing sent yet.
    Placed,
    /// The INVITE has left.
    Calling,
    /// The phone rings.
    Ringing,
    /// We have hung up and wait for the trunk's word.
    HangingUp,
    /// Over.
    Ended,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// By whom.
    pub by: Side,
    /// The final status code, if one came.
    pub sip_code: Option<u16>,
    /// The Q.850 cause of the Reason header, if one came (RFC 3326).
    pub q850_cause: Option<u8>,
}

/// The moments of a call, as far as it got.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Moments {
    /// The INVITE left.
    pub invited: Option<Micros>,
    /// The first response came.
    pub answered_first: Option<Micros>,
    /// The phone began to ring.
    pub ringing: Option<Micros>,
    /// Our CANCEL left.
    pub hung_up: Option<Micros>,
    /// The call was over.
    pub ended: Option<Micros>,
}

impl CallRecord {
    /// A call that was placed and has not been sent.
    pub fn new(id: CallId, verification: VerificationId, placed: Instant, at: Micros) -> Self {
        Self {
            id,
            verification,
            placed_at: at,
            placed,
            ladder: Ladder::default(),
            trunk: AtomicU16::new(NO_TRUNK),
            invited_at: AtomicU64::new(0),
            answered_first_at: AtomicU64::new(0),
            ringing_at: AtomicU64::new(0),
            hung_up_at: AtomicU64::new(0),
            ended_at: AtomicU64::new(0),
            ring_planned_ms: AtomicU32::new(0),
            outcome: AtomicU8::new(0),
            by: AtomicU8::new(0),
            sip_code: AtomicU16::new(0),
            cause: AtomicU8::new(NO_CAUSE),
        }
    }

    /// The INVITE left for the trunk with this index. A failover says so again.
    pub fn on_invited(&self, trunk: u16, at: Micros) {
        self.trunk.store(trunk, Ordering::Release);
        once(&self.invited_at, at);
    }

    /// The first response came.
    pub fn on_first_response(&self, at: Micros) {
        once(&self.answered_first_at, at);
    }

    /// How long the phone is to ring. Said before it rings, so that the real time can be compared.
    pub fn plan_ring(&self, ring: Duration) {
        let millis = u32::try_from(ring.as_millis()).unwrap_or(u32::MAX);
        self.ring_planned_ms.store(millis, Ordering::Release);
    }

    /// The phone began to ring.
    pub fn on_ringing(&self, at: Micros) {
        once(&self.ringing_at, at);
    }

    /// Our CANCEL left.
    pub fn on_hung_up(&self, at: Micros) {
        once(&self.hung_up_at, at);
    }

    /// The call is over. Later calls change nothing.
    pub fn on_ended(&self, ending: Ending, at: Micros) {
        if self.ended_at.load(Ordering::Acquire) != 0 {
            return;
        }
        self.outcome.store(ending.outcome as u8, Ordering::Relaxed);
        self.by.store(ending.by as u8, Ordering::Relaxed);
        self.sip_code.store(ending.sip_code.unwrap_or(0), Ordering::Relaxed);
        self.cause.store(ending.q850_cause.unwrap_or(NO_CAUSE), Ordering::Relaxed);
        once(&self.ended_at, at);
    }

    /// Where the call stands.
    pub fn state(&self) -> CallState {
        self.moments().state()
    }

    /// The call's moments.
    pub fn moments(&self) -> Moments {
        Moments {
            invited: read(&self.invited_at),
            answered_first: read(&self.answered_first_at),
            ringing: read(&self.ringing_at),
            hung_up: read(&self.hung_up_at),
            ended: read(&self.ended_at),
        }
    }

    /// How it ended; `None` while it lives.
    pub fn ending(&self) -> Option<Ending> {
        read(&self.ended_at)?;
        let code = self.sip_code.load(Ordering::Relaxed);
        let cause = self.cause.load(Ordering::Relaxed);
        Some(Ending {
            outcome: Outcome::from_u8(self.outcome.load(Ordering::Relaxed))?,
            by: Side::from_u8(self.by.load(Ordering::Relaxed))?,
            sip_code: (code != 0).then_some(code),
            q850_cause: (cause != NO_CAUSE).then_some(cause),
        })
    }

    /// How long the phone is to ring; `None` before that is known.
    pub fn planned_ring(&self) -> Option<Duration> {
        let millis = self.ring_planned_ms.load(Ordering::Acquire);
        (millis != 0).then(|| Duration::from_millis(millis.into()))
    }

    /// The index, in the configuration's order, of the trunk that carries or carried it.
    pub fn trunk(&self) -> Option<u16> {
        let trunk = self.trunk.load(Ordering::Acquire);
        (trunk != NO_TRUNK).then_some(trunk)
    }
}

impl Moments {
    /// Where a call with these moments stands.
    pub fn state(&self) -> CallState {
        match self {
            Self { ended: Some(_), .. } => CallState::Ended,
            Self { hung_up: Some(_), .. } => CallState::HangingUp,
            Self { ringing: Some(_), .. } => CallState::Ringing,
            Self { invited: Some(_), .. } => CallState::Calling,
            Self { .. } => CallState::Placed,
        }
    }
}

/// The first moment counts: a repeated provisional does not restart anything.
fn once(place: &AtomicU64, at: Micros) {
    // Zero means "not yet"; the epoch itself is shown as one microsecond after it.
    let _ = place.compare_exchange(0, at.0.max(1), Ordering::AcqRel, Ordering::Acquire);
}

fn read(place: &AtomicU64) -> Option<Micros> {
    let micros = place.load(Ordering::Acquire);
    (micros != 0).then_some(Micros(micros))
}

const NO_TRUNK: u16 = u16::MAX;
/// Q.850 causes are seven bits.
const NO_CAUSE: u8 = u8::MAX;
