//! What one `handle(Timeout)` does, when very much is due.

use std::time::Duration;

use super::world::World;
use crate::gateway::Input;
use crate::gateway::timers::Timer;
use crate::sip::Method;
use crate::tally::Shed;
use crate::verify::id::VerificationId;

#[test]
fn r04_a_cancel_does_not_wait_behind_a_million_expiries() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    world.place();
    let ringing = world.response(Method::Invite, 180, "a", "");
    world.receive(&ringing);
    let ring_ends = world.now + Duration::from_secs(5);
    // All of them before the CANCEL, in one slot of the wheel.
    for number in 0..1_000_000 {
        let expires = ring_ends - Duration::from_millis(100);
        world.gateway.expiries.arm(expires, VerificationId(number));
    }
    let before = world.gateway.expiries.len();
    world.now = ring_ends + Duration::from_millis(1);
    world.handle(Input::Timeout);
    assert!(world.trace.ends_with("-> CANCEL\n"), "{}", world.trace);
    assert_eq!(before - world.gateway.expiries.len(), 1_000, "a batch, so that input is read");
    assert!(world.gateway.next_wake().unwrap().at <= world.now, "the rest is due at once");
    let mut turns = 1;
    while world.gateway.next_wake().unwrap().at <= world.now {
        world.handle(Input::Timeout);
        turns += 1;
    }
    assert!((1_000..1_010).contains(&turns), "{turns}");
}

#[test]
fn s02_a_verification_that_cannot_be_watched_is_not_called() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    let far = world.now + Duration::from_secs(3_600);
    (0..4 * 128).for_each(|number| world.gateway.expiries.arm(far, VerificationId(number)));
    world.place();
    assert_eq!(world.sent.len(), 0);
    assert_eq!(world.tally.shed(Shed::Call), 1);
    assert_eq!(world.order.call.ending().unwrap().outcome.as_str(), "unsent");
}

#[test]
fn s02_no_call_begins_while_deadlines_without_an_owner_fill_the_wheel() {
    let mut world = World::new(&["192.0.2.1:5060"]);
    let freed = world.now + Duration::from_secs(1);
    // Looks at a trunk that is gone: 6 for each of 64 transactions, and one more.
    (0..=6 * 64).for_each(|_| world.gateway.wheel.arm(freed, Timer::Health(999)));
    world.place();
    world.run_until(freed - Duration::from_millis(1));
    assert_eq!(world.sent.len(), 0, "it waits");
    world.run_until(freed + Duration::from_millis(50));
    assert_eq!(world.sent.len(), 1, "{}", world.trace);
    for (name, size, limit) in world.gateway.describe(world.now).tables {
        assert!(size <= limit, "{name}: {size} of {limit}");
    }
}
