//! Bad histories, made by hand.

use super::*;
use crate::world::origin;

const ONE: VerificationId = VerificationId(1);
const TWO: VerificationId = VerificationId(2);
const PHONE: u64 = 46_701_740_605;
const DID: u64 = 46_876_510_000;

struct History {
    missed: Missed,
    origin: Instant,
}

impl History {
    fn new() -> Self {
        Self { missed: Missed::default(), origin: origin() }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.origin + Duration::from_secs(100 + seconds)
    }

    fn invite(&mut self, branch: &str, seconds: u64, change: impl Fn(&mut Invite)) {
        let mut invite = Invite {
            call_id: branch.to_owned(),
            daemon: 0,
            phone: Some(PHONE),
            did: Some(DID),
            is_diverted: false,
            at: self.at(seconds),
        };
        change(&mut invite);
        self.missed.on_invite(branch, invite);
    }

    fn start(&mut self, id: VerificationId, seconds: u64, change: impl Fn(&mut Start)) -> Start {
        let mut start = Start {
            id,
            daemon: 0,
            phone: PHONE,
            did: DID,
            is_named: true,
            within: Duration::from_secs(60),
            is_confirmed: false,
            at: self.at(seconds),
            expires: self.at(seconds + 100),
        };
        change(&mut start);
        self.missed.on_started(start.clone());
        start
    }

    /// A whole call, refused at `seconds` and acknowledged a second later.
    fn ring(&mut self, branch: &str, seconds: u64, change: impl Fn(&mut Invite)) {
        self.invite(branch, seconds, change);
        assert_eq!(self.respond(branch, 180, "t"), Ok(()));
        assert_eq!(self.respond(branch, 486, "t"), Ok(()));
        assert!(self.missed.on_ack(branch, "t", self.at(seconds + 1)));
    }

    fn respond(&mut self, branch: &str, status: u16, tag: &str) -> Verdict {
        let now = self.at(0);
        self.missed.on_response(branch, (status, tag), now)
    }

    fn matched(&mut self, id: VerificationId, branch: &str, seconds: u64) -> bool {
        let now = self.at(seconds);
        self.missed.on_matched(id, branch, now).is_ok()
    }

    fn told(&mut self, branch: &str, fate: Fate, seconds: u64) -> bool {
        let now = self.at(seconds);
        self.missed.on_told(branch, (Some(PHONE), fate), now).is_ok()
    }
}

#[test]
fn s09_a_call_that_is_not_proven_is_noticed() {
    let mut history = History::new();
    history.start(ONE, 0, |_| {});
    assert!(!history.matched(ONE, "nobody", 1));
    for tag in [None, Some("other"), Some("")] {
        let mut history = History::new();
        history.start(ONE, 0, |_| {});
        history.invite("a", 1, |_| {});
        assert_eq!(history.respond("a", 486, "t"), Ok(()));
        let now = history.at(2);
        assert!(!tag.is_some_and(|tag| history.missed.on_ack("a", tag, now)));
        assert!(!history.told("a", Fate::Matched(ONE), 2));
    }
}

#[test]
fn s09_an_ack_before_the_refusal_proves_nothing() {
    let mut history = History::new();
    history.invite("a", 1, |_| {});
    assert_eq!(history.respond("a", 503, "t"), Ok(()));
    assert!(!history.missed.on_ack("a", "t", history.origin));
    assert_eq!(history.respond("a", 180, "t"), Ok(()));
    assert!(!history.missed.on_ack("a", "t", history.origin));
}

#[test]
fn s09_another_phone_number_or_daemon_is_noticed() {
    let changes: [fn(&mut Invite); 5] = [
        |invite| invite.phone = Some(PHONE + 1),
        |invite| invite.phone = None,
        |invite| invite.did = Some(DID + 1),
        |invite| invite.is_diverted = true,
        |invite| invite.daemon = 1,
    ];
    for change in changes {
        let mut history = History::new();
        history.start(ONE, 0, |_| {});
        history.ring("a", 1, change);
        assert!(!history.matched(ONE, "a", 2));
    }
    let mut history = History::new();
    history.start(ONE, 0, |_| {});
    history.ring("a", 1, |_| {});
    assert!(history.matched(ONE, "a", 2));
}

#[test]
fn s09_a_call_outside_its_time_is_noticed() {
    let mut history = History::new();
    history.ring("a", 0, |_| {});
    history.ring("b", 1, |_| {});
    history.start(ONE, 60, |_| {});
    assert!(!history.matched(ONE, "a", 60), "too long ago");
    let mut history = History::new();
    history.ring("b", 1, |_| {});
    history.start(ONE, 60, |_| {});
    assert!(history.matched(ONE, "b", 60));
    history.ring("c", 158, |_| {});
    history.start(TWO, 0, |_| {});
    assert!(!history.matched(TWO, "c", 160), "expired");
}

#[test]
fn s09_a_call_that_rang_already_is_an_earlier_one() {
    for (within, counts) in [(1, false), (2, true)] {
        let mut history = History::new();
        history.invite("a", 0, |_| {});
        assert_eq!(history.respond("a", 486, "t"), Ok(()));
        history.start(ONE, 1, |start| start.within = Duration::from_secs(within));
        let now = history.at(2);
        assert!(history.missed.on_ack("a", "t", now));
        assert_eq!(history.missed.heir("a", now).is_some(), counts);
        assert_eq!(history.matched(ONE, "a", 2), counts);
    }
}

#[test]
fn s09_an_earlier_call_to_another_number_counts_for_a_drawn_one_only() {
    for is_named in [false, true] {
        let mut history = History::new();
        history.ring("a", 0, |invite| invite.did = Some(DID + 1));
        history.start(ONE, 10, |start| start.is_named = is_named);
        assert_eq!(history.matched(ONE, "a", 10), !is_named);
    }
}

#[test]
fn s09_a_call_that_is_used_twice_is_noticed() {
    let mut history = History::new();
    history.ring("a", 0, |_| {});
    history.start(ONE, 10, |_| {});
    history.start(TWO, 10, |_| {});
    assert!(history.matched(ONE, "a", 10));
    assert!(history.matched(ONE, "a", 10), "the same news");
    assert!(!history.matched(TWO, "a", 10));
    history.ring("b", 11, |_| {});
    assert!(!history.matched(ONE, "b", 12), "it has one");
    history.missed.on_undone(ONE);
    history.start(TWO, 10, |_| {});
    assert!(history.matched(TWO, "a", 13), "free again");
}

#[test]
fn s09_a_call_that_does_not_settle_who_waits_is_noticed() {
    let mut history = History::new();
    history.start(ONE, 0, |_| {});
    history.ring("a", 1, |_| {});
    let heir = history.missed.heir("a", history.at(2));
    assert_eq!(heir, Some(ONE));
    assert!(history.missed.settle("a", heir).is_err(), "nobody was told");
    assert!(history.told("a", Fate::Unmatched, 2));
    assert!(history.missed.settle("a", heir).is_err(), "it waits in vain");
    assert_eq!(history.missed.heir("a", history.at(100)), None, "expired");
    let mut history = History::new();
    history.start(ONE, 0, |_| {});
    history.ring("a", 1, |_| {});
    assert!(history.told("a", Fate::Matched(ONE), 2));
    assert_eq!(history.missed.settle("a", Some(ONE)), Ok(()));
}

#[test]
fn s09_what_is_told_of_a_call_must_be_true_and_is_told_once() {
    let wrong = [Fate::Forwarded, Fate::UnknownCaller, Fate::Unproven];
    for fate in wrong {
        let mut history = History::new();
        history.ring("a", 0, |_| {});
        assert!(!history.told("a", fate, 1), "{fate:?}");
    }
    let mut history = History::new();
    history.ring("a", 0, |_| {});
    assert!(history.told("a", Fate::Remembered, 1));
    assert!(!history.told("a", Fate::Remembered, 1));
}

#[test]
fn q03_a_call_that_is_given_up_too_early_or_believed_too_late_is_noticed() {
    let mut history = History::new();
    history.invite("a", 0, |_| {});
    assert_eq!(history.respond("a", 486, "t"), Ok(()));
    assert!(!history.told("a", Fate::Unproven, 15));
    let mut history = History::new();
    history.invite("a", 0, |_| {});
    assert_eq!(history.respond("a", 486, "t"), Ok(()));
    assert!(history.told("a", Fate::Unproven, 16));
    let late = history.at(17);
    assert!(!history.missed.on_ack("a", "t", late));
}

#[test]
fn s09_a_remembered_call_is_owed_to_the_next_start() {
    let mut history = History::new();
    history.ring("a", 0, |_| {});
    assert!(history.told("a", Fate::Remembered, 1));
    let start = history.start(ONE, 10, |_| {});
    assert!(history.missed.is_rich(&start));
    let late = history.start(TWO, 60, |_| {});
    assert!(!history.missed.is_rich(&late));
    assert!(history.matched(ONE, "a", 10));
    assert!(!history.missed.is_rich(&start));
}

#[test]
fn s09_the_wrong_proof_is_noticed() {
    for (is_confirmed, proof) in [(true, Proof::Call), (false, Proof::Code)] {
        let mut history = History::new();
        history.start(ONE, 0, |start| start.is_confirmed = is_confirmed);
        assert!(history.missed.on_ended(ONE, Some(proof)).is_err());
        history.ring("a", 1, |_| {});
        assert!(history.matched(ONE, "a", 2));
        assert!(history.missed.on_ended(ONE, Some(proof)).is_err());
        let other = if proof == Proof::Call { Proof::Code } else { Proof::Call };
        assert_eq!(history.missed.on_ended(ONE, Some(other)), Ok(()));
    }
    assert!(Missed::default().on_ended(ONE, Some(Proof::Call)).is_err());
    assert_eq!(Missed::default().on_ended(ONE, Some(Proof::Code)), Ok(()));
}

#[test]
fn q05_a_second_tag_for_one_call_is_noticed() {
    let mut history = History::new();
    history.invite("a", 0, |_| {});
    assert_eq!(history.respond("a", 180, "t"), Ok(()));
    assert!(history.respond("a", 486, "u").is_err());
    assert!(history.respond("a", 200, "t").is_err());
}

#[test]
fn q06_a_copy_that_comes_when_its_call_is_forgotten_is_another_call() {
    let mut history = History::new();
    history.start(ONE, 0, |_| {});
    history.ring("a", 1, |_| {});
    assert!(history.told("a", Fate::Matched(ONE), 2));
    history.ring("b", 9, |invite| invite.call_id = "a".to_owned());
    assert!(history.told("a", Fate::Remembered, 10));
    assert!(!history.told("a", Fate::Remembered, 10), "a third");
    history.start(TWO, 11, |_| {});
    assert!(history.matched(TWO, "a", 11));
}
