//! Repeated requests.

#![expect(clippy::disallowed_methods, reason = "any instant will do")]

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
        let refusal = Arc::new(Reply { is_passing: true, ..plain(status) });
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
    assert_eq!(shed, Some((Shed::KeptReply, 2)));
}

#[test]
fn keys_of_different_callers_and_paths_are_different() {
    let one = RequestKey::new("shop", "/v1/verifications", b"k");
    assert_ne!(one, RequestKey::new("other", "/v1/verifications", b"k"));
    assert_ne!(one, RequestKey::new("shop", "/v1/verifications/x/call", b"k"));
    assert_ne!(RequestKey::new("a", "b", b"c"), RequestKey::new("ab", "", b"c"));
}

fn first(replies: &Replies, name: &str, now: Instant) -> Turn {
    match replies.claim(key(name), BODY, now) {
        Claim::First(turn) => turn,
        Claim::Again(_) | Claim::Mismatch => panic!("`{name}` was used"),
    }
}

fn again(replies: &Replies, name: &str, now: Instant) -> Option<Arc<Reply>> {
    match replies.claim(key(name), BODY, now) {
        Claim::Again(awaited) => awaited.borrow().clone(),
        Claim::First(_) | Claim::Mismatch => None,
    }
}

fn replies(size: usize) -> Replies {
    Replies::new(size, KEPT_FOR, Arc::new(ApiCounters::new([])))
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
    Reply { status, headers: HeaderMap::new(), body, is_passing: false }
}

const BODY: &[u8] = b"{}";
const KEPT_FOR: Duration = Duration::from_secs(60);
