//! The whole daemon under attack and under too much load.
//!
//! `cargo bench --bench overload [-- SECONDS]`, three scenes of 60 s, 20 s and 20 s by default:
//! strangers pour 100,000 INVITEs a second while flash calls and missed calls go on; the trunk sends
//! ten times what it may, of callers whom nobody waits for, beside nine tenths of what it may of those
//! who are waited for; and the same as fast as one thread can pour. Prints what succeeded, what the
//! memory did, how late phones were hung up, what was answered, and that calls after the flood are
//! answered as before it. Fails when strangers cost more than one call in a thousand, a trunk more than
//! one in ten, a CANCEL is a second late in the first two scenes, or memory grows by 64 MiB.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

#[path = "kit/capture.rs"]
mod capture;
#[path = "kit/daemon.rs"]
mod daemon;
#[path = "kit/exchange.rs"]
mod exchange;
#[path = "kit/figures.rs"]
mod figures;
#[path = "kit/flood.rs"]
mod flood;
#[path = "kit/http.rs"]
mod http;
#[expect(dead_code, reason = "of what the kit measures, this needs only the statuses")]
#[path = "kit/load.rs"]
mod load;
#[path = "kit/machine.rs"]
mod machine;
#[path = "kit/memory.rs"]
mod memory;
#[path = "kit/missed.rs"]
mod missed;
#[path = "kit/people.rs"]
mod people;
#[path = "kit/ring.rs"]
mod ring;
#[path = "kit/sipp.rs"]
mod sipp;

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use capture::Capture;
use daemon::Daemon;
use flood::{Flood, Poured};
use missed::{Heard, hear};
use sipp::{Counts, Sipp};

fn main() -> Result<(), Box<dyn Error>> {
    let seconds = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(60_u32);
    let place = figures::place("overload")?;
    println!("load of the machine {}", machine::load());
    let config = format!(
        "[[did]]\nnumber = \"{DID}\"\nring = \"200ms\"\n[missed_calls]\nring = \"200ms\"\n\
         [trunk.sipp]\nmissed_calls_per_second = {TAKEN_PER_SECOND}\n"
    );
    let trunk = Sipp::start("bench-uas-rings", TRUNK, &[], (&place, Duration::from_secs(600)))?;
    let daemon = Daemon::start(&place, (PORT, TRUNK), &config)?;
    let mut is_good = strangers(&daemon, &place, seconds)?;
    for rate in [10 * TAKEN_PER_SECOND, 200_000] {
        is_good &= too_much(&daemon, &place, rate, seconds.div_ceil(3))?;
    }
    daemon.stop()?;
    trunk.stop()?;
    fs::remove_dir_all(place)?;
    if is_good { Ok(()) } else { Err("less than nine tenths succeeded, see above".into()) }
}

/// F1: 100,000 a second from an address that is no trunk's.
fn strangers(daemon: &Daemon, place: &Path, seconds: u32) -> Result<bool, Box<dyn Error>> {
    println!("\nstrangers, 100,000 INVITEs a second for {seconds} s");
    let calls = seconds * WELL_PER_SECOND;
    people::pend(&daemon.socket, FIRST..FIRST + calls, DID)?;
    let before = memory::resident(&daemon.pid().to_string())?;
    let flood = Flood::start("127.0.0.2:0", to(), 100_000)?;
    let sipp =
        people::ring(place, &callers(FIRST..FIRST + calls), WELL_PER_SECOND, (CALLER, PORT))?;
    let rang = flash_calls(daemon, place, 0, calls)?;
    let counts = sipp.wait(PATIENCE, || {})?;
    tell(flood.stop()?);
    let after = memory::resident(&daemon.pid().to_string())?;
    println!("resident memory: {before} KiB before, {after} KiB after");
    let dropped = daemon.metric("ringproof_sip_dropped_total", "foreign_source")?;
    println!("dropped unread: {dropped}");
    let is_whole = counts.successful as f64 >= f64::from(calls) * 0.999;
    Ok(tell_calls(counts, calls) && is_whole && rang && after.saturating_sub(before) < 64 << 10)
}

/// F4: `rate` a second from the trunk's own address, of callers whom nobody waits for.
fn too_much(
    daemon: &Daemon,
    place: &Path,
    rate: u32,
    seconds: u32,
) -> Result<bool, Box<dyn Error>> {
    println!("\nthe trunk, {rate} INVITEs a second beside {AWAITED_PER_SECOND} that are awaited");
    let calls = seconds * AWAITED_PER_SECOND;
    people::pend(&daemon.socket, rate..rate + calls, DID)?;
    let before = memory::resident(&daemon.pid().to_string())?;
    let flood = Flood::start("127.0.0.1:0", to(), rate)?;
    let sipp =
        people::ring(place, &callers(rate..rate + calls), AWAITED_PER_SECOND, (CALLER, PORT))?;
    let rang = flash_calls(daemon, place, 1_000_000 + rate, seconds * WELL_PER_SECOND)?;
    let counts = sipp.wait(PATIENCE, || {})?;
    tell(flood.stop()?);
    println!(
        "resident memory: {before} KiB before, {} KiB after",
        memory::resident(&daemon.pid().to_string())?
    );
    let shed = daemon.metric("ringproof_shed_total", "missed_call")?;
    println!("calls that got a 503, from the start: {shed}");
    // Beyond what one thread can read, the kernel drops what the trunk says of flash calls as well.
    let is_good = tell_calls(counts, calls) && (rang || rate > RATE_READ);
    // Back to normal: calls that begin right after the last of the flood.
    let (first, after) = (2_000_000 + rate, 2 * AWAITED_PER_SECOND);
    people::pend(&daemon.socket, first..first + after, DID)?;
    let capture = Capture::start(place, &format!("udp port {PORT} and udp port {CALLER}"))?;
    let from = Instant::now();
    let sipp =
        people::ring(place, &callers(first..first + after), AWAITED_PER_SECOND, (CALLER, PORT))?;
    let counts = sipp.wait(PATIENCE, || {})?;
    let heard = hear(&capture.stop()?);
    let took = heard.values().copied().filter_map(Heard::to_refusal).map(|took| took - 200.0);
    let mut took: Vec<f64> = took.collect();
    took.sort_by(f64::total_cmp);
    println!("afterwards, in {:.1} s:", from.elapsed().as_secs_f64());
    println!("  INVITE to refusal beyond the ring time, ms: {}", figures::spread(took.clone()));
    let is_normal = counts.failed == 0 && figures::percentile(&took, 0.99) < 100.0;
    Ok(tell_calls(counts, after) && is_normal && is_good)
}

fn tell(poured: Poured) {
    println!(
        "poured {} in {:.1} s ({:.0} a second), {:.1} MB; {} answers, {:.1} MB",
        poured.sent,
        poured.lasted.as_secs_f64(),
        poured.sent as f64 / poured.lasted.as_secs_f64(),
        poured.bytes_sent as f64 / 1e6,
        poured.got,
        poured.bytes_got as f64 / 1e6,
    );
}

fn tell_calls(counts: Counts, calls: u32) -> bool {
    println!(
        "missed calls: {} of {calls} as planned, {} not, {} messages sent again",
        counts.successful, counts.failed, counts.sent_again
    );
    counts.successful as f64 >= f64::from(calls) * 0.9
}

/// F10: flash calls while that goes on, and how exactly their phones rang.
fn flash_calls(
    daemon: &Daemon,
    place: &Path,
    first: u32,
    calls: u32,
) -> Result<bool, Box<dyn Error>> {
    let body = |n| format!("{{\"to\":\"+4670{:07}\",\"method\":\"flash_call\"}}", first + n);
    let capture = Capture::start(place, &format!("udp port {TRUNK}"))?;
    let started = load::starts(&daemon.socket, (WELL_PER_SECOND, calls), &body)?;
    // The last ones ring for a second.
    thread::sleep(2 * RING);
    let late = ring::errors(&capture.stop()?, RING)?;
    let accepted = started.iter().filter(|start| start.status == 201).count();
    println!("flash calls: {accepted} of {calls} accepted, {} hung up", late.len());
    let worst = late.iter().copied().fold(0.0, f64::max);
    println!("  from plan to CANCEL, ms: {}", figures::spread(late.clone()));
    Ok(late.len() as f64 >= f64::from(calls) * 0.999 && worst < 1_000.0)
}

fn callers(phones: std::ops::Range<u32>) -> Vec<(u32, &'static str)> {
    phones.map(|phone| (phone, DID)).collect()
}

fn to() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], PORT))
}

const TRUNK: u16 = 25_200;
const CALLER: u16 = 25_210;
const PORT: u16 = 25_220;
const DID: &str = "+46812340000";
/// More than one shard reads in a second on any machine that this was tried on.
const RATE_READ: u32 = 100_000;
/// What the trunk may send.
const TAKEN_PER_SECOND: u32 = 1_000;
const AWAITED_PER_SECOND: u32 = 900;
/// What the daemon's configuration says of flash calls.
const RING: Duration = Duration::from_secs(1);
/// Calls of each kind beside the strangers, and flash calls in the other scenes.
const WELL_PER_SECOND: u32 = 20;
/// The first phone that rings beside the strangers: none of those of the flash calls.
const FIRST: u32 = 4_000_000;
const PATIENCE: Duration = Duration::from_secs(300);
