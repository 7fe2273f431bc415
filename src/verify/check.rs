//! Checking evidence: five digits that a person typed, or a caller ID that an app read.

use super::snapshot::Snapshot;

/// What somebody shows to prove that the phone rang in their hand.
#[derive(Clone, Copy)]
pub enum Evidence<'a> {
    /// The whole caller ID, as an app read it from the call log.
    CallerId(&'a str),
    /// The last five digits, as a person typed them.
    Code(&'a str),
}

/// Why evidence was not looked at. A wrong code is no error: it is a snapshot with fewer attempts.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckError {
    /// It has its final state already.
    #[error("this verification has ended: {}", .0.status.as_str())]
    AlreadyEnded(Box<Snapshot>),
    /// The text cannot be a caller ID. No attempt is counted.
    #[error("a caller ID has 7 to 15 digits and may start with `+` or `00`, found {digits} digits")]
    NotACallerId {
        /// How many digits were found.
        digits: usize,
    },
    /// The text cannot be a code. No attempt is counted.
    #[error("a code is exactly 5 digits 0-9")]
    NotACode,
    /// No such verification, or none that is remembered.
    #[error("no such verification")]
    NotFound,
}
