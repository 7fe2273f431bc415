//! What the machine's clocks show. The only place of this room that reads them.

#![expect(clippy::disallowed_methods, reason = "the writer is an edge: it reads the clocks")]

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::clock::Reading;
use crate::time::Micros;

impl Reading {
    /// What they show now.
    pub fn system() -> Self {
        let text = |path| fs::read_to_string(path).unwrap_or_default();
        let boot = text("/proc/sys/kernel/random/boot_id").trim().replace('-', "");
        let uptime = text("/proc/uptime");
        let seconds = uptime.split(' ').next().and_then(|seconds| seconds.parse().ok());
        let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self {
            instant: Instant::now(),
            wall: wall(),
            // Without them the wall clock has to do.
            boot: u128::from_str_radix(&boot, 16).unwrap_or(0),
            uptime: seconds.unwrap_or_default(),
        }
    }

    /// What they show now, by a reading of before: asks no file.
    pub(super) fn again(&self) -> Self {
        let instant = Instant::now();
        let uptime = self.uptime + instant.saturating_duration_since(self.instant);
        Self { instant, wall: wall(), uptime, ..*self }
    }
}

fn wall() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
