//! What clients send, read strictly: bodies, queries, ids. A field that is not known is refused, as
//! are duplicates, and a refusal points at the field (RFC 6901).

mod body;
mod json;
mod query;
mod retry;

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use utoipa::IntoParams;

use super::problem::Problem;
pub(super) use body::{CheckBody, NoBody, ReportBody, StartBody};
pub(super) use json::Json;
pub(super) use query::{DeliveriesQuery, EventsQuery, ListQuery, MissedCallsQuery, Query, Wanted};
pub(super) use retry::RetryBody;

/// The header that every POST takes; `intake` reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct IdempotencyKey {
    /// Makes a repetition safe: it gets the first one's reply. A key counts for one caller and one
    /// path; another body, byte for byte, is `idempotency_mismatch`. What was refused for the moment (408,
    /// 429, 5xx, `already_pending`, `call_in_progress`, `endpoint_gone`, `not_called`) is tried again.
    #[param(rename = "Idempotency-Key")]
    #[expect(dead_code, reason = "only its description is used")]
    key: Option<String>,
}

/// The id in the path. A text that is no id looks like the id of something that is forgotten.
#[derive(Debug)]
pub(super) struct Id<T>(pub(super) T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        let id = params.as_ref().and_then(|params| params.iter().next()?.1.parse().ok());
        id.map(Self).ok_or_else(Problem::not_found)
    }
}

/// The id of a message to a webhook. What it may be is known to those who make them.
#[derive(Debug)]
pub(super) struct MessageId(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for MessageId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Id::from_request_parts(parts, state).await.map(|Id(id)| Self(id))
    }
}

#[cfg(test)]
mod tests;
