//! What a missed call does for the verification that waits for it, or is started after it.

use std::time::Duration;

use super::missed_world::{AT_ONCE, CALLER, TRUNK, ack, invite, ringable, tag_of_last};
use super::world::World;
use crate::gateway::Command;
use crate::gateway::Input;
use crate::number::E164;
use crate::verify::snapshot::Status;
use crate::verify::{Awaited, FlashCall, How, Start, Task};

/// The phone rings us once and acknowledges.
fn ring(world: &mut World, name: &str) {
    let invite = invite(AT_ONCE, CALLER, name);
    world.receive(invite.as_bytes());
    let tag = tag_of_last(world);
    world.receive(ack(&invite, &tag).as_bytes());
}

/// Starts a verification that waits for the phone. Returns how it stands.
fn start(world: &mut World, confirm: Option<FlashCall>) -> Status {
    let did = Some(E164::parse(AT_ONCE).unwrap());
    let how = How::MissedCall(Awaited { did, confirm, recent_within: None });
    let to = E164::parse(CALLER).unwrap();
    let request = Start { to, how, expires_in: None, client_ref: None };
    let started = world.verify.start(request, world.now).unwrap();
    world.verify.announce(&started.task);
    world.handle(Input::Command(match started.task {
        Task::Call(order) => Command::Place(order),
        Task::Watch(watch) => Command::Watch(watch),
    }));
    started.snapshot.status
}

/// The order of the world that nobody placed keeps its phone: it is not the one that rings.
fn free() -> World {
    let world = ringable(&[TRUNK], 64);
    world.verify.undo(&world.order, world.now);
    world
}

#[test]
fn q02_the_ack_verifies_and_a_call_before_the_start_does() {
    let mut world = free();
    assert_eq!(start(&mut world, None), Status::Pending);
    ring(&mut world, "a");
    assert!(world.trace.ends_with("== verified missed_call_matched\n"), "{}", world.trace);
    ring(&mut world, "b");
    assert_eq!(start(&mut world, None), Status::Verified);
}

#[test]
fn a_caller_is_called_back_three_seconds_after_the_call_that_came_after_the_start_or_before() {
    for is_before in [false, true] {
        let mut world = free();
        if is_before {
            ring(&mut world, "a");
        }
        assert_eq!(start(&mut world, Some(FlashCall::default())), Status::Pending);
        if !is_before {
            ring(&mut world, "a");
        }
        world.run_until(world.start + Duration::from_millis(2_999));
        assert!(!world.trace.contains("-> INVITE"), "{}", world.trace);
        world.run_until(world.start + Duration::from_millis(3_001));
        assert!(world.trace.ends_with("03.000  -> INVITE\n"), "{}", world.trace);
    }
}
