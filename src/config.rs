//! Configuration: files → what they say → [`Config`], what the program may assume.
//!
//! Parse, don't validate: the rest of the program sees [`Config`] alone. Nothing is bound or started
//! here.

mod address;
mod caller;
mod control;
mod country;
mod did;
mod document;
mod journal;
mod kind;
mod load;
mod log;
mod missed_calls;
mod nearest;
mod numbers;
mod pool;
mod problem;
mod routes;
mod section;
mod sip;
mod trunk;
mod verify;
mod webhook;

use std::path::Path;

pub use control::Control;
pub use did::{Did, Own};
pub use journal::Journal;
pub use kind::{NAME, is_name};
pub use log::{Format, Level, Log, Observe};
pub use pool::Pool;
pub use problem::{Caution, Place, Problem, Problems};
pub use sip::Sip;

use crate::call::inbound::Plan;
use crate::notify;
use crate::trunk::Profile;
use crate::verify::settings::{MissedCalls, Settings};

/// The checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[control]`
    pub control: Control,
    /// `[sip]`
    pub sip: Sip,
    /// `sip.profiles` and `[trunk.NAME]`, in the order of `sip.profiles`, which is also the order of
    /// preference. At least one.
    pub trunks: Vec<Profile>,
    /// `[[pool]]`; the first is the default. At least one, or else at least one of `dids`.
    pub pools: Vec<Pool>,
    /// `[[did]]`, each number by itself, in the order of [`Settings::dids`].
    pub dids: Vec<Did>,
    /// How calls to other numbers go: `ring` and `reject_with` of `[missed_calls]`.
    pub elsewhere: Plan,
    /// `[verify]` and the rest of `[missed_calls]`, with the numbers of pools and DIDs and the number of
    /// shards.
    pub verify: Settings,
    /// `[journal]`
    pub journal: Journal,
    /// `[[webhook]]` and `[callbacks]`
    pub webhooks: notify::Settings,
    /// `[log]`
    pub log: Log,
    /// `[observe]`
    pub observe: Observe,
    /// What works and is hardly meant.
    pub cautions: Vec<Caution>,
}

impl Config {
    /// The sections in which another configuration differs, trunks and the trunks of pools and DIDs
    /// aside.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let dids = |config: &Self| -> Vec<_> {
            config.dids.iter().map(|did| (did.number, did.own)).collect()
        };
        let missed_calls = |config: &Self| (config.verify.missed_calls, config.elsewhere);
        let rules = |config: &Self| Settings {
            pools: vec![],
            dids: vec![],
            missed_calls: MissedCalls::default(),
            shards: 1,
            ..config.verify.clone()
        };
        let pairs = [
            ("[callbacks]", self.webhooks.callbacks != other.webhooks.callbacks),
            ("[control]", self.control != other.control),
            ("[[did]]", dids(self) != dids(other)),
            ("[journal]", self.journal != other.journal),
            ("[log]", self.log != other.log),
            ("[missed_calls]", missed_calls(self) != missed_calls(other)),
            ("[observe]", self.observe != other.observe),
            ("[[pool]]", self.verify.pools != other.verify.pools),
            ("[sip]", self.sip != other.sip),
            ("[verify]", rules(self) != rules(other)),
            ("[[webhook]]", self.webhooks.endpoints != other.webhooks.endpoints),
        ];
        pairs.into_iter().filter_map(|(section, differs)| differs.then_some(section)).collect()
    }
}

/// Loads the configuration at `path` and the files that it names. Paths in it are taken from its
/// own directory.
///
/// # Errors
///
/// Every problem that one run can find.
pub fn load(path: &Path) -> Result<Config, Problems> {
    load::load(path, &document::Disk).0
}

#[cfg(test)]
mod tests;
