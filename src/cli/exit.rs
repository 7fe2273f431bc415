//! Exit codes: what a script learns without reading a word. Those above 63 are of sysexits(3).

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// Done.
    Success,
    /// The answer is no: a wrong code, a verification that failed, a daemon that is not ready, or whose
    /// stop left calls up, a journal that cannot be trusted.
    Negative,
    /// The command line makes no sense.
    Usage,
    /// The configuration is wrong; nothing was started.
    Configuration,
    /// The daemon refused the request as it stands.
    Refused,
    /// No daemon answered.
    Unreachable,
    /// The daemon, or this program, met the impossible.
    Internal,
    /// The system refused a socket, a file or a thread, or the journal's disk did not work at the end.
    System,
    /// Too much was asked for at the moment: try again later.
    TryAgain,
    /// The API key is missing, wrong, or may not do this.
    Denied,
    /// Ctrl-C: 128 and the number of SIGINT, as shells count.
    Interrupted,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Self; 11] = [
        Self::Success,
        Self::Negative,
        Self::Usage,
        Self::Configuration,
        Self::Refused,
        Self::Unreachable,
        Self::Internal,
        Self::System,
        Self::TryAgain,
        Self::Denied,
        Self::Interrupted,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Negative => 1,
            Self::Usage => 2,
            Self::Configuration => 64,
            Self::Refused => 65,
            Self::Unreachable => 69,
            Self::Internal => 70,
            Self::System => 71,
            Self::TryAgain => 75,
            Self::Denied => 77,
            Self::Interrupted => 130,
        }
    }

    /// One line for the manual.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done; for `check` and `verify --wait`: verified",
            Self::Negative => {
                "no: a wrong code, a verification that failed, a daemon not ready, a stop that left calls \
                 up, a journal that is damaged"
            }
            Self::Usage => "the command line makes no sense",
            Self::Configuration => "the configuration is wrong; nothing was started",
            Self::Refused => "the daemon refused the request as it stands",
            Self::Unreachable => "no daemon answered",
            Self::Internal => "the daemon, or this program, met the impossible",
            Self::System => {
                "the system refused a socket, a file or a thread, or the journal's disk at the end"
            }
            Self::TryAgain => "too much was asked for at the moment; try again later",
            Self::Denied => "the API key is missing, wrong, or may not do this",
            Self::Interrupted => "stopped by Ctrl-C before its end",
        }
    }

    /// What a refusal with this HTTP status means for a script.
    pub fn of_refusal(status: u16) -> Self {
        match status {
            401 | 403 => Self::Denied,
            408 | 429 | 503 => Self::TryAgain,
            400..=499 => Self::Refused,
            _ => Self::Internal,
        }
    }

    /// The table that `ringproof help` ends with.
    pub fn table() -> String {
        let line = |exit: &Self| format!("  {:>3}  {}\n", exit.code(), exit.meaning());
        Self::ALL.iter().map(line).collect()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_has_the_same_table() {
        let manual = include_str!("../../docs/cli.md");
        for exit in Exit::ALL {
            let row = format!("| {} | {} |", exit.code(), exit.meaning());
            assert!(manual.contains(&row), "docs/cli.md lacks: {row}");
        }
    }

    #[test]
    fn a_refusal_tells_a_script_what_to_do_next() {
        let codes = [400, 401, 403, 404, 408, 409, 422, 429, 500, 503];
        let exits = codes.map(|status| Exit::of_refusal(status).code());
        assert_eq!(exits, [65, 77, 77, 65, 75, 65, 65, 75, 70, 75]);
    }
}
