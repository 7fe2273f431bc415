//! The record of one flash call. Its shard writes it, the control socket reads it, nobody waits:
//! each fact is an atomic word of its own.
//!
//! Moments are kept as microseconds on the monotonic clock since the call was placed: what is measured
//! between two of them is right whatever is done to the wall clock meanwhile. Wall time is made when
//! one is shown, from the one reading that was taken when the call was placed.
//!
//! Invariant: `ended` is set once, after every other fact of the end.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering};
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
    /// The same moment on the monotonic clock: the zero of the ladder and of every moment.
    pub placed: Instant,
    /// Its messages.
    pub ladder: Ladder,
    trunk: AtomicU16,
    invited: AtomicU32,
    answered_first: AtomicU32,
    ringing: AtomicU32,
    hung_up: AtomicU32,
    ended: AtomicU32,
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

impl CallState {
    /// Every state, in the order in which a call passes them.
    pub const ALL: [Self; 5] =
        [Self::Placed, Self::Calling, Self::Ringing, Self::HangingUp, Self::Ended];
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

/// The moments of a call as times since it was placed, as far as it got. Up to 71 minutes are told
/// apart; no call lives for one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Moments {
    /// The INVITE left.
    pub invited: Option<Duration>,
    /// The first response came.
    pub answered_first: Option<Duration>,
    /// The phone began to ring.
    pub ringing: Option<Duration>,
    /// Our CANCEL left.
    pub hung_up: Option<Duration>,
    /// The call was over.
    pub ended: Option<Duration>,
}

/// What was known of a call at one moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// How far it had got, and when.
    pub moments: Moments,
    /// How it ended; `None` while it lived.
    pub ending: Option<Ending>,
    /// The index of the trunk that carried it; `None` before it was sent.
    pub trunk: Option<u16>,
}

impl Facts {
    /// The same, as it was when the phone began to ring.
    pub fn when_ringing(self) -> Self {
        let moments = Moments { hung_up: None, ended: None, ..self.moments };
        Self { moments, ending: None, ..self }
    }
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
            invited: AtomicU32::new(0),
            answered_first: AtomicU32::new(0),
            ringing: AtomicU32::new(0),
            hung_up: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            ring_planned_ms: AtomicU32::new(0),
            outcome: AtomicU8::new(0),
            by: AtomicU8::new(0),
            sip_code: AtomicU16::new(0),
            cause: AtomicU8::new(NO_CAUSE),
        }
    }

    /// A call that another process placed, as far as is known.
    pub fn restored(
        id: CallId,
        verification: VerificationId,
        (placed, at): (Instant, Micros),
        facts: &Facts,
        ring: Option<Duration>,
    ) -> Self {
        let record = Self::new(id, verification, placed, at);
        let set = |place: &AtomicU32, moment: Option<Duration>| {
            if let Some(moment) = moment {
                record.once(place, placed + moment);
            }
        };
        let Moments { invited, answered_first, ringing, hung_up, ended } = facts.moments;
        set(&record.invited, invited);
        set(&record.answered_first, answered_first);
        set(&record.ringing, ringing);
        set(&record.hung_up, hung_up);
        record.trunk.store(facts.trunk.unwrap_or(NO_TRUNK), Ordering::Release);
        if let Some(ring) = ring {
            record.plan_ring(ring);
        }
        if let (Some(ending), Some(ended)) = (facts.ending, ended) {
            record.on_ended(ending, placed + ended);
        }
        record
    }

    /// The INVITE left for the trunk with this index. A failover says so again.
    pub fn on_invited(&self, trunk: u16, now: Instant) {
        self.trunk.store(trunk, Ordering::Release);
        self.once(&self.invited, now);
    }

    /// The first response came.
    pub fn on_first_response(&self, now: Instant) {
        self.once(&self.answered_first, now);
    }

    /// How long the phone is to ring. Said before it rings, so that the real time can be compared.
    pub fn plan_ring(&self, ring: Duration) {
        let millis = u32::try_from(ring.as_millis()).unwrap_or(u32::MAX);
        self.ring_planned_ms.store(millis, Ordering::Release);
    }

    /// The phone began to ring.
    pub fn on_ringing(&self, now: Instant) {
        self.once(&self.ringing, now);
    }

    /// Our CANCEL left.
    pub fn on_hung_up(&self, now: Instant) {
        self.once(&self.hung_up, now);
    }

    /// The call is over. Later calls change nothing.
    pub fn on_ended(&self, ending: Ending, now: Instant) {
        if self.ended.load(Ordering::Acquire) != 0 {
            return;
        }
        self.outcome.store(ending.outcome as u8, Ordering::Relaxed);
        self.by.store(ending.by as u8, Ordering::Relaxed);
        self.sip_code.store(ending.sip_code.unwrap_or(0), Ordering::Relaxed);
        self.cause.store(ending.q850_cause.unwrap_or(NO_CAUSE), Ordering::Relaxed);
        self.once(&self.ended, now);
    }

    /// Where the call stands.
    pub fn state(&self) -> CallState {
        self.moments().state()
    }

    /// The call's moments. The latest are read first, so that one that is there has its past.
    pub fn moments(&self) -> Moments {
        let ended = read(&self.ended);
        let hung_up = read(&self.hung_up);
        let ringing = read(&self.ringing);
        let answered_first = read(&self.answered_first);
        Moments { invited: read(&self.invited), answered_first, ringing, hung_up, ended }
    }

    /// All that is known, as it was at one moment.
    pub fn facts(&self) -> Facts {
        let moments = self.moments();
        Facts { moments, ending: moments.ended.and_then(|_| self.ending()), trunk: self.trunk() }
    }

    /// How it ended; `None` while it lives.
    pub fn ending(&self) -> Option<Ending> {
        read(&self.ended)?;
        let code = self.sip_code.load(Ordering::Relaxed);
        let cause = self.cause.load(Ordering::Relaxed);
        Some(Ending {
            outcome: Outcome::from_u8(self.outcome.load(Ordering::Relaxed))?,
            by: Side::from_u8(self.by.load(Ordering::Relaxed))?,
            sip_code: (code != 0).then_some(code),
            q850_cause: (cause != NO_CAUSE).then_some(cause),
        })
    }

    /// What the wall clock showed at a moment of this call, had nobody set it since the call was
    /// placed.
    pub fn shown(&self, moment: Duration) -> Micros {
        Micros(self.placed_at.0.saturating_add(moment.as_micros() as u64))
    }

    /// The first moment counts: a repeated provisional does not restart anything.
    fn once(&self, place: &AtomicU32, now: Instant) {
        let micros = now.saturating_duration_since(self.placed).as_micros();
        let word = u32::try_from(micros).unwrap_or(u32::MAX).saturating_add(1);
        let _ = place.compare_exchange(0, word, Ordering::AcqRel, Ordering::Acquire);
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

fn read(place: &AtomicU32) -> Option<Duration> {
    // Zero is "not yet", so a moment is stored as one more than it is.
    let micros = place.load(Ordering::Acquire).checked_sub(1)?;
    Some(Duration::from_micros(micros.into()))
}

const NO_TRUNK: u16 = u16::MAX;
/// Q.850 causes are seven bits.
const NO_CAUSE: u8 = u8::MAX;
