//! A verification as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::{MethodWord, ReasonWord, StatusWord};
use super::{AwaitedCallView, CallSummary, number, timestamp};
use crate::verify::TrunkNames;
use crate::verify::snapshot::Snapshot;

/// One attempt to prove that a person holds a phone number.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerificationView {
    /// Its name.
    #[schema(example = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub id: String,
    /// The phone, in E.164 form.
    #[schema(example = "+46701234567")]
    pub to: String,
    /// How it is proven.
    #[schema(value_type = MethodWord, example = "flash_call")]
    pub method: &'static str,
    /// Where it stands. It and the call are shown as of one moment: one whose call did not reach the
    /// phone is never `pending`, though a call may go on for a moment after its verification ended.
    #[schema(value_type = StatusWord, example = "pending")]
    pub status: &'static str,
    /// Why it stands there; null while pending.
    #[schema(value_type = Option<ReasonWord>)]
    pub reason: Option<&'static str>,
    /// When it was started.
    #[schema(format = DateTime, example = "2026-11-20T10:15:30.123Z")]
    pub created_at: String,
    /// When it expires.
    #[schema(format = DateTime)]
    pub expires_at: String,
    /// When it reached its final status.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// Codes that may still be tried.
    pub attempts_left: u8,
    /// Calls that may still be asked for.
    pub calls_left: u8,
    /// The client's own word for it.
    pub client_ref: Option<String>,
    /// What belongs to a flash call; null when the phone is to ring first, and was not called back.
    pub flash_call: Option<FlashCallView>,
    /// What belongs to a missed call; null when the gateway calls first.
    pub missed_call: Option<AwaitedCallView>,
}

/// The flash calls of a verification.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FlashCallView {
    /// What the caller ID begins with: all that the numbers of the pool have in common before the
    /// code, which is the last five digits. May be shorter than the rest, and `+` alone.
    #[schema(example = "+468765")]
    pub caller_id_prefix: String,
    /// Digits of the code.
    #[schema(example = 5)]
    pub code_digits: u8,
    /// Distinct codes that are possible for this phone.
    #[schema(example = 9516)]
    pub code_space: u32,
    /// The odds that somebody who only guesses succeeds.
    #[schema(example = 0.000315)]
    pub guess_odds: f64,
    /// The latest call.
    pub call: Option<CallSummary>,
}

/// A page of verifications, newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VerificationList {
    /// The verifications.
    pub verifications: Vec<VerificationView>,
    /// What `after` must be to get the next page; null when there is none.
    pub next: Option<String>,
}

impl VerificationView {
    /// Of this verification, as it stood.
    pub fn new(snapshot: &Snapshot, trunks: &TrunkNames) -> Self {
        Self {
            id: snapshot.id.to_string(),
            to: number(snapshot.to),
            method: snapshot.method().as_str(),
            status: snapshot.status.as_str(),
            reason: snapshot.reason.map(|reason| reason.as_str()),
            created_at: timestamp(snapshot.created_at),
            expires_at: timestamp(snapshot.expires_at),
            ended_at: snapshot.ended_at.map(timestamp),
            attempts_left: snapshot.attempts_left,
            calls_left: snapshot.calls_left,
            client_ref: snapshot.client_ref.as_deref().map(str::to_owned),
            flash_call: snapshot.codes.as_ref().map(|codes| FlashCallView {
                caller_id_prefix: codes.caller_id_prefix.clone(),
                code_digits: CODE_DIGITS,
                code_space: codes.distinct,
                guess_odds: six_places(snapshot.guess_odds().unwrap_or_default()),
                call: snapshot
                    .calls
                    .last()
                    .map(|call| CallSummary::new(call, &snapshot.latest, trunks)),
            }),
            missed_call: AwaitedCallView::new(snapshot, trunks),
        }
    }
}

/// Odds are an estimate; sixteen digits would say otherwise.
fn six_places(odds: f64) -> f64 {
    (odds * 1e6).round() / 1e6
}

/// The code of a flash call: the last five digits of its caller ID.
const CODE_DIGITS: u8 = 5;
