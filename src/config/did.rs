//! `[[did]]`: the numbers that people ring.

use std::time::Duration;

use super::kind::show_duration;
use super::load::Trunks;
use super::missed_calls;
use super::numbers::{Written, again, number_range};
use super::routes;
use super::section::{Placed, Section};
use crate::call::inbound::Plan;
use crate::gateway::dids::DIDS_MAX;
use crate::number::E164;
use crate::sip::Status;
use crate::verify::NumberRange;
use crate::verify::settings::Settings;

/// One number that people ring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Did {
    /// The number.
    pub number: E164,
    /// Indices into [`Config::trunks`](super::Config::trunks): where its calls come from. Never empty.
    pub trunks: Vec<u16>,
    /// How its calls go, where that is not what `[missed_calls]` says.
    pub own: Own,
}

/// How the calls to a number go, as far as it says so itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Own {
    /// How long the caller hears that it rings.
    pub ring: Option<Duration>,
    /// What the caller is refused with.
    pub reject_with: Option<Status>,
}

impl Own {
    /// How the calls go where others go like `elsewhere`.
    pub fn plan(self, elsewhere: Plan) -> Plan {
        Plan {
            ring: self.ring.unwrap_or(elsewhere.ring),
            refusal: self.reject_with.unwrap_or(elsewhere.refusal),
        }
    }
}

/// Reads every `[[did]]`; the numbers go into `settings`, which has those of the pools.
pub(super) fn read(
    root: &mut Section<'_>,
    trunks: &Trunks,
    elsewhere: Plan,
    settings: &mut Settings,
) -> Vec<Did> {
    let mut dids: Vec<Did> = Vec::new();
    let mut all: Vec<Placed<Written>> = Vec::new();
    for mut section in root.sections("did") {
        let number = section.required("number", &number_range());
        let trunks = routes::read(&mut section, trunks);
        let own = Own {
            ring: section.optional("ring", &missed_calls::ring()),
            reject_with: section.optional("reject_with", &missed_calls::refusal()),
        };
        if let Some(value) = number {
            check_uniform(&section, &value, own, elsewhere);
            let place = section.place("number");
            let count = value.range.len();
            if dids.len() as u64 + count <= DIDS_MAX as u64 {
                let numbers = value.range.numbers();
                dids.extend(numbers.map(|number| Did { number, trunks: trunks.clone(), own }));
            } else {
                let found = format!("{} numbers with those before it", dids.len() as u64 + count);
                let accepted = format!("such that all `[[did]]` together have at most {DIDS_MAX}");
                section.refuse("number", &found, &accepted);
            }
            all.push(Placed { value, place });
        }
        section.finish();
    }
    check_apart(root, &all, settings);
    settings.dids = dids.iter().map(|did| did.number).collect();
    dids
}

/// Each number once, and none that calls anybody: people call back who called them, and somebody else
/// may have asked for their call to be believed.
fn check_apart(root: &Section<'_>, all: &[Placed<Written>], settings: &Settings) {
    let of_pool =
        |pool: usize| settings.pools[pool].numbers.iter().map(move |range| (*range, pool));
    let (mut ranges, pools): (Vec<NumberRange>, Vec<usize>) =
        (0..settings.pools.len()).flat_map(of_pool).unzip();
    ranges.extend(all.iter().map(|placed| placed.value.range));
    for (later, earlier) in again(&ranges) {
        // A number that two pools have is another matter.
        let Some(Placed { value, place }) = later.checked_sub(pools.len()).map(|did| &all[did])
        else {
            continue;
        };
        match pools.get(earlier) {
            Some(&pool) => {
                let name = &settings.pools[pool].name;
                let found = format!("\"{}\", which pool \"{name}\" calls from", value.text);
                let accepted = "of numbers that call nobody, because people call back";
                root.refuse_at(place.clone(), &found, accepted);
            }
            None => {
                let other = &all[earlier - pools.len()].value.text;
                let found = format!("\"{}\", which repeats numbers of \"{other}\"", value.text);
                root.refuse_at(place.clone(), &found, "such that each number is listed once");
            }
        }
    }
}

/// Whoever rings many numbers of a block could tell those that are ours by what they hear.
fn check_uniform(section: &Section<'_>, number: &Written, own: Own, elsewhere: Plan) {
    let warn = |key: &str, own: String, other: String| {
        let message = format!(
            "`did.{key}` of \"{}\" is {own} where `missed_calls.{key}` is {other}: callers can tell it \
             from numbers that nobody is verified with",
            number.text
        );
        section.warn_at(section.place(key), message);
    };
    if let Some(ring) = own.ring.filter(|ring| *ring != elsewhere.ring) {
        let [own, other] =
            [ring, elsewhere.ring].map(|ring| format!("\"{}\"", show_duration(ring)));
        warn("ring", own, other);
    }
    if let Some(status) = own.reject_with.filter(|status| *status != elsewhere.refusal) {
        warn("reject_with", status.to_string(), elsewhere.refusal.to_string());
    }
}
