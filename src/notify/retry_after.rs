//! `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. Of the three forms of a date only the
//! IMF-fixdate is read, which is the only one that senders may still generate (§5.6.7).

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use crate::time::Micros;

/// How long the receiver asks to be left alone, from `now` on; at most [`RETRY_AFTER_MAX`].
pub(super) fn read(value: &str, now: Micros) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.bytes().all(|octet| octet.is_ascii_digit()) {
        // Longer than a number can say is long.
        true if !value.is_empty() => Duration::from_secs(value.parse().unwrap_or(u64::MAX)),
        true => return None,
        false => {
            let at = DateTimeParser::new().parse_timestamp(value).ok()?.as_second();
            let seconds = at.saturating_sub(i64::try_from(now.0 / 1_000_000).unwrap_or(i64::MAX));
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// A receiver that asks for more is mistaken, or its clock is.
pub(super) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w02_seconds_and_dates_are_read_and_bounded() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = Micros(784_111_777_000_000);
        let check = |value: &str, expected: Option<u64>| {
            assert_eq!(read(value, now), expected.map(Duration::from_secs), "{value}");
        };
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("99999999999999999999999", Some(3_600));
        check("Sun, 06 Nov 1994 08:50:00 GMT", Some(23));
        check("Sun, 06 Nov 1994 08:49:00 GMT", Some(0));
        check("Tue, 08 Nov 1994 08:49:37 GMT", Some(3_600));
        for value in ["", "-1", "1.5", "soon", "Sunday, 06-Nov-94 08:49:37 GMT"] {
            check(value, None);
        }
    }
}
