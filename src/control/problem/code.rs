//! The closed set of refusals, with the status and the words of each.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::replies::Term;

/// Why a request was refused. Stable: clients look at it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The verification has its final status.
    AlreadyEnded,
    /// The phone has a pending verification, whose `id` is given.
    AlreadyPending,
    /// The body is too long.
    BodyTooLarge,
    /// The phone is being called.
    CallInProgress,
    /// The message is for an endpoint that is not in the configuration.
    EndpointGone,
    /// The events that were asked for are not kept any more, or never were.
    EventsGone,
    /// The key's rights do not allow it.
    Forbidden,
    /// The `Idempotency-Key` was used with another body.
    IdempotencyMismatch,
    /// The request is not well-formed; `pointer` names the field, if one is wrong.
    InvalidRequest,
    /// The path has no such method.
    MethodNotAllowed,
    /// All calls of the verification were used.
    NoCallsLeft,
    /// No trunk can carry the call.
    NoTrunk,
    /// There is no such thing, or it is not remembered.
    NotFound,
    /// The verification waits for a call from the phone and has not called it: there is no code.
    NotCalled,
    /// The gateway cannot place calls now.
    NotReady,
    /// The number is never verified.
    NumberNotAllowed,
    /// A bound was reached: less, or later.
    Overloaded,
    /// Too few codes are left for this phone.
    PoolExhausted,
    /// Too many requests, or too many calls to this phone.
    RateLimited,
    /// The request, or the one that it repeats, took too long.
    RequestTimeout,
    /// What must not be lost cannot be written now.
    StoreUnavailable,
    /// A valid key is needed.
    Unauthorized,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// Nothing is sent to the URL's address.
    UrlNotAllowed,
}

impl Code {
    /// Every code, in the order of the declaration.
    pub const ALL: [Self; 24] = [
        Self::AlreadyEnded,
        Self::AlreadyPending,
        Self::BodyTooLarge,
        Self::CallInProgress,
        Self::EndpointGone,
        Self::EventsGone,
        Self::Forbidden,
        Self::IdempotencyMismatch,
        Self::InvalidRequest,
        Self::MethodNotAllowed,
        Self::NoCallsLeft,
        Self::NoTrunk,
        Self::NotCalled,
        Self::NotFound,
        Self::NotReady,
        Self::NumberNotAllowed,
        Self::Overloaded,
        Self::PoolExhausted,
        Self::RateLimited,
        Self::RequestTimeout,
        Self::StoreUnavailable,
        Self::Unauthorized,
        Self::UnsupportedMediaType,
        Self::UrlNotAllowed,
    ];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyEnded => "already_ended",
            Self::AlreadyPending => "already_pending",
            Self::BodyTooLarge => "body_too_large",
            Self::CallInProgress => "call_in_progress",
            Self::EndpointGone => "endpoint_gone",
            Self::EventsGone => "events_gone",
            Self::Forbidden => "forbidden",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::InvalidRequest => "invalid_request",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NoCallsLeft => "no_calls_left",
            Self::NoTrunk => "no_trunk",
            Self::NotCalled => "not_called",
            Self::NotFound => "not_found",
            Self::NotReady => "not_ready",
            Self::NumberNotAllowed => "number_not_allowed",
            Self::Overloaded => "overloaded",
            Self::PoolExhausted => "pool_exhausted",
            Self::RateLimited => "rate_limited",
            Self::RequestTimeout => "request_timeout",
            Self::StoreUnavailable => "store_unavailable",
            Self::Unauthorized => "unauthorized",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::UrlNotAllowed => "url_not_allowed",
        }
    }

    /// Its HTTP status (RFC 9110 §15, RFC 6585).
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::AlreadyEnded
            | Self::AlreadyPending
            | Self::CallInProgress
            | Self::EndpointGone
            | Self::NoCallsLeft
            | Self::NotCalled => StatusCode::CONFLICT,
            Self::EventsGone => StatusCode::GONE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyMismatch | Self::NumberNotAllowed | Self::UrlNotAllowed => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::NoTrunk
            | Self::NotReady
            | Self::Overloaded
            | Self::PoolExhausted
            | Self::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code as a sentence.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::AlreadyEnded => "The verification has ended",
            Self::AlreadyPending => "The phone has a pending verification",
            Self::BodyTooLarge => "The body is too long",
            Self::CallInProgress => "The phone is being called",
            Self::EndpointGone => "The endpoint is not in the configuration",
            Self::EventsGone => "These events cannot be read",
            Self::Forbidden => "The key does not allow this",
            Self::IdempotencyMismatch => "The Idempotency-Key was used with another body",
            Self::InvalidRequest => "The request is not valid",
            Self::MethodNotAllowed => "The path has no such method",
            Self::NoCallsLeft => "All calls were used",
            Self::NoTrunk => "No trunk can carry the call",
            Self::NotCalled => "The phone was not called",
            Self::NotFound => "There is no such thing",
            Self::NotReady => "The gateway cannot place calls",
            Self::NumberNotAllowed => "The number is never verified",
            Self::Overloaded => "The gateway is busy",
            Self::PoolExhausted => "Too few codes are left for this phone",
            Self::RateLimited => "Too many requests",
            Self::RequestTimeout => "The request took too long",
            Self::StoreUnavailable => "Nothing can be written now",
            Self::Unauthorized => "A valid key is needed",
            Self::UnsupportedMediaType => "The body is not JSON",
            Self::UrlNotAllowed => "Nothing is sent to this address",
        }
    }

    /// When to try again, where the code alone can tell.
    pub(super) fn retry_after(self) -> Option<Duration> {
        let seconds = match self {
            Self::Overloaded | Self::StoreUnavailable => 1,
            // A call rings for a few seconds, and its end takes a moment.
            Self::CallInProgress | Self::NoTrunk | Self::NotReady => 5,
            // Until a lease ends hours may pass; a minute keeps a client from spinning.
            Self::PoolExhausted => 60,
            Self::AlreadyEnded
            | Self::AlreadyPending
            | Self::BodyTooLarge
            | Self::EndpointGone
            | Self::EventsGone
            | Self::Forbidden
            | Self::IdempotencyMismatch
            | Self::InvalidRequest
            | Self::MethodNotAllowed
            | Self::NoCallsLeft
            | Self::NotCalled
            | Self::NotFound
            | Self::NumberNotAllowed
            | Self::RateLimited
            | Self::RequestTimeout
            | Self::Unauthorized
            | Self::UnsupportedMediaType
            | Self::UrlNotAllowed => return None,
        };
        Some(Duration::from_secs(seconds))
    }

    /// For how long it is true. For the moment: nothing was done, nothing about the request is wrong,
    /// and the same request may be granted later.
    pub(in super::super) fn term(self) -> Term {
        match self {
            Self::StoreUnavailable => Term::Unsure,
            Self::AlreadyPending
            | Self::CallInProgress
            // Once it is in the configuration again.
            | Self::EndpointGone
            | Self::NoTrunk
            // Once the phone has rung us it is called.
            | Self::NotCalled
            | Self::NotReady
            | Self::Overloaded
            | Self::PoolExhausted
            | Self::RateLimited
            | Self::RequestTimeout => Term::Passing,
            Self::AlreadyEnded
            | Self::BodyTooLarge
            | Self::EventsGone
            | Self::Forbidden
            | Self::IdempotencyMismatch
            | Self::InvalidRequest
            | Self::MethodNotAllowed
            | Self::NoCallsLeft
            | Self::NotFound
            | Self::NumberNotAllowed
            | Self::Unauthorized
            | Self::UnsupportedMediaType
            | Self::UrlNotAllowed => Term::Lasting,
        }
    }
}
