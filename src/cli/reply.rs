//! The daemon's answers, as far as people are shown them. Fields that are not named here are let
//! through: a newer daemon may say more. `--json` prints what came, not this.

use jiff::Timestamp;
use serde::Deserialize;

/// A verification.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Verification {
    pub(super) id: String,
    pub(super) to: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) created_at: String,
    pub(super) expires_at: String,
    pub(super) attempts_left: u32,
    pub(super) calls_left: u32,
    #[serde(default)]
    pub(super) client_ref: Option<String>,
    #[serde(default)]
    pub(super) flash_call: Option<FlashCall>,
    #[serde(default)]
    pub(super) missed_call: Option<Awaited>,
}

/// The messages to webhooks that were not taken.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Deliveries {
    pub(super) deliveries: Vec<Delivery>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// Whom messages to webhooks are for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct WebhookEndpoints {
    pub(super) endpoints: Vec<WebhookEndpoint>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct WebhookEndpoint {
    pub(super) name: String,
    pub(super) host: Option<String>,
    pub(super) state: String,
    pub(super) rests_until: Option<String>,
    pub(super) waiting: u64,
    pub(super) trying: u64,
    pub(super) dead: u64,
    pub(super) last_error: Option<String>,
}

/// Dead messages that were put back.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Retried {
    pub(super) retried: u64,
    pub(super) endpoint_gone: u64,
    pub(super) next: Option<String>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) endpoint: String,
    pub(super) event: String,
    #[serde(default)]
    pub(super) verification: Option<String>,
    pub(super) state: String,
    pub(super) attempts: u64,
    #[serde(default)]
    pub(super) next_at: Option<String>,
    #[serde(default)]
    pub(super) endpoint_state: Option<String>,
    #[serde(default)]
    pub(super) error: Option<String>,
}

/// The call that a verification waits for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Awaited {
    pub(super) did: String,
    #[serde(default)]
    pub(super) confirm: Option<String>,
    #[serde(default)]
    pub(super) matched_call: Option<MissedCall>,
    #[serde(default)]
    pub(super) assurance: Option<String>,
}

/// A missed call, alone or inside its verification.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct MissedCall {
    pub(super) id: String,
    pub(super) did: String,
    #[serde(default)]
    pub(super) from: Option<String>,
    #[serde(default)]
    pub(super) unknown: Option<String>,
    #[serde(default)]
    pub(super) outcome: Option<String>,
    #[serde(default)]
    pub(super) verification: Option<String>,
    #[serde(default)]
    pub(super) trunk: Option<String>,
    #[serde(default)]
    pub(super) identity_header: Option<String>,
    #[serde(default)]
    pub(super) disputed: bool,
    #[serde(default)]
    pub(super) forwarded: bool,
    pub(super) sip_code: u16,
}

impl Awaited {
    /// Whether the call has come.
    pub(super) fn has_call(&self) -> bool {
        self.matched_call.is_some()
    }
}

/// What belongs to a flash call.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FlashCall {
    pub(super) caller_id_prefix: String,
    pub(super) code_digits: u8,
    pub(super) code_space: u64,
    pub(super) guess_odds: f64,
    #[serde(default)]
    pub(super) call: Option<Call>,
}

/// A call, alone or inside its verification.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Call {
    pub(super) id: String,
    #[serde(default)]
    pub(super) verification: Option<String>,
    pub(super) state: String,
    #[serde(default)]
    pub(super) outcome: Option<String>,
    #[serde(default)]
    pub(super) trunk: Option<String>,
    #[serde(default)]
    pub(super) invited_at: Option<String>,
    #[serde(default)]
    pub(super) ringing_at: Option<String>,
    #[serde(default)]
    pub(super) hung_up_at: Option<String>,
    #[serde(default)]
    pub(super) ended_at: Option<String>,
    #[serde(default)]
    pub(super) sip_code: Option<u16>,
}

/// What `/v1/pools` says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Pools {
    pub(super) pools: Vec<Pool>,
}

/// One pool of caller IDs.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) numbers: u64,
    pub(super) distinct_suffixes: u64,
    pub(super) bits: f64,
    pub(super) guess_odds: f64,
    pub(super) leased: u64,
    pub(super) cooling: u64,
}

/// What `/v1/dids` says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dids {
    pub(super) dids: Vec<Did>,
}

/// One number that people ring.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Did {
    pub(super) number: String,
    pub(super) trunks: Vec<String>,
    pub(super) waiting: u64,
}

/// What `/v1/trunks` says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Trunks {
    pub(super) trunks: Vec<Trunk>,
}

/// One trunk.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Trunk {
    pub(super) name: String,
    pub(super) up: bool,
    pub(super) in_flight: u64,
    pub(super) in_flight_max: u64,
    pub(super) calls_per_second_max: f64,
}

/// What `/v1/status` says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Status {
    pub(super) version: String,
    pub(super) readiness: String,
    pub(super) started_at: String,
    pub(super) verifications_pending: u64,
    pub(super) calls_in_flight: u64,
    #[serde(default)]
    pub(super) verifications_waiting: u64,
    #[serde(default)]
    pub(super) missed_calls_remembered: u64,
    #[serde(default)]
    pub(super) events: Option<EventsKept>,
}

/// The events that can be read, by their numbers.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct EventsKept {
    pub(super) oldest: u64,
    pub(super) newest: u64,
}

impl Status {
    /// Whether calls can be placed.
    pub(super) fn is_ready(&self) -> bool {
        self.readiness == "ready"
    }
}

impl Verification {
    pub(super) fn is_pending(&self) -> bool {
        self.status == "pending"
    }

    pub(super) fn is_verified(&self) -> bool {
        self.status == "verified"
    }

    pub(super) fn call(&self) -> Option<&Call> {
        self.flash_call.as_ref()?.call.as_ref()
    }

    /// The id of the latest call, whichever way it went. Who is called back rang before.
    pub(super) fn latest_call_id(&self) -> Option<&str> {
        let missed = || Some(self.missed_call.as_ref()?.matched_call.as_ref()?.id.as_str());
        self.call().map(|call| call.id.as_str()).or_else(missed)
    }
}

impl Call {
    /// Seconds from INVITE to ringing.
    pub(super) fn post_dial_delay(&self) -> Option<f64> {
        apart(self.invited_at.as_deref()?, self.ringing_at.as_deref()?)
    }

    /// Seconds from ringing to our hanging up. None of them passed when it began to ring only then.
    pub(super) fn hung_up_after(&self) -> Option<f64> {
        let seconds = apart(self.ringing_at.as_deref()?, self.hung_up_at.as_deref()?)?;
        Some(seconds.max(0.0))
    }

    /// Seconds from ringing to the end: the phone cannot have rung for longer, as far as the trunk
    /// is to be believed.
    pub(super) fn rang_at_most(&self) -> Option<f64> {
        apart(self.ringing_at.as_deref()?, self.ended_at.as_deref()?)
    }
}

/// Seconds between two moments in RFC 3339 form.
pub(super) fn apart(start: &str, end: &str) -> Option<f64> {
    let (start, end): (Timestamp, Timestamp) = (start.parse().ok()?, end.parse().ok()?);
    Some(end.duration_since(start).as_secs_f64())
}
