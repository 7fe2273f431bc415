//! `[verify]`: how long, how often and for whom. Read into the settings of the room `verify`, whose
//! defaults are the defaults here.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::country::country;
use super::kind::{self, Kind, Refusal};
use super::section::Section;
use crate::verify::settings::{
    ATTEMPTS_MAX, Bounds, CALLS_MAX, EXPIRY_MAX, EXPIRY_MIN, Limit, Limits, Prefix, Settings,
    WINDOW_MAX,
};

/// Reads `[verify]`. Pools, DIDs, missed calls and shards are filled in by who reads them.
pub(super) fn read(mut section: Section<'_>) -> Settings {
    let default = Settings::default();
    let expiry = kind::duration(EXPIRY_MIN..=EXPIRY_MAX);
    let settings = Settings {
        pools: Vec::new(),
        dids: Vec::new(),
        missed_calls: default.missed_calls,
        shards: 1,
        attempts: section.or("attempts", &kind::whole(1..=ATTEMPTS_MAX), default.attempts),
        calls: section.or("calls", &kind::whole(1..=CALLS_MAX), default.calls),
        expires_in: section.or("expires_in", &expiry, default.expires_in),
        expires_in_max: section.or("expires_max", &expiry, default.expires_in_max),
        keep_ended: section.or("keep_ended", &kind::duration(KEPT), default.keep_ended),
        reuse_window: section.or("reuse_window", &kind::duration(REUSE), default.reuse_window),
        max_guess_odds: section.or("max_guess_odds", &kind::odds(), default.max_guess_odds),
        countries: section.values("countries", &country()).unwrap_or(default.countries),
        refused: section.values("refused_prefixes", &prefix()).unwrap_or(default.refused),
        limits: read_limits(&mut section, default.limits),
        bounds: read_bounds(&mut section, default.bounds),
    };
    if settings.expires_in > settings.expires_in_max {
        let key = if section.has("expires_in") { "expires_in" } else { "expires_max" };
        let times = [settings.expires_in, settings.expires_in_max].map(kind::show_duration);
        let found = format!("\"{}\" by default, \"{}\" at most", times[0], times[1]);
        section.refuse(key, &found, "such that `expires_in` is not above `expires_max`");
    }
    section.finish();
    settings
}

fn read_limits(section: &mut Section<'_>, default: Limits) -> Limits {
    let count = kind::whole(1..=100_u8);
    let lock = kind::duration(LOCK);
    let limits = Limits {
        phone: section.values("starts_per_phone", &limit()).unwrap_or(default.phone),
        prefix: section.values("starts_per_prefix", &limit()).unwrap_or(default.prefix),
        wrong_codes_lock: section.or("wrong_codes_lock", &count, default.wrong_codes_lock),
        lock: section.or("lock", &lock, default.lock),
        wrong_codes_stop: section.or("wrong_codes_stop", &count, default.wrong_codes_stop),
        hard_lock: section.or("hard_lock", &lock, default.hard_lock),
    };
    if limits.wrong_codes_stop < limits.wrong_codes_lock {
        let key =
            if section.has("wrong_codes_stop") { "wrong_codes_stop" } else { "wrong_codes_lock" };
        let found = format!(
            "a stop at {} before a lock at {}",
            limits.wrong_codes_stop, limits.wrong_codes_lock
        );
        section.refuse(key, &found, "such that `wrong_codes_lock` comes first");
    }
    limits
}

fn read_bounds(section: &mut Section<'_>, default: Bounds) -> Bounds {
    let size = kind::whole(1..=TABLE_MAX);
    Bounds {
        pending_max: section.or("pending_max", &size, default.pending_max),
        ended_max: section.or("ended_max", &size, default.ended_max),
        phones_max: section.or("phones_max", &size, default.phones_max),
        prefixes_max: section.or("prefixes_max", &size, default.prefixes_max),
    }
}

/// `3 in 10m`.
fn limit() -> Kind<Limit> {
    let accepted = "a limit such as \"3 in 10m\", at least 1 in at most 7d";
    Kind::text(accepted, |text| {
        let (count, window) = text.split_once(" in ").ok_or(Refusal::Unlike)?;
        let count = count.parse().ok().filter(|count| *count > 0).ok_or(Refusal::Unlike)?;
        let window = kind::parse_duration(window).ok_or(Refusal::Unlike)?;
        let good = !window.is_zero() && window <= WINDOW_MAX;
        good.then_some(Limit { count, window }).ok_or(Refusal::Unlike)
    })
}

fn prefix() -> Kind<Prefix> {
    Kind::text("the first digits of numbers, such as \"+4470\"", |text| {
        Prefix::parse(text).map_err(|_| Refusal::Unlike)
    })
}

const KEPT: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * 60 * 60);
const REUSE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(30 * 24 * 60 * 60);
const LOCK: RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(30 * 24 * 60 * 60);
const TABLE_MAX: usize = 100_000_000;
