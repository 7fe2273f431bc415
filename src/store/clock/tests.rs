use super::*;
use crate::time::testing::origin;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const LIFE: Duration = Duration::from_secs(300);
/// What the clocks showed when the journal was last written.
const WALL: u64 = 1_763_633_730_000_000;

/// A journal that was written, then nothing for `away`, then this reading: how long a verification
/// that had `left` of its life still has.
fn left(left: Duration, wall: i64, boot: u128, uptime: u64) -> Duration {
    let zero = origin();
    let uptime_before = Micros(1_000_000_000);
    let time = JournalTime(5_000_000_000);
    let before = Stamp { time, wall: Micros(WALL), boot: 7, uptime: uptime_before };
    let wall = Micros(WALL.checked_add_signed(wall * 1_000_000).unwrap());
    let now = Reading { instant: zero, wall, boot, uptime: Duration::from_secs(uptime) };
    let clock = JournalClock::resume(Some(before), &now);
    assert!(clock.at(zero) >= time, "it ran backwards");
    clock.deadline(time.after(left), LIFE, zero) - zero
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn d10_after_a_crash_the_time_away_is_exact_whatever_the_wall_clock_says() {
    // Two seconds away: by the wall clock, back an hour, forward a day.
    for wall in [2, -3_600, 86_400] {
        assert_eq!(left(seconds(100), wall, 7, 1_002), seconds(98), "{wall}");
    }
    assert_eq!(left(seconds(100), 200, 7, 1_200), Duration::ZERO);
}

#[test]
fn d10_after_a_boot_a_clock_set_back_makes_nothing_immortal() {
    assert_eq!(left(seconds(100), 40, 8, 30), seconds(60));
    assert_eq!(left(seconds(100), -3_600, 8, 30), seconds(100));
    // Whatever the file says, nobody gets more than was given.
    assert_eq!(left(DAY, -3_600, 8, 30), LIFE);
}

#[test]
fn d10_after_a_boot_a_clock_set_forward_expires_nothing_at_once() {
    assert_eq!(left(seconds(100), 86_400, 8, 30), GRACE);
    assert_eq!(left(seconds(10), 86_400, 8, 30), seconds(10));
    assert_eq!(left(Duration::ZERO, 86_400, 8, 30), Duration::ZERO);
}

#[test]
fn d10_a_day_forward_does_not_lift_a_lock_of_a_day() {
    assert!(AWAY_MAX == HOUR);
    let before = Stamp { wall: Micros(WALL), boot: 7, ..Stamp::default() };
    let wall = Micros(WALL + 86_400_000_000);
    let now = Reading { instant: origin(), wall, boot: 8, uptime: Duration::ZERO };
    assert_eq!(before.away(&now), Away::Supposed(HOUR));
}

#[test]
fn a_system_that_does_not_name_its_boot_is_asked_for_the_wall_clock() {
    let before = Stamp { wall: Micros(WALL), boot: 0, ..Stamp::default() };
    let wall = Micros(WALL + 5_000_000);
    let now = Reading { instant: origin(), wall, boot: 0, uptime: seconds(9) };
    assert_eq!(before.away(&now), Away::Supposed(seconds(5)));
}

#[test]
fn the_grace_is_given_once() {
    let zero = origin();
    let before = Stamp { time: JournalTime(1_000_000), wall: Micros(WALL), ..Stamp::default() };
    let wall = Micros(WALL + 3_600_000_000);
    let now = Reading { instant: zero, wall, boot: 8, uptime: Duration::ZERO };
    let clock = JournalClock::resume(Some(before), &now);
    let deadline = before.time.after(seconds(100));
    assert_eq!(clock.deadline(deadline, LIFE, zero), zero + GRACE);
    let later = zero + seconds(20);
    assert_eq!(clock.deadline(deadline, LIFE, later), zero + GRACE);
    let too_late = zero + seconds(40);
    assert_eq!(clock.deadline(deadline, LIFE, too_late), too_late);
}

#[test]
fn it_runs_with_the_monotonic_clock_and_its_stamp_is_resumed() {
    let zero = origin();
    let reading = |after: u64| Reading {
        instant: zero + seconds(after),
        wall: Micros(WALL + after * 1_000_000),
        boot: 7,
        uptime: seconds(1_000 + after),
    };
    let clock = JournalClock::resume(None, &reading(0));
    assert_eq!(clock.at(zero + seconds(3)), JournalTime(WALL + 3_000_000));
    assert_eq!(clock.at(zero), JournalTime(WALL));
    let again = JournalClock::resume(Some(clock.stamp(&reading(10))), &reading(12));
    assert_eq!(again.away(), Away::Known(seconds(2)));
    assert_eq!(again.at(zero + seconds(12)), JournalTime(WALL + 12_000_000));
}
