//! Facts in, what is said out.

use std::sync::Barrier;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::sync_channel;
use std::thread;

use super::*;
use Fact::{CallEnded, CallPlaced, CallRinging, Created, Matched, VerificationEnded};

/// Tells `facts` one after the other; each must be said at once, as `expected` has it.
#[track_caller]
fn check(facts: &[Fact], expected: &[Fact]) {
    let story = Story::default();
    let mut said = vec![];
    facts.iter().for_each(|fact| story.tell(*fact, |fact, _| said.push(fact)));
    assert_eq!(said, expected, "{facts:?}");
}

#[test]
fn facts_are_said_once_in_their_order() {
    let life = [
        Created,
        Matched,
        CallPlaced(1),
        CallRinging(1),
        CallEnded(1),
        CallPlaced(2),
        CallRinging(2),
        VerificationEnded,
        CallEnded(2),
    ];
    check(&life, &life);
    check(&[life, life].concat(), &life);
}

#[test]
fn a_fact_brings_what_must_have_come_before_it() {
    check(&[CallRinging(1)], &[Created, CallPlaced(1), CallRinging(1)]);
    check(&[Matched, Created], &[Created, Matched]);
    check(&[CallEnded(1), CallPlaced(1)], &[Created, CallPlaced(1), CallEnded(1)]);
    check(
        &[CallPlaced(1), CallPlaced(3), CallEnded(2), CallEnded(3)],
        &[
            Created,
            CallPlaced(1),
            CallEnded(1),
            CallPlaced(2),
            CallEnded(2),
            CallPlaced(3),
            CallEnded(3),
        ],
    );
    check(
        &[VerificationEnded, CallEnded(1)],
        &[Created, VerificationEnded, CallPlaced(1), CallEnded(1)],
    );
}

#[test]
fn a_phone_does_not_ring_after_its_call() {
    check(&[CallEnded(1), CallRinging(1)], &[Created, CallPlaced(1), CallEnded(1)]);
}

#[test]
fn as_many_calls_as_can_be_configured_fit() {
    let each = |call| [CallPlaced(call), CallRinging(call), CallEnded(call)];
    let calls = (1..=crate::verify::settings::CALLS_MAX).flat_map(each);
    let calls: Vec<Fact> = [Created, Matched].into_iter().chain(calls).collect();
    check(&calls, &calls);
    let all: Vec<Fact> = calls.iter().copied().chain([VerificationEnded]).collect();
    check(&all, &all);
}

/// What a second thread tells while the first one is in the middle of saying something.
#[test]
fn who_finds_a_speaker_leaves_the_fact_and_goes() {
    let story = Story::default();
    let mut said = vec![];
    story.tell(CallPlaced(1), |fact, _| {
        if fact == CallPlaced(1) {
            // Told from inside, so it would never return if it waited for the speaker.
            story.tell(CallRinging(1), |fact, _| panic!("{fact:?} is the speaker's to say"));
            story.tell(CallEnded(1), |fact, _| panic!("{fact:?} is the speaker's to say"));
            story.tell(VerificationEnded, |fact, _| panic!("{fact:?} is the speaker's to say"));
        }
        said.push(fact);
    });
    assert_eq!(said, [Created, CallPlaced(1), CallRinging(1), CallEnded(1), VerificationEnded]);
}

#[test]
fn a_start_that_is_held_back_is_told_of_once_it_is_saved() {
    let (story, mut said) = (Story::held(&[Created, CallPlaced(1)]), vec![]);
    story.tell(CallRinging(1), |fact, _| panic!("{fact:?} is held back"));
    assert!(story.is_held() && !story.is_begun() && !story.has_placed(1));
    story.release(|fact, count| said.push((fact, count)));
    assert_eq!(said, [(CallRinging(1), 3)]);
    assert!(story.is_saved(CallPlaced(1)) && !story.is_saved(CallRinging(1)));
    story.on_saved(3);
    assert!(story.is_saved(CallRinging(1)) && !story.is_saved(VerificationEnded));
    // Saying it again changes nothing.
    story.release(|fact, _| panic!("{fact:?} was said"));
    story.on_saved(2);
    assert!(story.is_saved(CallRinging(1)));
}

#[test]
fn an_end_that_came_while_a_start_was_held_back_is_said_behind_what_was_saved() {
    let (story, mut said) = (Story::held(&[Created, CallPlaced(1)]), vec![]);
    story.tell(VerificationEnded, |fact, _| panic!("{fact:?} is held back"));
    story.release(|fact, _| said.push(fact));
    assert_eq!(said, [VerificationEnded]);
    assert!(story.is_saved(CallPlaced(1)));
}

#[test]
fn many_threads_say_all_once_in_order_one_at_a_time() {
    let told = [
        vec![CallRinging(1), CallEnded(1)],
        vec![CallPlaced(1)],
        vec![CallPlaced(2), CallRinging(2), CallEnded(2)],
        vec![VerificationEnded],
    ];
    for _ in 0..2_000 {
        let story = Story::default();
        let (speakers, (mouth, ear)) = (AtomicUsize::new(0), sync_channel(16));
        let barrier = Barrier::new(told.len());
        thread::scope(|scope| {
            for facts in &told {
                let (story, mouth, speakers, barrier) = (&story, &mouth, &speakers, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for fact in facts {
                        story.tell(*fact, |fact, _| {
                            assert_eq!(speakers.fetch_add(1, Ordering::SeqCst), 0);
                            mouth.send(fact).unwrap();
                            speakers.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                });
            }
        });
        let said: Vec<Fact> = ear.try_iter().collect();
        let calls: Vec<Fact> =
            said.iter().copied().filter(|fact| *fact != VerificationEnded).collect();
        // Whether the phone was heard to ring depends on who was first; nothing else does.
        let rung: Vec<Fact> =
            calls.iter().copied().filter(|fact| !matches!(fact, CallRinging(_))).collect();
        assert_eq!(
            rung,
            [Created, CallPlaced(1), CallEnded(1), CallPlaced(2), CallEnded(2)],
            "{said:?}"
        );
        assert_eq!(calls.last(), Some(&CallEnded(2)));
        assert_eq!(said.iter().filter(|fact| **fact == VerificationEnded).count(), 1, "{said:?}");
        assert!(calls.len() == said.len() - 1 && said[0] == Created, "{said:?}");
    }
}
