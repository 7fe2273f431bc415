//! The bodies of requests: first what JSON says, then what the rooms below understand.

use std::time::Duration;

use serde::Deserialize;
use utoipa::ToSchema;

use super::super::api::CallbackCheck;
use super::super::problem::Problem;
use super::super::problem::of_callback;
use super::super::view::{ConfirmWord, MethodWord};
use crate::number;
use crate::number::E164;
use crate::verify::Evidence;
use crate::verify::snapshot::Method;
use crate::verify::{Awaited, FlashCall, How, Start};
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
    /// The pool to call from; default: the first of the configuration. With `missed_call` only beside
    /// `confirm`.
    pool: Option<String>,
    /// How long the phone rings, in milliseconds: 1000 to 20000. Default: the trunk's. With
    /// `missed_call` only beside `confirm`.
    #[schema(example = 5000)]
    ring_ms: Option<u32>,
    /// With `missed_call`: the number to ring, one of `/v1/dids`. Default: one at which no other
    /// verification of this phone waits.
    #[schema(example = "+46850500001")]
    did: Option<String>,
    /// With `missed_call`: `flash_call` has the caller called back after the missed call, and the code
    /// of that call must be given. Default: not, unless the configuration demands it.
    #[schema(value_type = Option<ConfirmWord>, example = "flash_call")]
    confirm: Option<String>,
    /// With `missed_call`: a call of the last so many seconds verifies at once; 0: none. Default, and
    /// most: as long as the configuration remembers calls.
    #[schema(example = 60)]
    recent_within: Option<u32>,
    /// How long the verification stays pending, in seconds. Default: the configured time.
    #[schema(example = 300)]
    expires_in: Option<u32>,
    /// Your own word for it, given back with it: 1 to 128 characters.
    #[schema(example = "signup-8812")]
    client_ref: Option<String>,
    /// Where its end is told to, as a webhook; only where the configuration allows it.
    #[schema(example = "https://shop.example/verified")]
    callback_url: Option<String>,
}

impl StartBody {
    /// The wish. `callbacks` says which callback URLs are taken; `None`: none.
    pub(in super::super) fn read(
        self,
        callbacks: Option<&CallbackCheck>,
    ) -> Result<Start, Problem> {
        let to =
            number::parse(&self.to).map_err(|error| Problem::field("/to", error.to_string()))?;
        let how = self.how()?;
        let client_ref = self.client_ref.map(client_ref).transpose()?;
        let callback_url = self.callback_url.map(|url| callback_url(url, callbacks)).transpose()?;
        Ok(Start {
            to,
            how,
            expires_in: self.expires_in.map(|seconds| Duration::from_secs(seconds.into())),
            client_ref: client_ref.map(Into::into),
            callback_url: callback_url.map(Into::into),
        })
    }

    fn how(&self) -> Result<How, Problem> {
        match self.method.as_deref() {
            None | Some("flash_call") => {
                let foreign = [
                    ("/did", self.did.is_some()),
                    ("/confirm", self.confirm.is_some()),
                    ("/recent_within", self.recent_within.is_some()),
                ];
                refuse_any(foreign, "belongs to the method `missed_call`")?;
                Ok(How::FlashCall(self.flash_call()))
            }
            Some("missed_call") => self.missed_call().map(How::MissedCall),
            Some(_) => {
                let words = Method::ALL.map(Method::as_str).join(", ");
                Err(Problem::field("/method", format!("not known, must be one of {words}")))
            }
        }
    }

    fn missed_call(&self) -> Result<Awaited, Problem> {
        let confirm = match self.confirm.as_deref() {
            None => {
                let foreign =
                    [("/pool", self.pool.is_some()), ("/ring_ms", self.ring_ms.is_some())];
                let detail = "says how callers are called back, must be absent or beside `confirm`";
                refuse_any(foreign, detail)?;
                None
            }
            Some("flash_call") => Some(self.flash_call()),
            Some(_) => return Err(Problem::field("/confirm", "not known, must be flash_call")),
        };
        let read = |text: &String| {
            number::parse(text).map_err(|error| Problem::field("/did", error.to_string()))
        };
        Ok(Awaited {
            did: self.did.as_ref().map(read).transpose()?,
            confirm,
            recent_within: self.recent_within.map(|seconds| Duration::from_secs(seconds.into())),
        })
    }

    fn flash_call(&self) -> FlashCall {
        FlashCall {
            pool: self.pool.as_deref().map(Into::into),
            ring: self.ring_ms.map(|ms| Duration::from_millis(ms.into())),
        }
    }
}

/// Refuses the first field that was found and has no place here.
fn refuse_any<const N: usize>(found: [(&str, bool); N], detail: &str) -> Result<(), Problem> {
    match found.into_iter().find(|(_, is_found)| *is_found) {
        Some((pointer, _)) => Err(Problem::field(pointer, detail)),
        None => Ok(()),
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

fn callback_url(url: String, callbacks: Option<&CallbackCheck>) -> Result<String, Problem> {
    let refuse = |detail: &str| Problem::field("/callback_url", detail);
    let check = callbacks.ok_or_else(|| {
        refuse("found, and callbacks are off: `[callbacks] enabled = true` in the configuration")
    })?;
    if url.len() > CALLBACK_URL_BYTES_MAX {
        return Err(refuse(&format!("must be at most {CALLBACK_URL_BYTES_MAX} bytes")));
    }
    check(&url).map_err(of_callback)?;
    Ok(url)
}

const CALLBACK_URL_BYTES_MAX: usize = 2_048;
const CLIENT_REF_MAX: usize = 128;
