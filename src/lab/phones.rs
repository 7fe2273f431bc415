//! The call logs of the phones.
//!
//! Bounds: as many phones as the settings say, [`ENTRIES_MAX`] lines each.

use std::collections::{BTreeMap, VecDeque};

use super::event::Entry;
use super::number::Number;

/// The phones that have been called.
#[derive(Debug)]
pub(super) struct Phones {
    limit: usize,
    logs: BTreeMap<Number, Log>,
    /// The phones by the time of their last line.
    by_age: BTreeMap<u64, Number>,
    written: u64,
}

#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<Entry>,
    age: u64,
}

impl Phones {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), logs: BTreeMap::new(), by_age: BTreeMap::new(), written: 0 }
    }

    /// Appends a line to the log of its phone.
    pub(super) fn write(&mut self, entry: Entry) {
        self.written += 1;
        let log = self.logs.entry(entry.phone).or_default();
        self.by_age.remove(&log.age);
        log.age = self.written;
        self.by_age.insert(log.age, entry.phone);
        if log.entries.len() == ENTRIES_MAX {
            log.entries.pop_front();
        }
        log.entries.push_back(entry);
        if self.logs.len() > self.limit
            && let Some((_, quietest)) = self.by_age.pop_first()
        {
            self.logs.remove(&quietest);
        }
    }

    /// The log of a phone, oldest line first.
    pub(super) fn log(&self, phone: Number) -> impl Iterator<Item = &Entry> {
        self.logs.get(&phone).into_iter().flat_map(|log| &log.entries)
    }
}

/// As many lines as a phone's call log shows on its first pages.
const ENTRIES_MAX: usize = 20;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::event::Ending;
    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an Instant cannot be made from nothing")]
    fn old_lines_and_quiet_phones_are_forgotten() {
        let at = Instant::now();
        let number = |digits: usize| Number::read(digits.to_string().as_bytes()).unwrap();
        let entry = |phone: usize, rang: u64| Entry {
            phone: number(phone),
            caller_id: None,
            at,
            rang_for: Duration::from_secs(rang),
            ending: Ending::Missed,
        };
        let mut phones = Phones::new(2);
        phones.write(entry(1, 0));
        for rang in 0..25 {
            phones.write(entry(2, rang));
        }
        let rang: Vec<u64> = phones.log(number(2)).map(|entry| entry.rang_for.as_secs()).collect();
        assert_eq!(rang, (5..25).collect::<Vec<u64>>());
        phones.write(entry(1, 1));
        phones.write(entry(3, 0));
        let lines = [1, 2, 3].map(|phone| phones.log(number(phone)).count());
        assert_eq!(lines, [2, 0, 1]);
        assert_eq!(phones.by_age.len(), 2);
    }
}
