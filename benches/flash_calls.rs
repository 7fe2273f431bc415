//! Flash calls through the whole daemon: started over HTTP, rung by SIPp, hung up after a second.
//!
//! `cargo bench --bench flash_calls [-- SECONDS [RATE]]`: 1,000 calls a second for 60 s. Prints what
//! failed and what was sent again, how long the API took, how long after its request an INVITE was
//! on the wire (a capture tells), and what it cost. Fails when a call did not go as planned, or when
//! anything was sent twice.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

#[path = "kit/capture.rs"]
mod capture;
#[path = "kit/cpu.rs"]
mod cpu;
#[path = "kit/daemon.rs"]
mod daemon;
#[path = "kit/exchange.rs"]
mod exchange;
#[path = "kit/figures.rs"]
mod figures;
#[path = "kit/http.rs"]
mod http;
#[path = "kit/load.rs"]
mod load;
#[path = "kit/machine.rs"]
mod machine;
#[path = "kit/sipp.rs"]
mod sipp;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};
use std::{fs, thread};

use capture::{Capture, Datagram};
use daemon::Daemon;
use load::Started;
use sipp::Sipp;

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let lasts = Duration::from_secs(numbers.first().copied().unwrap_or(60).clamp(2, 300));
    let rate = u32::try_from(numbers.get(1).copied().unwrap_or(1_000).clamp(1, 5_000))?;
    let place = figures::place("flash-calls")?;
    println!("{rate} flash calls a second for {lasts:?}, load of the machine {}", machine::load());
    let trunk = Sipp::start("bench-uas-rings-later", TRUNK, &[], (&place, lasts + SPARE))?;
    let daemon = Daemon::start(&place, (PORT, TRUNK), "")?;
    // Only INVITEs: "INVI" begins the datagram.
    let filter = format!("udp dst port {TRUNK} and udp[8:4] = 0x494e5649");
    let capture = Capture::start(&place, &filter)?;
    let (from, before) = (Instant::now(), spent(&daemon, &trunk)?);
    let started = load::flash_calls(&daemon.socket, rate, lasts)?;
    let offered = started.len() as f64;
    let until = Instant::now() + Duration::from_secs(10);
    while daemon.metric("ringproof_calls_total", "")? < offered && Instant::now() < until {
        thread::sleep(Duration::from_millis(100));
    }
    let after = spent(&daemon, &trunk)?;
    let (elapsed, invites) = (from.elapsed(), capture.stop()?);
    let completed = daemon.metric("ringproof_calls_total", "outcome=\"completed\"")?;
    let again = daemon.metric("ringproof_sip_retransmissions_total", "")?;
    let dropped = daemon.metric("ringproof_sip_dropped_total", "")?;
    daemon.stop()?;
    let trunk = trunk.stop()?;
    let refused = started.iter().filter(|start| start.status != 201).count();
    println!("offered {offered}, refused {refused}, completed {completed}");
    println!("sent again or got again {again}, dropped {dropped}");
    println!(
        "the trunk: {} calls as planned, {} not, {} messages sent again",
        trunk.successful, trunk.failed, trunk.sent_again
    );
    println!("API, ms from when it was due:     {}", spread(&started, |start| start.took));
    println!("  of which the client was late:   {}", spread(&started, |start| start.late));
    println!("request to INVITE on the wire, ms: {}", to_wire(&started, &invites));
    for (who, before, after) in [("daemon", before.0, after.0), ("SIPp", before.1, after.1)] {
        let nanos = (after - before) as f64;
        println!(
            "{who}: {:.0} µs of processor time a call, {:.0} % of one core",
            nanos / 1e3 / offered,
            nanos / 1e7 / elapsed.as_secs_f64()
        );
    }
    fs::remove_dir_all(place)?;
    let is_good = refused == 0 && completed == offered && again == 0.0 && trunk.failed == 0;
    if is_good { Ok(()) } else { Err("not every call went as planned, see above".into()) }
}

/// Processor time of the daemon and of the trunk.
fn spent(daemon: &Daemon, trunk: &Sipp) -> std::io::Result<(u64, u64)> {
    Ok((cpu::process_nanos(daemon.pid())?, cpu::process_nanos(trunk.pid())?))
}

fn spread(started: &[Started], of: impl Fn(&Started) -> Duration) -> String {
    figures::spread(started.iter().map(|start| of(start).as_secs_f64() * 1e3).collect())
}

/// From the moment the client sent its request: more than from its acceptance, which nobody sees.
fn to_wire(started: &[Started], invites: &[Datagram]) -> String {
    let mut seen = BTreeMap::new();
    for invite in invites {
        if let Some(phone) = phone(&invite.payload) {
            seen.entry(phone).or_insert(invite.at);
        }
    }
    let wait = |start: &Started| {
        let at = seen.get(&start.phone)?;
        Some(at.saturating_sub(start.sent_at) as f64 / 1e3)
    };
    let waits: Vec<f64> = started.iter().filter_map(wait).collect();
    let missed = started.len() - waits.len();
    format!("{} ({missed} not seen)", figures::spread(waits))
}

/// The last seven digits of the number that an INVITE calls.
fn phone(invite: &[u8]) -> Option<u32> {
    let digits = invite.strip_prefix(b"INVITE sip:+4670")?.get(..7)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

const TRUNK: u16 = 25_160;
const PORT: u16 = 25_170;
const SPARE: Duration = Duration::from_secs(60);
