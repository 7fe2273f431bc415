//! A service that writes down what must be kept, and one that takes over from it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use dashmap::DashMap;

use super::world::{request, settings, stands};
use crate::entropy::Entropy;
use crate::outcome::{Outcome, Side};
use crate::time::WallClock;
use crate::verify::event::{Event, Listener, Told};
use crate::verify::id::VerificationId;
use crate::verify::note::Note;
use crate::verify::record::Ending;
use crate::verify::recover::{Past, Revival};
use crate::verify::snapshot::Snapshot;
use crate::verify::{Evidence, Order, Settings, StartError, Task, Verify};

/// A service, what it wanted to be kept, and what it told.
pub(super) struct Host {
    pub(super) verify: Verify,
    disk: Arc<Disk>,
    pub(super) zero: Instant,
}

#[derive(Default)]
pub(super) struct Disk {
    notes: DashMap<usize, Note>,
    events: DashMap<usize, String>,
}

impl Disk {
    fn write(&self, note: Note) {
        self.notes.insert(self.notes.len(), note);
    }
}

impl Listener for Disk {
    fn on_event(&self, event: Event) {
        let word = match event {
            Event::VerificationEnded(shown) => stands(&shown),
            Event::CallEnded(call) => format!("call ended: {}", call.ending().unwrap().outcome),
            Event::CallPlaced(_) => "call placed".to_owned(),
            Event::CallRinging(_) => "call ringing".to_owned(),
            Event::MissedCall(_) => "missed call".to_owned(),
            Event::PhoneReported { .. } => "phone reported".to_owned(),
            Event::VerificationCreated(_) => "created".to_owned(),
            Event::WrongCode(_) => "wrong code".to_owned(),
        };
        self.events.insert(self.events.len(), word);
    }

    fn on_told(&self, mut told: Told) {
        told.notes.drain(..).for_each(|note| self.write(note));
        told.on_saved()();
        told.event.into_iter().for_each(|event| self.on_event(event));
    }
}

impl Host {
    pub(super) fn new(change: impl FnOnce(&mut Settings), zero: Instant) -> Self {
        let mut settings = settings();
        change(&mut settings);
        let wall = WallClock::new(zero, UNIX_EPOCH + Duration::from_secs(1_763_633_730));
        let disk = Arc::new(Disk::default());
        let listener = Arc::clone(&disk);
        let verify = Verify::new(settings, wall, Entropy::seeded(7), listener).unwrap();
        Self { verify: verify.kept(&[7; 32]), disk, zero }
    }

    pub(super) fn at(&self, seconds: f64) -> Instant {
        self.zero + Duration::from_secs_f64(seconds)
    }

    /// A start that is on disk.
    pub(super) fn start(&self, to: &str, seconds: f64) -> Result<Order, StartError> {
        let started = self.verify.start(request(to), self.at(seconds))?;
        self.save(&started.task);
        Ok(started.task.call().unwrap())
    }

    pub(super) fn save(&self, task: &Task) {
        let beginning = self.verify.beginning(task).unwrap();
        beginning.notes.into_iter().for_each(|note| self.disk.write(note));
        self.verify.announce(task);
    }

    pub(super) fn ring(&self, order: &Order, seconds: f64) {
        order.call.on_invited(0, self.at(seconds));
        order.call.on_ringing(self.at(seconds));
        self.verify.on_call_ringing(&order.call);
    }

    pub(super) fn hang_up(&self, order: &Order, seconds: f64) {
        let (outcome, by) = (Outcome::Completed, Side::Us);
        let ending = Ending { outcome, by, sip_code: Some(487), q850_cause: None };
        order.call.on_ended(ending, self.at(seconds));
        self.verify.on_call_ended(&order.call);
    }

    pub(super) fn check(&self, id: VerificationId, code: &str, seconds: f64) -> String {
        match self.verify.check(id, Evidence::Code(code), self.at(seconds)) {
            Ok(shown) => stands(&shown),
            Err(error) => error.to_string(),
        }
    }

    pub(super) fn look(&self, id: VerificationId, seconds: f64) -> Snapshot {
        self.verify.get(id, self.at(seconds)).unwrap()
    }

    /// What it wanted to be kept, in that order.
    pub(super) fn notes(&self) -> Vec<Note> {
        let count = self.disk.notes.len();
        (0..count).filter_map(|n| self.disk.notes.get(&n).map(|note| note.clone())).collect()
    }

    /// It died before these were on disk.
    pub(super) fn lose(&self, is_lost: impl Fn(&Note) -> bool) {
        let rest: Vec<_> = self.notes().into_iter().filter(|note| !is_lost(note)).collect();
        self.disk.notes.clear();
        rest.into_iter().for_each(|note| self.disk.write(note));
    }

    /// It dies; another one takes over.
    pub(super) fn restart(self, seconds: f64) -> (Self, Revival) {
        self.restart_as(|_| {}, seconds)
    }

    /// The same, with other settings.
    pub(super) fn restart_as(
        self,
        change: impl FnOnce(&mut Settings),
        seconds: f64,
    ) -> (Self, Revival) {
        let next = Self::new(change, self.zero);
        let mut past = Past::default();
        let notes = self.notes();
        notes.iter().for_each(|note| next.disk.write(note.clone()));
        // In another order than they were written in; of a call the journal has the last word only.
        let mut calls = BTreeSet::new();
        for note in notes.into_iter().rev() {
            if !matches!(&note, Note::Call(call) if !calls.insert(call.record.id)) {
                past.add(note);
            }
        }
        let revival = next.verify.recover(past, next.at(seconds));
        (next, revival)
    }

    pub(super) fn told(&self) -> Vec<String> {
        (0..self.disk.events.len()).map(|n| self.disk.events.get(&n).unwrap().clone()).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "a zero of virtual time")]
pub(super) fn host() -> Host {
    Host::new(|_| {}, Instant::now())
}

pub(super) const PHONE: &str = "+46701234567";
pub(super) const OTHER: &str = "+46701234568";
