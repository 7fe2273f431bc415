//! The wish to have dead messages to webhooks tried again.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::outside::DeadFilter;
use super::super::problem::Problem;
use super::query::message_id;
use crate::time::Micros;
use crate::verify::PAGE_MAX;

/// Which dead messages are to be tried again; without any field the thousand oldest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RetryBody {
    /// Only those for this endpoint, by its name, or those for callback URLs: `callback`; all if
    /// not said.
    #[schema(example = "shop")]
    endpoint: Option<String>,
    /// Only those whose events happened at this moment or later.
    #[schema(format = DateTime, example = "2026-11-20T00:00:00Z")]
    since: Option<String>,
    /// Only those whose events happened before this moment.
    #[schema(format = DateTime, example = "2026-11-21T00:00:00Z")]
    before: Option<String>,
    /// Only those behind this one: `next` of the reply before.
    #[schema(example = "msg_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    after: Option<String>,
    /// How many at most. Default: 1000.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

impl TryFrom<RetryBody> for DeadFilter {
    type Error = Problem;

    fn try_from(body: RetryBody) -> Result<Self, Problem> {
        let moment = |pointer, text: &String| {
            let read = text.parse::<Timestamp>().ok();
            let micros = read.and_then(|at| u64::try_from(at.as_microsecond()).ok());
            let wanted = "must be a moment such as 2026-11-20T10:15:30Z";
            micros.map(Micros).ok_or_else(|| Problem::field(pointer, wanted))
        };
        let limit = body.limit.unwrap_or(PAGE_MAX);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Problem::field("/limit", format!("must be 1 to {PAGE_MAX}")));
        }
        let after = body.after.as_deref().map(message_id).transpose();
        Ok(Self {
            endpoint: body.endpoint.map(Into::into),
            since: body.since.as_ref().map(|text| moment("/since", text)).transpose()?,
            before: body.before.as_ref().map(|text| moment("/before", text)).transpose()?,
            after: after.map_err(|error| Problem::field("/after", error.to_string()))?,
            limit,
        })
    }
}
