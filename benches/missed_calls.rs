//! Missed calls through the whole daemon: SIPp rings its number, 200 ms later it is refused, and the
//! application hears of the verification.
//!
//! `cargo bench --bench missed_calls [-- SECONDS [RATE]]`: 5,000 calls a second for 20 s, each of the
//! phone of one of 100,000 pending verifications. Prints what failed, how long after the INVITE the
//! refusal was on the wire, how long after the ACK the event was read, and what it cost beside SIPp.
//! Then 30,000 calls that are refused at once, of callers that somebody waits for, of callers whom
//! nobody waits for, and to a number that is none of ours: what the three hear, and when.
//! Fails when a call failed or did not verify its caller, and when the medians of the three are a
//! millisecond apart.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

#[path = "kit/capture.rs"]
mod capture;
#[path = "kit/cpu.rs"]
mod cpu;
#[path = "kit/daemon.rs"]
mod daemon;
#[path = "kit/events.rs"]
mod events;
#[path = "kit/exchange.rs"]
mod exchange;
#[path = "kit/figures.rs"]
mod figures;
#[path = "kit/http.rs"]
mod http;
#[expect(dead_code, reason = "of what the kit measures, this needs only the statuses")]
#[path = "kit/load.rs"]
mod load;
#[path = "kit/machine.rs"]
mod machine;
#[path = "kit/missed.rs"]
mod missed;
#[path = "kit/people.rs"]
mod people;
#[expect(dead_code, reason = "this SIPp is a caller, which ends by itself")]
#[path = "kit/sipp.rs"]
mod sipp;
#[path = "kit/threads.rs"]
mod threads;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use capture::Capture;
use daemon::Daemon;
use events::Reader;
use missed::{Heard, hear};

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u32> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let seconds = numbers.first().copied().unwrap_or(20).clamp(1, 100);
    let rate = numbers.get(1).copied().unwrap_or(5_000).clamp(1, 20_000);
    let place = figures::place("missed-calls")?;
    let daemon = Daemon::start(&place, (PORT, CALLER), &config())?;
    let mut is_good = matched(&daemon, &place, rate, rate * seconds)?;
    is_good &= uniform(&daemon, &place)?;
    daemon.stop()?;
    fs::remove_dir_all(place)?;
    if is_good { Ok(()) } else { Err("not every call went as it should, see above".into()) }
}

/// A number that rings for a while, and one that is refused at once, like every number that is none.
fn config() -> String {
    let ring = RING.as_millis();
    format!(
        "[missed_calls]\nring = \"0s\"\n[[did]]\nnumber = \"{RINGS}\"\nring = \"{ring}ms\"\n\
         [[did]]\nnumber = \"{REFUSED}\"\n"
    )
}

/// Every call is of somebody whom a verification waits for.
fn matched(daemon: &Daemon, place: &Path, rate: u32, calls: u32) -> Result<bool, Box<dyn Error>> {
    println!("{calls} missed calls, {rate} a second, load of the machine {}", machine::load());
    let refused = people::pend(&daemon.socket, 0..calls, RINGS)?;
    println!("pending before: {}", daemon.metric("ringproof_verifications_pending", "")?);
    let callers: Vec<_> = (0..calls).map(|phone| (phone, RINGS)).collect();
    let reader = Reader::start(&daemon.socket)?;
    let capture = Capture::start(place, &format!("udp port {PORT}"))?;
    let before = threads::nanos(daemon.pid())?;
    let from = Instant::now();
    let sipp = people::ring(place, &callers, rate, (CALLER, PORT))?;
    let (pid, mut caller) = (sipp.pid(), 0);
    // What it has spent is gone when it is.
    let watch = || caller = cpu::process_nanos(pid).unwrap_or(0).max(caller);
    let counts = sipp.wait(Duration::from_secs(300), watch)?;
    let elapsed = from.elapsed();
    let after = threads::nanos(daemon.pid())?;
    let spent = |thread: &String| after[thread] - before.get(thread).copied().unwrap_or(0);
    let verified = reader.stop()?;
    let heard = hear(&capture.stop()?);
    println!(
        "SIPp: {} calls as planned, {} not, {} messages sent again; {} verified, {refused} not started",
        counts.successful,
        counts.failed,
        counts.sent_again,
        verified.len(),
    );
    let ring = RING.as_secs_f64() * 1e3;
    let late =
        heard.values().copied().filter_map(Heard::to_refusal).map(|took| took - ring).collect();
    println!("INVITE to refusal beyond the ring time, ms: {}", figures::spread(late));
    let told = verified.iter().filter_map(|event| {
        let acknowledged = heard.get(&event.phone)?.acknowledged?;
        Some(event.at.saturating_sub(acknowledged) as f64 / 1e3)
    });
    println!("ACK to event, ms:                           {}", figures::spread(told.collect()));
    let tell = |who: &str, nanos: u64| {
        let (nanos, each) = (nanos as f64, f64::from(calls) * 1e3);
        let share = nanos / 1e7 / elapsed.as_secs_f64();
        println!(
            "{who}: {:.1} µs of processor time a call, {share:.0} % of one core",
            nanos / each
        );
    };
    tell("SIPp", caller);
    tell("daemon", after.keys().map(spent).sum());
    after.keys().for_each(|thread| tell(&format!("  {thread}"), spent(thread)));
    let is_verified = verified.len() == calls as usize;
    Ok(counts.failed == 0 && counts.successful == u64::from(calls) && is_verified && refused == 0)
}

/// What three kinds of callers hear, in turns.
fn uniform(daemon: &Daemon, place: &Path) -> Result<bool, Box<dyn Error>> {
    people::pend(&daemon.socket, FIRST..FIRST + EACH, REFUSED)?;
    let kinds =
        [(0, REFUSED, "awaited"), (EACH, REFUSED, "not awaited"), (2 * EACH, NONE, "no DID")];
    let callers: Vec<_> =
        (0..EACH).flat_map(|n| kinds.map(|(offset, did, _)| (FIRST + offset + n, did))).collect();
    let capture = Capture::start(place, &format!("udp port {PORT}"))?;
    people::ring(place, &callers, 1_000, (CALLER, PORT))?.wait(Duration::from_secs(120), || {})?;
    let heard = hear(&capture.stop()?);
    let mut medians = vec![];
    for (offset, _, name) in kinds {
        let took = |n| heard.get(&(FIRST + offset + n)).copied().and_then(Heard::to_refusal);
        let mut took: Vec<f64> = (0..EACH).filter_map(took).collect();
        took.sort_by(f64::total_cmp);
        medians.push(figures::percentile(&took, 0.5));
        println!("INVITE to refusal, ms, {name:11} ({}): {}", took.len(), figures::spread(took));
    }
    let apart = medians.iter().map(|median| (median - medians[0]).abs());
    Ok(apart.fold(0.0, f64::max) < 1.0 && heard.len() == 3 * EACH as usize)
}

const CALLER: u16 = 25_180;
const PORT: u16 = 25_190;
const RING: Duration = Duration::from_millis(200);
const RINGS: &str = "+46812340000";
const REFUSED: &str = "+46812340001";
const NONE: &str = "+46812340002";
/// Calls of each kind, and the first phone of them.
const EACH: u32 = 10_000;
const FIRST: u32 = 5_000_000;
