//! What readers of events and receivers of webhooks count on, over all lives of a daemon: numbers follow
//! each other without gaps, each is given once and for one thing, what was told is told again word for
//! word, and a message to a receiver is there for each event that it wants, and for no other.

use std::collections::BTreeMap;

use crate::broken::{Rule, Verdict, ensure};

/// What one daemon has told.
#[derive(Default)]
pub(crate) struct Numbers {
    heard: BTreeMap<u64, Box<[u8]>>,
}

/// An event on disk.
pub(crate) struct Written {
    pub(crate) sequence: u64,
    pub(crate) body: Box<[u8]>,
    /// Whether the receiver of webhooks wants it.
    pub(crate) is_wanted: bool,
}

impl Numbers {
    /// Readers hear of an event.
    pub(crate) fn on_told(&mut self, sequence: u64, body: &[u8]) -> Verdict {
        let last = self.last();
        ensure(last.is_none_or(|last| sequence == last + 1), Rule::Events, || {
            format!("event {sequence} comes after {last:?}")
        })?;
        self.heard.insert(sequence, body.into());
        Ok(())
    }

    /// The last that readers have heard of.
    pub(crate) fn last(&self) -> Option<u64> {
        self.heard.last_key_value().map(|(sequence, _)| *sequence)
    }

    /// All events that a journal holds, oldest first, and the number that it gives next.
    pub(crate) fn on_found(&self, found: &[Written], next: u64) -> Verdict {
        let mut numbers = found.iter().map(|event| event.sequence);
        let first = self.heard.first_key_value().map(|(first, _)| *first).or(numbers.next());
        let Some(first) = first else { return Ok(()) };
        let is_gapless = found.iter().map(|event| event.sequence).eq(first..next);
        ensure(is_gapless, Rule::Events, || {
            let found = found.iter().map(|event| event.sequence).collect::<Vec<_>>();
            format!("the events from {first} to {next} are {found:?}")
        })?;
        ensure(self.last().is_none_or(|last| last < next), Rule::Events, || {
            format!("{:?} was told, and the next is {next}", self.last())
        })?;
        let other = found.iter().find(|event| {
            self.heard.get(&event.sequence).is_some_and(|heard| *heard != event.body)
        });
        ensure(other.is_none(), Rule::Events, || {
            let sequence = other.map(|event| event.sequence);
            format!("event {sequence:?} is not what was told")
        })
    }

    /// All messages that wait for the receiver, as numbers and bodies; nobody takes them.
    pub(crate) fn on_messages(
        found: &[Written],
        messages: &BTreeMap<u64, Vec<Box<[u8]>>>,
    ) -> Verdict {
        for event in found {
            let of_it = messages.get(&event.sequence).map(Vec::as_slice).unwrap_or_default();
            let is_right = match event.is_wanted {
                true => matches!(of_it, [body] if *body == event.body),
                false => of_it.is_empty(),
            };
            ensure(is_right, Rule::Events, || {
                let (sequence, count) = (event.sequence, of_it.len());
                format!("event {sequence} has {count} messages: wanted {}", event.is_wanted)
            })?;
        }
        let known = |sequence: &u64| found.iter().any(|event| event.sequence == *sequence);
        let stray = messages.keys().find(|sequence| !known(sequence));
        ensure(stray.is_none(), Rule::Events, || format!("a message of no event: {stray:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(sequence: u64, body: &str, is_wanted: bool) -> Written {
        Written { sequence, body: body.as_bytes().into(), is_wanted }
    }

    fn told() -> Numbers {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.on_told(7, b"a"), Ok(()));
        assert_eq!(numbers.on_told(8, b"b"), Ok(()));
        numbers
    }

    #[test]
    fn s08_a_number_that_is_left_out_or_given_twice_is_noticed() {
        for wrong in [7, 8, 10] {
            assert!(told().on_told(wrong, b"c").is_err(), "{wrong}");
        }
        assert_eq!(told().on_told(9, b"c"), Ok(()));
    }

    #[test]
    fn s08_an_event_that_is_lost_or_changed_by_a_crash_is_noticed() {
        let (seven, eight) = (|| written(7, "a", false), || written(8, "b", false));
        assert_eq!(told().on_found(&[seven(), eight()], 9), Ok(()));
        assert_eq!(told().on_found(&[seven(), eight(), written(9, "c", true)], 10), Ok(()));
        assert!(told().on_found(&[seven()], 8).is_err(), "the last");
        assert!(told().on_found(&[eight()], 9).is_err(), "the first");
        assert!(told().on_found(&[seven(), eight()], 10).is_err(), "a gap behind it");
        assert!(told().on_found(&[seven(), written(8, "c", false)], 9).is_err(), "another");
    }

    #[test]
    fn s08_a_message_that_is_missing_doubled_or_too_many_is_noticed() {
        let found = [written(7, "a", true), written(8, "b", false)];
        let check = |messages: &[(u64, &[&str])]| {
            let body = |body: &&str| Box::from(body.as_bytes());
            let of = |(sequence, bodies): &(u64, &[&str])| {
                (*sequence, bodies.iter().map(body).collect())
            };
            Numbers::on_messages(&found, &messages.iter().map(of).collect()).is_ok()
        };
        assert!(check(&[(7, &["a"])]));
        assert!(!check(&[]), "none");
        assert!(!check(&[(7, &["b"])]), "another's");
        assert!(!check(&[(7, &["a", "a"])]), "twice");
        assert!(!check(&[(7, &["a"]), (8, &["b"])]), "not asked for");
        assert!(!check(&[(7, &["a"]), (9, &["c"])]), "of nothing");
    }
}
