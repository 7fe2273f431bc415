//! `[[pool]]`: the numbers that flash calls come from, and the trunks that take them.

mod cautions;

use std::sync::Arc;

use super::kind;
use super::load::Trunks;
use super::numbers::{Written, again, number_range};
use super::routes;
use super::section::{Placed, Section};
use crate::verify::settings::{POOLS_MAX, PoolSettings, Settings};
use crate::verify::{NumberRange, distinct_codes};

/// Which trunks carry the calls of a pool. Its numbers are in [`Settings::pools`], under the same
/// index.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pool {
    /// Its name in the API.
    pub name: Arc<str>,
    /// Indices into [`Config::trunks`](super::Config::trunks), in the order of preference. Never
    /// empty.
    pub trunks: Vec<u16>,
}

/// Reads every `[[pool]]`; the numbers go into `settings`.
pub(super) fn read(root: &mut Section<'_>, trunks: &Trunks, settings: &mut Settings) -> Vec<Pool> {
    let sections = root.sections("pool");
    if !root.has("pool") && !root.has("did") {
        let accepted =
            "at least one `[[pool]]` with `name` and `numbers`, or one `[[did]]` with `number`";
        root.refuse("pool", "missing", accepted);
    }
    root.at_most("pool", POOLS_MAX);
    let mut pools: Vec<Pool> = Vec::new();
    let mut all: Vec<(Placed<Written>, usize)> = Vec::new();
    for mut section in sections {
        let Some((pool, numbers)) = read_one(&mut section, trunks, settings) else {
            section.finish();
            continue;
        };
        if pools.iter().any(|other| other.name == pool.name) {
            let found = format!("\"{}\" for the second time", pool.name);
            section.refuse("name", &found, "a name of its own");
        }
        let ranges = numbers.iter().map(|placed| placed.value.range).collect();
        settings.pools.push(PoolSettings { name: pool.name.clone(), numbers: ranges });
        all.extend(numbers.into_iter().map(|placed| (placed, pools.len())));
        pools.push(pool);
        section.finish();
    }
    cautions::of_shared(root, &all, &pools);
    cautions::of_odd(root, &all, &pools);
    pools
}

fn read_one(
    section: &mut Section<'_>,
    trunks: &Trunks,
    settings: &Settings,
) -> Option<(Pool, Vec<Placed<Written>>)> {
    let name = section.required("name", &kind::name());
    let numbers = section.list("numbers", &number_range());
    if !section.has_items("numbers") {
        let found = if numbers.is_none() { "missing" } else { "empty" };
        section.refuse("numbers", found, "a list such as [\"+46876500[000-999]\"]");
    }
    let numbers = numbers.unwrap_or_default();
    let ranges: Vec<_> = numbers.iter().map(|placed| placed.value.range).collect();
    for (later, earlier) in again(&ranges) {
        let [later, earlier] = [later, earlier].map(|index| &numbers[index]);
        let found = format!(
            "\"{}\", which repeats numbers of \"{}\"",
            later.value.text, earlier.value.text
        );
        section.refuse_at(later.place.clone(), &found, "such that each number is listed once");
    }
    // What could not be read may hold the numbers that are lacking.
    if numbers.len() == section.count("numbers") && !numbers.is_empty() {
        check_odds(section, &ranges, settings);
    }
    let trunks = routes::read(section, trunks);
    Some((Pool { name: name?, trunks }, numbers))
}

/// Guessing must stay hopeless: a pool that is too small must not start.
fn check_odds(section: &Section<'_>, numbers: &[NumberRange], settings: &Settings) {
    // Numbers that are too scattered are another problem, which starting finds.
    let Some(distinct) = distinct_codes(numbers) else { return };
    let (attempts, needed) = (settings.attempts, settings.codes_needed());
    if distinct < needed {
        let found = match distinct {
            1 => "1 code".to_owned(),
            _ => format!("{distinct} different codes"),
        };
        let accepted = format!(
            "at least {needed} different last five digits: {attempts} `verify.attempts` over {} \
             `verify.max_guess_odds`",
            settings.max_guess_odds
        );
        section.refuse("numbers", &found, &accepted);
    }
}
