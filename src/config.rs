//! Configuration: files → what they say → [`Config`], what the program may assume.
//!
//! Parse, don't validate: the rest of the program sees [`Config`] alone. Nothing is bound or started
//! here.

mod control;
mod log;
mod pool;
mod sip;
mod verify;

pub use control::{Control, Key, Rights};
pub use log::{Format, Level, Log, Observe};
pub use pool::Pool;
pub use sip::Sip;
pub use verify::{Limit, Verify};

use crate::trunk::Profile;

/// The checked configuration.
#[derive(Clone, Debug, PartialEq)]
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
    /// `[verify]`
    pub verify: Verify,
    /// `[log]`
    pub log: Log,
    /// `[observe]`
    pub observe: Observe,
}
