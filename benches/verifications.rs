//! Whole verifications through the real daemon, its journal on a real disk: started over HTTP, rung by
//! a trunk, the right code typed once the call has ended.
//!
//! `cargo bench --bench verifications` does all three parts with their defaults, in about 14 minutes;
//! `-- PART [NUMBERS]` does one:
//!
//! * `load [SECONDS [RATE]]`: 2,000 verifications a second for 60 s. What failed and was sent again, how
//!   long replies took, how long after its request an INVITE was on the wire, what each verification
//!   cost and wrote, by thread. Fails when one of them did not go as it should, or p99 of the
//!   answer to a start is above 15 ms.
//! * `growth [SECONDS [RATE]]`: 500 a second for 10 minutes, everything kept as shortly as it can be.
//!   File and memory each 30 s, and what the file has when it is compacted. Fails when the second half
//!   grew, or the file is more than twice what lives.
//! * `recovery [PENDING…]`: daemons with 10,000 and 1,000,000 pending are killed under load. How long
//!   until the next is ready, and answers a start. Fails above 200 ms and 10 s, when one was lost, or
//!   when one of the first 100 starts was refused.
//!
//! The journal is in the folder for temporary files: `TMPDIR` names another.

#![expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and waits")]

#[path = "kit/cpu.rs"]
mod cpu;
#[path = "kit/crowd.rs"]
mod crowd;
#[path = "kit/daemon.rs"]
mod daemon;
#[path = "kit/disk.rs"]
mod disk;
#[path = "kit/exchange.rs"]
mod exchange;
#[path = "kit/figures.rs"]
mod figures;
#[path = "verifications/growth.rs"]
mod growth;
#[path = "kit/http.rs"]
mod http;
#[expect(dead_code, reason = "these starts are followed by checks")]
#[path = "kit/load.rs"]
mod load;
#[path = "kit/machine.rs"]
mod machine;
#[path = "kit/memory.rs"]
mod memory;
#[path = "kit/past.rs"]
mod past;
#[path = "kit/records.rs"]
mod records;
#[path = "verifications/recovery.rs"]
mod recovery;
#[path = "kit/threads.rs"]
mod threads;
#[path = "kit/trunk.rs"]
mod trunk;
#[path = "verifications/whole.rs"]
mod whole;

use std::error::Error;
use std::fs;
use std::path::Path;

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    // cargo says `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let numbers: Vec<u32> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let part = words.first().map_or("all", String::as_str);
    let number = |nth: usize, default| numbers.get(nth).copied().unwrap_or(default);
    let mut misses = vec![];
    if matches!(part, "all" | "load") {
        let (seconds, rate) = (number(0, 60), number(1, 2_000));
        misses.extend(within("load", |place| whole::run(place, seconds, rate))?);
    }
    if matches!(part, "all" | "growth") {
        let (seconds, rate) = (number(0, 600), number(1, 500));
        misses.extend(within("growth", |place| growth::run(place, seconds, rate))?);
    }
    if matches!(part, "all" | "recovery") {
        let counts = if numbers.is_empty() { vec![10_000, 1_000_000] } else { numbers };
        for pending in counts {
            misses.extend(within("recovery", |place| recovery::run(place, pending))?);
        }
    }
    match (part, misses.as_slice()) {
        ("all" | "growth" | "load" | "recovery", []) => Ok(()),
        ("all" | "growth" | "load" | "recovery", _) => Err(misses.join("; ").into()),
        _ => Err(format!("there is no part {part}: load, growth or recovery").into()),
    }
}

/// Has a part run in a folder of its own. What it returns was missed.
fn within(
    part: &str,
    run: impl FnOnce(&Path) -> Result<Vec<String>, Failed>,
) -> Result<Vec<String>, Failed> {
    let place = figures::place(part)?;
    let filesystem = disk::filesystem(&place)?;
    println!("\n{part}: journal on {filesystem}, load of the machine {}", machine::load());
    let result = match filesystem.starts_with("tmpfs ") {
        true => Err("this is no disk: set TMPDIR to a folder on one".into()),
        false => run(&place),
    };
    fs::remove_dir_all(place)?;
    result
}

/// A port for each part: what an earlier one left in the kernel cannot be taken for this one's.
const LOAD: (u16, u16) = (25_210, 25_211);
const GROWTH: (u16, u16) = (25_220, 25_221);
const RECOVERY: (u16, u16) = (25_230, 25_231);
/// Connections: as many as an application's pool, and so many that a reply may take 60 ms before the
/// next request waits for it.
fn connections(rate: u32) -> usize {
    (rate as usize / 8).clamp(128, 800)
}
