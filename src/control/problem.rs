//! Refusals as a client sees them: RFC 9457 problem details with a `code` out of a closed set.
//!
//! This is the one place where the errors of the rooms below become HTTP. Each mapping is an
//! exhaustive `match`: a new error does not compile until it is decided here what a client is told.

mod code;
mod mapping;

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};
use utoipa::{IntoResponses, ToSchema};

use super::outside::EventRange;
use super::view::{EventsView, VerificationView};
use crate::verify::id::VerificationId;
pub use code::Code;
pub(super) use mapping::{
    of_call_again, of_callback, of_cancel, of_check, of_report, of_retry, of_start, of_stranger,
};

/// Why a request was refused, and what the client should know of it.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    pointer: Option<Box<str>>,
    id: Option<VerificationId>,
    verification: Option<Box<VerificationView>>,
    events: Option<Box<EventsView>>,
    retry_after: Option<Duration>,
}

/// Why a request was refused (RFC 9457, `application/problem+json`).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Document<'a> {
    /// `urn:ringproof:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:ringproof:problem:invalid_request")]
    kind: String,
    /// The code in words.
    #[schema(example = "The request is not valid")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 400)]
    status: u16,
    /// What programs should look at.
    code: Code,
    /// What was found and what would be accepted.
    detail: &'a str,
    /// The field that was wrong (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/to")]
    pointer: Option<&'a str>,
    /// With `already_pending`: the verification that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// With `already_ended`: how it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<&'a VerificationView>,
    /// With `events_gone`: those that are kept, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<EventsView>,
}

/// What every route may answer instead.
#[derive(IntoResponses)]
#[response(
    status = "default",
    description = "Refused: `code` says why",
    content_type = "application/problem+json"
)]
pub(super) struct Refused(
    #[expect(dead_code, reason = "only its description is used")] Document<'static>,
);

impl Problem {
    /// A refusal with this code. `detail` says what was found and what would be accepted.
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            pointer: None,
            id: None,
            verification: None,
            events: None,
            retry_after: code.retry_after(),
        }
    }

    /// A request that is wrong in the field at `pointer` (RFC 6901).
    pub(super) fn field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into().into_boxed_str()),
            ..Self::new(Code::InvalidRequest, detail)
        }
    }

    /// There is no such thing: the same words whether it never was, is forgotten, or cannot be.
    pub(super) fn not_found() -> Self {
        Self::new(Code::NotFound, "there is nothing with this id")
    }

    /// The events that a reader asks for cannot be read; `kept` can.
    pub(super) fn events_gone(detail: String, kept: EventRange) -> Self {
        Self { events: EventsView::new(kept).map(Box::new), ..Self::new(Code::EventsGone, detail) }
    }

    fn after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = Document {
            kind: format!("urn:ringproof:problem:{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code,
            detail: &self.detail,
            pointer: self.pointer.as_deref(),
            id: self.id.map(|id| id.to_string()),
            verification: self.verification.as_deref(),
            events: self.events.as_deref().copied(),
        };
        document.serialize(serializer)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A problem is made of strings and numbers: it has a JSON form.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.code.status(), body).into_response();
        // For those on the way out who must know what it is.
        response.extensions_mut().insert(self.code);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, BEARER);
        }
        // What is left of a body that was too long or too slow is not worth waiting for.
        if matches!(self.code, Code::BodyTooLarge | Code::RequestTimeout) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// RFC 9110 §10.2.3 knows whole seconds; a client that comes too early would be refused again.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// RFC 6750 §3.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"ringproof\"");

#[cfg(test)]
mod tests;
