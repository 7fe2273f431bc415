//! Bad histories: the ledger objects to each, and to no good one.

mod callbacks;

use std::time::Duration;

use serde_json::{Value, json};

use super::{Guess, Invite, Kind, Ledger, Rules};
use crate::clock::Asked;
use crate::view::View;

const PHONE: &str = "+46700000001";
const ID: &str = "ver_1";

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Asked then, and told a moment later.
fn asked(seconds: u64) -> Asked {
    Asked { at: at(seconds), told: at(seconds) + Duration::from_millis(1) }
}

/// A flash call that is pending, with these differences.
fn json_of(changes: &[(&str, Value)]) -> Value {
    let mut json = json!({
        "id": ID, "to": PHONE, "method": "flash_call", "status": "pending", "reason": null,
        "created_at": "0", "expires_at": "30", "ended_at": null, "attempts_left": 3,
        "client_ref": "one", "missed_call": null,
    });
    changes.iter().for_each(|(name, value)| json[*name] = value.clone());
    json
}

fn verified() -> Value {
    json_of(&[
        ("status", "verified".into()),
        ("reason", "code_matched".into()),
        ("ended_at", "2".into()),
    ])
}

fn canceled() -> Value {
    json_of(&[
        ("status", "canceled".into()),
        ("reason", "canceled_by_client".into()),
        ("ended_at", "2".into()),
    ])
}

fn view(json: &Value) -> View {
    View::read(json).expect("it is a verification")
}

fn left(attempts: u8) -> View {
    view(&json_of(&[("attempts_left", attempts.into())]))
}

fn invite(call_id: &str, branch: &str, caller: &str) -> Invite {
    let (call_id, branch) = (call_id.to_owned(), branch.to_owned());
    Invite { call_id, branch, phone: PHONE.to_owned(), caller: caller.to_owned() }
}

/// A history, and what it is made of.
struct Story(Ledger);

impl Story {
    fn check(&mut self, view: &View, guess: Guess, asked: Asked) {
        self.0.on_check_asked(ID);
        self.0.on_checked(view, guess, asked);
    }

    /// A start was asked for and acknowledged in the one life so far.
    fn begin() -> Self {
        let rules = Rules {
            attempts: 3,
            keep_ended: at(120),
            ring: at(1),
            starts_per_phone: 2,
            wrong_codes_lock: 3,
        };
        let mut ledger = Ledger::new(rules, true);
        ledger.lives.on_spawn(at(0));
        ledger.on_start_asked(PHONE);
        ledger.on_granted(&left(3), 1, asked(1));
        Self(ledger)
    }

    fn event(&mut self, sequence: u64, kind: &str, data: &Value) -> String {
        let text = json!({ "type": kind, "sequence": sequence, "data": data }).to_string();
        self.0.on_event(sequence, &text, at(sequence));
        text
    }

    /// Everything happens that should: its call, its end, its webhook.
    fn end_well(&mut self) {
        let end = self.end();
        self.0.on_webhook("msg_3", &end, true);
    }

    /// All but the webhook. Returns what it should say.
    fn end(&mut self) -> String {
        self.event(1, "verification.created", &json_of(&[]));
        self.event(2, "call.placed", &json!({ "id": "call_1", "verification": ID }));
        self.0.on_invite(&invite("a", "z1", "+46876500007"), at(2));
        self.0.on_ringing("a", at(2));
        self.0.on_hung_up("a", at(3));
        self.0.on_over("a", at(3));
        self.event(3, "verification.verified", &verified())
    }

    /// The kinds of all faults when it is over.
    fn faults(mut self) -> Vec<Kind> {
        self.0.finish(at(100));
        self.0.faults.iter().map(|fault| fault.kind).collect()
    }
}

/// After a good history, and this.
fn after(more: impl FnOnce(&mut Story)) -> Vec<Kind> {
    let mut story = Story::begin();
    story.end_well();
    more(&mut story);
    story.faults()
}

/// Before the good end of a history.
fn before(more: impl FnOnce(&mut Story)) -> Vec<Kind> {
    let mut story = Story::begin();
    more(&mut story);
    story.end_well();
    story.faults()
}

#[test]
fn a_good_history_has_no_fault() {
    assert_eq!(after(|_| {}), []);
    assert_eq!(before(|story| story.check(&left(2), Guess::Wrong, asked(2))), []);
    let forgotten = |story: &mut Story| story.0.on_gone(ID, asked(124));
    assert_eq!(after(forgotten), []);
    // Asked before the end was told, answered after it.
    let crossed = |story: &mut Story| {
        story.0.on_view(&left(3), Asked { at: at(2), told: at(4) });
    };
    assert_eq!(after(crossed), []);
}

#[test]
fn d01_a_lost_start_is_a_fault() {
    assert_eq!(before(|story| story.0.on_gone(ID, asked(2))), [Kind::Lost]);
    assert_eq!(after(|story| story.0.on_gone(ID, asked(100))), [Kind::Lost]);
    let never_heard_of = Story::begin();
    assert_eq!(never_heard_of.faults(), [Kind::Lost, Kind::Lost]);
}

#[test]
fn d01_an_end_that_is_taken_back_or_changed_is_a_fault() {
    assert_eq!(after(|story| story.0.on_view(&left(3), asked(5))), [Kind::Resurrected]);
    let other = |story: &mut Story| story.0.on_view(&view(&canceled()), asked(5));
    assert_eq!(after(other), [Kind::Duplicated]);
    let later = json_of(&[("expires_at", "31".into())]);
    assert_eq!(before(|story| story.0.on_view(&view(&later), asked(2))), [Kind::Changed]);
}

#[test]
fn d01_a_second_end_in_the_events_is_a_fault() {
    let twice = |story: &mut Story| {
        story.event(4, "verification.verified", &verified());
    };
    assert_eq!(after(twice), [Kind::Duplicated, Kind::Webhook]);
    let created_again = |story: &mut Story| {
        story.event(4, "verification.created", &json_of(&[]));
    };
    assert_eq!(after(created_again), [Kind::Duplicated, Kind::Unasked]);
}

#[test]
fn d02_an_attempt_that_is_back_is_a_fault() {
    let back = |story: &mut Story| {
        story.check(&left(2), Guess::Wrong, asked(2));
        story.0.on_view(&left(3), asked(3));
    };
    assert_eq!(before(back), [Kind::AttemptBack]);
    let not_counted = |story: &mut Story| {
        story.check(&left(2), Guess::Wrong, asked(2));
        story.check(&left(2), Guess::Wrong, asked(3));
    };
    assert_eq!(before(not_counted), [Kind::AttemptBack]);
    let believed = |story: &mut Story| {
        story.check(&view(&verified()), Guess::Wrong, asked(2));
    };
    assert_eq!(before(believed), [Kind::Unasked]);
    let forgotten = |story: &mut Story| story.check(&left(2), Guess::Right, asked(2));
    assert_eq!(before(forgotten), [Kind::Lost]);
}

#[test]
fn h04_a_code_that_counts_twice_is_a_fault() {
    let twice = |story: &mut Story| story.check(&left(1), Guess::Wrong, asked(2));
    assert_eq!(before(twice), [Kind::CountedTwice]);
    let untried = |story: &mut Story| story.0.on_view(&left(2), asked(2));
    assert_eq!(before(untried), [Kind::CountedTwice]);
}

#[test]
fn d11_limits_and_locks_that_are_forgotten_are_faults() {
    let third = |story: &mut Story| {
        for nth in 2..=3 {
            story.0.on_start_asked(PHONE);
            let id = format!("ver_{nth}");
            let json = json_of(&[("id", id.as_str().into())]);
            story.0.on_granted(&view(&json), 1, asked(10));
        }
    };
    assert!(after(third).contains(&Kind::Limit));
    let locked = |story: &mut Story| {
        for nth in 1..=3 {
            story.check(&left(3 - nth), Guess::Wrong, asked(2));
        }
        let used_up = json_of(&[
            ("status", "verified".into()),
            ("reason", "code_matched".into()),
            ("ended_at", "2".into()),
            ("attempts_left", 0.into()),
        ]);
        story.check(&view(&used_up), Guess::Right, asked(4));
    };
    let faults = before(locked);
    assert!(faults.contains(&Kind::Limit), "{faults:?}");
}

#[test]
fn d11_one_number_twice_on_a_phone_is_a_fault() {
    let again = |story: &mut Story| {
        story.event(4, "call.placed", &json!({ "id": "call_2", "verification": ID }));
        story.0.on_call_asked(ID);
        story.0.on_invite(&invite("b", "z2", "+46876500007"), at(2));
    };
    assert_eq!(after(again), [Kind::CallerIdAgain]);
}

#[test]
fn d04_a_call_that_nobody_asked_for_or_knows_is_a_fault() {
    let unknown = |story: &mut Story| story.0.on_invite(&invite("b", "z2", "+46876500008"), at(2));
    assert_eq!(after(unknown), [Kind::SecondCall]);
    let unasked = |story: &mut Story| {
        story.event(4, "call.placed", &json!({ "id": "call_2", "verification": ID }));
        story.0.on_invite(&invite("b", "z2", "+46876500008"), at(2));
    };
    assert_eq!(after(unasked), [Kind::SecondCall]);
    let invited_again =
        |story: &mut Story| story.0.on_invite(&invite("a", "z9", "+46876500007"), at(2));
    assert_eq!(after(invited_again), [Kind::SecondCall]);
    // The same datagram, once more.
    assert_eq!(after(|story| story.0.on_invite(&invite("a", "z1", "+46876500007"), at(2))), []);
}

#[test]
fn d01_events_with_a_gap_or_a_repetition_are_a_fault() {
    let gap = |story: &mut Story| {
        story.event(5, "trunk.up", &json!({}));
    };
    assert_eq!(after(gap), [Kind::Gap]);
    let again = |story: &mut Story| {
        story.event(3, "trunk.up", &json!({}));
    };
    assert_eq!(after(again), [Kind::Gap]);
    let changed = |story: &mut Story| story.0.on_event_again(3, "another");
    assert_eq!(after(changed), [Kind::Changed]);
    assert_eq!(after(|story| story.0.on_events_gone()), [Kind::Gap]);
}

#[test]
fn d05_a_webhook_that_is_missing_or_another_is_a_fault() {
    let another_id = |story: &mut Story| {
        let text = json!({ "type": "verification.verified", "sequence": 3, "data": verified() });
        story.0.on_webhook("msg_4", &text.to_string(), true);
    };
    assert_eq!(after(another_id), [Kind::Webhook]);
    let another_body = |story: &mut Story| story.0.on_webhook("msg_3", r#"{"sequence":3}"#, true);
    assert_eq!(after(another_body), [Kind::Webhook]);
    let of_nothing = |story: &mut Story| story.0.on_webhook("msg_9", r#"{"sequence":9}"#, true);
    assert_eq!(after(of_nothing), [Kind::Webhook]);
    let mut missing = Story::begin();
    missing.event(1, "verification.created", &json_of(&[]));
    missing.event(2, "verification.verified", &verified());
    assert_eq!(missing.faults(), [Kind::Webhook]);
}

#[test]
fn d05_a_webhook_that_was_refused_and_does_not_come_again_as_it_was_is_a_fault() {
    // It has come so often: refused with this name, and then or never taken with that one.
    let refused = |then: &[(&str, bool)]| {
        let mut story = Story::begin();
        let end = story.end();
        story.0.on_webhook("msg_3", &end, false);
        then.iter().for_each(|(id, is_taken)| story.0.on_webhook(id, &end, *is_taken));
        story.faults()
    };
    assert_eq!(refused(&[]), [Kind::Webhook]);
    assert_eq!(refused(&[("msg_3", false)]), [Kind::Webhook]);
    assert_eq!(refused(&[("msg_3", false), ("msg_3", true)]), []);
    assert_eq!(refused(&[("msg_4", true)]), [Kind::Webhook, Kind::Webhook]);
}

#[test]
fn h04_a_second_reply_to_one_key_or_a_second_verification_is_a_fault() {
    let two = |story: &mut Story| {
        story.0.on_keyed_reply("key", 201, 1);
        story.0.on_keyed_reply("key", 201, 1);
        story.0.on_keyed_reply("key", 201, 2);
    };
    assert_eq!(after(two), [Kind::Idempotency]);
    // Asked once, started twice.
    let second = json_of(&[("id", "ver_2".into())]);
    let twins = |story: &mut Story| {
        story.event(4, "verification.created", &second);
        story.event(5, "verification.expired", &canceled_as("ver_2"));
    };
    assert_eq!(after(twins), [Kind::Unasked, Kind::Webhook]);
}

fn canceled_as(id: &str) -> Value {
    let mut json = canceled();
    json["id"] = id.into();
    json
}

#[test]
fn d03_a_phone_that_rings_on_is_a_fault() {
    let rings = |from: u64, to: u64, kill: Option<(u64, u64)>| {
        after(|story| {
            story.event(4, "call.placed", &json!({ "id": "call_2", "verification": ID }));
            story.0.on_call_asked(ID);
            story.0.on_invite(&invite("b", "z2", "+46876500008"), at(2));
            story.0.on_ringing("b", at(from));
            if let Some((killed, spawned)) = kill {
                story.0.lives.on_kill(at(killed));
                story.0.lives.on_spawn(at(spawned));
            }
            story.0.on_hung_up("b", at(to));
            story.0.on_over("b", at(to));
        })
    };
    assert_eq!(rings(10, 14, None), []);
    assert_eq!(rings(10, 15, None), [Kind::RangTooLong]);
    assert_eq!(rings(10, 22, Some((11, 20))), []);
    assert_eq!(rings(10, 23, Some((11, 20))), [Kind::RangTooLong]);
    // It was due before the kill.
    assert_eq!(rings(10, 22, Some((16, 20))), [Kind::RangTooLong]);
    // It began to ring while nobody was there.
    assert_eq!(rings(15, 22, Some((11, 20))), []);
    // The disk said nothing for two seconds, or for less.
    let on_slow_disk = |still: u64| {
        after(|story| {
            story.event(4, "call.placed", &json!({ "id": "call_2", "verification": ID }));
            story.0.on_call_asked(ID);
            story.0.on_invite(&invite("b", "z2", "+46876500008"), at(10));
            story.0.on_ringing("b", at(10));
            story.0.on_hung_up("b", at(16));
            story.0.on_over("b", at(16));
            story.0.lives.on_standstill(at(12), at(12 + still));
        })
    };
    assert_eq!((on_slow_disk(1), on_slow_disk(2)), (vec![Kind::RangTooLong], vec![]));
    let never_hung_up = after(|story| {
        story.event(4, "call.placed", &json!({ "id": "call_2", "verification": ID }));
        story.0.on_call_asked(ID);
        story.0.on_invite(&invite("b", "z2", "+46876500008"), at(2));
        story.0.on_ringing("b", at(10));
    });
    assert_eq!(never_hung_up, [Kind::RangTooLong]);
    let answered_and_left = after(|story| {
        story.event(4, "call.placed", &json!({ "id": "call_2", "verification": ID }));
        story.0.on_call_asked(ID);
        story.0.on_invite(&invite("b", "z2", "+46876500008"), at(2));
        story.0.on_ringing("b", at(10));
        story.0.on_hung_up("b", at(11));
        story.0.on_answered("b", at(11));
    });
    assert_eq!(answered_and_left, [Kind::RangTooLong]);
}
