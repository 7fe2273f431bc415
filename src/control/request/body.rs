//! The bodies of requests: first what JSON says, then what the rooms below understand.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use super::super::problem::Problem;
use super::super::view::MethodWord;
use super::json::Form;
use crate::number;
use crate::number::E164;
use crate::verify::Evidence;
use crate::verify::{FlashCall, How, Start};
use crate::verify::{Report, Saw};

/// A wish to verify a phone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct StartBody {
    /// The phone, in E.164 form.
    #[schema(example = "+46701234567")]
    to: String,
    /// How to prove it. Default: `flash_call`.
    #[schema(value_type = Option<MethodWord>, example = "flash_call")]
    method: Option<String>,
    /// The pool to call from; default: the first of the configuration.
    pool: Option<String>,
    /// How long the phone rings, in milliseconds: 1000 to 20000. Default: the trunk's.
    #[schema(example = 5000)]
    ring_ms: Option<u32>,
    /// How long the verification stays pending, in seconds. Default: the configured time.
    #[schema(example = 300)]
    expires_in: Option<u32>,
    /// Your own word for it, given back with it: 1 to 128 characters.
    #[schema(example = "signup-8812")]
    client_ref: Option<String>,
    #[schema(ignore)]
    did: Option<IgnoredAny>,
    #[schema(ignore)]
    callback_url: Option<IgnoredAny>,
}

impl Form for StartBody {
    const NOT_BUILT: &'static [&'static str] = &["did", "callback_url"];
}

impl TryFrom<StartBody> for Start {
    type Error = Problem;

    fn try_from(body: StartBody) -> Result<Self, Problem> {
        let to =
            number::parse(&body.to).map_err(|error| Problem::field("/to", error.to_string()))?;
        if let Some(method) = body.method.filter(|method| method != "flash_call") {
            let found = match method.as_str() {
                "missed_call" => "`missed_call` is not part of this build",
                _ => "this method is not known",
            };
            let detail = format!("{found}, only `flash_call` is offered");
            return Err(Problem::field("/method", detail));
        }
        if body.did.is_some() {
            let detail = "a `did` belongs to missed calls, this build offers only `flash_call`";
            return Err(Problem::field("/did", detail));
        }
        if body.callback_url.is_some() {
            let detail = "webhooks are not part of this build, /v1/events tells of every end";
            return Err(Problem::field("/callback_url", detail));
        }
        let client_ref = body.client_ref.map(client_ref).transpose()?;
        let pool = body.pool.map(Into::into);
        let ring = body.ring_ms.map(|ms| Duration::from_millis(ms.into()));
        Ok(Self {
            to,
            how: How::FlashCall(FlashCall { pool, ring }),
            expires_in: body.expires_in.map(|seconds| Duration::from_secs(seconds.into())),
            client_ref: client_ref.map(Into::into),
        })
    }
}

/// The proof: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct CheckBody {
    /// The last five digits of the number that called, as the person typed them.
    #[schema(example = "20085")]
    code: Option<String>,
    /// The whole number that called, as an app read it from the call log.
    #[schema(example = "+46876520085")]
    caller_id: Option<String>,
}

impl Form for CheckBody {}

impl CheckBody {
    /// What is to be compared.
    pub(in super::super) fn evidence(&self) -> Result<Evidence<'_>, Problem> {
        match (&self.code, &self.caller_id) {
            (Some(code), None) => Ok(Evidence::Code(code)),
            (None, Some(caller_id)) => Ok(Evidence::CallerId(caller_id)),
            (None, None) => Err(Problem::field("", "either `code` or `caller_id` is needed")),
            (Some(_), Some(_)) => {
                Err(Problem::field("/caller_id", "found beside `code`, one of the two is needed"))
            }
        }
    }
}

/// What the phone saw.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ReportBody {
    /// What it saw.
    #[schema(example = "no_call")]
    saw: SawWord,
    /// The number that the phone showed, if it showed one.
    caller_id: Option<String>,
}

impl Form for ReportBody {}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SawWord {
    LateCall,
    NoCall,
    UnknownCaller,
}

impl From<ReportBody> for Report {
    fn from(body: ReportBody) -> Self {
        Self {
            saw: match body.saw {
                SawWord::LateCall => Saw::LateCall,
                SawWord::NoCall => Saw::NoCall,
                SawWord::UnknownCaller => Saw::UnknownCaller,
            },
            // A carrier may rewrite a caller ID into anything: what is no number is left out.
            caller_id: body.caller_id.and_then(|text| E164::parse(&text).ok()),
        }
    }
}

/// No fields: a body may be left out, or be `{}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct NoBody {}

impl Form for NoBody {}

/// It is shown in lists and may be logged: plain characters, and not many.
fn client_ref(text: String) -> Result<String, Problem> {
    let is_plain = !text.chars().any(char::is_control);
    if is_plain && (1..=CLIENT_REF_MAX).contains(&text.chars().count()) {
        return Ok(text);
    }
    let detail =
        format!("must be 1 to {CLIENT_REF_MAX} characters, none of them a control character");
    Err(Problem::field("/client_ref", detail))
}

const CLIENT_REF_MAX: usize = 128;
