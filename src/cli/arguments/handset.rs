//! The arguments of `handset` and of what stands below it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use clap::{Args, Subcommand};

use crate::lab::Rule;
use crate::lab::caller::{CONDUCTS, Conduct, IDENTITIES, Identity};
use crate::number::E164;

/// Arguments of `handset`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Handset {
    /// Where the trunk listens, for SIP over UDP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5060")]
    pub listen: SocketAddr,

    /// What phones do whose number ends so, such as `77=busy` or `=answers:2s` for every phone
    #[arg(long = "rule", value_name = "SUFFIX=BEHAVIOUR")]
    pub rules: Vec<Rule>,

    /// What to do instead of waiting for calls.
    #[command(subcommand)]
    pub instead: Option<Instead>,
}

/// `handset …`
#[derive(Debug, Subcommand)]
pub enum Instead {
    /// Ring a number of a gateway, as the trunk does when a person leaves a missed call
    Dial(Dial),
}

/// Arguments of `handset dial`.
#[derive(Args, Debug)]
#[command(after_help = manners())]
pub struct Dial {
    /// Who calls, in E.164 form: +46701234567
    #[arg(value_parser = E164::parse)]
    pub from: E164,
    /// The gateway's number that is called, in E.164 form
    #[arg(value_parser = E164::parse)]
    pub did: E164,
    /// Where the gateway listens, for SIP over UDP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5070")]
    pub to: SocketAddr,
    /// Where to send from, such as 127.0.0.2, with or without a port [default: the address that
    /// leads there]. The gateway knows its trunks by their addresses
    #[arg(long, value_name = "ADDRESS")]
    pub bind: Option<Bind>,
    /// How the caller is shown
    #[arg(long, value_name = "IDENTITY", default_value_t)]
    pub shows: Identity,
    /// What the caller does
    #[arg(long = "then", value_name = "CONDUCT", default_value_t)]
    pub then: Conduct,
    /// How many calls, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=TIMES_MAX))]
    pub times: u32,
}

/// An address, and a port if it matters which.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bind(pub SocketAddr);

/// Why a text is no address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an address is such as 127.0.0.2, 127.0.0.2:5090, ::1 or [::1]:5090")]
pub struct BadAddress;

impl FromStr for Bind {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let whole = text.parse::<SocketAddr>().ok();
        let alone = text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 0));
        whole.or(alone).map(Self).ok_or(BadAddress)
    }
}

/// The two tables that the help ends with.
fn manners() -> String {
    let row = |name: &str, what: &str| format!("  {name:<24}  {what}\n");
    let identities = IDENTITIES.map(|(name, what, _)| row(name, what)).concat();
    let conducts = CONDUCTS.map(|(name, what)| row(name, what)).concat();
    format!("Identities:\n{identities}\nConducts:\n{conducts}")
}

/// Enough to fill a morning.
const TIMES_MAX: i64 = 10_000;
