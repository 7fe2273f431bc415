//! `[log]` and `[observe]`: what is told to whom watches.

/// How logs are written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Log {
    /// For people or for machines.
    pub format: Format,
    /// From which level on.
    pub level: Level,
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
    /// Events that may wait for one slow client before it is cut off.
    pub events_queued: usize,
}
