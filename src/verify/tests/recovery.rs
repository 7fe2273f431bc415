//! A second service takes over from the notes of a first one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use dashmap::DashMap;

use super::world::{code, request, settings, stands, wrong_code};
use crate::entropy::Entropy;
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::time::WallClock;
use crate::verify::event::{Event, Listener, Told};
use crate::verify::id::VerificationId;
use crate::verify::note::Note;
use crate::verify::record::Ending;
use crate::verify::recover::{Past, Revival};
use crate::verify::snapshot::{Snapshot, Status};
use crate::verify::{Evidence, Order, Settings, StartError, Task, Verify};

/// A service, what it wanted to be kept, and what it told.
struct Host {
    verify: Verify,
    disk: Arc<Disk>,
    zero: Instant,
}

#[derive(Default)]
struct Disk {
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
    fn new(change: impl FnOnce(&mut Settings), zero: Instant) -> Self {
        let mut settings = settings();
        change(&mut settings);
        let wall = WallClock::new(zero, UNIX_EPOCH + Duration::from_secs(1_763_633_730));
        let disk = Arc::new(Disk::default());
        let listener = Arc::clone(&disk);
        let verify = Verify::new(settings, wall, Entropy::seeded(7), listener).unwrap();
        Self { verify: verify.kept(&[7; 32]), disk, zero }
    }

    fn at(&self, seconds: f64) -> Instant {
        self.zero + Duration::from_secs_f64(seconds)
    }

    /// A start that is on disk.
    fn start(&self, to: &str, seconds: f64) -> Result<Order, StartError> {
        let started = self.verify.start(request(to), self.at(seconds))?;
        self.save(&started.task);
        Ok(started.task.call().unwrap())
    }

    fn save(&self, task: &Task) {
        let beginning = self.verify.beginning(task).unwrap();
        beginning.notes.into_iter().for_each(|note| self.disk.write(note));
        self.verify.announce(task);
    }

    fn ring(&self, order: &Order, seconds: f64) {
        order.call.on_invited(0, self.at(seconds));
        order.call.on_ringing(self.at(seconds));
        self.verify.on_call_ringing(&order.call);
    }

    fn hang_up(&self, order: &Order, seconds: f64) {
        let (outcome, by) = (Outcome::Completed, Side::Us);
        let ending = Ending { outcome, by, sip_code: Some(487), q850_cause: None };
        order.call.on_ended(ending, self.at(seconds));
        self.verify.on_call_ended(&order.call);
    }

    fn check(&self, id: VerificationId, code: &str, seconds: f64) -> String {
        match self.verify.check(id, Evidence::Code(code), self.at(seconds)) {
            Ok(shown) => stands(&shown),
            Err(error) => error.to_string(),
        }
    }

    fn look(&self, id: VerificationId, seconds: f64) -> Snapshot {
        self.verify.get(id, self.at(seconds)).unwrap()
    }

    /// What it wanted to be kept, in that order.
    fn notes(&self) -> Vec<Note> {
        let count = self.disk.notes.len();
        (0..count).filter_map(|n| self.disk.notes.get(&n).map(|note| note.clone())).collect()
    }

    /// It died before these were on disk.
    fn lose(&self, is_lost: impl Fn(&Note) -> bool) {
        let rest: Vec<_> = self.notes().into_iter().filter(|note| !is_lost(note)).collect();
        self.disk.notes.clear();
        rest.into_iter().for_each(|note| self.disk.write(note));
    }

    /// It dies; another one takes over.
    fn restart(self, seconds: f64) -> (Self, Revival) {
        self.restart_as(|_| {}, seconds)
    }

    /// The same, with other settings.
    fn restart_as(self, change: impl FnOnce(&mut Settings), seconds: f64) -> (Self, Revival) {
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

    fn told(&self) -> Vec<String> {
        (0..self.disk.events.len()).map(|n| self.disk.events.get(&n).unwrap().clone()).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "a zero of virtual time")]
fn host() -> Host {
    Host::new(|_| {}, Instant::now())
}

const PHONE: &str = "+46701234567";
const OTHER: &str = "+46701234568";

#[test]
fn d01_what_was_acknowledged_is_there_after_a_restart() {
    let host = host();
    let verified = host.start(PHONE, 0.0).unwrap();
    host.ring(&verified, 1.0);
    host.hang_up(&verified, 4.0);
    assert_eq!(
        host.check(verified.verification, &wrong_code(&verified, 0), 5.0),
        "pending -, 2 attempts and 2 calls left, 1 placed"
    );
    host.check(verified.verification, &code(&verified), 6.0);
    let pending = host.start(OTHER, 7.0).unwrap();
    host.ring(&pending, 8.0);
    host.hang_up(&pending, 11.0);
    host.check(pending.verification, &wrong_code(&pending, 0), 12.0);
    let (shown, waiting) =
        (host.look(verified.verification, 12.0), host.look(pending.verification, 12.0));

    let (host, revival) = host.restart(20.0);
    assert_eq!((revival.pending, revival.ended, revival.homeless), (1, 1, 0));
    let again = host.look(verified.verification, 20.0);
    assert_eq!(format!("{again:?}").replace(' ', ""), format!("{shown:?}").replace(' ', ""));
    let again = host.look(pending.verification, 20.0);
    assert_eq!(stands(&again), stands(&waiting));
    assert!(host.verify.is_saved(&again));
    assert_eq!(host.told(), Vec::<String>::new(), "nothing is told twice");
    let right = host.check(pending.verification, &code(&pending), 21.0);
    assert_eq!(right, "verified code_matched, 2 attempts and 2 calls left, 1 placed");
    // The phone that has one is told so, and starts are counted on.
    assert!(host.start(PHONE, 22.0).is_ok());
}

#[test]
fn d02_wrong_codes_count_across_restarts() {
    let mut host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    host.ring(&order, 1.0);
    host.hang_up(&order, 4.0);
    let mut answers = vec![];
    for guess in 0..5 {
        let seconds = 10.0 + f64::from(guess);
        answers.push(host.check(order.verification, &wrong_code(&order, guess), seconds));
        (host, _) = host.restart(seconds);
    }
    expect_test::expect![[r#"
        pending -, 2 attempts and 2 calls left, 1 placed
        pending -, 1 attempts and 2 calls left, 1 placed
        failed too_many_attempts, 0 attempts and 2 calls left, 1 placed
        this verification has ended: failed
        this verification has ended: failed"#]]
    .assert_eq(&answers.join("\n"));
    // The lock of the phone counts them, too: two more lock it.
    let order = host.start(PHONE, 20.0).unwrap();
    host.ring(&order, 21.0);
    host.hang_up(&order, 24.0);
    host.check(order.verification, &wrong_code(&order, 0), 25.0);
    (host, _) = host.restart(26.0);
    let locked = host.check(order.verification, &wrong_code(&order, 1), 27.0);
    assert_eq!(locked, "failed rejected_by_policy, 1 attempts and 2 calls left, 1 placed");
}

#[test]
fn d03_a_call_that_was_up_has_ended_and_fails_what_did_not_ring() {
    let host = host();
    let rang = host.start(PHONE, 0.0).unwrap();
    host.ring(&rang, 1.0);
    let sent = host.start(OTHER, 0.0).unwrap();
    sent.call.on_invited(0, host.at(1.0));
    let (host, revival) = host.restart(2.0);
    assert_eq!(revival.tasks.len(), 1, "{revival:?}");
    assert_eq!(
        stands(&host.look(rang.verification, 2.0)),
        "pending -, 3 attempts and 2 calls left, 1 placed"
    );
    assert_eq!(
        stands(&host.look(sent.verification, 2.0)),
        "failed restarted, 3 attempts and 2 calls left, 1 placed"
    );
    let mut told = host.told();
    told.sort();
    assert_eq!(
        told,
        [
            "call ended: restarted",
            "call ended: restarted",
            "failed restarted, 3 attempts and 2 calls left, 1 placed"
        ]
    );
    // The digits that rang are in the call log.
    assert!(host.check(rang.verification, &code(&rang), 9.0).starts_with("verified"));
}

#[test]
fn d04_a_call_that_never_left_is_placed_from_the_same_number() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    let (host, mut revival) = host.restart(2.0);
    let Some(Task::Call(again)) = revival.tasks.pop() else { panic!("{revival:?}") };
    assert_eq!((again.call.id, again.caller_id), (order.call.id, order.caller_id));
    assert!(again.wake_at.is_some());
    host.ring(&again, 3.0);
    host.hang_up(&again, 6.0);
    assert!(host.check(again.verification, &code(&order), 9.0).starts_with("verified"));
    // Its suffix stays leased: a restart does not forget from where the phone was called.
    let (host, revival) = host.restart(10.0);
    assert_eq!((revival.pending, revival.ended), (0, 1));
    assert_eq!(host.verify.pools(host.at(10.0))[0].cooling, 1);
}

#[test]
fn d10_what_expired_meanwhile_is_told_once() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    host.ring(&order, 1.0);
    host.hang_up(&order, 4.0);
    let (host, revival) = host.restart(1_000.0);
    assert!(revival.tasks.is_empty());
    let ended = host.look(order.verification, 1_000.0);
    assert_eq!(ended.status, Status::Expired);
    assert_eq!(host.told(), ["expired deadline, 3 attempts and 2 calls left, 1 placed"]);
    let (host, _) = host.restart(1_001.0);
    assert_eq!(host.told(), Vec::<String>::new());
}

#[test]
fn d01_nobody_is_told_of_a_start_that_is_not_on_disk() {
    let host = host();
    let started = host.verify.start(request(PHONE), host.at(0.0)).unwrap();
    assert!(!host.verify.is_saved(&started.snapshot));
    let order = started.task.clone().call().unwrap();
    host.ring(&order, 1.0);
    assert_eq!(host.told(), Vec::<String>::new());
    // The disk refuses it: as if it had never been, whatever has happened to it.
    host.hang_up(&order, 2.0);
    host.verify.cancel(order.verification, host.at(2.0)).unwrap();
    host.verify.undo(&order, host.at(3.0));
    assert!(host.verify.get(order.verification, host.at(3.0)).is_none());
    assert_eq!(host.told(), Vec::<String>::new());
    assert_eq!(host.disk.notes.len(), 0);
    assert_eq!(host.verify.census().pending.size + host.verify.census().ended.size, 0);
    let _: E164 = host.start(PHONE, 4.0).unwrap().to;
}

/// Two commits: the last wrong code is in one, the end that it means in the next.
#[test]
fn d02_a_kill_after_the_last_wrong_code_gives_no_further_guess() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    host.ring(&order, 1.0);
    host.hang_up(&order, 4.0);
    (0..3).for_each(|nth| drop(host.check(order.verification, &wrong_code(&order, nth), 5.0)));
    host.lose(|note| matches!(note, Note::Final(_)));
    let (host, _) = host.restart(6.0);
    let shown = host.look(order.verification, 6.0);
    assert_eq!(stands(&shown), "failed too_many_attempts, 0 attempts and 2 calls left, 1 placed");
    assert_eq!(host.told(), ["failed too_many_attempts, 0 attempts and 2 calls left, 1 placed"]);
}

#[test]
fn d04_a_call_that_a_record_says_may_ring_is_never_placed_again() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    let mut past = Past::default();
    host.notes().into_iter().for_each(|note| past.add(note));
    past.add_in_flight(order.call.id);
    let next = Host::new(|_| {}, host.zero);
    let revival = next.verify.recover(past, next.at(1.0));
    assert!(revival.tasks.is_empty(), "{revival:?}");
    assert_eq!(next.look(order.verification, 1.0).status, Status::Failed);
}

/// That a call ended unreached is on disk, what follows from it is not.
#[test]
fn d01_what_follows_from_a_calls_end_is_told_after_a_kill() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    order.call.on_invited(0, host.at(1.0));
    let (outcome, by) = (Outcome::Unallocated, Side::Carrier);
    let ending = Ending { outcome, by, sip_code: Some(404), q850_cause: None };
    order.call.on_ended(ending, host.at(2.0));
    host.verify.on_call_ended(&order.call);
    host.lose(|note| matches!(note, Note::Final(_)));
    let (host, _) = host.restart(3.0);
    let ended = "failed number_unallocated, 3 attempts and 2 calls left, 1 placed";
    assert_eq!(host.told(), [ended]);
}

#[test]
fn s06_what_has_ended_and_has_no_place_leaves_no_call_behind() {
    let host = host();
    for (phone, seconds) in [(PHONE, 0.0), (OTHER, 1.0)] {
        let order = host.start(phone, seconds).unwrap();
        host.ring(&order, seconds);
        host.hang_up(&order, seconds);
        host.verify.cancel(order.verification, host.at(seconds)).unwrap();
    }
    let (host, _) = host.restart_as(|settings| settings.bounds.ended_max = 1, 2.0);
    let census = host.verify.census();
    assert_eq!((census.ended.size, census.calls.size), (1, 1));
}

#[test]
fn d01_a_call_that_failed_fails_its_verification_when_nobody_had_come_so_far() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    let (outcome, by) = (Outcome::Unallocated, Side::Carrier);
    let ending = Ending { outcome, by, sip_code: Some(404), q850_cause: None };
    order.call.on_ended(ending, host.at(1.0));
    host.verify.on_call_ended(&order.call);
    // That it has failed is written behind the end of the call.
    host.disk.notes.retain(|_, note| !matches!(note, Note::Final(_)));
    let (host, revival) = host.restart(2.0);
    assert_eq!(revival.tasks.len(), 0);
    let told = host.told();
    assert!(told.len() == 1 && told[0].starts_with("failed number_unallocated"), "{told:?}");
}

#[test]
fn s06_a_further_call_that_never_left_leaves_none_before_it_behind() {
    let host = host();
    let first = host.start(PHONE, 0.0).unwrap();
    host.ring(&first, 1.0);
    host.hang_up(&first, 4.0);
    let further = host.verify.call_again(first.verification, host.at(5.0)).unwrap();
    host.verify.confirm(&further);
    let (host, mut revival) = host.restart(6.0);
    let Some(Task::Call(again)) = revival.tasks.pop() else { panic!("{revival:?}") };
    assert_eq!(again.call.id, further.call.id);
    host.hang_up(&again, 7.0);
    host.verify.cancel(again.verification, host.at(8.0)).unwrap();
    host.verify.sweep(host.at(100_000.0));
    assert_eq!(host.verify.census().calls.size, 0);
}
