//! Missed calls that a verification waits for, or comes for: with the real verifications behind the
//! shard.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::missed_world::{
    AT_ONCE, CALLER, DID, TRUNK, ack, await_call, cancel, invite, play, ringable, status,
    tag_of_last,
};
use super::world::World;
use crate::ladder::draw;
use crate::sip::Method;

/// Plays a call that a verification waits for.
#[track_caller]
fn check(called: &str, script: &str, expected: Expect) {
    let mut world = ringable(&[TRUNK], 64);
    await_call(&mut world, CALLER, called, false);
    expected.assert_eq(&play(world, called, script));
}

#[test]
fn q01_a_caller_who_hangs_up_is_verified_by_the_ack_of_the_487() {
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
        01.300  == missed call matched
        01.300  == verified missed_call_matched
        01.300  == canceled
        81.300  quiet
    "#]],
    );
}

#[test]
fn q02_a_caller_who_is_refused_at_once_is_verified_by_the_ack() {
    check(
        AT_ONCE,
        "0 invite; 0.1 ack; 0.2 ack",
        expect![[r#"
        00.000  <- INVITE
        00.000  -> 486 INVITE
        00.100  <- ACK
        00.100  == missed call matched
        00.100  == verified missed_call_matched
        00.100  == refused
        00.200  <- ACK
        80.200  quiet
    "#]],
    );
}

#[test]
fn q03_q04_without_an_ack_with_our_tag_nobody_is_verified() {
    check(
        AT_ONCE,
        "0 invite; 0.1 forged; 0.2 bare",
        expect![[r#"
        00.000  <- INVITE
        00.000  -> 486 INVITE
        00.100  <- ACK
        00.100  == forged
        00.200  <- ACK
        00.200  == forged
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
        80.200  quiet
    "#]],
    );
}

/// Rings and confirms the refusal.
fn ring(world: &mut World, called: &str, caller: &str, name: &str) {
    let invite = invite(called, caller, name);
    world.receive(invite.as_bytes());
    world.receive(cancel(&invite).as_bytes());
    let tag = tag_of_last(world);
    world.receive(ack(&invite, &tag).as_bytes());
}

#[test]
fn the_ladder_of_a_call_shows_what_was_believed_and_what_was_not() {
    let mut world = ringable(&[TRUNK], 64);
    let awaited = await_call(&mut world, CALLER, DID, false);
    let invite = invite(DID, CALLER, "a");
    world.receive(invite.as_bytes());
    world.run_until(world.start + Duration::from_millis(500));
    world.receive(invite.as_bytes());
    world.receive_from("192.0.2.66:5060", cancel(&invite).as_bytes());
    world.run_until(world.start + Duration::from_secs(1));
    world.receive(cancel(&invite).as_bytes());
    world.receive(cancel(&invite).as_bytes());
    world.receive(ack(&invite, "0123456789abcdef").as_bytes());
    world.run_until(world.start + Duration::from_millis(1_600));
    let tag = tag_of_last(&world);
    world.receive(ack(&invite, &tag).as_bytes());
    let snapshot = world.verify.get(awaited.id, world.now).unwrap();
    let evidence = snapshot.missed_call.unwrap().matched.unwrap();
    expect![[r#"
        seconds   gateway                            trunk
        0.000       │◀──────────── INVITE ────────────│
        0.000       │────────── 100 INVITE ──────────▶│
        0.000       │────────── 180 INVITE ──────────▶│
        0.500       │◀──────── INVITE (again) ────────│
        0.500       │────── 180 INVITE (again) ──────▶│
        1.000       │◀──────────── CANCEL ────────────│
        1.000       │────────── 200 CANCEL ──────────▶│
        1.000       │────────── 487 INVITE ──────────▶│
        1.000       │◀──────── CANCEL (again) ────────│
        1.000       │────── 200 CANCEL (again) ──────▶│
        1.000       │✗───────────── ACK ──────────────│  ignored: without our tag, or not from the trunk
        1.500       │────── 487 INVITE (again) ──────▶│
        1.600       │◀───────────── ACK ──────────────│
    "#]].assert_eq(&draw("gateway", "trunk", &evidence.course.rungs()));
}

#[test]
fn q19_a_number_that_is_nearly_the_phones_is_another() {
    let mut world = ringable(&[TRUNK], 64);
    let awaited = await_call(&mut world, CALLER, DID, false);
    // The same last nine digits in another country, one digit more, one less.
    for (name, near) in ["+49701740705", "+467017407051", "+4670174070"].iter().enumerate() {
        ring(&mut world, DID, near, &name.to_string());
        assert_eq!(status(&world, &awaited), "pending", "{near}");
    }
    ring(&mut world, DID, CALLER, "a");
    assert_eq!(status(&world, &awaited), "verified");
}

#[test]
fn q20_of_two_verifications_of_a_phone_the_one_whose_number_was_rung_ends() {
    let mut world = ringable(&[TRUNK], 64);
    let [first, second] = [DID, AT_ONCE].map(|did| await_call(&mut world, CALLER, did, false));
    ring(&mut world, AT_ONCE, CALLER, "a");
    assert_eq!((status(&world, &first), status(&world, &second)), ("pending", "verified"));
    ring(&mut world, DID, CALLER, "b");
    assert_eq!(status(&world, &first), "verified");
}

#[test]
fn r09_an_ack_at_the_moment_of_the_deadline_gives_one_end() {
    for late in [0, 1] {
        let mut world = ringable(&[TRUNK], 64);
        let awaited = await_call(&mut world, CALLER, AT_ONCE, false);
        let expires = world.start + Duration::from_secs(300) - Duration::from_millis(1 - late);
        world.run_until(expires - Duration::from_secs(1));
        let invite = invite(AT_ONCE, CALLER, "a");
        world.receive(invite.as_bytes());
        let tag = tag_of_last(&world);
        world.run_until(expires);
        world.receive(ack(&invite, &tag).as_bytes());
        world.run_until(expires + Duration::from_secs(40));
        let expected = if late == 0 { "verified" } else { "expired" };
        assert_eq!(status(&world, &awaited), expected, "{}", world.trace);
        let ends =
            ["verified missed", "expired deadline"].map(|end| world.trace.matches(end).count());
        // The flash call of this world has the same deadline, and was never placed.
        assert_eq!(ends, if late == 0 { [1, 0] } else { [0, 1] }, "{}", world.trace);
    }
}

#[test]
fn r10_of_a_real_and_a_forged_call_the_real_one_is_the_evidence() {
    let mut world = ringable(&[TRUNK], 64);
    let awaited = await_call(&mut world, CALLER, AT_ONCE, false);
    let forged = invite(AT_ONCE, CALLER, "forged");
    world.receive(forged.as_bytes());
    world.receive(ack(&forged, "0123456789abcdef").as_bytes());
    let real = invite(AT_ONCE, CALLER, "real");
    world.receive(real.as_bytes());
    let tag = tag_of_last(&world);
    world.receive(ack(&real, &tag).as_bytes());
    world.receive(ack(&forged, &tag).as_bytes());
    world.run_until(world.now + Duration::from_secs(40));
    assert_eq!(status(&world, &awaited), "verified");
    assert_eq!(world.trace.matches("== verified").count(), 1, "{}", world.trace);
    assert_eq!(world.trace.matches("== missed call unproven").count(), 1, "{}", world.trace);
    let snapshot = world.verify.get(awaited.id, world.now).unwrap();
    let evidence = snapshot.missed_call.unwrap().matched.unwrap();
    assert_eq!(&*evidence.sip_call_id, "real@192.0.2.1");
}

#[test]
fn a_caller_whose_verification_wants_it_is_called_back() {
    let mut world = ringable(&[TRUNK], 64);
    let awaited = await_call(&mut world, CALLER, AT_ONCE, true);
    ring(&mut world, AT_ONCE, CALLER, "a");
    world.run_until(world.start + Duration::from_secs(10));
    let invite = String::from_utf8(world.newest(Method::Invite)).unwrap();
    assert!(invite.starts_with(&format!("INVITE sip:{CALLER}@192.0.2.1")), "{invite}");
    expect![[r#"
        00.000  <- INVITE
        00.000  -> 486 INVITE
        00.000  <- CANCEL
        00.000  -> 200 CANCEL
        00.000  <- ACK
        00.000  == missed call matched
        03.000  -> INVITE
        03.500  -> INVITE
        04.500  -> INVITE
        06.500  -> INVITE
    "#]]
    .assert_eq(&world.trace);
    assert_eq!(status(&world, &awaited), "pending", "its code is still to come");
}

#[test]
fn a_caller_who_rang_before_the_start_is_called_back_after_it() {
    let mut world = ringable(&[TRUNK], 64);
    ring(&mut world, AT_ONCE, CALLER, "a");
    world.run_until(world.start + Duration::from_secs(1));
    await_call(&mut world, CALLER, AT_ONCE, true);
    world.run_until(world.start + Duration::from_secs(4));
    assert!(world.trace.contains("03.000  -> INVITE\n"), "{}", world.trace);
}

#[test]
fn a_caller_is_not_called_back_while_the_daemon_stops() {
    use crate::gateway::{Command, Input};
    let mut world = ringable(&[TRUNK], 64);
    await_call(&mut world, CALLER, AT_ONCE, true);
    ring(&mut world, AT_ONCE, CALLER, "a");
    world.handle(Input::Command(Command::Drain));
    world.run_until(world.start + Duration::from_secs(40));
    assert!(!world.trace.contains("-> INVITE"), "{}", world.trace);
    assert!(world.gateway.is_drained());
}

#[test]
fn x04_who_may_have_had_our_answer_passed_on_by_a_proxy_verifies_nobody() {
    let mut world = ringable(&[TRUNK], 64);
    let id = await_call(&mut world, CALLER, AT_ONCE, false);
    let below = "Via: SIP/2.0/UDP 203.0.113.66:5060;branch=z9hG4bKforger\r\nMax-Forwards";
    let forged = invite(AT_ONCE, CALLER, "a").replacen("Max-Forwards", below, 1);
    world.receive(forged.as_bytes());
    let tag = tag_of_last(&world);
    world.receive(ack(&forged, &tag).as_bytes());
    assert_eq!(status(&world, &id), "pending");
    let honest = invite(AT_ONCE, CALLER, "b");
    world.receive(honest.as_bytes());
    let tag = tag_of_last(&world);
    world.receive(ack(&honest, &tag).as_bytes());
    assert_eq!(status(&world, &id), "verified");
}
