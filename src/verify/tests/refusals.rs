//! Why a start is refused, and why the service does not come up.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use expect_test::{Expect, expect};

use super::world::{PHONE, pool, request, settings, world};
use crate::entropy::Entropy;
use crate::evidence::Assurance;
use crate::number::E164;
use crate::outcome::Outcome;
use crate::time::WallClock;
use crate::verify::event::{Event, Listener};
use crate::verify::settings::{ATTEMPTS_MAX, Bounds, Limit, POOLS_MAX};
use crate::verify::{FlashCall, How, Settings, SettingsError, Start, StartError, Verify};

struct Deaf;

impl Listener for Deaf {
    fn on_event(&self, _: Event) {}
}

#[expect(
    clippy::disallowed_methods,
    reason = "a zero of virtual time, never compared with a clock"
)]
fn build(change: impl FnOnce(&mut Settings)) -> Result<Verify, SettingsError> {
    let mut settings = settings();
    change(&mut settings);
    let wall = WallClock::new(Instant::now(), UNIX_EPOCH);
    Verify::new(settings, wall, Entropy::seeded(1), Arc::new(Deaf))
}

fn refuse(change: impl FnOnce(&mut Settings), expected: &Expect) {
    let error = build(change).err().map(|error| error.to_string()).unwrap_or_default();
    expected.assert_eq(&error);
}

#[test]
fn settings_of_missed_calls_that_cannot_work_are_refused() {
    let did = |text| E164::parse(text).unwrap();
    refuse(
        |it| it.dids = vec![did("+46850500001"), did("+46850500002"), did("+46850500001")],
        &expect!["the DID +4685…01 is there twice"],
    );
    refuse(
        |it| {
            it.pools.clear();
            it.dids = vec![did("+46850500001")];
            it.missed_calls.min_assurance = Assurance::ChallengeConfirmed;
        },
        &expect!["every caller is to be called back, for which a pool of caller IDs is needed"],
    );
    refuse(
        |it| it.missed_calls.min_assurance = Assurance::None,
        &expect!["a missed call must be proven: at least `return_routed`"],
    );
    refuse(
        |it| it.missed_calls.recent_window = Duration::from_secs(86_401),
        &expect!["missed calls are remembered for 86401s, must be at most 86400s"],
    );
    refuse(
        |it| it.missed_calls.confirm_after = Duration::from_secs(31),
        &expect!["callers are called back after 31s, must be at most 30s"],
    );
}

#[test]
fn settings_that_cannot_work_are_refused() {
    refuse(
        |it| it.pools.clear(),
        &expect!["there is neither a pool of caller IDs nor a DID, at least one of them is needed"],
    );
    refuse(
        |it| it.pools = vec![it.pools[0].clone(); POOLS_MAX + 1],
        &expect!["there are 4097 pools, at most 4096 are possible"],
    );
    refuse(
        |it| it.pools.push(it.pools[0].clone()),
        &expect!["two pools are called `default`, each needs a name of its own"],
    );
    refuse(|it| it.shards = 0, &expect!["there are 0 shards, at least one is needed"]);
    refuse(|it| it.attempts = ATTEMPTS_MAX + 1, &expect!["11 attempts, must be 1 to 10"]);
    refuse(|it| it.calls = 0, &expect!["0 calls, must be 1 to 10"]);
    refuse(
        |it| it.expires_in_max = Duration::from_secs(3_601),
        &expect!["verifications expire in 3601s at most, must be 30s to 3600s"],
    );
    refuse(
        |it| it.expires_in = Duration::from_secs(601),
        &expect!["verifications expire in 601s, must be 30s to 600s"],
    );
    refuse(
        |it| it.max_guess_odds = 0.0,
        &expect!["the highest guess odds are 0, must be above 0 and at most 1"],
    );
    refuse(
        |it| it.max_guess_odds = f64::NAN,
        &expect!["the highest guess odds are NaN, must be above 0 and at most 1"],
    );
    refuse(
        |it| it.limits.prefix = vec![Limit { count: 0, window: Duration::from_secs(1) }],
        &expect!["0 starts in 1s, must be at least 1 in at most 604800s"],
    );
    refuse(
        |it| it.limits.wrong_codes_lock = 11,
        &expect!["wrong codes lock at 11 and stop at 10, must be 1 or more and in this order"],
    );
    refuse(
        |it| it.bounds = Bounds { ended_max: 0, ..it.bounds },
        &expect!["a table must be allowed to hold at least one entry"],
    );
    refuse(
        |it| it.pools[0].numbers = vec!["+99912345[000-999]".parse().unwrap()],
        &expect![
            "no numbering plan has the pools' numbers, so the countries to call must be named"
        ],
    );
}

#[test]
fn a09_a_pool_whose_codes_are_easy_to_guess_is_refused_unless_that_is_wanted() {
    refuse(
        |it| it.pools = vec![pool("default", &["+46876500123"])],
        &expect![
            "pool `default` has 1 distinct last-five-digit suffixes, must have at least 600 for 3 attempts"
        ],
    );
    refuse(
        |it| it.pools = vec![pool("default", &["+46876500[000-598]", "+46876600[000-598]"])],
        &expect![
            "pool `default` has 599 distinct last-five-digit suffixes, must have at least 600 for 3 attempts"
        ],
    );
    refuse(|it| it.pools = vec![pool("default", &["+46876500[000-599]"])], &expect![""]);
    let forced = |it: &mut Settings| {
        it.pools = vec![pool("default", &["+46876500123"])];
        (it.attempts, it.max_guess_odds) = (1, 1.0);
    };
    refuse(forced, &expect![""]);
}

#[test]
fn every_problem_is_told_at_once() {
    let mut settings = settings();
    (settings.shards, settings.attempts, settings.calls) = (0, 0, 0);
    let problems = settings.check().unwrap_err();
    assert_eq!(
        problems,
        [
            SettingsError::NoShard,
            SettingsError::Attempts { found: 0 },
            SettingsError::Calls { found: 0 }
        ]
    );
}

#[test]
fn guessable_pools_are_worth_a_warning() {
    let warnings = |numbers: &str| {
        let verify = build(|it| it.pools = vec![pool("default", &[numbers])]).unwrap();
        verify.warnings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    expect![
        "a guesser is verified with odds of 0.003000 in pool `default`, 0.0005 or less is wise"
    ]
    .assert_eq(&warnings("+46876500[000-999]"));
    expect![""].assert_eq(&warnings("+4687650[0000-5999]"));
}

fn call(wanted: FlashCall) -> Start {
    Start { how: How::FlashCall(wanted), ..request(PHONE) }
}

#[test]
fn a_request_out_of_range_is_refused() {
    let world = world(|_| {});
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let refuse = |request: Start, expected: Expect| {
        expected.assert_eq(&world.verify.start(request, world.at(0.0)).unwrap_err().to_string());
    };
    refuse(
        call(FlashCall { ring: seconds(21), ..FlashCall::default() }),
        expect!["rings for 21s, must be 1s to 20s"],
    );
    refuse(
        call(FlashCall { ring: Some(Duration::from_millis(999)), ..FlashCall::default() }),
        expect!["rings for 999ms, must be 1s to 20s"],
    );
    refuse(
        Start { expires_in: seconds(29), ..request(PHONE) },
        expect!["expires in 29s, must be 30s to 600s"],
    );
    refuse(
        Start { expires_in: seconds(601), ..request(PHONE) },
        expect!["expires in 601s, must be 30s to 600s"],
    );
    refuse(
        call(FlashCall { pool: Some("other".into()), ..FlashCall::default() }),
        expect!["there is no pool `other`"],
    );
    refuse(request("+46876500123"), expect!["this number is one of the gateway's own"]);
    refuse(request("+12025550173"), expect!["numbers of US are not verified by this gateway"]);
    refuse(
        request("+46900123456"),
        expect!["premium-rate numbers are not verified, a mobile or fixed-line number is needed"],
    );
    refuse(
        request("+999123456789"),
        expect!["no numbering plan has this number, check its country code and length"],
    );
    assert_eq!(world.verify.census().phones.size, 0);
    assert_eq!(world.verify.census().pending.size, 0);
}

#[test]
fn a07_what_a_client_sees_tells_nothing_about_the_number_that_was_chosen() {
    // 600 numbers with 600 codes, each in a block of its own: the block would be the code.
    let scattered: Vec<String> = (0..600).map(|n| format!("+{}{n:05}", 468_100 + n)).collect();
    let scattered: Vec<&str> = scattered.iter().map(String::as_str).collect();
    let halves = ["+46876500[000-299]", "+46876600[300-599]"];
    for (numbers, prefix) in [(&scattered[..], "+468"), (&halves, "+46876")] {
        let world = world(|it| it.pools = vec![pool("default", numbers)]);
        for phone in 0..10 {
            let started = world.start(&format!("+46701234{phone:03}"), 0.0).unwrap();
            let codes = started.snapshot.codes.unwrap();
            assert_eq!(codes.caller_id_prefix, prefix);
            assert_eq!(codes.distinct, 600);
        }
    }
}

#[test]
fn a_request_in_range_is_followed() {
    let world = world(|settings| {
        settings.pools.push(pool("second", &["+46876600[000-999]"]));
        settings.shards = 4;
    });
    let wanted = FlashCall { pool: Some("second".into()), ring: Some(Duration::from_secs(8)) };
    let start = Start {
        expires_in: Some(Duration::from_secs(30)),
        client_ref: Some("signup-8812".into()),
        ..call(wanted)
    };
    let started = world.verify.start(start, world.at(1.0)).unwrap();
    let codes = started.snapshot.codes.unwrap();
    assert_eq!((&*codes.pool, &*codes.caller_id_prefix), ("second", "+468766"));
    assert_eq!(started.snapshot.client_ref.as_deref(), Some("signup-8812"));
    let order = started.task.call().unwrap();
    assert_eq!(order.ring, Some(Duration::from_secs(8)));
    assert_eq!(order.wake_at, Some(world.at(31.0)));
    assert_eq!(u128::from(order.shard), started.snapshot.id.0 % 4);
}

#[test]
fn a_second_start_names_the_live_verification() {
    let world = world(|_| {});
    let started = world.start(PHONE, 0.0).unwrap();
    let refused = world.start(PHONE, 1.0).unwrap_err();
    assert_eq!(refused, StartError::AlreadyPending { id: started.snapshot.id });
}

#[test]
fn a01_a_phone_that_is_started_too_often_waits() {
    let world = world(|_| {});
    for second in [0.0, 10.5, 20.0] {
        let started = world.start(PHONE, second).unwrap();
        world.hang_up(&started.order, Outcome::Completed, second);
        world.verify.cancel(started.snapshot.id, world.at(second)).unwrap();
    }
    let refused = world.start(PHONE, 30.0).unwrap_err();
    assert_eq!(refused.to_string(), "too many verifications of this phone, retry in 570 s");
    assert!(world.start(PHONE, 600.0).is_ok());
}

#[test]
fn a02_a_block_of_phones_waits_and_refused_starts_do_not_count() {
    let world = world(|_| {});
    for phone in 0..20 {
        world.start(&format!("+467012300{phone:02}"), 0.0).unwrap();
        // Pending already: refused, and not counted for the block.
        world.start(&format!("+467012300{phone:02}"), 0.0).unwrap_err();
    }
    let refused = world.start("+46701230099", 1.0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "too many verifications of phones with these first digits, retry in 599 s"
    );
    assert!(world.start("+46701240099", 1.0).is_ok());
}

#[test]
fn a_pending_phone_hears_of_its_verification_although_its_block_or_the_table_is_full() {
    let world = world(|settings| settings.bounds.pending_max = 20);
    let first = world.start("+46701230000", 0.0).unwrap();
    for phone in 1..20 {
        world.start(&format!("+467012300{phone:02}"), 0.0).unwrap();
    }
    let refused = world.start("+46701230000", 1.0).unwrap_err();
    assert_eq!(refused, StartError::AlreadyPending { id: first.snapshot.id });
    assert_eq!(world.verify.census().pending.shed, 0);
}

#[test]
fn a08_a_phone_that_used_the_pool_up_is_refused_until_it_cools() {
    let world = world(|settings| {
        settings.pools = vec![pool("default", &["+46876500[000-601]"])];
        settings.limits.phone.clear();
    });
    for second in [0.0, 1.0, 2.0] {
        let started = world.start(PHONE, second).unwrap();
        world.hang_up(&started.order, Outcome::Completed, second);
        world.verify.cancel(started.snapshot.id, world.at(second)).unwrap();
    }
    let refused = world.start(PHONE, 10.0).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "pool `default` has 599 codes left for this phone, 600 are needed: retry when earlier \
         calls are forgotten, or enlarge the pool"
    );
    assert!(world.start("+46701234568", 10.0).is_ok());
    assert!(world.start(PHONE, 86_400.0).is_ok());
}
