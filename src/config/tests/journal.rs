//! `[journal]`.

use std::path::{Path, PathBuf};

use expect_test::expect;

use super::{MAIN, MINIMAL, PROFILE, TRUNK, Texts, check, load, load_texts};
use crate::config::Journal;

#[test]
fn a_service_needs_no_section_and_a_path_is_taken_from_the_directory_of_the_file() {
    let without = MINIMAL.replace(PATH, "\n");
    assert_eq!(journal(&without).path, Path::new("/var/lib/ringproof/journal"));
    let elsewhere = Path::new("/etc/ringproof/ringproof.toml");
    let texts = [(elsewhere.to_owned(), MINIMAL), (elsewhere.with_file_name(PROFILE), TRUNK)];
    let texts = texts.map(|(path, text): (PathBuf, &str)| (path, text.to_owned()));
    let config = load(elsewhere, &Texts(texts.into())).0.unwrap();
    assert_eq!(config.journal.path, Path::new("/etc/ringproof/journal"));
}

#[test]
fn every_key_is_read() {
    let section = "[journal]\npath = \"/srv/facts\"\ndurability = \"process\"\nwindow = \"250us\"\n\
                   cache = \"128MiB\"\nevents_kept = 5\nevents_kept_for = \"2h\"\n";
    let main = MINIMAL.replace(PATH, section);
    expect![[r#"
        Journal {
            path: "/srv/facts",
            settings: Settings {
                durability: Process,
                window: 250µs,
                cache_bytes: 134217728,
            },
            events_kept: 5,
            events_kept_for: 7200s,
        }
    "#]]
    .assert_debug_eq(&journal(&main));
}

#[test]
fn what_cannot_be_is_told_with_what_can() {
    let section = "[journal]\npath = \"journal/\"\ndurability = \"none\"\nwindow = \"3ms\"\n\
                   cache = \"2GiB\"\nevents_kept = 0\nevents_kept_for = \"31d\"\nsync = true\n";
    let main = MINIMAL.replace(PATH, section);
    check(
        &[(MAIN, &main), (PROFILE, TRUNK)],
        expect![[r#"
        ringproof.toml:2: `journal.path` is "journal/", must be the path of a file, from the directory of this file
        ringproof.toml:3: `journal.durability` is "none", must be "power" or "process"
        ringproof.toml:4: `journal.window` is "3ms", must be a duration between "0s" and "2ms"
        ringproof.toml:5: `journal.cache` is "2GiB", must be a size between "1MiB" and "1GiB"
        ringproof.toml:6: `journal.events_kept` is 0, must be a whole number between 1 and 10000000
        ringproof.toml:7: `journal.events_kept_for` is "31d", must be a duration between "1m" and "30d"
        ringproof.toml:8: `journal.sync` is an unknown key, must be `path`, `durability`, `window`, `cache`, `events_kept` or `events_kept_for`"#]],
    );
}

#[test]
fn another_journal_waits_for_a_restart() {
    let main = MINIMAL.replace(PATH, "journal.path = \"facts\"\n");
    let [one, other] = [MINIMAL, &main].map(|main| load_texts(&[(MAIN, main), (PROFILE, TRUNK)]));
    assert_eq!(one.unwrap().differences(&other.unwrap()), ["[journal]"]);
}

fn journal(main: &str) -> Journal {
    load_texts(&[(MAIN, main), (PROFILE, TRUNK)]).unwrap().journal
}

/// The first line of the minimal configuration.
const PATH: &str = "journal.path = \"journal\"\n";
