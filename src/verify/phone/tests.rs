//! One phone: what it may, what it may not, and when again.

use super::*;
use crate::entropy::Entropy;
use crate::verify::settings::PoolSettings;

const PHONE: &str = "+46701234567";
const HOUR: u32 = 3_600;
const DAY: u32 = 24 * HOUR;

struct World {
    phones: Phones,
    pools: Arc<[Pool]>,
    dice: Stream,
    started: u128,
}

fn world(change: impl FnOnce(&mut Settings)) -> World {
    let numbers = vec!["+46876500[000-999]".parse().unwrap()];
    let mut settings = Settings {
        pools: vec![PoolSettings { name: "default".into(), numbers }],
        ..Settings::default()
    };
    change(&mut settings);
    let pools: Arc<[Pool]> = settings.pools.iter().map(|pool| Pool::new(pool).unwrap()).collect();
    let phones = Phones::new(&settings, Arc::clone(&pools));
    World { phones, pools, dice: Entropy::seeded(1).stream(), started: 0 }
}

impl World {
    fn phone() -> E164 {
        E164::parse(PHONE).unwrap()
    }

    fn start(&mut self, second: u32) -> Result<u32, PhoneError> {
        self.started += 1;
        let wish = Wish {
            phone: Self::phone(),
            verification: VerificationId(self.started),
            pool: 0,
            needed: 1,
            mark: Moment(second),
            now: Moment(second),
            dice: &mut self.dice,
        };
        self.phones.start(wish).map(|pick| pick.suffix)
    }

    /// A start whose call and verification end at once.
    fn brief(&mut self, second: u32) -> Result<u32, PhoneError> {
        let suffix = self.start(second)?;
        self.end();
        Ok(suffix)
    }

    fn end(&self) {
        self.phones.on_call_ended(Self::phone());
        self.pools[0].on_released();
        self.phones.on_ended(Self::phone(), VerificationId(self.started));
    }

    fn wrong(&self, second: u32) -> Verdict {
        self.phones.guess(Self::phone(), (Moment(second), Moment(second)), || Guess::Wrong).0
    }
}

fn too_often(seconds: u32) -> Result<u32, PhoneError> {
    Err(PhoneError::TooOften { wait: Duration::from_secs(seconds.into()) })
}

fn locked(seconds: u32) -> Result<u32, PhoneError> {
    Err(PhoneError::Locked { wait: Duration::from_secs(seconds.into()) })
}

#[test]
fn a01_the_fourth_start_in_ten_minutes_waits() {
    let mut world = world(|_| {});
    for second in [0, 10, 20] {
        assert!(world.brief(second).is_ok());
    }
    assert_eq!(world.brief(30), too_often(570));
    assert_eq!(world.brief(599), too_often(1));
    assert!(world.brief(600).is_ok());
}

#[test]
fn the_sixth_start_in_an_hour_and_the_eleventh_in_a_day_wait() {
    let mut world = world(|_| {});
    for second in [0, 700, 1_400, 2_100, 2_800] {
        assert!(world.brief(second).is_ok());
    }
    assert_eq!(world.brief(3_500), too_often(100));
    for hour in 2..7 {
        assert!(world.brief(hour * HOUR).is_ok());
    }
    assert_eq!(world.brief(8 * HOUR), too_often(16 * HOUR));
    assert!(world.brief(DAY).is_ok());
}

#[test]
fn one_pending_verification_and_one_call_at_a_time() {
    let mut world = world(|_| {});
    assert!(world.start(0).is_ok());
    let pending = Err(PhoneError::Pending { id: VerificationId(1) });
    assert_eq!(world.start(1), pending);
    world.phones.on_call_ended(World::phone());
    assert_eq!(world.start(2), pending);
    world.phones.on_ended(World::phone(), VerificationId(1));
    assert!(world.start(3).is_ok());
    world.phones.on_ended(World::phone(), VerificationId(4));
    assert_eq!(world.start(4), Err(PhoneError::Calling));
}

#[test]
fn the_end_of_another_verification_changes_nothing() {
    let mut world = world(|_| {});
    assert!(world.start(0).is_ok());
    world.phones.on_ended(World::phone(), VerificationId(99));
    assert_eq!(world.start(1), Err(PhoneError::Pending { id: VerificationId(1) }));
}

#[test]
fn what_is_undone_was_never_counted() {
    let mut world = world(|_| {});
    for second in 0..20 {
        let suffix = world.start(second).unwrap();
        world.phones.undo_start(World::phone(), suffix, VerificationId(world.started));
    }
    let state = world.pools[0].state(3);
    assert_eq!((state.leased, state.cooling), (0, 0));
}

#[test]
fn r14_a_suffix_is_not_leased_again_within_the_window() {
    let mut world = world(|settings| {
        settings.limits.phone.clear();
        settings.pools[0].numbers = vec!["+46876500[000-002]".parse().unwrap()];
    });
    let mut seen: Vec<u32> = (0..3).map(|second| world.brief(second).unwrap()).collect();
    let first = seen[0];
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2]);
    assert_eq!(world.brief(DAY - 1), Err(PhoneError::Exhausted { usable: 0 }));
    assert_eq!(world.pools[0].state(3).cooling, 3);
    assert_eq!(world.brief(DAY), Ok(first));
    assert_eq!(world.pools[0].state(3).cooling, 3);
}

#[test]
fn a_lease_cools_for_the_reuse_window_and_not_for_the_limits_of_starts() {
    let mut world = world(|settings| {
        settings.reuse_window = Duration::from_secs(3_600);
    });
    let cooling = |world: &World| world.pools[0].state(3).cooling;
    assert!(world.brief(0).is_ok());
    assert!(world.brief(10).is_ok());
    assert_eq!(cooling(&world), 2);
    assert!(world.brief(HOUR).is_ok());
    assert_eq!(cooling(&world), 2, "the first one has cooled, the third one cools");
    assert!(world.brief(2 * HOUR).is_ok());
    assert_eq!(cooling(&world), 1);
    for hour in 3..9 {
        assert!(world.brief(hour * HOUR).is_ok());
    }
    // They still count as starts of the day.
    assert_eq!(world.brief(10 * HOUR), too_often(14 * HOUR));
    assert_eq!(cooling(&world), 0);
}

#[test]
fn the_fifth_wrong_code_locks_for_an_hour_and_the_tenth_for_a_day() {
    let mut world = world(|settings| settings.limits.phone.clear());
    for second in 0..4 {
        assert!(world.brief(second).is_ok());
        assert_eq!(world.wrong(second), Verdict::Open);
    }
    assert_eq!(world.wrong(10), Verdict::Locked);
    assert_eq!(world.brief(11), locked(HOUR - 1));
    for count in 1..5 {
        let second = 10 + count * HOUR;
        assert!(world.brief(second).is_ok());
        assert_eq!(world.wrong(second), Verdict::Locked);
        assert_eq!(world.brief(second), locked(HOUR));
    }
    let second = 10 + 5 * HOUR;
    assert!(world.brief(second).is_ok());
    assert_eq!(world.wrong(second), Verdict::Locked);
    assert_eq!(world.brief(second + HOUR), locked(DAY - HOUR));
    assert!(world.brief(second + DAY).is_ok());
    assert_eq!(world.wrong(second + DAY), Verdict::Open);
}

#[test]
fn a_locked_phone_has_no_code_compared_and_a_right_one_is_not_counted() {
    let mut world = world(|settings| settings.limits.phone.clear());
    assert!(world.brief(0).is_ok());
    let at = |second| (Moment(second), Moment(second));
    for _ in 0..20 {
        assert_eq!(world.phones.guess(World::phone(), at(1), || Guess::Right).0, Verdict::Open);
        assert_eq!(world.phones.guess(World::phone(), at(1), || Guess::Void).0, Verdict::Open);
    }
    for _ in 0..4 {
        assert_eq!(world.wrong(2), Verdict::Open);
    }
    assert_eq!(world.wrong(2), Verdict::Locked);
    let (verdict, _) = world.phones.guess(World::phone(), at(3), || panic!("a code was compared"));
    assert_eq!(verdict, Verdict::Locked);
    assert_eq!(world.brief(3), locked(HOUR - 1));
}

#[test]
fn a_day_without_wrong_codes_forgets_them() {
    let mut world = world(|settings| settings.limits.phone.clear());
    assert!(world.brief(0).is_ok());
    for second in 0..4 {
        assert_eq!(world.wrong(second), Verdict::Open);
    }
    assert!(world.brief(DAY + 3).is_ok());
    assert_eq!(world.wrong(DAY + 3), Verdict::Open);
}

/// Rows are swept when they are a day old, and the last of two that came at once may be all that is on
/// disk.
#[test]
fn d02_the_last_wrong_code_brings_back_all_before_it() {
    let world = world(|settings| settings.limits.phone.clear());
    world.phones.restore_wrong(World::phone(), Moment(40 * HOUR), 3);
    world.phones.restore_wrong(World::phone(), Moment(60 * HOUR), 4);
    // Told in the order of their clocks, counted in the other.
    world.phones.restore_wrong(World::phone(), Moment(60 * HOUR), 3);
    assert_eq!(world.wrong(61 * HOUR), Verdict::Locked);
}

#[test]
fn d02_wrong_codes_of_before_a_day_without_one_stay_forgotten() {
    let world = world(|settings| settings.limits.phone.clear());
    world.phones.restore_wrong(World::phone(), Moment(0), 4);
    world.phones.restore_wrong(World::phone(), Moment(25 * HOUR), 1);
    for second in 2..5 {
        assert_eq!(world.wrong(25 * HOUR + second), Verdict::Open);
    }
    assert_eq!(world.wrong(25 * HOUR + 5), Verdict::Locked);
}

#[test]
fn a_phone_is_forgotten_when_everything_has_cooled() {
    let mut world = world(|settings| settings.bounds.phones_max = 1);
    assert!(world.start(0).is_ok());
    let other = |world: &mut World, second: u32| {
        let wish = Wish {
            phone: E164::parse("+46701234568").unwrap(),
            verification: VerificationId(9),
            pool: 0,
            needed: 1,
            mark: Moment(second),
            now: Moment(second),
            dice: &mut world.dice,
        };
        world.phones.start(wish).map(|pick| pick.suffix)
    };
    // Pending and being called: kept however old.
    assert_eq!(other(&mut world, 2 * DAY), Err(PhoneError::Full(Full { limit: 1 })));
    world.end();
    let mut second = 2 * DAY + 1;
    while other(&mut world, second).is_err() {
        second += 1;
        assert!(second < 2 * DAY + 300, "the rolling sweep reaches every stripe");
    }
    assert_eq!(world.phones.level().size, 1);
    assert_eq!(world.pools[0].state(3).cooling, 0);
}

#[test]
fn two_random_callers_never_share_a_suffix_within_the_window() {
    for seed in 0..30 {
        let mut world = world(|settings| {
            settings.limits.phone.clear();
            settings.pools[0].numbers = vec!["+46876500[000-099]".parse().unwrap()];
        });
        let mut script = Entropy::seeded(seed).stream();
        let mut past: Vec<(u32, u32)> = Vec::new();
        let mut second = 0;
        for _ in 0..400 {
            second += script.below(1_500);
            match world.start(second) {
                Ok(suffix) => {
                    let is_fresh =
                        past.iter().all(|(at, other)| *other != suffix || second - at >= DAY);
                    assert!(is_fresh, "seed {seed}, second {second}, suffix {suffix}");
                    if script.below(5) == 0 {
                        let id = VerificationId(world.started);
                        world.phones.undo_start(World::phone(), suffix, id);
                    } else {
                        past.push((second, suffix));
                        world.end();
                    }
                }
                Err(PhoneError::Exhausted { usable: 0 }) => {
                    let used = past.iter().filter(|(at, _)| second - at < DAY).count();
                    assert_eq!(used, 100, "seed {seed}");
                }
                Err(error) => panic!("seed {seed}: {error:?}"),
            }
        }
    }
}

/// Four million of them are remembered.
#[test]
fn a_phone_takes_no_more_memory_for_the_calls_that_it_is_to_make() {
    assert_eq!(size_of::<Phone>(), 48);
}
