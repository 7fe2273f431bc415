//! When a message that failed is tried again.

use std::time::{Duration, UNIX_EPOCH};

use super::super::MESSAGE_KEPT;
use super::super::failure::Failure;
use super::super::retry_after::RETRY_AFTER_MAX;
use super::super::schedule::{after, delay, jittered};
use super::world::{BEGIN, Receiver, World, message, named, settings};
use crate::entropy::Entropy;

fn delays(matters: u64) -> Vec<u64> {
    let matters = Duration::from_secs(matters);
    (1..).map_while(|n| delay(n, matters)).map(|delay| delay.as_secs()).collect()
}

#[test]
fn w03_tries_are_quick_while_it_matters_then_seldom_then_over() {
    let quick = [1, 5, 15, 30, 60, 120];
    let late = [300, 1_800, 7_200, 18_000, 36_000];
    assert_eq!(delays(0), [&quick[..], &late].concat());
    assert_eq!(delays(231), [&quick[..], &late].concat());
    assert_eq!(delays(600), [&quick[..], &[120; 4], &late].concat());
    // An hour is the most that a verification can take; a clock that is off does not make it more.
    assert_eq!(delays(86_400 * 365), [&quick[..], &[120; 30], &late].concat());
}

#[test]
fn w03_jitter_is_even_and_within_a_fifth_over_10_000_retries() {
    let mut stream = Entropy::seeded(3).stream();
    let base = Duration::from_secs(100);
    let drawn: Vec<f64> = (0..10_000).map(|_| jittered(base, &mut stream).as_secs_f64()).collect();
    assert!(drawn.iter().all(|delay| (80.0..=120.0).contains(delay)));
    let mean = drawn.iter().sum::<f64>() / 10_000.0;
    assert!((99.5..100.5).contains(&mean), "{mean}");
    for tenth in 0..10 {
        let low = 80.0 + 4.0 * f64::from(tenth);
        let count = drawn.iter().filter(|it| (low..low + 4.0).contains(*it)).count();
        assert!((850..1_150).contains(&count), "{count} from {low}");
    }
    assert!(
        (0..10_000).all(|_| { (100.0..=120.0).contains(&after(base, &mut stream).as_secs_f64()) })
    );
}

#[test]
fn w03_the_desk_keeps_the_schedule_until_the_message_is_a_dead_letter() {
    let mut world = World::new(&settings());
    let mut mattering = message(1, named("a"), world.now);
    mattering.matters_until = Some(world.now + Duration::from_secs(600));
    world.rows.insert(mattering.clone());
    world.desk.push(mattering.clone(), world.now);
    world.run(Duration::from_secs(3 * 86_400), Duration::ZERO, &|_, _| Err(Failure::Status(500)));
    assert_eq!(world.tried.len(), 16, "one and fifteen more");
    let gaps = world.tried.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64());
    for (nth, gap) in gaps.enumerate() {
        let planned = delay(nth as u16 + 1, Duration::from_secs(600)).unwrap().as_secs_f64();
        // An endpoint that failed five times is asked no more often than its breaker lets.
        assert!(gap >= 0.8 * planned && gap <= (1.2 * planned).max(60.0), "{nth}: {gap}");
    }
    let dead = world.rows.get(mattering.id).unwrap();
    assert_eq!((dead.attempts, dead.next, dead.status), (16, None, Some(500)));
    assert_eq!(dead.error.as_deref(), Some("it replied 500"));
}

#[test]
fn w03_a_wall_clock_that_is_set_changes_no_schedule() {
    let mut world = World::new(&settings());
    let mut mattering = message(1, named("a"), world.now);
    mattering.matters_until = Some(world.now + Duration::from_secs(600));
    world.rows.insert(mattering.clone());
    world.desk.push(mattering.clone(), world.now);
    let set = |world: &World, ahead: u64| {
        let wall = UNIX_EPOCH + Duration::from_secs(BEGIN + ahead);
        world.clock.resample(world.zero, wall);
    };
    let refuse: Receiver<'_> = &|_, _| Err(Failure::Status(500));
    set(&world, 86_400);
    world.run(Duration::from_secs(2_400), Duration::ZERO, refuse);
    set(&world, 0);
    world.run(Duration::from_secs(3 * 86_400), Duration::ZERO, refuse);
    let dead = world.rows.get(mattering.id).unwrap();
    assert_eq!((dead.attempts, dead.next), (16, None), "as if nobody had touched the clock");
    let (last, _) = world.tried.last().unwrap();
    assert!(*last > Duration::from_secs(12 * 3_600), "{last:?}");
}

#[test]
fn w08_every_schedule_ends_well_before_a_message_is_deleted() {
    // The longest jitter, and a receiver that asks each time for the longest rest.
    let longest = |wish: Duration| {
        let planned = (1..).map_while(|n| delay(n, Duration::from_secs(86_400)));
        planned.map(|delay| delay.max(wish).mul_f64(1.2)).sum::<Duration>()
    };
    let day = Duration::from_secs(86_400);
    assert!(longest(Duration::ZERO) < day, "{:?}", longest(Duration::ZERO));
    let asked = longest(RETRY_AFTER_MAX);
    assert!(asked < 3 * day && 3 * day < MESSAGE_KEPT, "{asked:?}");
}
