//! Moments as they are printed, in UTC.

use std::time::Instant;

use jiff::Timestamp;

use crate::time::WallClock;

/// RFC 3339, for programs.
pub(super) fn stamp(wall: &WallClock, at: Instant) -> String {
    let micros = i64::try_from(wall.at(at).0).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX).to_string()
}

/// Hours to milliseconds, for people.
pub(super) fn time_of_day(wall: &WallClock, at: Instant) -> String {
    let millis = wall.at(at).0 / 1_000 % 86_400_000;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{:02}:{:02}:{seconds:02}.{millis:03}", minutes / 60, minutes % 60)
}
