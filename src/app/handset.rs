//! `ringproof handset`: the built-in trunk and its phones, until a signal.

use std::io;

use crate::cli::{self, Exit, Terminal};
use crate::lab::handset::{Form, Handset, HandsetError, run};

/// Runs the trunk.
pub(super) fn handset(arguments: &cli::Handset, is_json: bool, terminal: &mut Terminal) -> Exit {
    let handset = Handset {
        listen: arguments.listen,
        rules: arguments.rules.clone(),
        form: if is_json { Form::Json } else { Form::Plain },
    };
    let (out, notes) = terminal.streams();
    match run(&handset, out, notes) {
        Ok(summary) if summary.exit_code() == 0 => Exit::Success,
        Ok(_) => Exit::Negative,
        // `ringproof handset | head` has seen enough.
        Err(HandsetError::System(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Exit::Success
        }
        Err(error @ (HandsetError::Bind(_) | HandsetError::System(_))) => {
            terminal.note(&format!("error: {error}"));
            Exit::System
        }
    }
}
