//! `ringproof serve`.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::daemon::{Daemon, Listens, StartError, Unfinished};
use super::reload::Reloader;
use super::{files, settings, signals, stop};
use crate::cli::{Exit, Serve, Terminal};
use crate::config::{self, Config};
use crate::observe::log;

/// Runs the gateway until it is told to stop.
pub(super) fn serve(arguments: &Serve, terminal: &mut Terminal) -> Exit {
    let config = match config::load(&arguments.config) {
        Ok(config) => config,
        Err(problems) => {
            terminal.note(&problems.to_string());
            return Exit::Configuration;
        }
    };
    // As `config check` has it.
    if let Some(wrong) = files::no_journal(&config).filter(|wrong| wrong.is_certain) {
        terminal.note(&format!("error: {}", wrong.message));
        return Exit::Configuration;
    }
    match run(&arguments.config, &config, terminal) {
        Ok(()) => Exit::Success,
        Err(error) => {
            terminal.note(&format!("error: {error}"));
            if let Failure::Start(StartError::Journal(error)) = &error {
                error.advice().into_iter().for_each(|advice| terminal.note(advice));
            }
            match error {
                Failure::Start(StartError::Messages(_) | StartError::Verify(_)) => {
                    Exit::Configuration
                }
                Failure::Unfinished(Unfinished::Calls(_)) => Exit::Negative,
                Failure::Log(_)
                | Failure::Start(_)
                | Failure::System(_)
                | Failure::Unfinished(Unfinished::Gone | Unfinished::Held) => Exit::System,
            }
        }
    }
}

/// Why the daemon did not run.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Log(#[from] log::LogError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
}

fn run(path: &Path, config: &Config, terminal: &mut Terminal) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    files::forbid_core_dumps().map_err(io::Error::from)?;
    // Kept here to the end: the last holder writes what waits, and what is said after that is lost.
    let log = log::start(&settings::log(config, io::stderr().is_terminal()), io::stderr())?;
    let log = Arc::new(log);
    for caution in &config.cautions {
        // Where, and no more: what is odd may be a caller ID, which stands in no log.
        warn!(at = %caution.place, "works and is hardly meant: `ringproof config check` says why");
    }
    let too_few = files::raise().and_then(|most| files::too_few(config, most));
    let open = files::open_journal(config);
    too_few.iter().chain(&open).for_each(|caution| warn!("{caution}"));
    let result = runtime.block_on(async {
        let ((stop, stop_now), hang_up) = (signals::listen()?, signal(SignalKind::hangup())?);
        signals::outlive_file_limit()?;
        let mut stop = Box::pin(stop);
        // A large journal is read for a while.
        let (starting, kept) = (config.clone(), Arc::clone(&log));
        let start = spawn_blocking(move || Daemon::start(&starting, Some(kept)));
        let daemon = tokio::select! {
            daemon = start => daemon.map_err(io::Error::other)??,
            () = &mut stop => {
                warn!("stopped before it was ready");
                return Ok(());
            }
        };
        // Who started us may have closed the pipe; that is no reason not to serve.
        drop(terminal.print(&ready(&daemon.listens, daemon.has_disk().await)));
        let reloads = reload_on(hang_up, daemon.reloader(path.to_owned(), config.clone()));
        tokio::select! {
            result = daemon.run(stop, stop_now) => {
                info!("stopped");
                Ok(result?)
            }
            () = reloads => Ok(()),
        }
    });
    // A list that is still being made has nobody left to read it. Tasks end at once, and with them
    // the other holders of the log.
    runtime.shutdown_timeout(stop::LEFTOVERS_MAX);
    result
}

/// Reloads at each SIGHUP. Never ends.
async fn reload_on(mut hang_up: Signal, mut reloader: Reloader) {
    while hang_up.recv().await.is_some() {
        reloader.reload().await;
    }
    std::future::pending().await
}

/// What is printed when everything is bound, for people and for scripts that wait for it.
fn ready(listens: &Listens, has_disk: bool) -> String {
    let sip: Vec<String> = listens.sip.iter().map(|local| format!("udp:{local}")).collect();
    let mut text = format!(
        "ringproof {} is ready (process {})\n  control socket  {}\n",
        env!("CARGO_PKG_VERSION"),
        process::id(),
        listens.socket.display()
    );
    if let Some(tcp) = listens.tcp {
        text += &format!("  control API     http://{tcp}\n");
    }
    if !has_disk {
        text += "  journal         its disk does not work: what must be kept is refused until it does\n";
    }
    text + &format!("  SIP             {}\n", sip.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d07_who_starts_it_reads_that_the_disk_does_not_work() {
        let sip = vec!["192.0.2.9:5060".parse().unwrap()];
        let listens = Listens { socket: "/run/control.sock".into(), tcp: None, sip };
        let beside =
            |has_disk| ready(&listens, has_disk).contains("\n  journal         its disk does not");
        assert_eq!([true, false].map(beside), [false, true]);
    }
}
