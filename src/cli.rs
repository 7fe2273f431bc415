//! The command line: arguments in, an exit code out.
//!
//! Two kinds of command. Those that ask a running daemon are all here, and speak to its control API
//! like any other client. Those that run something (`serve`, `demo`, `handset`) or read a
//! configuration or a journal are the wiring's: it hands them in as [`Programs`].
//!
//! Results go to the standard output, everything else to the standard error; how it ended is an
//! [`Exit`].

mod advice;
mod arguments;
pub mod client;
mod commands;
mod exit;
mod help;
mod key;
mod render;
mod reply;
mod table;
mod terminal;
mod wait;
mod webhook;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};

use clap::CommandFactory;
use tokio::runtime::Runtime;

use crate::entropy::Entropy;
use crate::notify::Secret;
pub use arguments::{
    Command, CommandLine, ConfigCheck, Demo, Dial, Handset, Journal, JournalFile, Named, Serve,
};
use arguments::{Config, Daemon, Instead, Key, Webhook};
use client::{Client, ClientError, Endpoint, EndpointError};
pub use exit::Exit;
pub use terminal::{Heard, Mood, Paint, Terminal, clean};

/// The commands that run something. The wiring of the daemon implements them.
pub trait Programs {
    /// Runs the gateway until it is told to stop.
    fn serve(&self, arguments: &Serve, terminal: &mut Terminal) -> Exit;

    /// Verifies a phone on this machine, before the reader's eyes.
    fn demo(&self, arguments: &Demo, is_json: bool, terminal: &mut Terminal) -> Exit;

    /// Runs a trunk with phones behind it.
    fn handset(&self, arguments: &Handset, is_json: bool, terminal: &mut Terminal) -> Exit;

    /// Rings a number of a gateway.
    fn dial(&self, arguments: &Dial, is_json: bool, terminal: &mut Terminal) -> Exit;

    /// Says everything that is wrong with a configuration.
    fn check_config(&self, arguments: &ConfigCheck, is_json: bool, terminal: &mut Terminal)
    -> Exit;

    /// Looks after a journal that no daemon has open.
    fn journal(&self, arguments: &Journal, is_json: bool, terminal: &mut Terminal) -> Exit;
}

/// Reads the command line and does what it says, on the standard streams.
pub fn run(arguments: impl IntoIterator<Item = OsString>, programs: &dyn Programs) -> Exit {
    match CommandLine::read(arguments) {
        Ok(line) => dispatch(&line, programs, &mut Terminal::standard()),
        Err(shown) => {
            let printed = shown.print().and_then(|()| io::stdout().flush());
            if shown.use_stderr() {
                return Exit::Usage;
            }
            // Help and versions come this way too.
            let printed = printed.map(|()| Exit::Success).map_err(Failure::from);
            settle(printed, &mut Terminal::standard())
        }
    }
}

/// Does what the command line says.
pub fn dispatch(line: &CommandLine, programs: &dyn Programs, terminal: &mut Terminal) -> Exit {
    match &line.command {
        Command::Serve(arguments) => programs.serve(arguments, terminal),
        Command::Demo(arguments) => programs.demo(arguments, line.json, terminal),
        Command::Handset(Handset { instead: Some(Instead::Dial(arguments)), .. }) => {
            programs.dial(arguments, line.json, terminal)
        }
        Command::Handset(arguments) => programs.handset(arguments, line.json, terminal),
        Command::Config(Config::Check(arguments)) => {
            programs.check_config(arguments, line.json, terminal)
        }
        Command::Journal(arguments) => programs.journal(arguments, line.json, terminal),
        Command::Completions { shell } => {
            // Into a buffer first: a reader that has seen enough is no failure.
            let mut script = vec![];
            clap_complete::generate(*shell, &mut CommandLine::command(), NAME, &mut script);
            let printed = terminal.print(&String::from_utf8_lossy(&script));
            settle(printed.map(|()| Exit::Success).map_err(Failure::from), terminal)
        }
        Command::Key(Key::New(arguments)) => {
            let text = key::new(arguments, &Entropy::system(), line.json);
            settle(terminal.print(&text).map(|()| Exit::Success).map_err(Failure::from), terminal)
        }
        Command::Webhook(Webhook::List(wanted)) => {
            let list = async |client: &Client, terminal: &mut Terminal| {
                webhook::list(wanted, client, line.json, terminal).await
            };
            ask_daemon(&wanted.daemon, list, terminal)
        }
        Command::Webhook(Webhook::Endpoints(arguments::Whole { daemon })) => {
            let endpoints = async |client: &Client, terminal: &mut Terminal| {
                webhook::endpoints(client, line.json, terminal).await
            };
            ask_daemon(daemon, endpoints, terminal)
        }
        Command::Webhook(Webhook::Retry(wanted)) => {
            let retry = async |client: &Client, terminal: &mut Terminal| {
                webhook::retry(wanted, client, line.json, terminal).await
            };
            ask_daemon(&wanted.daemon, retry, terminal)
        }
        Command::Webhook(Webhook::Secret) => {
            let secret = Secret::generate(&Entropy::system());
            let text = match line.json {
                true => format!("{}\n", serde_json::json!({ "secret": secret })),
                false => format!("{secret}\n"),
            };
            settle(terminal.print(&text).map(|()| Exit::Success).map_err(Failure::from), terminal)
        }
        Command::Ask(ask) => {
            let run = async |client: &Client, terminal: &mut Terminal| {
                commands::run(ask, client, line.json, terminal).await
            };
            ask_daemon(ask.daemon(), run, terminal)
        }
    }
}

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The daemon could not be asked, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nobody knows where the daemon is.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The answer is not what the API promises.
    #[error("the daemon's answer is not what this program knows: {0}")]
    Json(#[from] serde_json::Error),
    /// The verification has no call to trace.
    #[error("this verification has no call yet")]
    NoCall,
    /// What is printed cannot be written, or the runtime cannot start.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Failure {
    fn exit(&self) -> Exit {
        match self {
            Self::Client(error) => error.exit(),
            Self::Endpoint(EndpointError::NoSocket) => Exit::Unreachable,
            Self::Endpoint(EndpointError::Url { .. }) => Exit::Usage,
            // `ringproof watch | head` is no failure.
            Self::System(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
            Self::Json(_) => Exit::Internal,
            Self::System(_) => Exit::System,
            Self::NoCall => Exit::Negative,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Client(error) => error.hint(),
            Self::Endpoint(EndpointError::NoSocket) => Some(client::NOBODY_THERE.to_owned()),
            Self::Endpoint(EndpointError::Url { .. })
            | Self::Json(_)
            | Self::NoCall
            | Self::System(_) => None,
        }
    }
}

/// Says what went wrong, and what to do about it.
fn settle(result: Result<Exit, Failure>, terminal: &mut Terminal) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(failure) => {
            let exit = failure.exit();
            if exit != Exit::Success {
                terminal.note(&format!("error: {}", clean(&failure.to_string())));
                failure
                    .hint()
                    .iter()
                    .for_each(|hint| terminal.note(&format!("hint: {}", clean(hint))));
            }
            exit
        }
    }
}

/// Asks a daemon, and says what went wrong.
fn ask_daemon(
    daemon: &Daemon,
    ask: impl AsyncFnOnce(&Client, &mut Terminal) -> Result<Exit, Failure>,
    terminal: &mut Terminal,
) -> Exit {
    let result = reach(daemon)
        .and_then(|(client, runtime)| runtime.block_on(async { ask(&client, terminal).await }));
    settle(result, terminal)
}

fn reach(daemon: &Daemon) -> Result<(Client, Runtime), Failure> {
    let Daemon { socket, url, key } = daemon.or_environment(|name| env::var_os(name));
    let endpoint = Endpoint::choose(socket.as_deref(), url.as_deref(), |path| path.exists())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok((Client::new(endpoint, key), runtime))
}

const NAME: &str = "ringproof";

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
