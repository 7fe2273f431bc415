//! How exactly phones ring: from the 180 to the CANCEL, both as a capture at the trunk saw them,
//! against the second that was planned.
//!
//! `cargo bench --bench ring_time [-- SECONDS [RATE]]`: 500 calls a second for 20 s. Fails when the
//! 99th percentile of the error is above 5 ms, or a call has no pair of 180 and CANCEL.

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
#[path = "kit/http.rs"]
mod http;
#[expect(dead_code, reason = "how long the API took is another benchmark's question")]
#[path = "kit/load.rs"]
mod load;
#[path = "kit/machine.rs"]
mod machine;
#[path = "kit/ring.rs"]
mod ring;
#[path = "kit/sipp.rs"]
mod sipp;

use std::error::Error;
use std::time::Duration;
use std::{fs, thread};

use capture::Capture;
use daemon::Daemon;
use sipp::Sipp;

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let lasts = Duration::from_secs(numbers.first().copied().unwrap_or(20).clamp(2, 120));
    let rate = u32::try_from(numbers.get(1).copied().unwrap_or(500).clamp(1, 5_000))?;
    let place = figures::place("ring-time")?;
    println!("{rate} flash calls a second for {lasts:?}, load of the machine {}", machine::load());
    let trunk = Sipp::start("bench-uas-rings-later", TRUNK, &[], (&place, lasts + SPARE))?;
    let daemon = Daemon::start(&place, (PORT, TRUNK), "")?;
    let capture = Capture::start(&place, &format!("udp port {TRUNK}"))?;
    let started = load::flash_calls(&daemon.socket, rate, lasts)?;
    let accepted = started.iter().filter(|start| start.status == 201).count();
    let late = started.iter().map(|start| start.late.as_secs_f64() * 1e3).collect();
    println!("accepted {accepted} of {}", started.len());
    println!("the client was late, ms:       {}", figures::spread(late));
    // The last calls ring for a second.
    thread::sleep(RING + Duration::from_millis(500));
    let mut rings = ring::errors(&capture.stop()?, RING)?;
    let completed = daemon.metric("ringproof_calls_total", "outcome=\"completed\"")?;
    daemon.stop()?;
    let trunk = trunk.stop()?;
    println!(
        "the trunk: {} calls as planned, {} not, {} messages sent again",
        trunk.successful, trunk.failed, trunk.sent_again
    );
    rings.sort_by(f64::total_cmp);
    let shortest = rings.first().copied().unwrap_or(f64::NAN);
    println!("the shortest ring, ms from plan: {shortest:.2}");
    rings.iter_mut().for_each(|error| *error = error.abs());
    rings.sort_by(f64::total_cmp);
    println!("calls with 180 and CANCEL:     {}, completed {completed}", rings.len());
    println!("error of the ring time, ms:    {}", figures::spread(rings.clone()));
    fs::remove_dir_all(place)?;
    let is_good = rings.len() == accepted && figures::percentile(&rings, 0.99) <= 5.0;
    if is_good { Ok(()) } else { Err("rings are not as exact as they should be".into()) }
}

const TRUNK: u16 = 25_260;
const PORT: u16 = 25_270;
/// What the daemon's configuration says.
const RING: Duration = Duration::from_secs(1);
const SPARE: Duration = Duration::from_secs(60);
