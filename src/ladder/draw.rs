//! Draws a ladder for people: two columns, arrows, times.

use std::fmt::Write;

use super::{Direction, Rung};

/// Draws `rungs` between a column `left` (the gateway) and a column `right` (the trunk).
pub fn draw(left: &str, right: &str, rungs: &[Rung]) -> String {
    let mut text = format!("{:<10}{left:<20}{right:>20}\n", "seconds");
    for rung in rungs {
        let label = label(rung);
        let line = match (rung.direction, rung.undelivered) {
            (Direction::Out, Some(why)) => format!("│{label:─^WIDTH$}✗│  {}", why.in_words()),
            (Direction::Out, None) => format!("│{label:─^WIDTH$}▶│"),
            (Direction::In, _) if rung.is_ignored => format!("│✗{label:─^WIDTH$}│  {IGNORED}"),
            (Direction::In, _) => format!("│◀{label:─^WIDTH$}│"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<10.3}  {line}", rung.at.as_secs_f64());
    }
    text
}

fn label(rung: &Rung) -> String {
    let again = if rung.is_again { " (again)" } else { "" };
    let method = rung.method.as_str();
    match rung.status {
        Some(status) => format!(" {status} {method}{again} "),
        None => format!(" {method}{again} "),
    }
}

const WIDTH: usize = 32;
const IGNORED: &str = "ignored: without our tag, or not from the trunk";

#[cfg(test)]
mod tests;
