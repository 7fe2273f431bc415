//! One event as its readers get it: a frame of the event stream (WHATWG HTML §9.2) around the JSON
//! envelope `{"type","timestamp","sequence","data"}`.

use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;

use super::super::view::{CallView, MissedCallView, VerificationView, timestamp};
use super::EventId;
use crate::time::Micros;
use crate::verify::TrunkNames;
use crate::verify::event::Event;
use crate::verify::record::{CallRecord, Facts};
use crate::verify::snapshot::{Snapshot, Status};

/// What happened, when, and to what.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    kind: &'static str,
    at: Micros,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Call(CallView),
    MissedCall(MissedCallView),
    Trunk { name: &'a str },
    Verification(Box<VerificationView>),
}

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    sequence: u64,
    data: &'a Data<'a>,
}

impl<'a> Subject<'a> {
    /// What `event` says to readers; `None` when it is not for them.
    pub(super) fn of(event: &Event, trunks: &TrunkNames) -> Option<Self> {
        let call = |kind, moment: Option<Duration>, record: &CallRecord, facts: &Facts| Self {
            kind,
            at: record.shown(moment.unwrap_or_default()),
            data: Data::Call(CallView::new(record, facts, trunks)),
        };
        let verification = |kind, at: Option<Micros>, snapshot: &Snapshot| Self {
            kind,
            at: at.unwrap_or(snapshot.created_at),
            data: Data::Verification(Box::new(VerificationView::new(snapshot, trunks))),
        };
        Some(match event {
            Event::CallEnded(record) => {
                let facts = record.facts();
                call("call.ended", facts.moments.ended, record, &facts)
            }
            // Each as it was then, however late it is said.
            Event::CallPlaced(record) => call("call.placed", None, record, &Facts::default()),
            Event::CallRinging(record) => {
                let facts = record.facts().when_ringing();
                call("call.ringing", facts.moments.ringing, record, &facts)
            }
            Event::VerificationCreated(snapshot) => {
                verification("verification.created", None, snapshot)
            }
            Event::VerificationEnded(snapshot) => {
                verification(end(snapshot.status)?, snapshot.ended_at, snapshot)
            }
            Event::MissedCall(call) => Self {
                kind: "missed_call.received",
                at: call.received_at,
                data: Data::MissedCall(MissedCallView::new(call, trunks)),
            },
            // For the metrics; the client who sent the report or the code knows.
            Event::PhoneReported { .. } | Event::WrongCode(_) => return None,
        })
    }

    /// A trunk came up or went down.
    pub(super) fn trunk(name: &'a str, is_up: bool, at: Micros) -> Self {
        let kind = if is_up { "trunk.up" } else { "trunk.down" };
        Self { kind, at, data: Data::Trunk { name } }
    }

    /// The whole frame. JSON has no raw line breaks, so one `data` line holds it.
    pub(super) fn frame(&self, id: EventId) -> Bytes {
        let envelope = Envelope {
            kind: self.kind,
            timestamp: timestamp(self.at),
            sequence: id.number,
            data: &self.data,
        };
        let mut frame = format!("id: {id}\nevent: {}\ndata: ", self.kind).into_bytes();
        // Strings and numbers into memory: neither can fail.
        let _ = serde_json::to_writer(&mut frame, &envelope);
        frame.extend_from_slice(b"\n\n");
        frame.into()
    }
}

fn end(status: Status) -> Option<&'static str> {
    match status {
        Status::Canceled => Some("verification.canceled"),
        Status::Expired => Some("verification.expired"),
        Status::Failed => Some("verification.failed"),
        Status::Pending => None,
        Status::Verified => Some("verification.verified"),
    }
}
