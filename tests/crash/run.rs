//! The run: load, kills, restarts, and the reckoning.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ringproof::entropy::{Entropy, Stream};
use serde_json::Value;

use crate::callers::Callers;
use crate::crowd::{Crowd, Task};
use crate::daemon::{Addresses, Daemon, RULES, free_port};
use crate::http::Client;
use crate::ledger::{Kind, Ledger};
use crate::options::Options;
use crate::trunk::Lab;
use crate::work::work;
use crate::world::Place;
use crate::{pulse, reader, receiver};

/// All of it; fails with what was not as promised.
pub(crate) fn run(options: &Options) {
    println!("{options:?}");
    let place = Place::new();
    let client = Client::unix(place.0.join("ringproof.sock"));
    let ledger = Ledger::new(RULES, options.has_webhooks);
    let crowd = Crowd::new(client, ledger, (options.seed, options.sleepers()));
    let crowd = Arc::new(crowd);
    let lab = Lab::start(options.seed, &crowd);
    let gateway = free_port();
    let webhooks = receiver::start(&crowd);
    if options.has_webhooks {
        let _ = crowd.callback.set(format!("http://{webhooks}/callback"));
    }
    let addresses = Addresses { gateway, trunk: lab.address, webhooks };
    let pulse = pulse::start(&crowd, &place.0);
    let mut daemon = Daemon::start(&place, addresses, options, &crowd);
    assert!(daemon.is_ready_within(PATIENCE, &crowd), "it never became ready");
    let follower = reader::follow(&crowd);
    let callers = Arc::new(Callers::start(options.seed, gateway));
    let workers = start_workers(&crowd, &callers);
    let load = start_load(&crowd, options.rate);
    warm_up(&crowd);

    let mut dice = Entropy::seeded(options.seed).stream();
    for nth in 1..=options.kills {
        live(&mut daemon, &crowd, &mut dice);
        daemon.kill(&crowd);
        let killed = crowd.clock.now();
        daemon.restart(&crowd);
        let told = crowd.ledger().told_since(killed.saturating_sub(RECENT), LOOKS_MAX);
        told.into_iter().for_each(|id| crowd.after(Duration::ZERO, Task::Read(id)));
        if nth.is_multiple_of(10) {
            report(nth, &crowd, &daemon);
        }
    }
    assert!(daemon.is_ready_within(PATIENCE, &crowd), "it never became ready again");
    crowd.quit();
    load.join().expect("it does not panic");
    come_to_rest(&crowd);
    reckon(&crowd);
    daemon.stop();
    crowd.stop();
    follower.join().expect("it does not panic");
    workers.into_iter().for_each(|worker| worker.join().expect("it does not panic"));
    pulse.join().expect("it does not panic");
    lab.stop();
    Arc::into_inner(callers).expect("the workers have gone").stop();
    conclude(options.kills, &crowd);
}

/// One life in five ends while it recovers, or right after.
fn live(daemon: &mut Daemon, crowd: &Crowd, dice: &mut Stream) {
    if dice.below(5) == 0 {
        let recovery = crowd.ledger().lives.restarts().last().copied().unwrap_or_default();
        let most = recovery.max(Duration::from_millis(200)).as_millis();
        let lasts = dice.below(u32::try_from(most).expect("nobody waits for so long"));
        return thread::sleep(Duration::from_millis(lasts.into()));
    }
    assert!(daemon.is_ready_within(PATIENCE, crowd), "it never became ready again");
    thread::sleep(Duration::from_millis((100 + dice.below(2_700)).into()));
}

fn start_workers(crowd: &Arc<Crowd>, callers: &Arc<Callers>) -> Vec<JoinHandle<()>> {
    let worker = |_| {
        let (crowd, callers) = (Arc::clone(crowd), Arc::clone(callers));
        thread::spawn(move || work(&crowd, &callers))
    };
    (0..WORKERS).map(worker).collect()
}

/// Strangers come at an even rate, whatever the daemon does, until the crowd goes home.
fn start_load(crowd: &Arc<Crowd>, rate: u32) -> JoinHandle<()> {
    let crowd = Arc::clone(crowd);
    thread::spawn(move || {
        let (from, mut come) = (crowd.clock.now(), 0);
        while !crowd.is_quitting() {
            let due = (crowd.clock.now() - from).as_secs_f64() * f64::from(rate);
            while f64::from(come) < due {
                come += 1;
                crowd.add_stranger();
            }
            thread::sleep(Duration::from_millis(2));
        }
    })
}

/// Until the reader has a place to come back to.
fn warm_up(crowd: &Crowd) {
    wait("an event", PATIENCE, crowd, || crowd.ledger().events_read().is_some());
}

/// Everything ends, and everybody hears of it.
fn come_to_rest(crowd: &Crowd) {
    wait("nobody waits to do anything", PATIENCE, crowd, || crowd.tasks() == 0);
    for id in crowd.ledger().open() {
        crowd.after(Duration::ZERO, Task::Cancel(id));
    }
    wait("every end was told", PATIENCE, crowd, || crowd.ledger().open().is_empty());
    wait("every webhook came", WEBHOOKS, crowd, || crowd.ledger().webhooks_missing() == 0);
    // What rings is hung up.
    thread::sleep(RULES.ring + Duration::from_secs(3));
}

/// Looks at everything once more.
fn reckon(crowd: &Crowd) {
    let ids: Vec<String> = crowd.ledger().granted().rev().take(READ_AT_END).cloned().collect();
    for ids in ids.chunks(1_000) {
        ids.iter().for_each(|id| crowd.after(Duration::ZERO, Task::Read(id.clone())));
        wait("all were read", PATIENCE, crowd, || crowd.tasks() == 0);
    }
    let events = crowd.ledger().events_read();
    if let Some((first, last)) = events.filter(|(first, last)| first < last) {
        // Older ones need not be there any more.
        let first = first.max(last.saturating_sub(EVENTS_READ_AGAIN));
        let read = reader::read_again(crowd, first, last);
        if read != last - first {
            let text = format!("{read} of {} events can be read again", last - first);
            crowd.ledger().object(Kind::Gap, text);
        }
    }
    let status: Value = crowd.client.get("/v1/status").json();
    for count in ["verifications_pending", "calls_in_flight", "verifications_waiting"] {
        if status[count] != 0 {
            let text = format!("at rest there are {} {count}", status[count]);
            crowd.ledger().object(Kind::Limit, text);
        }
    }
}

fn wait(what: &str, most: Duration, crowd: &Crowd, mut is_so: impl FnMut() -> bool) {
    let until = crowd.clock.now() + most;
    while !is_so() {
        if crowd.clock.now() > until {
            return crowd.ledger().object(Kind::Lost, format!("{what}: not within {most:?}"));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn report(nth: u32, crowd: &Crowd, daemon: &Daemon) {
    let ledger = crowd.ledger();
    let figures = ledger.figures;
    println!(
        "{nth} kills in {:.0?}: {} starts, {} checks, {} events, {} webhooks, {} invites, {} open, \
         {} faults; journal {} MB",
        crowd.clock.now(),
        figures.starts,
        figures.checks,
        figures.events,
        figures.webhooks,
        figures.invites,
        ledger.open_count(),
        ledger.faults.len(),
        daemon.journal_bytes() >> 20,
    );
    for fault in ledger.faults.iter().take(3) {
        println!("  {fault}");
    }
}

fn conclude(kills: u32, crowd: &Crowd) {
    let mut ledger = crowd.ledger();
    ledger.finish(crowd.clock.now());
    println!("{:#?}", ledger.figures);
    let restarts = ledger.lives.restarts();
    if !ledger.faults.is_empty() {
        println!("{:.3?}", ledger.lives.all);
    }
    let share = |share: usize| {
        restarts.get((restarts.len() * share / 100).min(restarts.len().saturating_sub(1)))
    };
    println!(
        "{kills} kills; lost {}, resurrected {}, duplicated {}, rang too long {}, all faults {}",
        ledger.count(Kind::Lost),
        ledger.count(Kind::Resurrected),
        ledger.count(Kind::Duplicated),
        ledger.count(Kind::RangTooLong),
        ledger.faults.len(),
    );
    let still: Duration = ledger.lives.standstills.iter().map(|(from, to)| *to - *from).sum();
    println!(
        "the machine stood still {} times, {still:.1?} in all",
        ledger.lives.standstills.len()
    );
    println!("restarts p50 {:?}, p99 {:?}, longest {:?}", share(50), share(99), restarts.last());
    let texts: Vec<String> = ledger.faults.iter().map(ToString::to_string).collect();
    assert!(
        texts.is_empty(),
        "{} faults:\n{}",
        texts.len(),
        texts[..texts.len().min(50)].join("\n")
    );
    // A run in which nothing could go wrong shows nothing.
    let figures = ledger.figures;
    let least = u64::from(kills);
    let counts =
        [figures.starts, figures.checks, figures.cancels, figures.webhooks, figures.invites];
    assert!(counts.iter().all(|count| *count >= least), "{figures:?}");
    assert!(kills < 10 || figures.rang_at_kill > 0 && figures.replies_lost > 0, "{figures:?}");
}

const WORKERS: u32 = 16;
const PATIENCE: Duration = Duration::from_secs(30);
/// A failed delivery is tried again after 1, 5 and 15 seconds.
const WEBHOOKS: Duration = Duration::from_secs(60);
/// What was told so shortly before a kill is looked at right after it.
const RECENT: Duration = Duration::from_millis(1_500);
const LOOKS_MAX: usize = 300;
/// Half of what the journal keeps.
const EVENTS_READ_AGAIN: u64 = 50_000;
const READ_AT_END: usize = 20_000;
