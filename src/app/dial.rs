//! `ringproof handset dial`: the built-in caller, until its calls have ended.

use std::io;

use crate::cli::{self, Exit, Terminal};
use crate::lab::caller::Manner;
use crate::lab::dial::{DialError, Dialling, run};
use crate::lab::handset::Form;

/// Makes the calls.
pub(super) fn dial(arguments: &cli::Dial, is_json: bool, terminal: &mut Terminal) -> Exit {
    let dialling = Dialling {
        from: arguments.from,
        to: arguments.did,
        callee: arguments.to,
        bind: arguments.bind.map(|bind| bind.0),
        manner: Manner { identity: arguments.shows, conduct: arguments.then },
        times: arguments.times,
        form: if is_json { Form::Json } else { Form::Plain },
    };
    let (out, notes) = terminal.streams();
    match run(&dialling, out, notes) {
        Ok(summary) if summary.was_interrupted => Exit::Interrupted,
        Ok(summary) if summary.is_good() => Exit::Success,
        Ok(_) => Exit::Negative,
        // `ringproof handset dial … | head` has seen enough.
        Err(DialError::System(error)) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(error) => {
            terminal.note(&format!("error: {error}"));
            match error {
                DialError::Family { .. } | DialError::Identity(_) => Exit::Usage,
                DialError::Bind(_) | DialError::Route { .. } | DialError::System(_) => Exit::System,
            }
        }
    }
}
