use super::*;
use crate::time::testing::origin;

#[test]
fn keys_come_back_in_order_and_never_early() {
    check(&[(5_000, "b"), (1_200, "a"), (1_000, "c")], "1000 c; 2000 a; 5000 b");
}

#[test]
fn a_deadline_in_the_past_comes_back_at_once() {
    check(&[(0, "now")], "0 now");
}

#[test]
fn a_deadline_beyond_one_revolution_waits_for_its_round() {
    check(&[(200_000_000, "far"), (3_000, "near")], "3000 near; 200000000 far");
}

#[test]
fn keys_of_one_slot_but_different_rounds_do_not_meet() {
    let revolution = 65_536_000;
    check(&[(7_000, "first"), (7_000 + revolution, "second")], "7000 first; 65543000 second");
}

#[test]
fn an_empty_wheel_has_no_deadline() {
    let start = origin();
    let mut wheel: Wheel<u8> = Wheel::new(start);
    assert_eq!(wheel.next(), None);
    assert_eq!(wheel.pop_due(start + Duration::from_secs(500)), None);
    wheel.arm(start, 1);
    assert_eq!(wheel.pop_due(start + Duration::from_secs(501)), Some(1));
    assert!(wheel.is_empty());
}

#[test]
fn a_late_owner_gets_everything_that_became_due() {
    let start = origin();
    let mut wheel = Wheel::new(start);
    for key in 0..1_000_u64 {
        wheel.arm(start + Duration::from_millis(key * 137), key);
    }
    let now = start + Duration::from_secs(200);
    let mut seen: Vec<u64> = std::iter::from_fn(|| wheel.pop_due(now)).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
}

/// Arms keys at microseconds, follows the wheel as the driver does, prints when each came back.
#[track_caller]
fn check(armed: &[(u64, &'static str)], expected: &str) {
    let start = origin();
    let mut wheel = Wheel::new(start);
    for (micros, key) in armed {
        wheel.arm(start + Duration::from_micros(*micros), *key);
    }
    let mut seen = vec![];
    while let Some(now) = wheel.next() {
        let mut any = false;
        while let Some(key) = wheel.pop_due(now) {
            seen.push(format!("{} {key}", (now - start).as_micros()));
            any = true;
        }
        assert!(any || wheel.pop_due(now).is_none());
    }
    assert_eq!(seen.join("; "), expected);
}
