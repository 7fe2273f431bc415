//! A verification as it stood at one moment: what the control API shows. Never the code.

use std::sync::Arc;

use super::id::VerificationId;
use super::missed::record::MissedCallRecord;
use super::record::{CallRecord, Facts};
use crate::evidence::Assurance;
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
    /// Where the client wants to be told of its end.
    pub callback_url: Option<Arc<str>>,
    /// Its flash calls, oldest first.
    pub calls: Vec<Arc<CallRecord>>,
    /// How the last of them stood at the same moment.
    pub latest: Facts,
    /// Where the codes of its flash calls come from; `None` when the phone is to ring us, and is not or
    /// not yet called back.
    pub codes: Option<CodeSpace>,
    /// The call that it waits for, or got; `None` when we ring the phone.
    pub missed_call: Option<AwaitedCall>,
}

/// Where codes come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CodeSpace {
    /// The pool that the caller IDs come from.
    pub pool: Arc<str>,
    /// What all numbers of the pool begin with, `+46…`: shown, it narrows no guess.
    pub caller_id_prefix: String,
    /// Distinct codes that were possible for this phone when the latest call was placed.
    pub distinct: u32,
}

/// A call that is waited for.
#[derive(Clone, Debug)]
pub struct AwaitedCall {
    /// The number to ring.
    pub did: E164,
    /// Whether the caller is called back, and must give the digits that this call shows.
    pub is_confirmed: bool,
    /// The call that came.
    pub matched: Option<Arc<MissedCallRecord>>,
}

/// How a phone is proven.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// We ring it, and the digits that it shows are typed.
    FlashCall,
    /// It rings us.
    MissedCall,
}

impl Snapshot {
    /// How the phone is proven.
    pub fn method(&self) -> Method {
        if self.missed_call.is_some() { Method::MissedCall } else { Method::FlashCall }
    }

    /// The same, as it was when it had just been started: before a call of the phone's was found that
    /// came first, and what came of that. For starts without a call of their own.
    pub fn as_started(&self) -> Self {
        let missed_call = self.missed_call.clone();
        Self {
            status: Status::Pending,
            reason: None,
            ended_at: None,
            // The caller may have been called back.
            calls_left: self.calls.iter().fold(self.calls_left, |left, _| left.saturating_add(1)),
            calls: vec![],
            latest: Facts::default(),
            codes: None,
            missed_call: missed_call.map(|awaited| AwaitedCall { matched: None, ..awaited }),
            ..self.clone()
        }
    }

    /// Whether nothing has happened to it but its start.
    pub fn is_untouched(&self) -> bool {
        let is_matched = self.missed_call.as_ref().is_some_and(|awaited| awaited.matched.is_some());
        self.status == Status::Pending && !is_matched
    }

    /// The odds that somebody who only guesses is verified: attempts over possible codes. `None` when
    /// no code was shown.
    pub fn guess_odds(&self) -> Option<f64> {
        let distinct = self.codes.as_ref()?.distinct.max(1);
        Some(f64::from(self.attempts_left) / f64::from(distinct))
    }

    /// How well it is proven that the call which was waited for came from the phone; `None` when none
    /// is waited for, or none came.
    pub fn assurance(&self) -> Option<Assurance> {
        let matched = self.missed_call.as_ref()?.matched.as_ref()?;
        // Once its caller was called back, nothing but the code verifies.
        let is_confirmed = self.status == Status::Verified && !self.calls.is_empty();
        Some(if is_confirmed { Assurance::ChallengeConfirmed } else { matched.assurance })
    }
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 2] = [Self::FlashCall, Self::MissedCall];

    /// The word of the API and of the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FlashCall => "flash_call",
            Self::MissedCall => "missed_call",
        }
    }
}

/// Where a verification stands. All but the first are final.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Status {
    /// The proof may still come.
    Pending = 0,
    /// The proof came.
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
    /// The call that was waited for came.
    MissedCallMatched,
    /// No trunk could carry the call.
    NoTrunk,
    /// The trunk says that the number does not exist.
    NumberUnallocated,
    /// A limit was reached while it was pending.
    RejectedByPolicy,
    /// The gateway was stopped, or died, while its call was up, and the phone may not have rung.
    Restarted,
    /// The journal did not take the record of its call, which was not placed for that.
    StoreUnavailable,
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
    pub const ALL: [Self; 12] = [
        Self::CanceledByClient,
        Self::CallerIdMatched,
        Self::CodeMatched,
        Self::Deadline,
        Self::MissedCallMatched,
        Self::NoTrunk,
        Self::NumberUnallocated,
        Self::RejectedByPolicy,
        Self::Restarted,
        Self::StoreUnavailable,
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
            Self::MissedCallMatched => "missed_call_matched",
            Self::NoTrunk => "no_trunk",
            Self::NumberUnallocated => "number_unallocated",
            Self::RejectedByPolicy => "rejected_by_policy",
            Self::Restarted => "restarted",
            Self::StoreUnavailable => "store_unavailable",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Unreachable => "unreachable",
        }
    }
}
