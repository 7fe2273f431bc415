//! The arguments of `webhook …`.

use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;

use super::{Daemon, Whole, key_name};
use crate::delivery::DeliveryState;
use crate::notify::MessageId;
use crate::verify::PAGE_MAX;
use crate::verify::id::VerificationId;

/// `webhook …`
#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// List the messages that were not taken yet, the oldest first
    List(Deliveries),
    /// Show whom messages are for: how each endpoint does, how many wait, what failed last
    Endpoints(Whole),
    /// Have a message tried now, also one that is dead; or all that are dead
    Retry(Retry),
    /// Make a secret and print it, for `webhook.secret`, a `webhook.secret_file` and the receiver
    Secret,
}

/// Arguments of `webhook list`.
#[derive(Args, Debug)]
pub struct Deliveries {
    /// Only those that stand here; dead: not tried any more, unless somebody asks
    #[arg(long, value_parser = states())]
    pub state: Option<String>,
    /// Only those for this endpoint
    #[arg(long, value_name = "NAME", value_parser = key_name)]
    pub endpoint: Option<String>,
    /// Only those that tell of this verification
    #[arg(long, value_name = "ID")]
    pub verification: Option<VerificationId>,
    /// How many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = limit())]
    pub limit: usize,
    /// Only those behind this message: msg_…
    #[arg(long, value_name = "MESSAGE")]
    pub after: Option<MessageId>,
    /// All of them, page by page
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// Arguments of `webhook retry`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("which").required(true).args(["id", "all"])))]
pub struct Retry {
    /// The message: msg_…
    pub id: Option<MessageId>,
    /// All that are dead, each once: as fast as their endpoints take them
    #[arg(long)]
    pub all: bool,
    /// With --all: only those for this endpoint; `callback`: those for callback URLs
    #[arg(long, value_name = "NAME", value_parser = key_name, requires = "all")]
    pub endpoint: Option<String>,
    /// With --all: only those of events from this moment on, such as 2026-11-20T10:15:30Z
    #[arg(long, value_name = "MOMENT", requires = "all")]
    pub since: Option<Timestamp>,
    /// With --all: only those of events before this moment
    #[arg(long, value_name = "MOMENT", requires = "all")]
    pub before: Option<Timestamp>,
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

fn states() -> PossibleValuesParser {
    DeliveryState::ALL.map(DeliveryState::as_str).into()
}

fn limit() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=PAGE_MAX as u64)
}
