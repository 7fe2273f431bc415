//! What `ringproof help` prints: the commands in groups, by what somebody wants to do. clap has no
//! groups of commands, so they are written here from its own definition.

use std::fmt::Write;

use clap::Subcommand;

use super::arguments::Command;

/// The help's template, as clap reads it.
pub(super) fn template() -> String {
    let commands = Command::augment_subcommands(clap::Command::new(""));
    let about = |name: &str| match commands.find_subcommand(name).and_then(clap::Command::get_about)
    {
        Some(about) => about.to_string(),
        // clap adds it by itself, and later.
        None => "Print this message, or the help of a command".to_owned(),
    };
    let mut groups = String::new();
    for (heading, names) in GROUPS {
        groups += &format!("{HEADING}{heading}:{END}\n");
        for name in names {
            // A text can be written to without fail.
            let _ = writeln!(groups, "  {LITERAL}{name:<11}{END}  {}", about(name));
        }
        groups.push('\n');
    }
    format!(
        "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{groups}{HEADING}Options:{END}\n{{options}}{{after-help}}"
    )
}

/// Every command, once.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Run something", &["serve", "demo", "handset"]),
    ("Verify a phone", &["verify", "check", "call", "cancel"]),
    ("Look at a running daemon", &["status", "watch", "pools", "dids", "trunks", "trace"]),
    ("Set up", &["config", "journal", "key", "webhook", "completions", "help"]),
];
/// As clap draws its own headings and literals; it takes them out where there is no terminal.
const HEADING: &str = "\x1b[1m\x1b[4m";
const LITERAL: &str = "\x1b[1m";
const END: &str = "\x1b[0m";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let commands = Command::augment_subcommands(clap::Command::new(""));
        let mut known: Vec<_> = commands.get_subcommands().map(clap::Command::get_name).collect();
        known.push("help");
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        known.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, known);
    }
}
