//! What our grammar makes of each torture message, beside what `EXPECTATIONS.tsv` demands.

use std::collections::BTreeMap;
use std::fmt::Write;

use expect_test::expect_file;
use ringproof::sip::Message;
use ringproof::sip::response::Response;

use crate::corpus::{self, Case};

/// The verdict in one word, and why.
pub(crate) fn verdict(octets: &[u8]) -> (String, String) {
    let message = match Message::parse(octets) {
        Ok(message) => message,
        Err(error) => return ("discard".to_owned(), error.to_string()),
    };
    let Err(refusal) = message.check() else { return ("accept".to_owned(), String::new()) };
    if message.status().is_some() {
        return ("discard".to_owned(), refusal.to_string());
    }
    // A refused request is answered, if it says whom to answer.
    let mut answer = Vec::new();
    match Response::new(refusal.status()).write(&message, &mut answer) {
        Ok(()) => (refusal.status().to_string(), refusal.to_string()),
        Err(error) => ("discard".to_owned(), format!("{refusal}; not answered: {error}")),
    }
}

#[test]
fn z01_z02_each_torture_message_gets_the_verdict_that_is_expected() {
    let expected: BTreeMap<_, _> = include_str!("EXPECTATIONS.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            (columns.next().unwrap(), columns.nth(1).unwrap())
        })
        .collect();
    let cases = corpus::torture();
    let found: BTreeMap<_, _> =
        cases.iter().map(|case| (case.name.as_str(), verdict(&case.octets).0)).collect();
    let found: BTreeMap<_, _> = found.iter().map(|(name, word)| (*name, word.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_reasons_of_the_verdicts_are_these() {
    let mut table = String::new();
    for Case { name, octets } in corpus::torture() {
        let (word, why) = verdict(&octets);
        writeln!(table, "{name:<30} {word:<8} {why}").unwrap();
    }
    let trimmed: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    expect_file!["verdicts.txt"].assert_eq(&trimmed);
}

#[test]
fn the_messages_of_a_flash_call_are_accepted() {
    for Case { name, octets } in corpus::flash_call() {
        assert_eq!(verdict(&octets).0, "accept", "{name}");
    }
}
