//! Repeated requests.

#![expect(clippy::disallowed_methods, reason = "any instant will do")]

use super::super::testing::Disk;
use super::*;

#[test]
fn h04_a_repetition_gets_the_first_reply_and_another_body_is_a_mismatch() {
    let (replies, now) = (replies(10), Instant::now());
    first(&replies, "a", now).settle(reply(201));
    assert_eq!(again(&replies, "a", now), Some(reply(201)));
    assert!(matches!(replies.claim(key("a"), b"other", now), Claim::Mismatch));
    assert!(matches!(replies.claim(key("b"), BODY, now), Claim::First(_)));
}

#[test]
fn h04_a_twin_waits_for_the_first() {
    let (replies, now) = (replies(10), Instant::now());
    let turn = first(&replies, "a", now);
    let Claim::Again(awaited) = replies.claim(key("a"), BODY, now) else { panic!("a second turn") };
    assert_eq!(*awaited.borrow(), None);
    turn.settle(reply(201));
    assert_eq!(*awaited.borrow(), Some(reply(201)));
}

#[test]
fn what_was_refused_for_the_moment_is_tried_again() {
    let (replies, now) = (replies(10), Instant::now());
    for status in [409, 503] {
        let refusal = Arc::new(Reply { term: Term::Passing, ..plain(status) });
        let turn = first(&replies, "a", now);
        let Claim::Again(twin) = replies.claim(key("a"), BODY, now) else { panic!("second turn") };
        turn.settle(refusal.clone());
        assert_eq!(*twin.borrow(), Some(refusal), "who waited is told");
    }
    drop(first(&replies, "a", now));
    first(&replies, "a", now).settle(reply(422));
    assert_eq!(again(&replies, "a", now), Some(reply(422)));
}

#[test]
fn a_reply_is_forgotten_in_time() {
    let (replies, now) = (replies(10), Instant::now());
    first(&replies, "a", now).settle(reply(201));
    assert!(again(&replies, "a", now + KEPT_FOR / 2).is_some());
    first(&replies, "a", now + KEPT_FOR).settle(reply(200));
    assert_eq!(again(&replies, "a", now + KEPT_FOR), Some(reply(200)));
}

#[test]
fn a_full_table_forgets_the_oldest_and_counts_it() {
    let (replies, now) = (replies(3), Instant::now());
    for name in ["a", "b", "c", "d"] {
        first(&replies, name, now).settle(reply(201));
    }
    assert_eq!(replies.level(), (3, 3));
    assert!(again(&replies, "b", now).is_some());
    assert!(matches!(replies.claim(key("a"), BODY, now), Claim::First(_)));
    let shed = replies.counters.shed().find(|(shed, _)| *shed == Shed::KeptReply);
    assert_eq!(shed, Some((Shed::KeptReply, 1)));
}

#[test]
fn keys_of_different_callers_and_paths_are_different() {
    let one = RequestKey::new("shop", "/v1/verifications", b"k");
    assert_ne!(one, RequestKey::new("other", "/v1/verifications", b"k"));
    assert_ne!(one, RequestKey::new("shop", "/v1/verifications/x/call", b"k"));
    assert_ne!(RequestKey::new("a", "b", b"c"), RequestKey::new("ab", "", b"c"));
}

fn first(replies: &Arc<Replies>, name: &str, now: Instant) -> Turn {
    match replies.claim(key(name), BODY, now) {
        Claim::First(turn) => turn,
        Claim::Again(_) | Claim::Mismatch => panic!("`{name}` was used"),
    }
}

fn again(replies: &Arc<Replies>, name: &str, now: Instant) -> Option<Arc<Reply>> {
    match replies.claim(key(name), BODY, now) {
        Claim::Again(awaited) => awaited.borrow().clone(),
        Claim::First(_) | Claim::Mismatch => None,
    }
}

#[test]
fn d07_a_reply_that_outlived_the_process_is_given_again_with_its_headers() {
    let (kept, now) = (kept(3, "a", 60), Instant::now());
    let (replies, disk) = with_disk(10);
    replies.restore(vec![kept.clone()], now);
    let again = again(&replies, "a", now).unwrap();
    assert_eq!((again.status, &again.body[..]), (StatusCode::CREATED, BODY));
    assert_eq!(again.headers["location"], "/v1/verifications/x");
    assert!(matches!(replies.claim(key("a"), b"other", now), Claim::Mismatch));
    let turn = first(&replies, "b", now);
    assert_eq!(turn.slip().ticket, 4, "tickets go on");
    assert_eq!(turn.slip().keep(&again).answer, kept.answer);
    assert!(disk.forgotten().is_empty());
}

#[test]
fn what_is_over_or_has_no_place_after_a_restart_is_forgotten_on_disk() {
    let (replies, disk) = with_disk(2);
    let past = ["a", "b", "c", "a"].into_iter().zip(10..);
    let mut past: Vec<_> = past.map(|(name, ticket)| kept(ticket, name, 60)).collect();
    past.push(kept(5, "old", 0));
    replies.restore(past, Instant::now());
    assert_eq!(disk.forgotten(), [5, 10, 11], "over; used anew; no place");
    assert_eq!(replies.level(), (2, 2));
}

#[test]
fn requests_that_are_refused_for_the_moment_push_no_reply_out() {
    let ((replies, disk), now) = (with_disk(2), Instant::now());
    ["a", "b"].into_iter().for_each(|name| first(&replies, name, now).settle(reply(201)));
    for n in 0..100 {
        let refusal = Arc::new(Reply { term: Term::Passing, ..plain(503) });
        first(&replies, &format!("refused {n}"), now).settle(refusal);
    }
    assert_eq!(again(&replies, "a", now), Some(reply(201)));
    assert_eq!(again(&replies, "b", now), Some(reply(201)));
    assert!(disk.forgotten().is_empty());
}

#[test]
fn what_leaves_the_table_is_forgotten_on_disk() {
    let (replies, disk) = with_disk(2);
    let now = Instant::now();
    ["a", "b", "c"].into_iter().for_each(|name| first(&replies, name, now).settle(reply(201)));
    assert_eq!(disk.forgotten(), [0], "its slot was taken");
    first(&replies, "b", now + KEPT_FOR).settle(reply(201));
    assert_eq!(disk.forgotten(), [0, 1], "its time was over and its key came again");
    let later = now + 3 * KEPT_FOR;
    assert!(matches!(replies.claim(key("x"), BODY, later), Claim::First(_)));
    assert_eq!(disk.forgotten(), [0, 1, 2, 3], "their time was over");
    assert_eq!(replies.level().0, 0, "the last one was dropped without a word");
}

#[test]
fn d07_a_request_whose_reply_was_lost_is_carried_out_once_more_by_one_who_knows_what_stood_before()
{
    let ((replies, disk), now) = (with_disk(10), Instant::now());
    replies.restore(vec![KeptReply { answer: Answer::Intent(BEFORE), ..kept(3, "a", 60) }], now);
    assert!(matches!(replies.claim(key("a"), b"other", now), Claim::Mismatch));
    let turn = first(&replies, "a", now);
    assert_eq!((turn.slip().before(), turn.slip().ticket), (Some(BEFORE), 3));
    assert_eq!(again(&replies, "a", now), None, "a twin waits");
    turn.settle(reply(200));
    assert_eq!(again(&replies, "a", now), Some(reply(200)));
    assert!(disk.forgotten().is_empty());
}

#[test]
fn d07_what_stood_before_is_known_as_long_as_nobody_knows_what_came_of_it() {
    let ((replies, disk), now) = (with_disk(2), Instant::now());
    let turn = first(&replies, "a", now);
    turn.slip().intend(BEFORE, &*disk).unwrap();
    assert_eq!(disk.intents.get(&0).as_deref(), Some(&Answer::Intent(BEFORE)));
    turn.settle(Arc::new(Reply { term: Term::Unsure, ..plain(503) }));
    for _ in 0..10 {
        let turn = first(&replies, "a", now);
        assert_eq!(turn.slip().before(), Some(BEFORE));
        turn.settle(Arc::new(Reply { term: Term::Unsure, ..plain(503) }));
    }
    assert!(disk.forgotten().is_empty(), "it took one slot, and pushed nothing out");
    // Then nothing was done after all.
    first(&replies, "a", now).settle(Arc::new(Reply { term: Term::Passing, ..plain(409) }));
    assert_eq!(disk.forgotten(), [0]);
    assert_eq!(first(&replies, "a", now).slip().before(), None);
}

#[test]
fn who_goes_on_with_a_request_keeps_it_however_many_others_come_meanwhile() {
    let ((replies, disk), now) = (with_disk(2), Instant::now());
    replies.restore(vec![KeptReply { answer: Answer::Intent(BEFORE), ..kept(3, "a", 60) }], now);
    let turn = first(&replies, "a", now);
    ["b", "c", "d"].into_iter().for_each(|name| first(&replies, name, now).settle(reply(201)));
    assert_eq!(again(&replies, "a", now), None, "a twin waits");
    turn.settle(reply(200));
    assert_eq!(again(&replies, "a", now), Some(reply(200)));
    assert!(!disk.forgotten().contains(&3));
}

#[test]
fn who_waits_for_the_disk_without_an_intent_is_new_again() {
    let ((replies, disk), now) = (with_disk(10), Instant::now());
    first(&replies, "a", now).settle(Arc::new(Reply { term: Term::Unsure, ..plain(503) }));
    assert_eq!(first(&replies, "a", now).slip().before(), None);
    assert!(disk.forgotten().is_empty());
}

/// A reply of the process before, which is kept for so many seconds more.
fn kept(ticket: u64, name: &str, seconds: u64) -> KeptReply {
    KeptReply {
        ticket,
        owner: key(name).0,
        request: Sha256::digest(BODY).into(),
        answer: Answer::Reply {
            status: 201,
            headers: vec![("location".into(), "/v1/verifications/x".into())],
            body: Bytes::from_static(BODY),
        },
        expires: Instant::now() + Duration::from_secs(seconds),
    }
}

fn replies(size: usize) -> Arc<Replies> {
    with_disk(size).0
}

fn with_disk(size: usize) -> (Arc<Replies>, Arc<Disk>) {
    let (disk, counters) = (Arc::new(Disk::default()), Arc::new(ApiCounters::new([])));
    (Replies::new((size, KEPT_FOR), disk.clone(), counters), disk)
}

fn key(name: &str) -> RequestKey {
    RequestKey::new("shop", "/v1/verifications", name.as_bytes())
}

fn reply(status: u16) -> Arc<Reply> {
    Arc::new(plain(status))
}

fn plain(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap();
    let body = Bytes::from_static(b"{}");
    Reply { status, headers: HeaderMap::new(), body, term: Term::Lasting }
}

const BEFORE: Before = Before { attempts_left: 3, calls_left: 1 };
const BODY: &[u8] = b"{}";
const KEPT_FOR: Duration = Duration::from_secs(60);
