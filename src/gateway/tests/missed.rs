//! Missed calls from INVITE to the end: what crosses the wire, and what ends a call.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;

use super::missed_world::{
    AT_ONCE, CALLER, DID, LONG, NOBODYS, TRUNK, ack, await_call, cancel, check, did, invite, plan,
    ringable, sent_since, status, tag_of_last,
};
use crate::gateway::Input;
use crate::gateway::dids::Dids;
use crate::gateway::inbound::Call;
use crate::tally::{DropReason, InboundEnd};
use crate::transaction::server::Server;

#[test]
fn q01_a_caller_who_hangs_up_gets_200_and_487() {
    check(
        DID,
        "0 invite; 1.2 cancel; 1.3 ack",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 100 INVITE
            00.000  -> 180 INVITE
            01.200  <- CANCEL
            01.200  -> 200 CANCEL
            01.200  -> 487 INVITE
            01.300  <- ACK
            01.300  == missed call remembered
            01.300  == canceled
            81.300  quiet
        "#]],
    );
}

#[test]
fn q02_a_caller_who_waits_is_refused_after_the_ring_time_or_at_once() {
    check(
        DID,
        "0 invite; 3.1 ack",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 100 INVITE
            00.000  -> 180 INVITE
            03.000  -> 486 INVITE
            03.100  <- ACK
            03.100  == missed call remembered
            03.100  == refused
            83.100  quiet
        "#]],
    );
    check(
        AT_ONCE,
        "0 invite; 0.1 ack",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 486 INVITE
            00.100  <- ACK
            00.100  == missed call remembered
            00.100  == refused
            80.100  quiet
        "#]],
    );
}

#[test]
fn q03_a_refusal_without_ack_is_sent_again_until_timer_h() {
    check(
        AT_ONCE,
        "0 invite",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 486 INVITE
            00.500  -> 486 INVITE
            01.500  -> 486 INVITE
            03.500  -> 486 INVITE
            07.500  -> 486 INVITE
            11.500  -> 486 INVITE
            15.500  -> 486 INVITE
            19.500  -> 486 INVITE
            23.500  -> 486 INVITE
            27.500  -> 486 INVITE
            31.500  -> 486 INVITE
            32.000  == missed call unproven
            32.000  == unreturned
            80.000  quiet
        "#]],
    );
}

#[test]
fn q04_an_ack_with_another_tag_or_none_stops_nothing() {
    check(
        AT_ONCE,
        "0 invite; 0.1 forged; 0.2 bare; 0.6 ack; 0.7 forged",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 486 INVITE
            00.100  <- ACK
            00.100  == forged
            00.200  <- ACK
            00.200  == forged
            00.500  -> 486 INVITE
            00.600  <- ACK
            00.600  == missed call remembered
            00.600  == refused
            00.700  <- ACK
            80.700  quiet
        "#]],
    );
    check(
        DID,
        "0 invite; 0.1 forged; 0.2 ack; 3.1 ack",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 100 INVITE
            00.000  -> 180 INVITE
            00.100  <- ACK
            00.100  == forged
            00.200  <- ACK
            03.000  -> 486 INVITE
            03.100  <- ACK
            03.100  == missed call remembered
            03.100  == refused
            83.100  quiet
        "#]],
    );
}

#[test]
fn q05_an_invite_that_comes_again_gets_the_same_bytes_and_one_call() {
    let mut world = ringable(&[TRUNK], 64);
    let invite = invite(DID, CALLER, "a");
    (0..7).for_each(|_| world.receive(invite.as_bytes()));
    let ringing = sent_since(&world, 1);
    assert_eq!(ringing.len(), 7, "100 once, 180 each time: {}", world.trace);
    assert!(ringing.iter().all(|bytes| *bytes == ringing[0]));
    world.run_until(world.start + Duration::from_millis(3_010));
    let refused = world.sent.len() - 1;
    (0..7).for_each(|_| world.receive(invite.as_bytes()));
    let refusals = sent_since(&world, refused);
    assert_eq!(refusals.len(), 8);
    assert!(refusals.iter().all(|bytes| *bytes == refusals[0]));
    let ack = ack(&invite, &tag_of_last(&world));
    (0..3).for_each(|_| world.receive(ack.as_bytes()));
    // Confirmed: what is still under way is absorbed (RFC 3261 §17.2.1).
    world.receive(invite.as_bytes());
    world.run_until(world.now + Duration::from_secs(60));
    assert_eq!(world.sent.len(), refused + 8, "{}", world.trace);
    assert_eq!(world.tally.inbound_ends(InboundEnd::Refused), 1);
    assert!(world.gateway.is_quiet());
}

#[test]
fn q06_a_copy_that_came_by_another_path_is_merged() {
    let mut world = ringable(&[TRUNK], 64);
    let first = invite(DID, CALLER, "a");
    world.receive(first.as_bytes());
    world.receive(first.replace("z9hG4bKa", "z9hG4bKb").as_bytes());
    assert!(world.trace.ends_with("-> 482 INVITE\n"), "{}", world.trace);
    assert_eq!(world.gateway.servers.occupancy().0, 1);
}

/// Everything that a caller hears, with moments; the tag, which is random, and the numbers taken out.
fn heard(called: &str, caller: &str, change: impl Fn(String) -> String) -> Vec<String> {
    let mut world = ringable(&[TRUNK, "192.0.2.2:5060"], 64);
    let awaited = await_call(&mut world, CALLER, DID, false);
    let invite = change(invite(called, caller, "a"));
    world.receive(invite.as_bytes());
    world.run_until(world.start + Duration::from_millis(3_700));
    let tag = tag_of_last(&world);
    let cancel = cancel(&invite);
    world.receive(cancel.as_bytes());
    world.receive(ack(&invite, &tag).as_bytes());
    world.run_until(world.start + Duration::from_secs(60));
    let is_matched = (called, caller, invite.contains("P-A")) == (DID, CALLER, false);
    let expected = if is_matched { "verified" } else { "pending" };
    assert_eq!(status(&world, &awaited), expected, "{}", world.trace);
    let crossed: String =
        world.trace.split_inclusive('\n').filter(|line| !line.contains("==")).collect();
    let bytes = sent_since(&world, 0).into_iter();
    let bytes = bytes.map(|text| text.replace(&tag, "TAG").replace(called, "US"));
    bytes.map(|text| text.replace(caller, "THEM")).chain([crossed]).collect()
}

#[test]
fn q07_q08_all_callers_hear_the_same_whoever_they_are_and_whatever_they_ring() {
    let known = heard(DID, CALLER, |invite| invite);
    assert_eq!(known.len(), 6, "{known:#?}");
    assert_eq!(heard(NOBODYS, CALLER, |invite| invite), known, "another number");
    assert_eq!(heard("alice", CALLER, |invite| invite), known, "no number");
    assert_eq!(heard(DID, "+46701740699", |invite| invite), known, "another caller");
    assert_eq!(heard(DID, "anonymous", |invite| invite), known, "nobody");
    let identities = "P-Asserted-Identity: <sip:+46701740606@192.0.2.1>, <sip:+1@a>\r\nContact:";
    let disputed = |invite: String| invite.replace("Contact:", identities);
    assert_eq!(heard(DID, CALLER, disputed), known, "two identities");
}

#[test]
fn q20_a_number_is_rung_through_the_trunk_that_carries_it() {
    let rung = |called: &str, from: &str| {
        // Two trunks at one address: a carrier with two accounts. Ours belong to the first and the third.
        let mut world = ringable(&[TRUNK, "192.0.2.2:5060", "192.0.2.2:5062"], 64);
        let mut dids = vec![did(DID, 3, 486), did(LONG, 45, 480)];
        dids[1].trunks = [2].into();
        world.gateway.dids = Arc::new(Dids::new(dids, plan(3, 486)));
        world.receive_from(from, invite(called, CALLER, "a").as_bytes());
        let rung = world.gateway.describe(world.now).inbound.pop().unwrap();
        (rung.trunk, rung.did)
    };
    assert_eq!(rung(DID, TRUNK), (0, Some(0)));
    assert_eq!(rung(LONG, TRUNK), (0, None), "another trunk's");
    assert_eq!(rung(LONG, "192.0.2.2:5060"), (2, Some(1)));
    assert_eq!(rung(DID, "192.0.2.2:5062"), (1, None));
}

#[test]
fn q09_a_cancel_counts_from_the_trunk_of_the_call_alone() {
    let mut world = ringable(&[TRUNK, "192.0.2.2:5060"], 64);
    let invite = invite(DID, CALLER, "a");
    world.receive(invite.as_bytes());
    let sent = world.sent.len();
    world.receive_from("192.0.2.2:5060", cancel(&invite).as_bytes());
    world.receive_from("198.51.100.1:5060", cancel(&invite).as_bytes());
    assert_eq!(world.sent.len(), sent, "{}", world.trace);
    assert_eq!(world.tally.dropped(DropReason::ForeignSource), 2);
    world.receive(cancel(&invite).replace("z9hG4bKa", "z9hG4bKb").as_bytes());
    assert!(world.trace.ends_with("-> 481 CANCEL\n"), "{}", world.trace);
    world.receive(cancel(&invite).as_bytes());
    assert!(world.trace.ends_with("-> 200 CANCEL\n00.000  -> 487 INVITE\n"), "{}", world.trace);
    // So is an ACK, and an INVITE that comes again.
    let tag = tag_of_last(&world);
    let sent = world.sent.len();
    world.receive_from("192.0.2.2:5060", ack(&invite, &tag).as_bytes());
    world.receive_from("192.0.2.2:5060", invite.as_bytes());
    assert_eq!(world.sent.len(), sent);
    assert_eq!(world.tally.inbound_ends(InboundEnd::Canceled), 0);
    world.receive(ack(&invite, &tag.to_uppercase()).as_bytes());
    assert_eq!(world.tally.inbound_ends(InboundEnd::Canceled), 1, "tokens have no case");
}

#[test]
fn q10_a_cancel_after_the_refusal_gets_200_and_changes_nothing() {
    check(
        AT_ONCE,
        "0 invite; 0.1 cancel; 0.2 cancel; 0.3 ack; 0.4 cancel",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 486 INVITE
            00.100  <- CANCEL
            00.100  -> 200 CANCEL
            00.200  <- CANCEL
            00.200  -> 200 CANCEL
            00.300  <- ACK
            00.300  == missed call remembered
            00.300  == refused
            00.400  <- CANCEL
            00.400  -> 200 CANCEL
            80.400  quiet
        "#]],
    );
}

#[test]
fn q15_a_call_that_nobody_ends_is_ended_by_our_own_maximum() {
    check(
        LONG,
        "0 invite; 45.1 ack",
        expect![[r#"
            00.000  <- INVITE
            00.000  -> 100 INVITE
            00.000  -> 180 INVITE
            45.000  -> 480 INVITE
            45.100  <- ACK
            45.100  == missed call remembered
            45.100  == refused
            125.100  quiet
        "#]],
    );
}

#[test]
fn the_responses_to_a_call_byte_for_byte() {
    let mut world = ringable(&[TRUNK], 64);
    let invite = invite(DID, CALLER, "a");
    world.receive(invite.as_bytes());
    world.receive(cancel(&invite).as_bytes());
    let sent = sent_since(&world, 0).concat().replace('\r', "");
    expect![[r#"
        SIP/2.0 100 Trying
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;received=192.0.2.1;rport=5060
        From: <sip:+46701740705@192.0.2.1>;tag=fa
        To: <sip:+46876501000@192.0.2.9>
        Call-ID: a@192.0.2.1
        CSeq: 7 INVITE
        Content-Length: 0

        SIP/2.0 180 Ringing
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;received=192.0.2.1;rport=5060
        From: <sip:+46701740705@192.0.2.1>;tag=fa
        To: <sip:+46876501000@192.0.2.9>;tag=07027a633d25019e
        Call-ID: a@192.0.2.1
        CSeq: 7 INVITE
        Content-Length: 0

        SIP/2.0 200 OK
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;received=192.0.2.1;rport=5060
        From: <sip:+46701740705@192.0.2.1>;tag=fa
        To: <sip:+46876501000@192.0.2.9>;tag=07027a633d25019e
        Call-ID: a@192.0.2.1
        CSeq: 7 CANCEL
        Content-Length: 0

        SIP/2.0 487 Request Terminated
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;received=192.0.2.1;rport=5060
        From: <sip:+46701740705@192.0.2.1>;tag=fa
        To: <sip:+46876501000@192.0.2.9>;tag=07027a633d25019e
        Call-ID: a@192.0.2.1
        CSeq: 7 INVITE
        Content-Length: 0

    "#]]
    .assert_eq(&sent);
    assert!(world.sent.iter().all(|(to, _)| to.to_string() == TRUNK));
}

#[test]
fn a_call_takes_seven_hundred_bytes() {
    let mut world = ringable(&[TRUNK], 64);
    world.receive(invite(DID, CALLER, "a").as_bytes());
    let tail = world.sent.last().unwrap().1.len();
    let bytes = size_of::<Server<Call>>() + tail;
    assert!(bytes <= 720, "{bytes} bytes, of which {tail} are the response");
}

#[test]
fn x03_a_guesser_who_knows_all_but_the_tag_ends_no_call() {
    let mut world = ringable(&[TRUNK], 1_000);
    world.gateway.lines[0].arrivals = crate::trunk::Rate::of_arrivals(100_000, 1);
    let invites: Vec<_> =
        (0..1_000).map(|call| invite(AT_ONCE, CALLER, &call.to_string())).collect();
    let from = TRUNK.parse().unwrap();
    let mut handle = |text: &str| {
        let payload = text.as_bytes();
        world.gateway.handle(Input::Datagram { from, payload }, world.start);
        while world.gateway.poll_transmit().is_some() {}
    };
    // Nobody waits for these: half of the table takes them.
    invites.iter().for_each(|invite| handle(invite));
    let mut dice = crate::entropy::Entropy::seeded(3).stream();
    for round in 0..100_000 {
        let invite = &invites[round % 500];
        handle(&ack(invite, &format!("{:016x}", dice.u64())));
    }
    assert_eq!(InboundEnd::ALL.map(|how| world.tally.inbound_ends(how)), [0; 3]);
    assert_eq!(world.tally.dropped(DropReason::ForgedAck), 100_000);
}
