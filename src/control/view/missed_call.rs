//! Missed calls and the numbers that people ring, as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::{
    AssuranceWord, ConfirmWord, IdentityHeaderWord, MissedOutcomeWord, UnknownCallerWord,
};
use super::{number, timestamp};
use crate::verify::snapshot::Snapshot;
use crate::verify::{DidState, MissedCallRecord, TrunkNames};

/// The call that a verification waits for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AwaitedCallView {
    /// The number to ring, in E.164 form.
    #[schema(example = "+46850500001")]
    pub did: String,
    /// The same as a link that dials it (RFC 3966).
    #[schema(example = "tel:+46850500001")]
    pub tel_uri: String,
    /// `flash_call`: the caller is called back, and the code of that call must be given. Null: the call
    /// itself is enough.
    #[schema(value_type = Option<ConfirmWord>, example = "flash_call")]
    pub confirm: Option<&'static str>,
    /// The call that came; null until then.
    pub matched_call: Option<MatchedCallView>,
    /// How well it is proven that this call came from the phone; null until it came.
    #[schema(value_type = Option<AssuranceWord>)]
    pub assurance: Option<&'static str>,
}

/// The call that came: the evidence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MatchedCallView {
    /// Its name.
    #[schema(example = "call_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub id: String,
    /// The number that was rung: of a call that came before the verification, maybe another one.
    #[schema(example = "+46850500001")]
    pub did: String,
    /// The trunk that it came from.
    pub trunk: Option<String>,
    /// Its Call-ID, for whoever looks for it in other logs.
    #[schema(example = "a84b4c76e66710@192.0.2.1")]
    pub sip_call_id: String,
    /// The header field that its caller was read from.
    #[schema(value_type = Option<IdentityHeaderWord>)]
    pub identity_header: Option<&'static str>,
    /// Whether another field names another number.
    pub disputed: bool,
    /// Whether it came by way of another phone.
    pub forwarded: bool,
    /// When its INVITE came.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The final SIP status code that the caller got.
    #[schema(example = 486)]
    pub sip_code: u16,
}

/// One call to one of the gateway's numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MissedCallView {
    /// Its name.
    #[schema(example = "call_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub id: String,
    /// The number that was rung.
    #[schema(example = "+46850500001")]
    pub did: String,
    /// Who rang; null when nobody knows.
    #[schema(example = "+46701234567")]
    pub from: Option<String>,
    /// Why nobody knows who rang.
    #[schema(value_type = Option<UnknownCallerWord>)]
    pub unknown: Option<&'static str>,
    /// What became of it when it was over.
    #[schema(value_type = MissedOutcomeWord, example = "matched")]
    pub outcome: &'static str,
    /// The verification whose call it is, or was already.
    pub verification: Option<String>,
    /// How well it is proven that the trunk placed it.
    #[schema(value_type = AssuranceWord, example = "return_routed")]
    pub assurance: &'static str,
    /// The trunk that it came from.
    pub trunk: Option<String>,
    /// Its Call-ID, for whoever looks for it in other logs.
    pub sip_call_id: String,
    /// The header field that its caller was read from.
    #[schema(value_type = Option<IdentityHeaderWord>)]
    pub identity_header: Option<&'static str>,
    /// Whether another field names another number.
    pub disputed: bool,
    /// Whether it came by way of another phone.
    pub forwarded: bool,
    /// When its INVITE came.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The final SIP status code that the caller got.
    #[schema(example = 486)]
    pub sip_code: u16,
}

/// Missed calls, latest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MissedCallList {
    /// The calls.
    pub missed_calls: Vec<MissedCallView>,
}

/// Every number that people ring.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DidList {
    /// In the configuration's order.
    pub dids: Vec<DidView>,
}

/// One number that people ring, at one moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DidView {
    /// The number.
    #[schema(example = "+46850500001")]
    pub number: String,
    /// The same as a link that dials it (RFC 3966).
    #[schema(example = "tel:+46850500001")]
    pub tel_uri: String,
    /// The trunks that its calls come from.
    pub trunks: Vec<String>,
    /// Pending verifications that wait for a call to it, or got one and are yet to be confirmed.
    pub waiting: usize,
}

impl AwaitedCallView {
    /// Of this verification, if it waits for a call.
    pub fn new(snapshot: &Snapshot, trunks: &TrunkNames) -> Option<Self> {
        let awaited = snapshot.missed_call.as_ref()?;
        let did = number(awaited.did);
        Some(Self {
            tel_uri: format!("tel:{did}"),
            did,
            confirm: awaited.is_confirmed.then_some("flash_call"),
            matched_call: awaited.matched.as_deref().map(|call| MatchedCallView::new(call, trunks)),
            assurance: snapshot.assurance().map(|assurance| assurance.as_str()),
        })
    }
}

impl MatchedCallView {
    fn new(call: &MissedCallRecord, trunks: &TrunkNames) -> Self {
        Self {
            id: call.id.to_string(),
            did: number(call.did),
            trunk: trunk(call, trunks),
            sip_call_id: call.sip_call_id.to_string(),
            identity_header: call.header.map(|header| header.as_str()),
            disputed: call.is_disputed,
            forwarded: call.is_forwarded,
            received_at: timestamp(call.received_at),
            sip_code: call.sip_code,
        }
    }
}

impl MissedCallView {
    /// Of this call.
    pub fn new(call: &MissedCallRecord, trunks: &TrunkNames) -> Self {
        Self {
            id: call.id.to_string(),
            did: number(call.did),
            from: call.caller.ok().map(number),
            unknown: call.caller.err().map(|why| why.as_str()),
            outcome: call.fate.as_str(),
            verification: call.fate.verification().map(|id| id.to_string()),
            assurance: call.assurance.as_str(),
            trunk: trunk(call, trunks),
            sip_call_id: call.sip_call_id.to_string(),
            identity_header: call.header.map(|header| header.as_str()),
            disputed: call.is_disputed,
            forwarded: call.is_forwarded,
            received_at: timestamp(call.received_at),
            sip_code: call.sip_code,
        }
    }
}

impl DidView {
    /// Of this number, whose calls come from these trunks.
    pub fn new(did: &DidState, trunks: Vec<String>) -> Self {
        let number = number(did.number);
        Self { tel_uri: format!("tel:{number}"), number, trunks, waiting: did.waiting }
    }
}

fn trunk(call: &MissedCallRecord, trunks: &TrunkNames) -> Option<String> {
    trunks.get(call.trunk).map(|name| name.to_string())
}
