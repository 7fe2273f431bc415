//! What each error of the rooms below is to a client.

use super::super::access::Stranger;
use super::super::outside::{CallbackError, RetryError, Unavailable};
use super::super::service::{
    CallAgainRefusal, CancelRefusal, CheckRefusal, NotPlaced, StartRefusal,
};
use super::super::view::VerificationView;
use super::{Code, Problem};
use crate::verify::CallAgainError;
use crate::verify::CancelError;
use crate::verify::CheckError;
use crate::verify::ReportError;
use crate::verify::StartError;
use crate::verify::TrunkNames;
use crate::verify::snapshot::Snapshot;

/// A verification was not started.
pub(in super::super) fn of_start(refusal: &StartRefusal) -> Problem {
    let detail = refusal.to_string();
    let error = match refusal {
        StartRefusal::CallRate { retry_after } => {
            return Problem::new(Code::RateLimited, detail).after(*retry_after);
        }
        StartRefusal::NotPlaced(error) => return of_not_placed(*error),
        StartRefusal::Unavailable(error) => return (*error).into(),
        StartRefusal::Verify(error) => error,
    };
    match error {
        StartError::AlreadyPending { id } => {
            Problem { id: Some(*id), ..Problem::new(Code::AlreadyPending, detail) }
        }
        StartError::CallInProgress => Problem::new(Code::CallInProgress, detail),
        StartError::ExpiresIn { .. } => Problem::field("/expires_in", detail),
        StartError::NoDid | StartError::NoPool => Problem::field("/method", detail),
        StartError::NoFreeDid { id } => {
            Problem { id: Some(*id), ..Problem::new(Code::AlreadyPending, detail) }
        }
        StartError::NoPoolToConfirm => Problem::field("/confirm", detail),
        StartError::NumberNotAllowed(_) => {
            Problem { pointer: Some("/to".into()), ..Problem::new(Code::NumberNotAllowed, detail) }
        }
        StartError::Overloaded { .. } => Problem::new(Code::Overloaded, detail),
        StartError::PoolExhausted { .. } => Problem::new(Code::PoolExhausted, detail),
        StartError::RateLimited { retry_after, .. } => {
            Problem::new(Code::RateLimited, detail).after(*retry_after)
        }
        StartError::RecentWithin { .. } => Problem::field("/recent_within", detail),
        StartError::Ring { .. } => Problem::field("/ring_ms", detail),
        StartError::UnknownDid => Problem::field("/did", detail),
        StartError::UnknownPool { .. } => Problem::field("/pool", detail),
    }
}

/// No second call was placed.
pub(in super::super) fn of_call_again(refusal: &CallAgainRefusal, trunks: &TrunkNames) -> Problem {
    let detail = refusal.to_string();
    let error = match refusal {
        CallAgainRefusal::CallRate { retry_after } => {
            return Problem::new(Code::RateLimited, detail).after(*retry_after);
        }
        CallAgainRefusal::NotPlaced(error) => return of_not_placed(*error),
        CallAgainRefusal::Unavailable(error) => return (*error).into(),
        CallAgainRefusal::Verify(error) => error,
    };
    match error {
        CallAgainError::AlreadyEnded(snapshot) => already_ended(snapshot, trunks, detail),
        CallAgainError::CallInProgress => Problem::new(Code::CallInProgress, detail),
        CallAgainError::NoCallsLeft => Problem::new(Code::NoCallsLeft, detail),
        CallAgainError::NotCalled => Problem::new(Code::NotCalled, detail),
        CallAgainError::NotFound => Problem::not_found(),
        CallAgainError::PhoneLocked { retry_after } => {
            Problem::new(Code::RateLimited, detail).after(*retry_after)
        }
        CallAgainError::PoolExhausted { .. } => Problem::new(Code::PoolExhausted, detail),
    }
}

/// Evidence was not looked at.
pub(in super::super) fn of_check(refusal: &CheckRefusal, trunks: &TrunkNames) -> Problem {
    let detail = refusal.to_string();
    let error = match refusal {
        CheckRefusal::Unavailable(error) => return (*error).into(),
        CheckRefusal::Verify(error) => error,
    };
    match error {
        CheckError::AlreadyEnded(snapshot) => already_ended(snapshot, trunks, detail),
        CheckError::NotACallerId { .. } => Problem::field("/caller_id", detail),
        CheckError::NotACode => Problem::field("/code", detail),
        CheckError::NotCalled => Problem::new(Code::NotCalled, detail),
        CheckError::NotFound => Problem::not_found(),
    }
}

/// Nothing was withdrawn.
pub(in super::super) fn of_cancel(refusal: &CancelRefusal, trunks: &TrunkNames) -> Problem {
    let detail = refusal.to_string();
    let error = match refusal {
        CancelRefusal::Unavailable(error) => return (*error).into(),
        CancelRefusal::Verify(error) => error,
    };
    match error {
        CancelError::AlreadyEnded(snapshot) => already_ended(snapshot, trunks, detail),
        CancelError::NotFound => Problem::not_found(),
    }
}

/// A report was not taken.
pub(in super::super) fn of_report(error: ReportError) -> Problem {
    match error {
        ReportError::NotCalled => Problem::new(Code::NotCalled, error.to_string()),
        ReportError::NotFound => Problem::not_found(),
    }
}

/// A callback URL is not taken.
pub(in super::super) fn of_callback(error: CallbackError) -> Problem {
    match error {
        CallbackError::NotPublic(detail) => Problem {
            pointer: Some("/callback_url".into()),
            ..Problem::new(Code::UrlNotAllowed, detail)
        },
        CallbackError::Wrong(detail) => Problem::field("/callback_url", detail),
    }
}

/// A message to a webhook is not tried.
pub(in super::super) fn of_retry(error: &RetryError) -> Problem {
    match error {
        RetryError::CallbacksOff | RetryError::EndpointGone { .. } => {
            Problem::new(Code::EndpointGone, error.to_string())
        }
        RetryError::Full => Problem::new(Code::Overloaded, error.to_string()),
        RetryError::NotFound => Problem::not_found(),
        RetryError::Unavailable(error) => (*error).into(),
    }
}

/// Somebody on TCP has no valid key.
pub(in super::super) fn of_stranger(stranger: Stranger) -> Problem {
    let detail = stranger.to_string();
    match stranger {
        Stranger::NoToken | Stranger::WrongToken => Problem::new(Code::Unauthorized, detail),
        Stranger::TooMany { retry_after } => {
            Problem::new(Code::RateLimited, detail).after(retry_after)
        }
    }
}

impl From<Unavailable> for Problem {
    /// The disk does not take what must be on it first.
    fn from(error: Unavailable) -> Self {
        Self::new(Code::StoreUnavailable, error.to_string())
    }
}

fn of_not_placed(error: NotPlaced) -> Problem {
    let code = match error {
        NotPlaced::NoTrunk => Code::NoTrunk,
        NotPlaced::QueueFull | NotPlaced::Stopping => Code::Overloaded,
    };
    Problem::new(code, error.to_string())
}

fn already_ended(snapshot: &Snapshot, trunks: &TrunkNames, detail: String) -> Problem {
    Problem {
        verification: Some(Box::new(VerificationView::new(snapshot, trunks))),
        ..Problem::new(Code::AlreadyEnded, detail)
    }
}
