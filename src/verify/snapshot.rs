//! A verification as it stood at one moment: what the control API shows. Never the code.

use std::sync::Arc;

use super::id::VerificationId;
use super::record::{CallRecord, Facts};
use crate::number::E164;
use crate::time::Micros;

/// A verification as it stood at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its name.
    pub id: VerificationId,
    /// The phone that is to be proven.
    pub to: E164,
    /// Where it stands.
    pub status: Status,
    /// Why it stands there; `None` while pending.
    pub reason: Option<Reason>,
    /// When it was started.
    pub created_at: Micros,
    /// When it expires.
    pub expires_at: Micros,
    /// When it reached its final state.
    pub ended_at: Option<Micros>,
    /// Codes that may still be tried.
    pub attempts_left: u8,
    /// Calls that may still be asked for.
    pub calls_left: u8,
    /// The client's own word for it.
    pub client_ref: Option<Arc<str>>,
    /// The pool that its caller IDs come from.
    pub pool: Arc<str>,
    /// What all numbers of the pool begin with, `+46…`: shown, it narrows no guess.
    pub caller_id_prefix: String,
    /// Distinct codes that were possible for this phone when the latest call was placed.
    pub code_space: u32,
    /// Its calls, oldest first.
    pub calls: Vec<Arc<CallRecord>>,
    /// How the last of them stood at the same moment.
    pub latest: Facts,
}

impl Snapshot {
    /// The odds that somebody who only guesses is verified: attempts over possible codes.
    pub fn guess_odds(&self) -> f64 {
        f64::from(self.attempts_left) / f64::from(self.code_space.max(1))
    }
}

/// Where a verification stands. All but the first are final.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Status {
    /// The code may still be given.
    Pending = 0,
    /// The right code came.
    Verified,
    /// It cannot succeed any more.
    Failed,
    /// Time ran out.
    Expired,
    /// The client withdrew it.
    Canceled,
}

/// Why a verification ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Reason {
    /// The client withdrew it.
    CanceledByClient = 1,
    /// The app reported the whole caller ID and it was right.
    CallerIdMatched,
    /// The right digits came.
    CodeMatched,
    /// Time ran out.
    Deadline,
    /// No trunk could carry the call.
    NoTrunk,
    /// The trunk says that the number does not exist.
    NumberUnallocated,
    /// A limit was reached while it was pending.
    RejectedByPolicy,
    /// Wrong codes used up the attempts.
    TooManyAttempts,
    /// The phone could not be reached.
    Unreachable,
}

impl Status {
    /// Every status, by number.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Verified, Self::Failed, Self::Expired, Self::Canceled];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Verified => "verified",
        }
    }
}

impl Reason {
    /// Every reason, by number, from 1.
    pub const ALL: [Self; 9] = [
        Self::CanceledByClient,
        Self::CallerIdMatched,
        Self::CodeMatched,
        Self::Deadline,
        Self::NoTrunk,
        Self::NumberUnallocated,
        Self::RejectedByPolicy,
        Self::TooManyAttempts,
        Self::Unreachable,
    ];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CallerIdMatched => "caller_id_matched",
            Self::CanceledByClient => "canceled_by_client",
            Self::CodeMatched => "code_matched",
            Self::Deadline => "deadline",
            Self::NoTrunk => "no_trunk",
            Self::NumberUnallocated => "number_unallocated",
            Self::RejectedByPolicy => "rejected_by_policy",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Unreachable => "unreachable",
        }
    }
}
