//! `ringproof config check`.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::{daemon, files};
use crate::cli::{ConfigCheck, Exit, Terminal};
use crate::config::{self, Caution, Place, Problem};

/// Says everything that is wrong with a configuration.
pub(super) fn check_config(
    arguments: &ConfigCheck,
    is_json: bool,
    terminal: &mut Terminal,
) -> Exit {
    let verdict = Verdict::of(arguments.file(), files::most());
    let text = if is_json { verdict.to_json() } else { verdict.to_text() };
    match terminal.print(&text) {
        // The verdict stands, even when its reader has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            terminal.note(&format!("error: {error}"));
            return Exit::System;
        }
        Ok(()) | Err(_) => {}
    }
    if verdict.problems.is_empty() { Exit::Success } else { Exit::Configuration }
}

/// What was found.
#[derive(Default)]
struct Verdict {
    problems: Vec<Finding>,
    warnings: Vec<Finding>,
    /// Of a good configuration: trunks, pools and DIDs.
    counts: [usize; 3],
}

/// One thing to say.
struct Finding {
    place: Option<Place>,
    /// What was found there, and what would be accepted.
    pair: Option<(String, String)>,
    message: String,
}

impl Verdict {
    /// Of the configuration at `file`, for a process that may have so many files open. The daemon
    /// may be started with another limit than this command, so that is no more than a warning.
    fn of(file: &Path, files_max: Option<u64>) -> Self {
        let config = match config::load(file) {
            Ok(config) => config,
            Err(problems) => {
                let problems = problems.iter().map(Finding::of_problem).collect();
                return Self { problems, ..Self::default() };
            }
        };
        let whole = |message| Finding { place: None, pair: None, message };
        match daemon::check(&config) {
            Ok(warnings) => {
                let cautions = config.cautions.iter().map(Finding::of_caution);
                let limits = files_max.and_then(|most| files::too_few(&config, most));
                let limits = limits.into_iter().chain(files::open_journal(&config));
                let limits = limits.chain(files::no_strips(&config));
                let (missing, doubtful): (Vec<_>, Vec<_>) =
                    files::no_journal(&config).into_iter().partition(|it| it.is_certain);
                let limits = limits.chain(doubtful.into_iter().map(|it| it.message)).map(whole);
                let wise = warnings.iter().map(|warning| whole(warning.to_string()));
                let warnings = cautions.chain(limits).chain(wise).collect();
                let counts = [config.trunks.len(), config.pools.len(), config.dids.len()];
                let problems = missing.into_iter().map(|it| whole(it.message)).collect();
                Self { problems, warnings, counts }
            }
            // Each value is right, but together they cannot work.
            Err(error) => Self { problems: vec![whole(error.to_string())], ..Self::default() },
        }
    }

    fn to_text(&self) -> String {
        if !self.problems.is_empty() {
            return self
                .problems
                .iter()
                .map(|problem| format!("{}\n", problem.to_text()))
                .collect();
        }
        let count = |number: usize, thing: &str| {
            let plural = if number == 1 { "" } else { "s" };
            format!("{number} {thing}{plural}")
        };
        let [trunks, pools, dids] = self.counts;
        let (trunks, pools) = (count(trunks, "trunk"), count(pools, "pool"));
        let dids = count(dids, "DID");
        let warning = |warning: &Finding| format!("warning: {}\n", warning.to_text());
        let warnings: String = self.warnings.iter().map(warning).collect();
        format!("the configuration is good: {trunks}, {pools}, {dids}\n{warnings}")
    }

    fn to_json(&self) -> String {
        let problems: Value = self.problems.iter().map(Finding::to_json).collect();
        let warnings: Value = self.warnings.iter().map(Finding::to_json).collect();
        format!("{}\n", json!({ "problems": problems, "warnings": warnings }))
    }
}

impl Finding {
    fn of_problem(problem: &Problem) -> Self {
        let Problem { place, found, accepted } = problem;
        Self {
            place: Some(place.clone()),
            pair: Some((found.clone(), accepted.clone())),
            message: problem.message(),
        }
    }

    fn of_caution(caution: &Caution) -> Self {
        let Caution { place, message } = caution;
        Self { place: Some(place.clone()), pair: None, message: message.clone() }
    }

    fn to_text(&self) -> String {
        let place = self.place.as_ref().map(|place| format!("{place}: "));
        place.unwrap_or_default() + &self.message
    }

    /// Every field is always there; null says that there is nothing to say.
    fn to_json(&self) -> Value {
        let place = self.place.as_ref();
        let key = place.map(|place| &*place.key).filter(|key| !key.is_empty());
        json!({
            "file": place.map(|place| place.file.to_string_lossy()),
            "line": place.and_then(|place| place.line),
            "key": key,
            "found": self.pair.as_ref().map(|(found, _)| found),
            "accepted": self.pair.as_ref().map(|(_, accepted)| accepted),
            "message": self.message,
        })
    }
}
