//! The queries of requests, as strict as the bodies.

use std::error::Error;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::super::outside::DeliveryFilter;
use super::super::problem::{Code, Problem};
use super::super::view::{DeliveryStateWord, MethodWord, StatusWord};
use crate::delivery::DeliveryState;
use crate::number::E164;
use crate::verify::id::{IdError, read_ulid};
use crate::verify::snapshot::{Method, Status};
use crate::verify::{Filter, PAGE_DEFAULT, PAGE_MAX};

/// A query, read.
#[derive(Debug)]
pub(in super::super) struct Query<T>(pub(in super::super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

/// What a query says. A problem is told in the words of the field alone, without those of the framework.
pub(super) fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    axum::extract::Query::try_from_uri(uri).map(|axum::extract::Query(query)| query).map_err(
        |rejection| {
            let detail =
                rejection.source().map_or_else(|| rejection.body_text(), ToString::to_string);
            Problem::new(Code::InvalidRequest, detail)
        },
    )
}

/// Which verifications to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ListQuery {
    /// Only those of this phone, in E.164 form.
    #[param(example = "+46701234567")]
    to: Option<String>,
    /// Only those that stand here.
    #[param(inline, value_type = Option<StatusWord>, example = "pending")]
    status: Option<String>,
    /// Only those that are proven so.
    #[param(inline, value_type = Option<MethodWord>, example = "missed_call")]
    method: Option<String>,
    /// How many at most: 1 to 1000, 20 if not said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only those behind this one: `next` of the page before.
    after: Option<String>,
}

impl TryFrom<ListQuery> for Filter {
    type Error = Problem;

    fn try_from(query: ListQuery) -> Result<Self, Problem> {
        let to = query.to.map(|to| E164::parse(&plus(&to)).map_err(|e| refuse("to", &e)));
        let status = query.status.map(|word| {
            Status::ALL.into_iter().find(|status| status.as_str() == word).ok_or_else(|| {
                let words = Status::ALL.map(Status::as_str).join(", ");
                refuse("status", &format!("not known, must be one of {words}"))
            })
        });
        let method = query.method.map(|word| {
            Method::ALL.into_iter().find(|method| method.as_str() == word).ok_or_else(|| {
                let words = Method::ALL.map(Method::as_str).join(", ");
                refuse("method", &format!("not known, must be one of {words}"))
            })
        });
        let after = query.after.map(|id| id.parse().map_err(|e| refuse("after", &e)));
        let limit = match query.limit {
            None => 0,
            Some(limit) if (1..=PAGE_MAX).contains(&limit) => limit,
            Some(_) => return Err(refuse("limit", &format!("must be 1 to {PAGE_MAX}"))),
        };
        Ok(Self {
            to: to.transpose()?,
            status: status.transpose()?,
            method: method.transpose()?,
            after: after.transpose()?,
            limit,
        })
    }
}

/// Which missed calls are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct MissedCallsQuery {
    /// The phone that rang, in E.164 form.
    #[param(example = "+46701234567")]
    from: String,
    /// Only calls to this number, in E.164 form.
    #[param(example = "+46850500001")]
    did: Option<String>,
    /// Only calls of the last so many seconds; as long as they are remembered if not said.
    #[param(example = 60)]
    within: Option<u32>,
}

/// The same, read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) struct Wanted {
    pub(in super::super) from: E164,
    pub(in super::super) did: Option<E164>,
    pub(in super::super) within: Option<Duration>,
}

impl TryFrom<MissedCallsQuery> for Wanted {
    type Error = Problem;

    fn try_from(query: MissedCallsQuery) -> Result<Self, Problem> {
        let read = |name, text: &str| E164::parse(&plus(text)).map_err(|e| refuse(name, &e));
        Ok(Self {
            from: read("from", &query.from)?,
            did: query.did.map(|did| read("did", &did)).transpose()?,
            within: query.within.map(|seconds| Duration::from_secs(seconds.into())),
        })
    }
}

/// Which messages to webhooks are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DeliveriesQuery {
    /// Only those for this endpoint, by its name, or those for callback URLs: `callback`; all if
    /// not said.
    #[param(example = "shop")]
    endpoint: Option<String>,
    /// Only those that stand here.
    #[param(inline, value_type = Option<DeliveryStateWord>, example = "dead")]
    state: Option<String>,
    /// Only those that tell of this verification.
    #[param(example = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    verification: Option<String>,
    /// How many at most: 1 to 1000, 20 if not said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// Only those behind this one: `next` of the page before.
    #[param(example = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    after: Option<String>,
}

impl TryFrom<DeliveriesQuery> for DeliveryFilter {
    type Error = Problem;

    fn try_from(query: DeliveriesQuery) -> Result<Self, Problem> {
        let state = query.state.map(|word| {
            DeliveryState::ALL.into_iter().find(|state| state.as_str() == word).ok_or_else(|| {
                let words = DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
                refuse("state", &format!("not known, must be one of {words}"))
            })
        });
        let limit = query.limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(refuse("limit", &format!("must be 1 to {PAGE_MAX}")));
        }
        let endpoint = query.endpoint.map(Into::into);
        let verification =
            query.verification.map(|id| id.parse().map_err(|e| refuse("verification", &e)));
        let after = query.after.map(|id| message_id(&id).map_err(|e| refuse("after", &e)));
        let (state, verification) = (state.transpose()?, verification.transpose()?);
        Ok(Self { endpoint, state, verification, after: after.transpose()?, limit })
    }
}

/// From where on events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct EventsQuery {
    /// The `id` of the last event that was seen, or its `sequence`; `oldest` begins with the oldest
    /// that is kept. The header `Last-Event-ID` wins over it.
    #[param(example = "00001795169730123456")]
    pub(in super::super) after: Option<String>,
}

/// The number in the id of a message to a webhook.
pub(super) fn message_id(text: &str) -> Result<u128, IdError> {
    read_ulid("msg_", text)
}

fn refuse(name: &str, detail: &dyn std::fmt::Display) -> Problem {
    Problem::new(Code::InvalidRequest, format!("`{name}`: {detail}"))
}

/// In a query `+` stands for a space. Nobody who writes `?to=+46…` means one.
fn plus(text: &str) -> String {
    text.strip_prefix(' ').map_or_else(|| text.to_owned(), |digits| format!("+{digits}"))
}
