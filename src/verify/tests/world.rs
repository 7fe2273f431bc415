//! A service in virtual time, and what its listener heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use dashmap::DashMap;

use crate::entropy::Entropy;
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::time::WallClock;
use crate::verify::event::{Event, Listener};
use crate::verify::id::{CallId, VerificationId};
use crate::verify::record::Ending;
use crate::verify::settings::{Bounds, PoolSettings};
use crate::verify::snapshot::Snapshot;
use crate::verify::{
    CheckError, Evidence, Filter, Order, Page, Settings, Start, StartError, Verify,
};

pub(super) const PHONE: &str = "+46701234567";

/// A service, its zero of time, and what was said.
pub(super) struct World {
    pub(super) verify: Arc<Verify>,
    zero: Instant,
    tape: Arc<Tape>,
}

/// A verification by flash call that was started, and its call.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) snapshot: Snapshot,
    pub(super) order: Order,
}

/// What was said, by number.
#[derive(Default)]
struct Tape {
    said: DashMap<usize, Event>,
    next: AtomicUsize,
    heard: AtomicUsize,
}

impl Listener for Tape {
    fn on_event(&self, event: Event) {
        self.said.insert(self.next.fetch_add(1, Ordering::SeqCst), event);
    }
}

pub(super) fn pool(name: &str, numbers: &[&str]) -> PoolSettings {
    let numbers = numbers.iter().map(|text| text.parse().unwrap()).collect();
    PoolSettings { name: name.into(), numbers }
}

/// The defaults, with a pool of 1,000 Swedish numbers and room for less, so that it is made fast.
pub(super) fn settings() -> Settings {
    Settings {
        pools: vec![pool("default", &["+46876500[000-999]"])],
        bounds: Bounds { ended_max: 10_000, ..Bounds::default() },
        ..Settings::default()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a zero of virtual time, never compared with a clock"
)]
pub(super) fn world(change: impl FnOnce(&mut Settings)) -> World {
    let mut settings = settings();
    change(&mut settings);
    let zero = Instant::now();
    let wall = WallClock::new(zero, UNIX_EPOCH + Duration::from_secs(1_763_633_730));
    let tape = Arc::new(Tape::default());
    let listener = Arc::clone(&tape);
    let verify = Verify::new(settings, wall, Entropy::seeded(7), listener).unwrap();
    World { verify: Arc::new(verify), zero, tape }
}

impl World {
    pub(super) fn at(&self, seconds: f64) -> Instant {
        self.zero + Duration::from_secs_f64(seconds)
    }

    /// A confirmed start.
    pub(super) fn start(&self, to: &str, seconds: f64) -> Result<Begun, StartError> {
        let begun = self.begin(to, seconds)?;
        self.verify.confirm(&begun.order);
        Ok(begun)
    }

    /// A start that is not confirmed yet.
    pub(super) fn begin(&self, to: &str, seconds: f64) -> Result<Begun, StartError> {
        let started = self.verify.start(request(to), self.at(seconds))?;
        Ok(Begun { snapshot: started.snapshot, order: started.task.call().unwrap() })
    }

    pub(super) fn ring(&self, order: &Order, seconds: f64) {
        let at = self.at(seconds);
        order.call.on_invited(0, at);
        order.call.on_ringing(at);
        self.verify.on_call_ringing(&order.call);
    }

    pub(super) fn hang_up(&self, order: &Order, outcome: Outcome, seconds: f64) {
        let ending = Ending { outcome, by: Side::Us, sip_code: Some(487), q850_cause: None };
        order.call.on_ended(ending, self.at(seconds));
        self.verify.on_call_ended(&order.call);
    }

    pub(super) fn check_code(
        &self,
        id: VerificationId,
        code: &str,
        seconds: f64,
    ) -> Result<Snapshot, CheckError> {
        self.verify.check(id, Evidence::Code(code), self.at(seconds))
    }

    /// How a verification stands, with no time passing for it.
    pub(super) fn look(&self, id: VerificationId) -> Option<Snapshot> {
        self.verify.get(id, self.zero)
    }

    /// Verifications, with no time passing for them.
    pub(super) fn list(&self, filter: Filter) -> Page {
        self.verify.list(filter, self.zero)
    }

    /// The wall clock is set this far ahead, or back.
    pub(super) fn set_wall_clock(&self, seconds: f64, ahead_seconds: f64) {
        let now = self.at(seconds);
        let shown = Duration::from_micros(self.verify.wall.at(now).0);
        let ahead = Duration::from_secs_f64(ahead_seconds.abs());
        let set = if ahead_seconds < 0.0 { shown - ahead } else { shown + ahead };
        self.verify.wall.resample(now, UNIX_EPOCH + set);
    }

    /// The name of the latest missed call that was told of.
    pub(super) fn last_missed(&self) -> CallId {
        let end = self.tape.next.load(Ordering::SeqCst);
        let told = (0..end).rev().filter_map(|number| self.tape.said.get(&number));
        let mut missed = told.filter_map(|told| {
            if let Event::MissedCall(call) = &*told { Some(call.id) } else { None }
        });
        missed.next().unwrap()
    }

    /// What was said since the last time, a line each.
    pub(super) fn heard(&self) -> String {
        let end = self.tape.next.load(Ordering::SeqCst);
        let start = self.tape.heard.swap(end, Ordering::SeqCst);
        let events = (start..end).filter_map(|number| self.tape.said.get(&number));
        events.map(|event| line(&event)).collect::<Vec<_>>().join("\n")
    }
}

pub(super) fn request(to: &str) -> Start {
    Start::flash_call(E164::parse(to).unwrap())
}

/// The digits that the person would type.
pub(super) fn code(order: &Order) -> String {
    format!("{:05}", order.caller_id.suffix())
}

/// A code that is wrong for this order; another one for each `nth` below 99,999.
pub(super) fn wrong_code(order: &Order, nth: u32) -> String {
    format!("{:05}", (order.caller_id.suffix() + 1 + nth) % 100_000)
}

/// Where a verification stands, in a line.
pub(super) fn stands(snapshot: &Snapshot) -> String {
    let Snapshot { status, reason, attempts_left, calls_left, calls, .. } = snapshot;
    let reason = reason.map_or("-", |reason| reason.as_str());
    format!(
        "{} {reason}, {attempts_left} attempts and {calls_left} calls left, {} placed",
        status.as_str(),
        calls.len()
    )
}

fn line(event: &Event) -> String {
    match event {
        Event::CallEnded(call) => match call.ending() {
            Some(ending) => format!("call ended: {}", ending.outcome),
            None => "call ended without an ending".to_owned(),
        },
        Event::CallPlaced(_) => "call placed".to_owned(),
        Event::CallRinging(_) => "call ringing".to_owned(),
        Event::MissedCall(call) => format!("missed call: {}", call.fate.as_str()),
        Event::PhoneReported { saw, is_ours, .. } => {
            format!("phone reported: {} {is_ours:?}", saw.as_str())
        }
        Event::VerificationCreated(snapshot) => format!("created: {}", stands(snapshot)),
        Event::VerificationEnded(snapshot) => format!("ended: {}", stands(snapshot)),
        Event::WrongCode(snapshot) => format!("wrong code: {}", stands(snapshot)),
    }
}
