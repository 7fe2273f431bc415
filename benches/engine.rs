//! Processor time for each flash call of the SIP engine alone, beside SIPp as the caller.
//!
//! `cargo bench --bench engine [-- SECONDS [REPEATS]]`. At each rate the callers take turns against
//! a fresh SIPp that plays the trunk: INVITE 100 180, 50 ms, CANCEL 200 487 ACK. What is measured is
//! the caller's time alone: of SIPp its process, of the engine its shard's thread, which is all that
//! speaks SIP. Both open calls once in a millisecond. `orders` is the engine given orders all
//! of one verification, which verify has nothing to do for; `verified` has a verification for each,
//! as in the daemon, and shows beside it what a start costs the thread that asks for it.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

#[path = "kit/cpu.rs"]
mod cpu;
#[path = "kit/engine.rs"]
mod engine;
#[path = "kit/figures.rs"]
mod figures;
#[path = "kit/machine.rs"]
mod machine;
#[path = "kit/shard_settings.rs"]
mod shard_settings;
#[path = "kit/sipp.rs"]
mod sipp;

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use engine::{Engine, Orders};
use sipp::Sipp;

/// One run of one caller.
struct Run {
    caller_micros: f64,
    starter_micros: Option<f64>,
    trunk_micros: f64,
    calls: u64,
    failed: u64,
    sent_again: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let lasts = Duration::from_secs(numbers.first().copied().unwrap_or(10).clamp(3, 20));
    let repeats = numbers.get(1).copied().unwrap_or(3).clamp(1, 9) as usize;
    let place = figures::place("engine")?;
    println!("µs of processor time for each flash call, {lasts:?} a run, in the order of running");
    println!("load of the machine {}", machine::load());
    println!("calls/s  caller    caller  starter  trunk    calls  failed  again");
    for rate in [2_000, 8_000] {
        let mut medians = [vec![], vec![], vec![]];
        let mut ratios = [vec![], vec![]];
        for _ in 0..repeats {
            let runs = [
                ("SIPp", sipp(rate, lasts, &place)?),
                ("orders", gateway(rate, lasts, Orders::Bare, &place)?),
                ("verified", gateway(rate, lasts, Orders::Verified, &place)?),
            ];
            for ((name, run), all) in runs.iter().zip(&mut medians) {
                print(rate, name, run);
                all.push(run.caller_micros);
            }
            for ((_, run), all) in runs.iter().skip(1).zip(&mut ratios) {
                all.push(run.caller_micros / runs[0].1.caller_micros);
            }
        }
        let [sipp, orders, verified] = medians.map(median);
        println!("{rate:>7}  medians: SIPp {sipp:.1}, orders {orders:.1}, verified {verified:.1}");
        let [orders, verified] = ratios.map(figures::spread);
        println!("         of SIPp's in the same round: orders {orders}; verified {verified}");
    }
    fs::remove_dir_all(place)?;
    Ok(())
}

fn sipp(rate: u32, lasts: Duration, place: &Path) -> Result<Run, Box<dyn Error>> {
    let trunk = Sipp::start("bench-uas-rings", TRUNK, &[], (place, lasts + SPARE))?;
    let calls = u64::from(rate) * lasts.as_secs();
    let target = format!("127.0.0.1:{TRUNK}");
    let more = ["-r", &rate.to_string(), "-m", &calls.to_string(), &target];
    let caller = Sipp::start("bench-uac-flash", CALLER, &more, (place, lasts + SPARE))?;
    thread::sleep(WARM_UP);
    let (from, before) = (Instant::now(), cpu::process_nanos(caller.pid())?);
    let trunk_before = cpu::process_nanos(trunk.pid())?;
    thread::sleep(lasts.saturating_sub(WARM_UP + COOL_DOWN));
    let spent = cpu::process_nanos(caller.pid())? - before;
    let trunk_spent = cpu::process_nanos(trunk.pid())? - trunk_before;
    // SIPp opens its calls by the clock: those of the window are known, and at the end whether it
    // kept up.
    let window = from.elapsed().as_secs_f64() * f64::from(rate);
    let counts = caller.wait(lasts + SPARE, || {})?;
    let late = from.elapsed() + WARM_UP > lasts + Duration::from_millis(500);
    trunk.stop()?;
    if late {
        println!("{rate:>7}  SIPp did not keep this rate: its time is shown too small");
    }
    Ok(Run {
        caller_micros: spent as f64 / 1e3 / window,
        starter_micros: None,
        trunk_micros: trunk_spent as f64 / 1e3 / window,
        calls: counts.successful,
        failed: counts.failed,
        sent_again: counts.sent_again,
    })
}

fn gateway(
    rate: u32,
    lasts: Duration,
    orders: Orders,
    place: &Path,
) -> Result<Run, Box<dyn Error>> {
    let trunk = Sipp::start("bench-uas-rings", TRUNK, &[], (place, lasts + SPARE))?;
    let mut engine = Engine::start(TRUNK, CALLER, orders)?;
    engine.run_for(rate, WARM_UP)?;
    let (calls_before, before) = (engine.calls(), shard_nanos()?);
    let trunk_before = cpu::process_nanos(trunk.pid())?;
    let starter = engine.run_for(rate, lasts.saturating_sub(WARM_UP + COOL_DOWN))?;
    let spent = shard_nanos()? - before;
    let trunk_spent = cpu::process_nanos(trunk.pid())? - trunk_before;
    let window = (engine.calls() - calls_before) as f64;
    thread::sleep(COOL_DOWN);
    let (calls, sent_again) = (engine.calls(), engine.sent_again());
    engine.stop();
    let counts = trunk.stop()?;
    Ok(Run {
        caller_micros: spent as f64 / 1e3 / window,
        starter_micros: Some(starter.as_nanos() as f64 / 1e3 / window),
        trunk_micros: trunk_spent as f64 / 1e3 / window,
        calls: counts.successful,
        failed: calls - counts.successful,
        sent_again,
    })
}

/// The time that the shard's thread has run.
fn shard_nanos() -> Result<u64, Box<dyn Error>> {
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm"))?.trim_end() == engine::THREAD {
            return Ok(cpu::read(&task)?);
        }
    }
    Err("the shard has no thread".into())
}

fn print(rate: u32, name: &str, run: &Run) {
    let starter = run.starter_micros.map_or("-".to_owned(), |micros| format!("{micros:.1}"));
    println!(
        "{rate:>7}  {name:<9} {:>6.1} {starter:>8} {:>6.1} {:>8} {:>7} {:>6}",
        run.caller_micros, run.trunk_micros, run.calls, run.failed, run.sent_again
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    figures::percentile(&values, 0.5)
}

const TRUNK: u16 = 25_060;
const CALLER: u16 = 25_070;
/// Not measured: the first calls find cold caches and unmapped memory, the last are few.
const WARM_UP: Duration = Duration::from_secs(1);
const COOL_DOWN: Duration = Duration::from_millis(500);
/// What a SIPp may last beyond its run.
const SPARE: Duration = Duration::from_secs(20);
