//! `[log]` and `[observe]`: what is told to whom watches.

use super::kind;
use super::section::Section;
use crate::control::Limits;

/// How logs are written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Log {
    /// For people or for machines.
    pub format: Format,
    /// From which level on.
    pub level: Level,
    /// Lines that may wait for the writer.
    pub lines_max: usize,
}

/// For people or for machines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// Text for a terminal.
    Pretty,
}

/// The least level that is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// Errors alone.
    Error,
    /// And warnings.
    Warn,
    /// And one line for each call and verification.
    Info,
    /// And full numbers.
    Debug,
    /// And everything.
    Trace,
}

/// What is kept to be looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Observe {
    /// Events that a client may ask for again after a lost connection.
    pub events_kept: usize,
}

/// Reads `[log]`.
pub(super) fn read(mut section: Section<'_>) -> Log {
    let formats = kind::choice(&[("json", Format::Json), ("pretty", Format::Pretty)]);
    let levels = kind::choice(&[
        ("error", Level::Error),
        ("warn", Level::Warn),
        ("info", Level::Info),
        ("debug", Level::Debug),
        ("trace", Level::Trace),
    ]);
    let log = Log {
        format: section.or("format", &formats, Format::Pretty),
        level: section.or("level", &levels, Level::Info),
        lines_max: section.or("lines_max", &kind::whole(64..=1_000_000), 65_536),
    };
    section.finish();
    log
}

/// Reads `[observe]`.
pub(super) fn read_observe(mut section: Section<'_>) -> Observe {
    let kept = Limits::default().events_kept;
    let observe =
        Observe { events_kept: section.or("events_kept", &kind::whole(0..=1_000_000), kept) };
    section.finish();
    observe
}
