use super::*;

#[test]
fn a_burst_is_a_tenth_of_a_second_and_the_rest_is_even() {
    let start = Instant::now();
    let mut pace = Pace::new(100, 1_000_000, 0, 1);
    assert_eq!(burst(&mut pace, start), 10);
    assert_eq!(pace.take(start), Err(Wait::Until(start + Duration::from_millis(10))));
    assert_eq!(burst(&mut pace, start + Duration::from_millis(10)), 1);
    assert_eq!(burst(&mut pace, start + Duration::from_secs(60)), 10, "idle time is not saved");
}

#[test]
fn the_rate_holds_over_a_minute_for_whoever_always_asks() {
    let start = Instant::now();
    let mut pace = Pace::new(250, u32::MAX, 0, 1);
    let taken: u32 =
        (0..60_000).map(|ms| burst(&mut pace, start + Duration::from_millis(ms))).sum();
    assert_eq!(taken, 60 * 250 + 24);
}

#[test]
fn whoever_waits_as_told_is_let_through() {
    let mut now = Instant::now();
    let mut pace = Pace::new(7, u32::MAX, 0, 1);
    for _ in 0..100 {
        if let Err(Wait::Until(at)) = pace.take(now) {
            assert!(at > now);
            now = at;
            assert_eq!(pace.take(now), Ok(()));
        }
    }
}

#[test]
fn calls_at_once_have_a_bound_and_an_end_makes_room() {
    let start = Instant::now();
    let mut pace = Pace::new(1_000, 3, 0, 1);
    assert_eq!(burst(&mut pace, start), 3);
    assert_eq!(pace.take(start), Err(Wait::Full));
    pace.release();
    assert_eq!(pace.in_flight(), 2);
    assert_eq!(pace.take(start), Ok(()));
}

#[test]
fn shares_of_the_shards_add_up() {
    let start = Instant::now();
    for shards in [1, 2, 3, 7, 64] {
        let mut paces: Vec<_> =
            (0..shards).map(|shard| Pace::new(1_000_000, 100, shard, shards)).collect();
        assert_eq!(paces.iter_mut().map(|pace| burst(pace, start)).sum::<u32>(), 100);
    }
}

#[test]
fn a_rate_below_one_call_for_each_shard_still_lets_calls_through() {
    let start = Instant::now();
    let mut pace = Pace::new(1, 100, 0, 4);
    assert_eq!(burst(&mut pace, start), 1);
    assert_eq!(pace.take(start), Err(Wait::Until(start + Duration::from_secs(4))));
}

fn burst(pace: &mut Pace, now: Instant) -> u32 {
    let mut taken = 0;
    while pace.take(now).is_ok() {
        taken += 1;
    }
    taken
}
