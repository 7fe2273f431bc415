//! Configuration: files → what they say → [`Config`], what the program may assume.
//!
//! Parse, don't validate: the rest of the program sees [`Config`] alone. Nothing is bound or started
//! here.

mod address;
mod caller;
mod control;
mod country;
mod document;
mod kind;
mod load;
mod log;
mod nearest;
mod numbers;
mod pool;
mod problem;
mod routes;
mod section;
mod sip;
mod trunk;
mod verify;

use std::path::Path;

pub use control::Control;
pub use kind::{NAME, is_name};
pub use log::{Format, Level, Log, Observe};
pub use pool::Pool;
pub use problem::{Caution, Place, Problem, Problems};
pub use sip::Sip;

use crate::trunk::Profile;
use crate::verify::settings::Settings;

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
    /// `[[pool]]`. At least one; the first is the default.
    pub pools: Vec<Pool>,
    /// `[verify]`, with the numbers of the pools and the number of shards.
    pub verify: Settings,
    /// `[log]`
    pub log: Log,
    /// `[observe]`
    pub observe: Observe,
    /// What works and is hardly meant.
    pub cautions: Vec<Caution>,
}

impl Config {
    /// The sections in which another configuration differs, trunks and the trunks of pools aside.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let rules = |config: &Self| Settings { pools: vec![], shards: 1, ..config.verify.clone() };
        let pairs = [
            ("[control]", self.control != other.control),
            ("[log]", self.log != other.log),
            ("[observe]", self.observe != other.observe),
            ("[[pool]]", self.verify.pools != other.verify.pools),
            ("[sip]", self.sip != other.sip),
            ("[verify]", rules(self) != rules(other)),
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
