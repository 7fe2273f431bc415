//! What the machine's clocks show. The only place of this room that reads them.

#![expect(clippy::disallowed_methods, reason = "the writer is an edge: it reads the clocks")]

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use super::clock::Reading;
use crate::time::Micros;

impl Reading {
    /// What they show now.
    pub fn system() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // Without it the wall clock has to do.
        let boot = u128::from_str_radix(&boot.trim().replace('-', ""), 16).unwrap_or(0);
        Self { instant: Instant::now(), wall: wall(), boot, uptime: uptime() }
    }

    /// What they show now, by a reading of before: asks no file.
    pub(super) fn again(&self) -> Self {
        Self { instant: Instant::now(), wall: wall(), uptime: uptime(), ..*self }
    }
}

/// Since the boot. It runs on while the machine sleeps, which the clock of [`Instant`] does not, so
/// that the one does not follow from the other.
fn uptime() -> Duration {
    // Every Linux since 2.6.39 has this clock.
    clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from).unwrap_or_default()
}

fn wall() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As after a sleep: `Instant` has stood still meanwhile, or here, has run ahead.
    #[test]
    fn d10_the_time_since_boot_is_read_and_not_reckoned() {
        let first = Reading::system();
        let earlier =
            first.instant.checked_sub(Duration::from_secs(60)).expect("it is up for longer");
        let again = Reading { instant: earlier, ..first }.again();
        let passed = again.uptime.checked_sub(first.uptime).expect("it runs");
        assert!(passed < Duration::from_secs(30), "{passed:?}");
        let file = fs::read_to_string("/proc/uptime").expect("Linux has it");
        let seconds: f64 = file.split(' ').next().expect("a word").parse().expect("a number");
        assert!((seconds - again.uptime.as_secs_f64()).abs() < 30.0, "{file}");
    }
}
