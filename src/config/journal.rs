//! `[journal]`: where what clients were told is kept, what it survives, and how long events stay in it.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kind::{self, Kind, Refusal};
use super::section::Section;
use crate::store::settings::WINDOW_MAX;
use crate::store::{Durability, Settings};

/// Where the journal is, and how it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Journal {
    /// Its file.
    pub path: PathBuf,
    /// How it is written.
    pub settings: Settings,
    /// Events that can be replayed from it, as long as they are not older than `events_kept_for`.
    pub events_kept: usize,
    /// How long they can be, as long as they are not more than `events_kept`.
    pub events_kept_for: Duration,
}

/// Reads the section.
pub(super) fn read(mut section: Section<'_>, base: &Path) -> Journal {
    let shipped = Settings::default();
    let durability =
        kind::choice(&[("power", Durability::Power), ("process", Durability::Process)]);
    let journal = Journal {
        path: section.or("path", &file(base), base.join(PATH)),
        settings: Settings {
            durability: section.or("durability", &durability, shipped.durability),
            window: section.or(
                "window",
                &kind::duration(Duration::ZERO..=WINDOW_MAX),
                shipped.window,
            ),
            cache_bytes: section.or("cache", &kind::size(CACHE), shipped.cache_bytes),
        },
        events_kept: section.or("events_kept", &kind::whole(1..=EVENTS_MAX), EVENTS_KEPT),
        events_kept_for: section.or("events_kept_for", &kind::duration(KEPT_FOR), EVENTS_KEPT_FOR),
    };
    section.finish();
    journal
}

fn file(base: &Path) -> Kind<PathBuf> {
    let base = base.to_owned();
    Kind::text("the path of a file, from the directory of this file", move |text| {
        let is_file = !text.is_empty() && !text.ends_with('/');
        is_file.then(|| base.join(text)).ok_or(Refusal::Unlike)
    })
}

/// Where packages put what a service must not lose.
const PATH: &str = "/var/lib/ringproof/journal";
const EVENTS_KEPT: usize = 100_000;
const EVENTS_KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const CACHE: RangeInclusive<usize> = 1 << 20..=1 << 30;
/// At some 500 bytes each they are 5 GB.
const EVENTS_MAX: usize = 10_000_000;
const KEPT_FOR: RangeInclusive<Duration> =
    Duration::from_secs(60)..=Duration::from_secs(30 * 24 * 60 * 60);
