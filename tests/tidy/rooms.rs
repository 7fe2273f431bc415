//! Which rooms a file names: `crate::a`, `crate::{a::B, c}` over any number of lines, and
//! `super::super::a` by the file's own depth. Names of the crate's root that would hide a room
//! (`use crate as x`, `use crate::*`) are refused.

use crate::source::Source;

/// One row of the table.
pub(crate) struct Room {
    pub(crate) name: &'static str,
    pub(crate) uses: &'static [&'static str],
}

/// The tables that a file is held against.
pub(crate) struct Rules<'a> {
    pub(crate) ground: &'a [&'a str],
    pub(crate) rooms: &'a [Room],
    pub(crate) words: &'a [(&'a str, &'a [&'a str])],
}

impl Rules<'_> {
    /// What `source` names and must not.
    pub(crate) fn check(&self, source: &Source) -> Vec<String> {
        let Some(room) = room_of(&source.path) else { return vec![] };
        let Some(rule) = self.rooms.iter().find(|rule| rule.name == room) else {
            let path = &source.path;
            return vec![format!(
                "{path}:1: room {room} is missing from the table in tests/tidy.rs"
            )];
        };
        let mut errors = vec![];
        for (named, line) in named_rooms(source) {
            let is_allowed = named == room
                || self.ground.contains(&named.as_str())
                || rule.uses.contains(&named.as_str());
            if named == ROOT {
                errors.push(format!("{}:{line}: {room} must name rooms one by one", source.path));
            } else if !is_allowed && self.rooms.iter().any(|rule| rule.name == named) {
                errors.push(format!("{}:{line}: {room} must not import {named}", source.path));
            } else if !is_allowed {
                errors.push(format!("{}:{line}: {named} is not a room", source.path));
            }
        }
        for (word, _) in self.words.iter().filter(|(_, rooms)| !rooms.contains(&room)) {
            errors.extend(
                named_paths(source, word)
                    .map(|line| format!("{}:{line}: {room} must not name {word}", source.path)),
            );
        }
        errors
    }
}

/// Rows that use themselves, a room above them (below them in the table), or none at all.
pub(crate) fn upward(rooms: &[Room]) -> Vec<String> {
    let place = |name: &str| rooms.iter().position(|room| room.name == name);
    let mut errors = vec![];
    for (at, room) in rooms.iter().enumerate() {
        for used in room.uses {
            match place(used) {
                None => errors.push(format!("tests/tidy.rs:1: {used} is not in the table")),
                Some(there) if there >= at => {
                    errors.push(format!("tests/tidy.rs:1: {} looks up to {used}", room.name));
                }
                Some(_) => {}
            }
        }
    }
    errors
}

/// The room that a file belongs to; `None` for `lib.rs`, which only lists them, and for tests.
fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next().unwrap_or_default();
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "lib").then_some(room)
}

/// Stands for the crate's root itself.
const ROOT: &str = "crate";

/// Each room named by a path, with its line.
fn named_rooms(source: &Source) -> Vec<(String, usize)> {
    let mut found = vec![];
    for (at, word) in source.words.iter().enumerate() {
        let is_start = matches!(word.text.as_str(), "crate" | "self" | "super");
        // `pub(crate)` and the `super` in the middle of a path are not starts.
        let is_path = source.has(at + 1, &["::"]) || source.has(at + 1, &["as"]);
        if is_start && is_path && source.before(at) != "::" && source.before(at) != "extern" {
            follow(source, at, depth_of(source, at), &mut found);
        } else if source.has(at, &["extern", "crate", "self"]) {
            found.push((ROOT.to_owned(), word.line));
        }
    }
    found
}

/// How many modules are around the word, counted from the crate's root.
fn depth_of(source: &Source, at: usize) -> usize {
    let inside = source.path.trim_start_matches("src/").trim_end_matches(".rs");
    let file = match inside {
        "lib" | "main" => 0,
        _ => inside.trim_end_matches("/mod").split('/').count(),
    };
    file + source.words[at].modules
}

/// Follows one path from `at`, `depth` modules below the root, and each branch of its groups.
fn follow(source: &Source, at: usize, depth: usize, found: &mut Vec<(String, usize)>) {
    let Some(word) = source.words.get(at) else { return };
    let after = match source.has(at + 1, &["::"]) {
        true => Some(at + 2),
        false => None,
    };
    match (word.text.as_str(), after) {
        ("crate", Some(next)) => follow(source, next, 0, found),
        ("super", Some(next)) => follow(source, next, depth.saturating_sub(1), found),
        ("self", Some(next)) => follow(source, next, depth, found),
        ("super", None) if depth == 1 => found.push((ROOT.to_owned(), word.line)),
        ("crate", None) => found.push((ROOT.to_owned(), word.line)),
        ("self" | "*", None) if depth == 0 => found.push((ROOT.to_owned(), word.line)),
        ("{", _) => {
            for branch in branches(source, at) {
                follow(source, branch, depth, found);
            }
        }
        // A macro of the root, such as `crate::trace!`, is no room.
        (_, None) if source.has(at + 1, &["!"]) => {}
        (name, _) if depth == 0 => found.push((name.to_owned(), word.line)),
        _ => {}
    }
}

/// Where each branch of the group that opens at `open` begins.
fn branches(source: &Source, open: usize) -> Vec<usize> {
    let mut starts = vec![open + 1];
    let mut depth = 0;
    for (at, word) in source.words.iter().enumerate().skip(open) {
        match word.text.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => break,
            "}" => depth -= 1,
            "," if depth == 1 => starts.push(at + 1),
            _ => {}
        }
    }
    starts.retain(|at| source.words.get(*at).is_some_and(|word| word.text != "}"));
    starts
}

/// Lines of code, test modules excepted unless the word is tokio, that write `path` (`tokio`,
/// `std::fs`), also as a branch of a group.
fn named_paths<'a>(source: &'a Source, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let parts: Vec<&str> = path.split("::").collect();
    let is_for_tests_too = path == "tokio";
    (0..source.words.len())
        .filter(move |at| is_for_tests_too || !(source.words[*at].is_test || source.is_test()))
        .filter(move |at| {
            // The branches of a group begin paths of their own.
            !source.has(*at, &["{"])
                && !matches!(source.before(*at), "::" | ".")
                && starts_path(source, *at, &parts)
        })
        .map(|at| source.words[at].line)
}

/// The words from `at` begin with the path `parts`, in one line or through groups.
fn starts_path(source: &Source, at: usize, parts: &[&str]) -> bool {
    let [first, rest @ ..] = parts else { return true };
    if source.has(at, &["{"]) {
        return branches(source, at).iter().any(|branch| starts_path(source, *branch, parts));
    }
    if !source.has(at, &[first]) {
        return false;
    }
    match rest {
        // A crate's name counts where it begins a path; a local of that name does not.
        [] if parts.len() == 1 && source.before(at) != "::" => {
            source.has(at + 1, &["::"])
                || source.before(at) == "use"
                || source.before(at) == "crate"
        }
        [] => true,
        _ => source.has(at + 1, &["::"]) && starts_path(source, at + 2, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMS: &[Room] = &[
        Room { name: "time", uses: &[] },
        Room { name: "sip", uses: &[] },
        Room { name: "verify", uses: &[] },
        Room { name: "net", uses: &["sip"] },
    ];
    const WORDS: &[(&str, &[&str])] = &[("tokio", &["net"]), ("std::fs", &["net"])];

    fn check(path: &str, code: &str) -> String {
        let rules = Rules { ground: &["time"], rooms: ROOMS, words: WORDS };
        rules.check(&Source::read(path, code)).join("\n")
    }

    #[test]
    fn imports_of_a_forbidden_room_are_found_however_they_are_written() {
        let sip = "src/verify/pool.rs:1: verify must not import sip";
        assert_eq!(check("src/verify/pool.rs", "use crate::sip::Message;"), sip);
        assert_eq!(check("src/verify/pool.rs", "fn a(b: crate::sip::B) {}"), sip);
        assert_eq!(check("src/verify/pool.rs", "use super::super::sip;"), sip);
        assert_eq!(check("src/verify/pool.rs", "use super::{a::B, super::sip::{C, D}};"), sip);
        assert_eq!(check("src/verify.rs", "use self::super::sip;"), sip.replace("/pool", ""));
        assert_eq!(check("src/verify/pool.rs", "mod a { use super::super::super::sip::B; }"), sip);
        let group = "use crate::{\n    time::{A, B},\n    sip::{self, C},\n};";
        assert_eq!(check("src/verify/pool.rs", group), sip.replace(":1:", ":3:"));
    }

    #[test]
    fn allowed_imports_pass() {
        assert_eq!(
            check("src/verify/pool.rs", "use super::sip; use crate::{time::A, verify};"),
            ""
        );
        assert_eq!(
            check(
                "src/verify.rs",
                "mod a { use super::*; } // use crate::sip\nconst B: &str = \"crate::sip\";"
            ),
            ""
        );
        assert_eq!(check("src/net.rs", "use crate::sip; pub(crate) use tokio::net;"), "");
        assert_eq!(check("src/lib.rs", "pub mod sip; pub use crate::sip::A;"), "");
    }

    #[test]
    fn names_that_hide_a_room_are_found() {
        let hidden = "src/verify.rs:1: verify must name rooms one by one";
        for code in [
            "use crate as a;",
            "use crate::*;",
            "use super as a;",
            "use super::*;",
            "use crate::{self as a};",
            "extern crate self as a;",
        ] {
            assert_eq!(check("src/verify.rs", code), hidden, "{code}");
        }
        assert_eq!(
            check("src/verify.rs", "use crate::net2::A;"),
            "src/verify.rs:1: net2 is not a room"
        );
        assert_eq!(
            check("src/new.rs", ""),
            "src/new.rs:1: room new is missing from the table in tests/tidy.rs"
        );
    }

    #[test]
    fn words_of_the_edges_are_found() {
        let tokio = "src/verify.rs:1: verify must not name tokio";
        assert_eq!(check("src/verify.rs", "use tokio::time;"), tokio);
        assert_eq!(check("src/verify.rs", "#[cfg(test)] mod a { use tokio; }"), tokio);
        assert_eq!(check("src/verify.rs", "use {std::io, tokio::net};"), tokio);
        assert_eq!(
            check("src/verify.rs", "use std::{io, fs::File};"),
            tokio.replace("tokio", "std::fs")
        );
        assert_eq!(
            check("src/verify.rs", "let tokio = a.tokio; #[cfg(test)] mod b { use std::fs; }"),
            ""
        );
    }

    #[test]
    fn a_table_that_looks_up_is_found() {
        let rooms =
            [Room { name: "time", uses: &["sip", "nothing"] }, Room { name: "sip", uses: &[] }];
        assert_eq!(
            upward(&rooms),
            [
                "tests/tidy.rs:1: time looks up to sip",
                "tests/tidy.rs:1: nothing is not in the table"
            ]
        );
        assert!(upward(ROOMS).is_empty());
    }
}
