//! A second service takes over from the notes of a first one.

use super::recovery_world::{Host, OTHER, PHONE, host};
use super::world::{code, request, stands, wrong_code};
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::verify::Task;
use crate::verify::note::Note;
use crate::verify::record::{CallState, Ending};
use crate::verify::recover::Past;
use crate::verify::snapshot::Status;

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

/// Two codes come at once: who took the last but one is held up before he tells, the other is on disk,
/// and tells for both.
#[test]
fn d02_a_wrong_code_that_is_on_disk_brings_those_before_it() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    host.ring(&order, 1.0);
    host.hang_up(&order, 4.0);
    (0..2).for_each(|nth| drop(host.check(order.verification, &wrong_code(&order, nth), 5.0)));
    host.lose(|note| matches!(note, Note::Attempt(first) if first.left == 2));
    let (host, _) = host.restart(6.0);
    let answer = |nth, second| host.check(order.verification, &wrong_code(&order, nth), second);
    assert_eq!(answer(2, 7.0), "failed too_many_attempts, 0 attempts and 2 calls left, 1 placed");
    // Three so far: of this verification the second is the fifth.
    let order = host.start(PHONE, 20.0).unwrap();
    host.ring(&order, 21.0);
    host.hang_up(&order, 24.0);
    host.check(order.verification, &wrong_code(&order, 0), 25.0);
    let locked = host.check(order.verification, &wrong_code(&order, 1), 26.0);
    assert_eq!(locked, "failed rejected_by_policy, 1 attempts and 2 calls left, 1 placed");
}

/// Each comes within a day of the one before, so all count; those that are a day old are swept.
#[test]
fn d02_wrong_codes_of_many_days_lock_a_phone_after_a_restart_as_before_it() {
    let guess = |host: &Host, hours: f64| {
        let second = hours * 3_600.0;
        let order = host.start(PHONE, second).unwrap();
        host.ring(&order, second + 1.0);
        host.hang_up(&order, second + 2.0);
        let answer = host.check(order.verification, &wrong_code(&order, 0), second + 3.0);
        host.verify.cancel(order.verification, host.at(second + 4.0)).ok();
        answer
    };
    let locked = "failed rejected_by_policy, 2 attempts and 2 calls left, 1 placed";
    for is_restarted in [false, true] {
        let mut host = host();
        for hours in [0.0, 20.0, 40.0, 60.0] {
            assert_ne!(guess(&host, hours), locked);
        }
        if is_restarted {
            let day_ago = host.at(37.0 * 3_600.0);
            host.lose(|note| matches!(note, Note::Attempt(old) if old.at < day_ago));
            (host, _) = host.restart(61.0 * 3_600.0);
        }
        assert_eq!(guess(&host, 61.5), locked, "restarted: {is_restarted}");
    }
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
    assert_eq!(host.notes().len(), 0);
    assert_eq!(host.verify.census().pending.size + host.verify.census().ended.size, 0);
    let _: E164 = host.start(PHONE, 4.0).unwrap().to;
}

/// A check that saw a further call which no shard had room for must not wait for that call.
#[test]
fn d07_a_call_that_was_taken_back_is_waited_for_by_nobody() {
    let host = host();
    let order = host.start(PHONE, 0.0).unwrap();
    host.ring(&order, 1.0);
    host.hang_up(&order, 4.0);
    let further = host.verify.call_again(order.verification, host.at(5.0)).unwrap();
    let seen = host.look(order.verification, 5.0);
    assert_eq!(stands(&seen), "pending -, 3 attempts and 1 calls left, 2 placed");
    assert!(!host.verify.is_saved(&seen));
    host.verify.undo(&further, host.at(5.0));
    assert!(host.verify.is_saved(&seen));
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
    host.lose(|note| matches!(note, Note::Final(_)));
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

/// The teller may say that a call was placed when it has long ended.
#[test]
fn d01_a_call_is_kept_as_far_as_it_is_told_of() {
    let host = host();
    let first = host.start(PHONE, 0.0).unwrap();
    host.ring(&first, 1.0);
    host.hang_up(&first, 4.0);
    let further = host.verify.call_again(first.verification, host.at(5.0)).unwrap();
    further.call.on_invited(0, host.at(5.0));
    further.call.on_ringing(host.at(6.0));
    let (outcome, by) = (Outcome::Completed, Side::Us);
    let ending = Ending { outcome, by, sip_code: Some(487), q850_cause: None };
    further.call.on_ended(ending, host.at(9.0));
    host.verify.confirm(&further);
    host.verify.on_call_ringing(&further.call);
    let kept = host.notes().into_iter().filter_map(|note| match note {
        Note::Call(call) if call.record.id == further.call.id => Some(call.facts),
        Note::Attempt(_)
        | Note::Call(_)
        | Note::Final(_)
        | Note::Forgotten { .. }
        | Note::Lease(_)
        | Note::MissedCall(..)
        | Note::Verification(_) => None,
    });
    let kept: Vec<_> = kept.map(|facts| (facts.moments.state(), facts.ending)).collect();
    assert_eq!(kept, [(CallState::Placed, None), (CallState::Ringing, None)]);
}
