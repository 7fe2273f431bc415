//! Calls of a gateway that died: none is left ringing, none is left off the hook.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::clerk::Clerk;
use super::world::{World, response_to};
use crate::gateway::inflight::{GhostEnd, InFlight};
use crate::gateway::outbox::BURST_MAX;
use crate::gateway::{Command, Input};
use crate::sip::{Message, Method};
use crate::tally::{DropReason, Farewell, Shed};
use crate::trunk::Profile;
use crate::verify::id::CallId;

const TRUNK: &str = "192.0.2.1:5060";

/// The record of a call whose gateway died, by another process than any that [`restarted`] gives.
fn died() -> InFlight {
    let (mut clerk, mut world) = Clerk::of(World::new(&[TRUNK]));
    world.place();
    clerk.answer(Ok(()), &mut world);
    clerk.records.remove(0)
}

/// A gateway that has just begun, with these trunks, and finds the record.
pub(super) fn restarted(trunks: &[&str], record: &InFlight) -> (Clerk, World) {
    let (clerk, mut world) = Clerk::of(World::again(trunks));
    // Whoever answers has seen the INVITE.
    world.sent.push((record.remote, record.invite.to_vec()));
    world.haunt(vec![record.clone()]);
    (clerk, world)
}

fn play(trunks: &[&str], script: &str) -> (Clerk, World) {
    let record = died();
    let (mut clerk, mut world) = restarted(trunks, &record);
    world.play_all(script);
    world.run_until(world.now + Duration::from_secs(72));
    clerk.listen();
    assert!(world.gateway.is_quiet(), "{}", world.trace);
    assert_eq!(clerk.over.iter().map(|(call, _)| *call).collect::<Vec<_>>(), [record.call]);
    assert_eq!(clerk.forgotten, []);
    (clerk, world)
}

/// Plays what the trunk says; compares what crosses the wire, and how the call ends.
#[track_caller]
fn check(script: &str, end: GhostEnd, expected: Expect) {
    let (clerk, world) = play(&[TRUNK], script);
    expected.assert_eq(&world.trace);
    assert_eq!(clerk.over[0].1, end);
}

#[test]
fn d03_a_call_that_rings_is_cancelled_at_once() {
    check(
        "0.02 200 CANCEL; 0.03 487",
        GhostEnd::Canceled,
        expect![[r#"
            00.000  -> CANCEL
            00.020  <- 200 CANCEL
            00.030  <- 487 INVITE
            00.030  -> ACK
        "#]],
    );
}

#[test]
fn d03_the_cancel_is_that_of_the_invite() {
    let record = died();
    let (_clerk, mut world) = restarted(&[TRUNK], &record);
    assert_eq!(world.sent.last().unwrap().0, record.remote);
    let end = response_to(&record.invite, 487, "t", "");
    world.receive(&end);
    let invite = String::from_utf8(record.invite.to_vec()).unwrap();
    for method in [Method::Cancel, Method::Ack] {
        let request = String::from_utf8(world.newest(method)).unwrap();
        let of = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            line.unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        for name in ["Via: ", "From: ", "Call-ID: "] {
            assert_eq!(of(&request, name), of(&invite, name));
        }
        let uri = |text: &str| text.split(' ').nth(1).unwrap().to_owned();
        assert_eq!(uri(&request), uri(&invite));
        assert_eq!(of(&request, "CSeq: "), format!("CSeq: 1 {}", method.as_str()));
        let tag = if method == Method::Ack { ";tag=t" } else { "" };
        assert_eq!(of(&request, "To: "), of(&invite, "To: ") + tag);
        assert_eq!(Message::parse(request.as_bytes()).unwrap().check(), Ok(()));
    }
}

#[test]
fn d03_a_487_that_comes_again_is_acknowledged_each_time() {
    check(
        "0.1 487; 0.6 487; 1.6 487; 1.7 200 CANCEL",
        GhostEnd::Canceled,
        expect![[r#"
            00.000  -> CANCEL
            00.100  <- 487 INVITE
            00.100  -> ACK
            00.600  <- 487 INVITE
            00.600  -> ACK
            01.600  <- 487 INVITE
            01.600  -> ACK
            01.700  <- 200 CANCEL
        "#]],
    );
}

#[test]
fn d03_an_answer_that_crosses_the_cancel_is_hung_up() {
    check(
        "0.02 200; 0.03 481 CANCEL; 0.52 200; 0.6 200 BYE",
        GhostEnd::Answered,
        expect![[r#"
            00.000  -> CANCEL
            00.020  <- 200 INVITE
            00.020  -> ACK
            00.020  -> BYE
            00.030  <- 481 CANCEL
            00.520  -> BYE
            00.520  <- 200 INVITE
            00.520  -> ACK
            00.600  <- 200 BYE
        "#]],
    );
}

#[test]
fn d03_a_bye_is_repeated_until_it_is_answered_also_when_the_trunk_is_gone() {
    for trunks in [&[TRUNK][..], &["192.0.2.7:5060"]] {
        let (clerk, world) = play(trunks, "0.1 200; 2 200 BYE");
        assert_eq!(world.trace.matches("-> BYE").count(), 3, "{}", world.trace);
        assert_eq!(world.tally.farewells(Farewell::Confirmed), 1);
        assert_eq!(clerk.over[0].1, GhostEnd::Answered);
    }
}

#[test]
fn d03_each_fork_that_answers_is_hung_up() {
    let (clerk, world) = play(
        &[TRUNK],
        "0.1 200 INVITE a; 0.15 200 BYE; 0.2 200 INVITE b; 0.25 200 BYE; 0.3 487 INVITE c; 0.7 200 INVITE a",
    );
    assert_eq!(world.trace.matches("-> BYE").count(), 2, "{}", world.trace);
    assert_eq!(world.trace.matches("-> ACK").count(), 4, "{}", world.trace);
    assert_eq!(clerk.over[0].1, GhostEnd::Answered);
}

#[test]
fn d03_a_fork_that_answers_after_the_487_of_another_is_hung_up() {
    let (clerk, world) = play(&[TRUNK], "0.1 200 CANCEL; 0.2 487; 0.3 200 INVITE b; 0.35 200 BYE");
    assert_eq!(world.trace.matches("-> BYE").count(), 1, "{}", world.trace);
    assert_eq!(clerk.over[0].1, GhostEnd::Canceled, "told once");
}

#[test]
fn d03_a_trunk_that_does_not_know_the_call_ends_it() {
    let record = died();
    let (mut clerk, mut world) = restarted(&[TRUNK], &record);
    world.play_all("0.02 481 CANCEL");
    clerk.listen();
    assert_eq!(clerk.over, [(record.call, GhostEnd::Unknown)]);
    assert_eq!(world.sent.len(), 2, "the CANCEL is not repeated");
}

#[test]
fn d03_an_invite_that_its_cancel_has_overtaken_is_cancelled_again() {
    check(
        "0.02 481 CANCEL; 0.3 100; 0.35 180; 0.36 200 CANCEL; 0.37 487",
        GhostEnd::Unknown,
        expect![[r#"
            00.000  -> CANCEL
            00.020  <- 481 CANCEL
            00.300  <- 100 INVITE
            00.300  -> CANCEL
            00.350  <- 180 INVITE
            00.360  <- 200 CANCEL
            00.370  <- 487 INVITE
            00.370  -> ACK
        "#]],
    );
}

#[test]
fn d03_a_trunk_that_says_nothing_is_asked_for_64_t1() {
    check(
        "",
        GhostEnd::Silent,
        expect![[r#"
            00.000  -> CANCEL
            00.500  -> CANCEL
            01.500  -> CANCEL
            03.500  -> CANCEL
            07.500  -> CANCEL
            11.500  -> CANCEL
            15.500  -> CANCEL
            19.500  -> CANCEL
            23.500  -> CANCEL
            27.500  -> CANCEL
            31.500  -> CANCEL
        "#]],
    );
}

#[test]
fn d03_a_phone_that_rings_on_after_the_cancel_timed_out_is_cancelled_again() {
    let (clerk, world) = play(&[TRUNK], "20 180; 40 180; 40.1 200 CANCEL; 40.2 487");
    let cancels = |from: &str| world.trace.lines().any(|line| line == format!("{from}  -> CANCEL"));
    assert!(cancels("31.500") && !cancels("35.500") && cancels("40.000"), "{}", world.trace);
    assert_eq!(clerk.over[0].1, GhostEnd::Canceled);
}

#[test]
fn s02_a_trunk_that_says_180_for_ever_is_left_alone_at_last() {
    let ringing: String = (1..100).map(|nth| format!("{} 180; ", 5 * nth)).collect();
    let (clerk, world) = play(&[TRUNK], &ringing);
    let cancels = world.trace.matches("-> CANCEL").count();
    assert!((40..=44).contains(&cancels), "{cancels} CANCELs, 11 for each of four transactions");
    assert_eq!(clerk.over[0].1, GhostEnd::Silent);
}

#[test]
fn d03_a_call_that_ended_by_itself_is_acknowledged() {
    for script in ["0.1 486", "0.1 503 CANCEL; 3 486"] {
        let (clerk, world) = play(&[TRUNK], script);
        assert_eq!(clerk.over[0].1, GhostEnd::Refused(486), "{script}");
        assert_eq!(world.trace.matches("-> ACK").count(), 1, "{script}: {}", world.trace);
    }
}

#[test]
fn d03_a_cancel_that_is_taken_without_a_final_response_ends_in_silence() {
    let (clerk, world) = play(&[TRUNK], "0.1 200 CANCEL; 5 180");
    assert_eq!(world.trace.matches("-> CANCEL").count(), 1, "{}", world.trace);
    assert_eq!(clerk.over[0].1, GhostEnd::Silent);
}

#[test]
fn p29_a_response_for_a_ghost_from_elsewhere_is_dropped() {
    let record = died();
    for (trunks, elsewhere) in [(TRUNK, "192.0.2.2:5060"), ("192.0.2.7:5060", "192.0.2.7:5060")] {
        let (mut clerk, mut world) = restarted(&[trunks], &record);
        let sent = world.sent.len();
        for code in [180, 487] {
            world.receive_from(elsewhere, &response_to(&record.invite, code, "a", ""));
        }
        assert_eq!(world.tally.dropped(DropReason::ForeignSource), 2);
        clerk.listen();
        assert_eq!((world.sent.len(), clerk.over.len()), (sent, 0), "{}", world.trace);
        world.receive(&response_to(&record.invite, 487, "a", ""));
        clerk.listen();
        assert_eq!(clerk.over, [(record.call, GhostEnd::Canceled)]);
    }
}

#[test]
fn p28_a_response_that_is_not_quite_the_ghosts_is_dropped() {
    let record = died();
    let (mut clerk, mut world) = restarted(&[TRUNK], &record);
    let text = String::from_utf8(response_to(&record.invite, 487, "a", "")).unwrap();
    let cases = [
        (text.replace("CSeq: 1 ", "CSeq: 2 "), DropReason::WrongCseq),
        (text.replace("CSeq: 1 INVITE", "CSeq: 1 BYE"), DropReason::WrongCseq),
        (text.replace("Call-ID: ", "Call-ID: 0"), DropReason::WrongCallId),
        (text.replace("192.0.2.9:5070;", "192.0.2.9:5071;"), DropReason::ForeignVia),
        (text.replace("z9hG4bK0", "z9hG4bK1"), DropReason::UnknownBranch),
    ];
    let sent = world.sent.len();
    for (forged, reason) in cases {
        assert_ne!(forged, text);
        let before = world.tally.dropped(reason);
        world.receive(forged.as_bytes());
        assert_eq!(world.tally.dropped(reason), before + 1, "{forged}");
    }
    assert_eq!(world.sent.len(), sent);
    // A peer that shouts is heard all the same.
    let via = text.lines().find(|line| line.starts_with("Via")).unwrap();
    let branch = via.split_once("branch=").unwrap().1;
    world.receive(text.replace(branch, &branch.to_uppercase()).as_bytes());
    clerk.listen();
    assert_eq!(clerk.over, [(record.call, GhostEnd::Canceled)]);
}

#[test]
fn d04_a_process_never_writes_a_branch_of_the_one_before_it_though_it_knows_its_tags() {
    let record = died();
    // The first call of each: the same slot, the same generation, the same key for tags.
    let (mut clerk, mut world) = Clerk::of(World::again(&[TRUNK]));
    world.place();
    clerk.answer(Ok(()), &mut world);
    let [old, new] = [&record, &clerk.records[0]].map(|record| record.names().unwrap().branch);
    assert_eq!(old[..23], new[..23], "slot and generation");
    assert_ne!(old[23..], new[23..], "the keyed check");
    // An answer to a call that nobody haunts any more is known by its tag, acknowledged and hung up.
    world.receive(&response_to(&record.invite, 200, "a", ""));
    assert!(world.trace.ends_with("-> ACK\n00.000  -> BYE\n"), "{}", world.trace);
}

#[test]
fn d03_a_stop_waits_for_calls_of_the_gateway_before() {
    let record = died();
    let (_clerk, mut world) = restarted(&[TRUNK], &record);
    world.handle(Input::Command(Command::Drain));
    assert!(!world.gateway.is_drained());
    world.receive(&response_to(&record.invite, 487, "a", ""));
    assert!(world.gateway.is_drained());
}

fn many() -> Vec<InFlight> {
    let quick = |profile: &mut Profile| profile.calls_per_second = 1_000_000;
    let (mut clerk, mut world) = Clerk::of(World::of_size(1_000, quick));
    world.place_crowd();
    clerk.listen();
    clerk.records
}

#[test]
fn d03_a_thousand_calls_are_cancelled_in_bursts_and_all_end() {
    let records = many();
    let (mut clerk, mut world) = Clerk::of(World::again_of_size(1_000));
    world.haunt(records.clone());
    assert_eq!(world.sent.len(), BURST_MAX);
    let limit = world.start + Duration::from_millis(20);
    while let Some(wake) = world.gateway.next_wake().filter(|wake| wake.at <= limit) {
        let before = world.sent.len();
        world.now = wake.at.max(world.now);
        world.handle(Input::Timeout);
        assert!(world.sent.len() - before <= BURST_MAX);
    }
    assert_eq!(world.sent.len(), 1_000, "within 20 ms");
    for (name, size, limit) in world.gateway.describe(world.now).tables {
        assert!(size <= limit, "{name}: {size} of {limit}");
    }
    // Half of them answer the CANCEL, the others never do.
    for record in &records[..500] {
        world.receive(&response_to(&record.invite, 487, "a", ""));
    }
    clerk.listen();
    assert_eq!(clerk.over.len(), 500);
    world.run_until(world.start + Duration::from_secs(33));
    clerk.listen();
    let mut over: Vec<CallId> = clerk.over.iter().map(|(call, _)| *call).collect();
    over.sort();
    over.dedup();
    assert_eq!((over.len(), clerk.over.len()), (1_000, 1_000), "each once");
    assert!(world.gateway.is_quiet() && world.gateway.is_at_rest());
}

#[test]
fn s02_calls_beyond_the_table_are_cancelled_once_and_given_up() {
    let (mut clerk, mut world) = Clerk::of(World::again_of_size(1));
    world.haunt(many()[..4].to_vec());
    clerk.listen();
    assert_eq!((world.sent.len(), clerk.over.len()), (4, 2));
    assert_eq!(world.tally.shed(Shed::Transaction), 2);
    assert!(clerk.over.iter().all(|(_, how)| *how == GhostEnd::Silent));
}

#[test]
fn a_record_that_cannot_be_read_is_over() {
    let record = InFlight { invite: b"INVITE nobody".as_slice().into(), ..died() };
    let (mut clerk, world) = restarted(&[TRUNK], &record);
    clerk.listen();
    assert_eq!((world.sent.len(), &*clerk.over), (1, &[(record.call, GhostEnd::Silent)][..]));
    assert!(world.gateway.is_quiet());
}
