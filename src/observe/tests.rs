//! A small day of the daemon, and what a scrape shows of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use expect_test::{expect, expect_file};

use super::{
    Distribution, JournalReading, Metrics, Process, Readings, Recorder, RecoveryReading,
    RequestReading, WebhookReading,
};
use crate::entropy::Entropy;
use crate::evidence::{Assurance, IdentityHeader};
use crate::gateway::notice::{Notice, Watcher};
use crate::ladder::Course;
use crate::number::E164;
use crate::outcome::{Outcome, Side};
use crate::tally::{DropReason, Shed, SipKind, Table, Tally};
use crate::time::Micros;
use crate::verify::event::{Event, Listener};
use crate::verify::id::{CallId, VerificationId};
use crate::verify::record::{CallRecord, Ending, Facts};
use crate::verify::snapshot::{CodeSpace, Reason, Snapshot, Status};
use crate::verify::{Census, Fate, Level, MissedCallRecord, PoolState, Saw, TrunkNames};

const NOON: u64 = 1_763_640_000_000_000;

fn names(names: &[&str]) -> TrunkNames {
    TrunkNames::new(names.iter().map(|name| (*name).into()))
}

fn metrics() -> Metrics {
    Metrics::new(names(&["alpha", "beta"]))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a record wants an instant; moments are counted from it"
)]
fn call(trunk: Option<u16>) -> CallRecord {
    let call = CallRecord::new(CallId(1), VerificationId(2), Instant::now(), Micros(NOON));
    if let Some(trunk) = trunk {
        call.on_invited(trunk, after(&call, 1_500));
    }
    call
}

fn after(call: &CallRecord, micros: u64) -> Instant {
    call.placed + Duration::from_micros(micros)
}

fn ended(call: CallRecord, outcome: Outcome, millis: u64) -> Arc<CallRecord> {
    let ending = Ending { outcome, by: Side::Us, sip_code: Some(487), q850_cause: None };
    call.on_ended(ending, after(&call, millis * 1_000));
    Arc::new(call)
}

/// Rings after 1.2 s, for 5.004 s instead of 5 s.
fn completed() -> CallRecord {
    let call = call(Some(1));
    call.plan_ring(Duration::from_secs(5));
    call.on_ringing(after(&call, 1_201_500));
    call.on_hung_up(after(&call, 6_205_500));
    call
}

fn verification(status: Status, reason: Option<Reason>) -> Arc<Snapshot> {
    Arc::new(Snapshot {
        id: VerificationId(2),
        to: E164::parse("+46701234567").unwrap(),
        status,
        reason,
        created_at: Micros(NOON),
        expires_at: Micros(NOON + 300_000_000),
        ended_at: None,
        attempts_left: 3,
        calls_left: 1,
        client_ref: Some("Greta Garbo".into()),
        callback_url: None,
        codes: Some(CodeSpace {
            pool: "default".into(),
            caller_id_prefix: "+468765".to_owned(),
            distinct: 9_516,
        }),
        missed_call: None,
        calls: Vec::new(),
        latest: Facts::default(),
    })
}

fn day() -> Vec<Event> {
    let pending = verification(Status::Pending, None);
    let rings = Arc::new(completed());
    vec![
        Event::VerificationCreated(pending.clone()),
        Event::CallPlaced(rings.clone()),
        Event::CallRinging(rings.clone()),
        Event::CallEnded(ended(completed(), Outcome::Completed, 6_230)),
        Event::PhoneReported { call: rings, saw: Saw::UnknownCaller, is_ours: Some(false) },
        Event::WrongCode(pending),
        Event::VerificationEnded(verification(Status::Verified, Some(Reason::CodeMatched))),
        Event::CallEnded(ended(call(None), Outcome::Withdrawn, 4)),
        Event::MissedCall(missed(Fate::Matched(VerificationId(2)), Assurance::ReturnRouted)),
        Event::MissedCall(missed(Fate::Unproven, Assurance::None)),
    ]
}

fn missed(fate: Fate, assurance: Assurance) -> Arc<MissedCallRecord> {
    let call = call(None);
    Arc::new(MissedCallRecord {
        id: call.id,
        did: E164::parse("+46850500001").unwrap(),
        caller: Ok(E164::parse("+46701234567").unwrap()),
        header: Some(IdentityHeader::From),
        is_disputed: false,
        is_forwarded: true,
        assurance,
        trunk: 1,
        sip_call_id: "a84b4c76e66710".into(),
        sip_code: 486,
        course: Course::default(),
        received_at: Micros(NOON),
        received: call.placed,
        over: call.placed,
        fate,
    })
}

fn pools() -> Vec<PoolState> {
    vec![PoolState {
        name: "default".into(),
        numbers: 10_000,
        distinct: 9_516,
        bits: 13.2,
        guess_odds: 0.000_315,
        leased: 2,
        cooling: 40,
    }]
}

#[test]
fn tables_without_a_limit_do_not_wrap_when_shards_are_summed() {
    let tallies = [Arc::new(Tally::default()), Arc::new(Tally::default())];
    tallies.iter().for_each(|tally| tally.set_table(Table::Timers, 3, usize::MAX));
    let scrape = scrape(&Metrics::new(names(&[])), &tallies);
    let timers: Vec<_> = scrape.lines().filter(|line| line.contains("\"timers\"")).collect();
    assert_eq!(
        timers,
        [
            "ringproof_table_entries{table=\"timers\"} 6",
            "ringproof_table_limit{table=\"timers\"} 18446744073709552000"
        ]
    );
}

fn scrape(metrics: &Metrics, tallies: &[Arc<Tally>]) -> String {
    metrics.scrape(&readings(tallies, &pools()))
}

fn readings<'a>(tallies: &'a [Arc<Tally>], pools: &'a [PoolState]) -> Readings<'a> {
    Readings {
        tallies,
        requests: vec![RequestReading {
            method: "POST",
            route: "/v1/verifications",
            status_class: "2xx",
            count: 5,
        }],
        shed: vec![("event_reader", 2)],
        pools,
        census: Census {
            pending: Level { size: 7, limit: 1_000_000, shed: 2 },
            ended: Level { size: 3, limit: 1_000_000, shed: 0 },
            ..Census::default()
        },
        connections: (3, 2_048),
        events: Level { size: 5, limit: 65_536, shed: 0 },
        log_lines_lost: 1,
        journal: Some(journal()),
        recovery: Some(RecoveryReading {
            seconds: 0.18,
            recovered: vec![("calls", 9), ("ended", 4), ("pending", 7)],
        }),
        webhooks: vec![webhook("callback", 0), webhook("signup", 41)],
        webhooks_expired: 3,
        webhooks_orphaned: 4,
        started_at: Micros(NOON),
        process: Process {
            cpu_seconds: Some(1.5),
            resident_bytes: Some(4_096),
            open_fds: Some(12),
            fds_max: Some(1_024),
        },
    }
}

fn journal() -> JournalReading {
    JournalReading {
        commits: 6,
        batches: 40,
        records: 160,
        bytes: 20_000,
        commit_seconds: Distribution::of(&[250, 4_000], &[3, 2, 1], 500_000, 1e6),
        group_batches: Distribution::of(&[1, 8], &[1, 4, 1], 40, 1.0),
        waiting: 2,
        held: 0,
        file_bytes: 1_048_576,
        is_writable: true,
        is_there: true,
        failures: 0,
        left_out: 0,
    }
}

fn webhook(endpoint: &str, delivered: u64) -> WebhookReading {
    WebhookReading {
        endpoint: endpoint.into(),
        delivered,
        failed: vec![("connect", 0), ("status", 3)],
        buried: 4,
        dead: 1,
        waiting: 5,
        trying: 2,
        is_open: delivered > 0,
        is_disabled: false,
        latency: Distribution::of(&[100, 1_000], &[delivered, 0, 3], 9_500, 1e3),
    }
}

fn two_shards() -> [Arc<Tally>; 2] {
    let tallies = [Arc::new(Tally::default()), Arc::new(Tally::default())];
    tallies[0].on_sent(SipKind::Invite);
    tallies[1].on_sent(SipKind::Invite);
    tallies[1].on_sent_again();
    tallies[1].on_received(SipKind::of_status(180));
    tallies[0].on_dropped(DropReason::UnknownBranch);
    tallies[0].on_shed(Shed::Call);
    tallies[0].set_table(Table::Calls, 2, 50_000);
    tallies[1].set_table(Table::Calls, 3, 50_000);
    tallies
}

#[test]
fn names_labels_and_buckets_are_frozen() {
    let metrics = metrics();
    day().iter().for_each(|event| metrics.on_event(event));
    let scrape = scrape(&metrics, &two_shards());
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    expect_file!["tests/scrape.txt"].assert_eq(&scrape.replace(&version, "version=\"…\""));
}

/// `name | type | labels`, of each family of a scrape.
fn families(scrape: &str) -> BTreeSet<String> {
    let mut families = BTreeSet::new();
    let mut lines = scrape.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(family) = line.strip_prefix("# TYPE ") else { continue };
        let (name, kind) = family.split_once(' ').unwrap();
        let sample = lines.peek().copied().unwrap_or_default();
        let labels = sample.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        let labels = labels.map_or("", |(labels, _)| labels);
        let labels: Vec<_> = labels.split(',').filter_map(|pair| pair.split_once('=')).collect();
        let labels: Vec<_> =
            labels.iter().map(|(key, _)| *key).filter(|key| *key != "le").collect();
        families.insert(format!("`{name}` | {kind} | {}", labels.join(" ")).trim_end().to_owned());
    }
    families
}

#[test]
fn the_manual_lists_exactly_the_families_of_a_scrape() {
    let manual = include_str!("../../docs/metrics.md");
    let rows = manual
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter(|line| line.starts_with('`'));
    let listed = rows.map(|row| {
        let columns: Vec<_> = row.split('|').map(str::trim).collect();
        columns[..3].join(" | ").trim_end().to_owned()
    });
    let scraped = families(&scrape(&metrics(), &[]));
    assert_eq!(listed.collect::<BTreeSet<_>>(), scraped);
}

/// The series of a scrape, without their values.
fn series(metrics: &Metrics, tallies: &[Arc<Tally>]) -> Vec<String> {
    let scrape = scrape(metrics, tallies);
    let samples = scrape.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[test]
fn x09_no_traffic_adds_a_series() {
    let (metrics, tally) = (metrics(), [Arc::new(Tally::default())]);
    let before = series(&metrics, &tally);
    let mut dice = Entropy::seeded(9).stream();
    for round in 0..10_000 {
        let outcome = Outcome::ALL[dice.below(Outcome::ALL.len() as u32) as usize];
        let trunk = (dice.below(2) == 0).then(|| dice.below(70_000) as u16);
        metrics.on_event(&Event::CallEnded(ended(call(trunk), outcome, round)));
        tally[0].on_received(SipKind::of_status(dice.u32() as u16));
    }
    day().iter().for_each(|event| metrics.on_event(event));
    assert_eq!(series(&metrics, &tally), before);
}

#[test]
fn h08_a_scrape_names_no_number_and_no_client() {
    let metrics = metrics();
    day().iter().for_each(|event| metrics.on_event(event));
    let scrape = scrape(&metrics, &[]);
    for private in ["4670", "1234567", "Greta", "468765"] {
        assert!(!scrape.contains(private), "{private}");
    }
}

/// Checks that it is called in its turn.
struct Turn(Arc<AtomicUsize>, usize);

impl Listener for Turn {
    fn on_event(&self, _: Event) {
        assert_eq!(self.0.fetch_add(1, Ordering::Relaxed) % 2, self.1);
    }
}

#[test]
fn an_event_is_counted_then_handed_on_in_a_fixed_order() {
    let metrics = Arc::new(metrics());
    let turns = Arc::new(AtomicUsize::new(0));
    let next: Vec<Arc<dyn Listener>> =
        vec![Arc::new(Turn(turns.clone(), 0)), Arc::new(Turn(turns.clone(), 1))];
    let recorder = Recorder::new(metrics.clone(), names(&["alpha"]), next);
    day().into_iter().for_each(|event| recorder.on_event(event));
    assert_eq!(turns.load(Ordering::Relaxed), 2 * day().len());
    assert!(scrape(&metrics, &[]).contains("ringproof_wrong_codes_total 1\n"));
}

#[test]
fn an_event_is_one_line_without_a_number_or_a_client() {
    let metrics = Arc::new(metrics());
    let recorder = Recorder::new(metrics, names(&["alpha", "beta"]), Vec::new());
    let work = || day().into_iter().for_each(|event| recorder.on_event(event));
    super::log::tests::check_debug(
        work,
        &expect![[r#"
            | INFO ringproof::observe::record: verification started verification=ver_00000000000000000000000002 to=+4670…67 pool="default" code_space=9516
            |DEBUG ringproof::observe::record: call placed call=call_00000000000000000000000001 verification=ver_00000000000000000000000002
            |DEBUG ringproof::observe::record: call rings call=call_00000000000000000000000001 trunk="beta" post_dial_delay=1.200s
            | INFO ringproof::observe::record: call ended call=call_00000000000000000000000001 verification=ver_00000000000000000000000002 trunk="beta" outcome="completed" by="us" sip_code=487 post_dial_delay=1.200s hung_up_after=5.004s rang_at_most=5.029s
            | INFO ringproof::observe::record: phone reported call=call_00000000000000000000000001 saw="unknown_caller" is_ours=false
            | INFO ringproof::observe::record: wrong code verification=ver_00000000000000000000000002 to=+4670…67 attempts_left=3
            | INFO ringproof::observe::record: verification ended verification=ver_00000000000000000000000002 to=+4670…67 status="verified" reason="code_matched" calls=0
            | INFO ringproof::observe::record: call ended call=call_00000000000000000000000001 verification=ver_00000000000000000000000002 trunk="none" outcome="withdrawn" by="us" sip_code=487 post_dial_delay=- hung_up_after=- rang_at_most=-
            | INFO ringproof::observe::record: missed call call=call_00000000000000000000000001 trunk="beta" did=+4685…01 caller=+4670…67 header="from" is_disputed=false is_forwarded=true assurance="return_routed" sip_code=486 outcome="matched" verification=ver_00000000000000000000000002
            |DEBUG ringproof::observe::record: missed call call=call_00000000000000000000000001 trunk="beta" did=+4685…01 caller=+4670…67 header="from" is_disputed=false is_forwarded=true assurance="none" sip_call_id="a84b4c76e66710" sip_code=486 outcome="unproven"
        "#]],
    );
}

#[test]
fn r12_a_trunk_that_a_reload_brings_gets_series_of_its_own() {
    let known = names(&["alpha"]);
    let metrics = Metrics::new(known.clone());
    let learnt = known.learn(&"gamma".into()) as u16;
    metrics.on_event(&Event::CallEnded(ended(call(Some(learnt)), Outcome::Busy, 10)));
    metrics.on_trunks();
    metrics.on_event(&Event::CallEnded(ended(call(Some(learnt)), Outcome::Busy, 10)));
    let scrape = scrape(&metrics, &[]);
    let count = |trunk: &str| {
        let series = format!("ringproof_calls_total{{outcome=\"busy\",trunk=\"{trunk}\"}} ");
        scrape.lines().find_map(|line| line.strip_prefix(&series)).map(str::to_owned)
    };
    assert_eq!(count("gamma").as_deref(), Some("1"), "{scrape}");
    assert_eq!(count("none").as_deref(), Some("1"), "before it had its series");
}

#[test]
fn p29_a_trunk_that_answers_from_elsewhere_is_one_line_that_says_what_to_change() {
    let recorder = Recorder::new(Arc::new(metrics()), names(&["alpha"]), Vec::new());
    let source = "198.51.100.1".parse().unwrap();
    let work = || recorder.on_notice(Notice::ForeignSource { trunk: "alpha".into(), source });
    super::log::tests::check_debug(
        work,
        &expect![[r#"
            | WARN ringproof::observe::record: responses are dropped: they are to requests of ours and come from an address that the trunk's `sources` does not list; add it there if it is the trunk's trunk="alpha" source=198.51.100.1
        "#]],
    );
}
