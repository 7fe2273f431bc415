//! A call and its ladder as the API shows them.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::missed_call::MissedCallView;
use super::timestamp;
use super::words::{
    CallStateWord, DirectionWord, EndedByWord, OutcomeWord, SipMethodWord, UndeliveredWord,
};
use crate::ladder::{Direction, Rung};
use crate::verify::record::{CallRecord, CallState, Facts};
use crate::verify::{MissedCallRecord, TrunkNames};

/// A call inside its verification.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallSummary {
    /// Its name.
    #[schema(example = "call_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub id: String,
    /// Where it stands.
    #[schema(value_type = CallStateWord)]
    pub state: &'static str,
    /// How it ended; null while it lives.
    #[schema(value_type = Option<OutcomeWord>, example = "completed")]
    pub outcome: Option<&'static str>,
    /// The trunk that carries it; null before it was sent.
    pub trunk: Option<String>,
    /// When it was accepted.
    #[schema(format = DateTime)]
    pub placed_at: String,
    /// When the phone began to ring.
    #[schema(format = DateTime)]
    pub ringing_at: Option<String>,
    /// When it was over.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// The final SIP status code, if one came.
    #[schema(example = 487)]
    pub sip_code: Option<u16>,
}

/// All that is known of one call.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CallView {
    /// Its name.
    #[schema(example = "call_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub id: String,
    /// The verification that it is for.
    #[schema(example = "ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub verification: String,
    /// Where it stands.
    #[schema(value_type = CallStateWord)]
    pub state: &'static str,
    /// How it ended; null while it lives.
    #[schema(value_type = Option<OutcomeWord>, example = "completed")]
    pub outcome: Option<&'static str>,
    /// Who ended it; null while it lives.
    #[schema(value_type = Option<EndedByWord>)]
    pub ended_by: Option<&'static str>,
    /// The trunk that carries it; null before it was sent.
    pub trunk: Option<String>,
    /// When it was accepted.
    #[schema(format = DateTime)]
    pub placed_at: String,
    /// When the INVITE left.
    #[schema(format = DateTime)]
    pub invited_at: Option<String>,
    /// When the first response came.
    #[schema(format = DateTime)]
    pub first_response_at: Option<String>,
    /// When the phone began to ring.
    #[schema(format = DateTime)]
    pub ringing_at: Option<String>,
    /// When we hung up: the CANCEL left.
    #[schema(format = DateTime)]
    pub hung_up_at: Option<String>,
    /// When it was over.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// The final SIP status code, if one came.
    #[schema(example = 487)]
    pub sip_code: Option<u16>,
    /// The Q.850 cause in the Reason header, if one came.
    pub q850_cause: Option<u8>,
}

/// A call, whichever way it went.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AnyCallView {
    /// To a phone.
    Placed(CallView),
    /// To a number of ours.
    Missed(MissedCallView),
}

/// The SIP messages of a call in the order in which they passed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TraceView {
    /// The call.
    #[schema(example = "call_01JD8Q0R6T9W3K5X7Z2B4N6M8P")]
    pub call: String,
    /// When it was accepted, or, of one that came in, when its INVITE came: second zero.
    #[schema(format = DateTime)]
    pub placed_at: String,
    /// The messages.
    pub messages: Vec<RungView>,
    /// How many more there were than are kept.
    pub left_out: u32,
}

/// One SIP message.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct RungView {
    /// Seconds since then.
    pub seconds: f64,
    /// `out` from the gateway to the trunk, `in` from the trunk.
    #[schema(value_type = DirectionWord)]
    pub direction: &'static str,
    /// The method; for a response that of its request.
    #[schema(value_type = SipMethodWord, example = "INVITE")]
    pub method: &'static str,
    /// The status code; null for a request.
    pub status: Option<u16>,
    /// The same message had passed before.
    pub again: bool,
    /// It came and was not believed: an ACK that does not repeat the tag of our refusal, or a request
    /// that is not from an address of the trunk.
    pub ignored: bool,
    /// Why it did not arrive, if the system or the network said so.
    #[schema(value_type = Option<UndeliveredWord>)]
    pub undelivered: Option<&'static str>,
}

impl CallSummary {
    /// Of this call, as it stood.
    pub fn new(call: &CallRecord, facts: &Facts, trunks: &TrunkNames) -> Self {
        let Facts { moments, ending, trunk } = *facts;
        let shown = |moment: Option<Duration>| moment.map(|moment| timestamp(call.shown(moment)));
        Self {
            id: call.id.to_string(),
            state: state(moments.state()),
            outcome: ending.map(|ending| ending.outcome.as_str()),
            trunk: trunk.and_then(|trunk| trunks.get(trunk)).map(|name| name.to_string()),
            placed_at: timestamp(call.placed_at),
            ringing_at: shown(moments.ringing),
            ended_at: shown(moments.ended),
            sip_code: ending.and_then(|ending| ending.sip_code),
        }
    }
}

impl CallView {
    /// Of this call, as it stood.
    pub fn new(call: &CallRecord, facts: &Facts, trunks: &TrunkNames) -> Self {
        let Facts { moments, ending, trunk } = *facts;
        let shown = |moment: Option<Duration>| moment.map(|moment| timestamp(call.shown(moment)));
        Self {
            id: call.id.to_string(),
            verification: call.verification.to_string(),
            state: state(moments.state()),
            outcome: ending.map(|ending| ending.outcome.as_str()),
            ended_by: ending.map(|ending| ending.by.as_str()),
            trunk: trunk.and_then(|trunk| trunks.get(trunk)).map(|name| name.to_string()),
            placed_at: timestamp(call.placed_at),
            invited_at: shown(moments.invited),
            first_response_at: shown(moments.answered_first),
            ringing_at: shown(moments.ringing),
            hung_up_at: shown(moments.hung_up),
            ended_at: shown(moments.ended),
            sip_code: ending.and_then(|ending| ending.sip_code),
            q850_cause: ending.and_then(|ending| ending.q850_cause),
        }
    }
}

impl TraceView {
    /// Of this call, as far as it went.
    pub fn new(call: &CallRecord) -> Self {
        Self {
            call: call.id.to_string(),
            placed_at: timestamp(call.placed_at),
            messages: call.ladder.rungs().iter().map(RungView::new).collect(),
            left_out: call.ladder.left_out(),
        }
    }

    /// Of this call that came in.
    pub fn of_missed(call: &MissedCallRecord) -> Self {
        Self {
            call: call.id.to_string(),
            placed_at: timestamp(call.received_at),
            messages: call.course.rungs().iter().map(RungView::new).collect(),
            left_out: call.course.left_out(),
        }
    }
}

impl RungView {
    fn new(rung: &Rung) -> Self {
        Self {
            seconds: rung.at.as_secs_f64(),
            direction: match rung.direction {
                Direction::In => "in",
                Direction::Out => "out",
            },
            method: rung.method.as_str(),
            status: rung.status,
            again: rung.is_again,
            ignored: rung.is_ignored,
            undelivered: rung.undelivered.map(|why| why.as_str()),
        }
    }
}

pub(super) fn state(state: CallState) -> &'static str {
    match state {
        CallState::Calling => "calling",
        CallState::Ended => "ended",
        CallState::HangingUp => "hanging_up",
        CallState::Placed => "placed",
        CallState::Ringing => "ringing",
    }
}
