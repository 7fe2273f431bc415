//! What an event says to its readers, as JSON; without the number, which it gets when it is on disk.

use std::time::Duration;

use serde::Serialize;

use super::super::view::{CallView, MissedCallView, VerificationView, json};
use crate::time::Micros;
use crate::verify::TrunkNames;
use crate::verify::event::Event;
use crate::verify::record::{CallRecord, Facts};
use crate::verify::snapshot::{Snapshot, Status};

/// What happened, when, and to what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rendered {
    /// Its type: `call.ringing`.
    pub name: &'static str,
    /// When it happened.
    pub at: Micros,
    /// The verification or the call that it is about.
    pub about: Option<u128>,
    /// The envelope's `data`: JSON.
    pub data: Box<[u8]>,
}

/// What `event` says to readers; `None` when it is not for them.
pub fn render(event: &Event, trunks: &TrunkNames) -> Option<Rendered> {
    let call = |name, moment: Option<Duration>, record: &CallRecord, facts: &Facts| {
        let at = record.shown(moment.unwrap_or_default());
        Rendered::new(name, at, record.id.0, &CallView::new(record, facts, trunks))
    };
    let verification = |name, at: Option<Micros>, snapshot: &Snapshot| {
        let at = at.unwrap_or(snapshot.created_at);
        Rendered::new(name, at, snapshot.id.0, &VerificationView::new(snapshot, trunks))
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
        Event::MissedCall(call) => {
            let view = MissedCallView::new(call, trunks);
            Rendered::new("missed_call.received", call.received_at, call.id.0, &view)
        }
        // For the metrics; the client who sent the report or the code knows.
        Event::PhoneReported { .. } | Event::WrongCode(_) => return None,
    })
}

/// What it says to readers that a trunk came up or went down.
pub fn render_trunk(name: &str, is_up: bool, at: Micros) -> Rendered {
    #[derive(Serialize)]
    struct Trunk<'a> {
        name: &'a str,
    }
    let kind = if is_up { "trunk.up" } else { "trunk.down" };
    Rendered { name: kind, at, about: None, data: json(&Trunk { name }).into() }
}

impl Rendered {
    fn new(name: &'static str, at: Micros, about: u128, data: &impl Serialize) -> Self {
        Self { name, at, about: Some(about), data: json(data).into() }
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
