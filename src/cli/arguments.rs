//! The command line as clap reads it: every command and its arguments, and nothing that runs.

mod handset;
mod journal;
mod webhook;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use super::client::{After, ApiKey};
use super::exit::Exit;
use super::help;
use crate::config::{NAME, is_name};
use crate::control::Right;
use crate::verify::id::{CallId, IdError, VerificationId};

pub(super) use handset::Instead;
pub use handset::{Dial, Handset};
pub use journal::{Journal, JournalFile, Named};
pub(super) use webhook::{Deliveries, Retry, Webhook};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "ringproof",
    version,
    about = "Proves that a person holds a phone number with flash calls over a SIP trunk",
    after_help = format!("Exit codes:\n{}", Exit::table()),
    help_template = help::template(),
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct CommandLine {
    /// Print JSON: of a daemon what it says, word for word
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl CommandLine {
    /// Reads a command line.
    ///
    /// # Errors
    ///
    /// It makes no sense; or it asks for help or for the version, which the error prints.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let line = Self::try_parse_from(words)?;
        let instead = match line.command {
            Command::Completions { .. } => "a shell reads no JSON",
            Command::Serve(_) => "`log.format = \"json\"` in the configuration is for its log",
            Command::Ask(_)
            | Command::Config(_)
            | Command::Demo(_)
            | Command::Handset(_)
            | Command::Journal(_)
            | Command::Key(_)
            | Command::Webhook(_) => return Ok(line),
        };
        match line.json {
            false => Ok(line),
            true => {
                let words = format!("`--json` says nothing to this command: {instead}");
                Err(Self::command().error(ErrorKind::ArgumentConflict, words))
            }
        }
    }
}

/// How to reach the daemon.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The daemon")]
pub struct Daemon {
    /// Its control socket [env: RINGPROOF_SOCKET] [default: ringproof.sock here, then
    /// /run/ringproof/control.sock]
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    pub socket: Option<PathBuf>,
    /// Its address on TCP, such as http://127.0.0.1:8580 [env: RINGPROOF_URL]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The API key, needed on TCP; better given in the environment, where `ps` does not show it
    #[arg(long, value_name = "KEY", env = "RINGPROOF_KEY", hide_env_values = true)]
    pub key: Option<ApiKey>,
}

impl Daemon {
    /// What was said, else what the environment says. The command line is asked first as a whole:
    /// `--socket` must win over a URL in the environment.
    pub fn or_environment(&self, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        if self.socket.is_some() || self.url.is_some() {
            return self.clone();
        }
        Self {
            socket: variable("RINGPROOF_SOCKET").map(PathBuf::from),
            url: variable("RINGPROOF_URL").and_then(|url| url.into_string().ok()),
            key: self.key.clone(),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway
    Serve(Serve),
    /// See a phone number verified here: gateway, trunk and phone in one process
    Demo(Demo),
    /// Run a SIP trunk with phones behind it, to try a gateway against
    Handset(Handset),
    /// Ask a running daemon.
    #[command(flatten)]
    Ask(Ask),
    /// Look at configurations
    #[command(subcommand)]
    Config(Config),
    /// Look after the journal of a daemon that does not run
    #[command(subcommand)]
    Journal(Journal),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Make API keys
    #[command(subcommand)]
    Key(Key),
    /// See the messages to webhooks that were not taken, make secrets
    #[command(subcommand)]
    Webhook(Webhook),
}

/// What a running daemon is asked.
#[derive(Debug, Subcommand)]
pub enum Ask {
    /// Start a verification: the phone rings, its last five digits are the code; or it rings us
    Verify(Verify),
    /// Check the code that a person gave
    Check(Check),
    /// Ring again, from another number, when no call came
    Call(One),
    /// Give a verification up; a phone that rings stops
    Cancel(One),
    /// Show whether the daemon is ready, and how full it is
    Status(Whole),
    /// Follow what happens
    Watch(Watch),
    /// Show the pools of caller IDs
    Pools(Whole),
    /// Show the numbers that people ring
    Dids(Whole),
    /// Show the trunks
    Trunks(Whole),
    /// Draw the SIP messages of a call
    Trace(Trace),
}

impl Ask {
    /// Which daemon is asked.
    pub fn daemon(&self) -> &Daemon {
        match self {
            Self::Call(One { daemon, .. })
            | Self::Cancel(One { daemon, .. })
            | Self::Check(Check { daemon, .. })
            | Self::Dids(Whole { daemon })
            | Self::Pools(Whole { daemon })
            | Self::Status(Whole { daemon })
            | Self::Trace(Trace { daemon, .. })
            | Self::Trunks(Whole { daemon })
            | Self::Verify(Verify { daemon, .. })
            | Self::Watch(Watch { daemon, .. }) => daemon,
        }
    }
}

/// Arguments of a question about the daemon as a whole.
#[derive(Args, Debug)]
pub struct Whole {
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// Arguments of `serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
}

/// Arguments of `demo`.
#[derive(Args, Debug)]
pub struct Demo {}

/// Arguments of `verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// The phone, in E.164 form: +46701234567
    pub number: String,
    /// Wait for the end: show what happens, and read codes from the standard input once the phone
    /// rings. When that input ends, wait on for a check from elsewhere, at most until it expires
    #[arg(long)]
    pub wait: bool,
    /// Do not call the phone, wait for its call: prints the number to ring
    #[arg(long)]
    pub missed_call: bool,
    /// The number that the phone is to ring, one of `ringproof dids`
    #[arg(long, value_name = "NUMBER", requires = "missed_call")]
    pub did: Option<String>,
    /// Call the phone back after its call, and want the code of that call
    #[arg(long, requires = "missed_call")]
    pub confirm: bool,
    /// Count a call of the last so many seconds; 0: none that came before
    #[arg(long, value_name = "SECONDS", requires = "missed_call")]
    pub recent_within: Option<u32>,
    /// The pool to call from
    #[arg(long, value_name = "NAME")]
    pub pool: Option<String>,
    /// How long the phone rings, in milliseconds
    #[arg(long, value_name = "MS")]
    pub ring_ms: Option<u32>,
    /// For how many seconds the code may be given
    #[arg(long, value_name = "SECONDS")]
    pub expires_in: Option<u32>,
    /// Your own word for it, which comes back with it
    #[arg(long, value_name = "TEXT")]
    pub client_ref: Option<String>,
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct Check {
    /// The verification: ver_…
    pub id: VerificationId,
    /// The last five digits of the number that called, or the whole number: +46876520085
    #[arg(allow_hyphen_values = true)]
    pub code: String,
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// Arguments of `call` and `cancel`.
#[derive(Args, Debug)]
pub struct One {
    /// The verification: ver_…
    pub id: VerificationId,
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// Arguments of `watch`.
#[derive(Args, Debug)]
pub struct Watch {
    /// Begin after the event with this number, which heads its line, or with the oldest that is kept,
    /// instead of now
    #[arg(long, value_name = "NUMBER|oldest")]
    pub after: Option<After>,
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// Arguments of `trace`.
#[derive(Args, Debug)]
pub struct Trace {
    /// The call: call_…, or a verification: ver_…, for its latest call
    #[arg(value_name = "CALL")]
    pub of: Traced,
    /// Which daemon.
    #[command(flatten)]
    pub daemon: Daemon,
}

/// What a trace is asked of.
#[derive(Clone, Copy, Debug)]
pub enum Traced {
    /// A call.
    Call(CallId),
    /// The latest call of a verification.
    Verification(VerificationId),
}

impl std::str::FromStr for Traced {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let call = text.parse().map(Self::Call);
        call.or_else(|_| text.parse().map(Self::Verification))
    }
}

/// `config …`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Say everything that is wrong with a configuration
    Check(ConfigCheck),
}

/// Arguments of `config check`.
#[derive(Args, Debug)]
pub struct ConfigCheck {
    /// The configuration [default: ringproof.toml]
    #[arg(value_name = "FILE", conflicts_with = "config")]
    file: Option<PathBuf>,
    /// The same, as `serve` takes it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigCheck {
    /// The configuration, however it was named.
    pub fn file(&self) -> &Path {
        let named = self.file.as_deref().or(self.config.as_deref());
        named.unwrap_or(Path::new(CONFIG))
    }
}

/// `key …`
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Make a key, and show it once with the lines for the configuration
    New(KeyNew),
}

/// Arguments of `key new`.
#[derive(Args, Debug)]
pub struct KeyNew {
    /// Whose key it is, as logs will show it
    #[arg(value_parser = key_name)]
    pub name: String,
    /// What it may do
    #[arg(long, value_delimiter = ',', default_value = "verify,read", value_parser = rights())]
    pub rights: Vec<String>,
}

fn rights() -> PossibleValuesParser {
    Right::ALL.map(|right| PossibleValue::new(right.as_str()).help(right.meaning())).into()
}

/// The rule of the configuration, where the name will stand.
fn key_name(text: &str) -> Result<String, String> {
    is_name(text).then(|| text.to_owned()).ok_or_else(|| format!("a name has {NAME}"))
}

const CONFIG: &str = "ringproof.toml";

#[cfg(test)]
mod tests;
