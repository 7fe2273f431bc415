//! What a value may be: how it is read, and the words for what would be accepted.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml_edit::Value;

/// What a value may be.
pub(super) struct Kind<T> {
    /// What would be accepted, in words.
    pub(super) accepted: String,
    /// Whether the value must not be repeated in a message.
    pub(super) secret: bool,
    read: Read<T>,
}

type Read<T> = Box<dyn Fn(&Value) -> Result<T, Refusal>>;

/// Why a value is not what it may be.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is another kind of thing; the words for what would be accepted say it all.
    Unlike,
    /// It looks right, but.
    Because(String),
}

impl<T: 'static> Kind<T> {
    /// A value that `read` understands.
    pub(super) fn new(
        accepted: impl Into<String>,
        read: impl Fn(&Value) -> Result<T, Refusal> + 'static,
    ) -> Self {
        Self { accepted: accepted.into(), secret: false, read: Box::new(read) }
    }

    /// A text that `read` understands.
    pub(super) fn text(
        accepted: impl Into<String>,
        read: impl Fn(&str) -> Result<T, Refusal> + 'static,
    ) -> Self {
        Self::new(accepted, move |value| read(value.as_str().ok_or(Refusal::Unlike)?))
    }

    /// A text that is never repeated in a message.
    pub(super) fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Reads one value.
    pub(super) fn read(&self, value: &Value) -> Result<T, Refusal> {
        (self.read)(value)
    }
}

/// One of a few words.
pub(super) fn choice<T: Copy + 'static>(words: &'static [(&'static str, T)]) -> Kind<T> {
    let accepted = list_or(words.iter().map(|(word, _)| format!("\"{word}\"")));
    Kind::text(accepted, |text| {
        words.iter().find(|(word, _)| *word == text).map(|(_, it)| *it).ok_or(Refusal::Unlike)
    })
}

/// One of a few whole numbers.
pub(super) fn one_of<T: Copy + 'static>(numbers: &'static [(i64, T)]) -> Kind<T> {
    let accepted = list_or(numbers.iter().map(|(number, _)| number.to_string()));
    Kind::new(accepted, |value| {
        let found = value.as_integer().ok_or(Refusal::Unlike)?;
        numbers
            .iter()
            .find(|(number, _)| *number == found)
            .map(|(_, it)| *it)
            .ok_or(Refusal::Unlike)
    })
}

/// `true` or `false`.
pub(super) fn flag() -> Kind<bool> {
    Kind::new("true or false", |value| value.as_bool().ok_or(Refusal::Unlike))
}

/// A whole number.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> Kind<T>
where
    T: Copy + std::fmt::Display + PartialOrd + TryFrom<i64> + 'static,
{
    let accepted = format!("a whole number between {} and {}", range.start(), range.end());
    Kind::new(accepted, move |value| {
        let number = value.as_integer().and_then(|number| T::try_from(number).ok());
        number.filter(|number| range.contains(number)).ok_or(Refusal::Unlike)
    })
}

/// A probability.
pub(super) fn odds() -> Kind<f64> {
    Kind::new("a number above 0 and up to 1, such as 0.005", |value| {
        let number = value.as_float().or_else(|| (value.as_integer() == Some(1)).then_some(1.0));
        number.filter(|odds| *odds > 0.0 && *odds <= 1.0).ok_or(Refusal::Unlike)
    })
}

/// A length of time: a whole number and a unit.
pub(super) fn duration(range: RangeInclusive<Duration>) -> Kind<Duration> {
    let (start, end) = (show_duration(*range.start()), show_duration(*range.end()));
    Kind::text(format!("a duration between \"{start}\" and \"{end}\""), move |text| {
        parse_duration(text).filter(|duration| range.contains(duration)).ok_or(Refusal::Unlike)
    })
}

/// A size in bytes: a whole number, or a text with a unit.
pub(super) fn size(range: RangeInclusive<usize>) -> Kind<usize> {
    let (start, end) = (show_size(*range.start()), show_size(*range.end()));
    Kind::new(format!("a size between \"{start}\" and \"{end}\""), move |value| {
        let bytes = match value.as_str() {
            Some(text) => parse_scaled(text, &SIZES).and_then(|bytes| usize::try_from(bytes).ok()),
            None => value.as_integer().and_then(|bytes| usize::try_from(bytes).ok()),
        };
        bytes.filter(|bytes| range.contains(bytes)).ok_or(Refusal::Unlike)
    })
}

/// A word for people and machines: metric labels, API values, table names.
pub(super) fn name() -> Kind<std::sync::Arc<str>> {
    Kind::text(NAME, |text| is_name(text).then(|| text.into()).ok_or(Refusal::Unlike))
}

/// Whether [`NAME`] says so.
pub fn is_name(text: &str) -> bool {
    let fits = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

/// What a name has.
pub const NAME: &str = "1 to 32 characters of a-z, 0-9, `-` and `_`";

/// `500us`, `500ms`, `5s`, `10m`, `24h`, `7d`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    parse_scaled(text, &DURATIONS).map(Duration::from_micros)
}

/// `a, b or c`.
pub(super) fn list_or(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<String> = words.into_iter().collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "absent".to_owned(),
    }
}

fn parse_scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

/// As [`parse_duration`] reads it.
pub(super) fn show_duration(duration: Duration) -> String {
    match u64::try_from(duration.as_micros()).unwrap_or(u64::MAX) {
        0 => "0s".to_owned(),
        microseconds => show_scaled(microseconds, &DURATIONS),
    }
}

fn show_size(bytes: usize) -> String {
    show_scaled(bytes as u64, &SIZES)
}

/// In the largest unit that leaves a whole number.
fn show_scaled(amount: u64, units: &[(&str, u64)]) -> String {
    let fits = |scale: u64| amount >= scale && amount.is_multiple_of(scale);
    let (name, scale) = units.iter().rev().find(|(_, scale)| fits(*scale)).unwrap_or(&units[0]);
    format!("{}{name}", amount / scale)
}

const DURATIONS: [(&str, u64); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
    ("d", 86_400_000_000),
];
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_read_as_they_are_shown() {
        for text in ["1us", "500us", "1ms", "500ms", "5s", "90s", "10m", "24h", "7d"] {
            assert!(parse_duration(text).is_some(), "{text}");
        }
        for text in ["", "5", "s", "5 minutes", "-5s", "1.5s", "99999999999999999999s", "٣s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(show_duration(Duration::from_secs(90)), "90s");
        assert_eq!(show_duration(Duration::from_secs(86_400)), "1d");
        assert_eq!(show_duration(Duration::from_micros(1_500)), "1500us");
        assert_eq!(show_duration(Duration::ZERO), "0s");
        assert_eq!(show_size(8 << 20), "8MiB");
        assert_eq!(show_size(0), "0B");
    }
}
