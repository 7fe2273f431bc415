//! `ringproof config check`.

use serde_json::json;

use super::daemon;
use crate::cli::{ConfigCheck, Exit, Terminal};
use crate::config::{self, Config};
use crate::verify::Warning;

/// Says everything that is wrong with a configuration.
pub(super) fn check_config(
    arguments: &ConfigCheck,
    is_json: bool,
    terminal: &mut Terminal,
) -> Exit {
    let (problems, summary) = match config::load(&arguments.file) {
        Ok(config) => match daemon::check(&config) {
            Ok(warnings) => (vec![], summary(&config, &warnings)),
            // Each value is right, but together they cannot work.
            Err(problem) => (vec![problem.to_string()], String::new()),
        },
        Err(problems) => (problems.iter().map(ToString::to_string).collect(), String::new()),
    };
    let exit = if problems.is_empty() { Exit::Success } else { Exit::Configuration };
    let text = match (is_json, exit) {
        (true, _) => format!("{}\n", json!({ "problems": problems })),
        (false, Exit::Success) => summary,
        (false, _) => problems.join("\n") + "\n",
    };
    // The verdict stands, whoever reads it.
    drop(terminal.print(&text));
    exit
}

fn summary(config: &Config, warnings: &[Warning]) -> String {
    let count = |number: usize, thing: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {thing}{plural}")
    };
    let mut text = format!(
        "the configuration is good: {}, {}\n",
        count(config.trunks.len(), "trunk"),
        count(config.pools.len(), "pool")
    );
    warnings.iter().for_each(|warning| text += &format!("warning: {warning}\n"));
    text
}
