//! How much of it: from the environment.

use std::env;
use std::time::Duration;

/// What a run is made of.
#[derive(Debug)]
pub(crate) struct Options {
    /// `CRASH_KILLS`
    pub(crate) kills: u32,
    /// `CRASH_SEED`: when it is killed, and what the people do.
    pub(crate) seed: u64,
    /// `CRASH_RATE`: starts in a second.
    pub(crate) rate: u32,
    /// `CRASH_PENDING`: verifications that are pending at once, about.
    pub(crate) pending: u32,
    /// `CRASH_DURABILITY`: `power` or `process`.
    pub(crate) durability: String,
    /// `CRASH_WEBHOOKS`: whether the daemon sends any.
    pub(crate) has_webhooks: bool,
}

impl Options {
    pub(crate) fn read() -> Self {
        Self {
            kills: number("CRASH_KILLS", 30),
            seed: number("CRASH_SEED", 1).into(),
            rate: number("CRASH_RATE", 100),
            pending: number("CRASH_PENDING", 500),
            durability: env::var("CRASH_DURABILITY").unwrap_or_else(|_| "power".to_owned()),
            has_webhooks: number("CRASH_WEBHOOKS", 1) != 0,
        }
    }

    /// How many in a thousand people do nothing until their verification expires, so that so many
    /// are pending at once.
    pub(crate) fn sleepers(&self) -> u32 {
        let others = 2; // seconds that the others are pending, about
        let sleeping = self.pending.saturating_sub(others * self.rate);
        let seconds = u32::try_from(EXPIRES_IN.as_secs()).expect("it is short");
        (1_000 * sleeping / (seconds * self.rate)).clamp(50, 800)
    }
}

fn number(name: &str, default: u32) -> u32 {
    let said = env::var(name).ok().filter(|said| !said.is_empty());
    said.map_or(default, |said| said.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// The least that the API takes.
pub(crate) const EXPIRES_IN: Duration = Duration::from_secs(30);
