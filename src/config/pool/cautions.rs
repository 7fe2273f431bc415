//! Pools that work and are hardly meant.

use std::collections::BTreeSet;

use super::Pool;
use crate::config::numbers::{Written, again};
use crate::config::section::{Placed, Section};
use crate::number::E164;
use crate::number::plan::{self, Kind};

/// The numbers of all pools, each with the index of its pool.
type All = [(Placed<Written>, usize)];

/// Pools may share numbers, over other trunks for example; mostly it is a slip. One warning for each
/// pool and the one that has its numbers.
pub(super) fn of_shared(root: &Section<'_>, all: &All, pools: &[Pool]) {
    let mut told = BTreeSet::new();
    let ranges: Vec<_> = all.iter().map(|(placed, _)| placed.value.range).collect();
    for (later, earlier) in again(&ranges) {
        let ((placed, pool), (other, holder)) = (&all[later], &all[earlier]);
        if pool != holder && told.insert((pool, holder)) {
            let message = format!(
                "`pool.numbers` of \"{}\" has \"{}\", numbers that pool \"{}\" has in \"{}\"",
                pools[*pool].name, placed.value.text, pools[*holder].name, other.value.text
            );
            root.warn_at(placed.place.clone(), message);
        }
    }
}

/// An operator knows better than a table which numbers are his, but networks that do not know them
/// either may not show them. One warning for each pool and what is odd about its numbers.
pub(super) fn of_odd(root: &Section<'_>, all: &All, pools: &[Pool]) {
    let mut told = BTreeSet::new();
    for (placed, pool) in all {
        let Written { range, text } = &placed.value;
        let Some(why) = [range.first(), range.last()].into_iter().find_map(oddity) else {
            continue;
        };
        if told.insert((pool, why)) {
            let name = &pools[*pool].name;
            let message = format!(
                "`pool.numbers` of \"{name}\" has \"{text}\", {why}: other networks may block such \
                 a caller ID, or show another"
            );
            root.warn_at(placed.place.clone(), message);
        }
    }
}

fn oddity(number: E164) -> Option<&'static str> {
    match plan::lookup(number).map(|assignment| assignment.kind) {
        Err(_) => Some("numbers that no numbering plan has"),
        Ok(Kind::Personal) => Some("personal numbers"),
        Ok(Kind::Premium) => Some("premium-rate numbers"),
        Ok(Kind::Satellite) => Some("numbers of no country"),
        Ok(Kind::SharedCost) => Some("shared-cost numbers"),
        Ok(
            Kind::FixedLine
            | Kind::FixedLineOrMobile
            | Kind::Mobile
            | Kind::Pager
            | Kind::TollFree
            | Kind::Universal
            | Kind::Voip,
        ) => None,
    }
}
