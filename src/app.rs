//! The wiring: which room gets what, in which order things start and stop.
//!
//! Nothing is decided here that another room could decide. Start: read everything, then bind, then
//! serve, so that a wrong configuration touches nothing. Stop: no new calls, hang up those that ring,
//! then the control socket, so that a client can watch the end.

mod books;
mod check;
mod chores;
mod daemon;
mod demo;
mod dial;
mod files;
mod handset;
mod journal_advice;
mod journal_tool;
mod knock;
mod ledger;
mod past;
pub mod rehearsal;
mod relay;
mod reload;
mod serve;
mod settings;
mod shards;
mod signals;
mod status;
mod stop;
mod teller;
mod threads;
mod trunks;

use crate::cli::{ConfigCheck, Demo, Dial, Exit, Handset, Journal, Programs, Serve, Terminal};

/// The programs behind the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct App;

impl Programs for App {
    fn serve(&self, arguments: &Serve, terminal: &mut Terminal) -> Exit {
        serve::serve(arguments, terminal)
    }

    fn demo(&self, arguments: &Demo, is_json: bool, terminal: &mut Terminal) -> Exit {
        demo::demo(arguments, is_json, terminal)
    }

    fn handset(&self, arguments: &Handset, is_json: bool, terminal: &mut Terminal) -> Exit {
        handset::handset(arguments, is_json, terminal)
    }

    fn dial(&self, arguments: &Dial, is_json: bool, terminal: &mut Terminal) -> Exit {
        dial::dial(arguments, is_json, terminal)
    }

    fn check_config(
        &self,
        arguments: &ConfigCheck,
        is_json: bool,
        terminal: &mut Terminal,
    ) -> Exit {
        check::check_config(arguments, is_json, terminal)
    }

    fn journal(&self, arguments: &Journal, is_json: bool, terminal: &mut Terminal) -> Exit {
        journal_tool::journal(arguments, is_json, terminal)
    }
}
