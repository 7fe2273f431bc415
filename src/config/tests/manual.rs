//! The example, the profiles and the manual say what the loader does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use expect_test::{expect, expect_file};

use super::{MAIN, MINIMAL, Texts, check, load};
use crate::config::Config;
use crate::control::Right;

#[test]
fn the_example_loads_and_its_defaults_are_the_defaults() {
    let as_shipped = load_files(&[(MAIN, EXAMPLE), (PLAIN, &profile("plain-rfc3261"))]).0;
    let spelled_out = load_files(&[
        (MAIN, &with_defaults(EXAMPLE)),
        (PLAIN, &with_defaults(&profile("plain-rfc3261"))),
    ])
    .0;
    let minimal = load_files(&[(MAIN, MINIMAL), (PLAIN, &profile("plain-rfc3261"))]).0;
    let shown = |config: &Config| format!("{config:#?}");
    assert_eq!(shown(&as_shipped), shown(&minimal));
    assert_eq!(shown(&spelled_out), shown(&minimal));
}

#[test]
fn h06_the_key_of_the_example_is_nobodys() {
    let indented = EXAMPLE.lines().filter_map(|line| line.strip_prefix("#   "));
    let key: String = indented.map(|line| format!("{line}\n")).collect();
    let main = format!("{MINIMAL}{key}");
    check(
        &[(MAIN, &main), (PLAIN, &profile("plain-rfc3261"))],
        expect![[r#"
            ringproof.toml:12: `control.key.sha256` is a string that is not repeated here, must be the SHA-256 of the key, 64 hexadecimal digits, as `ringproof key new NAME` prints it
            ringproof.toml:23: `webhook.secret` is a string that is not repeated here (what follows is not base64 with its padding), must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it
            ringproof.toml:24: `webhook.secret_previous` is a string that is not repeated here (what follows is not base64 with its padding), must be `whsec_` or `whsk_` and base64, as `ringproof webhook secret` prints it"#]],
    );
}

#[test]
fn the_example_loads_from_where_it_lies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = crate::config::load(&root.join(MAIN_EXAMPLE)).unwrap();
    assert_eq!(config.control.socket, root.join("ringproof.sock"));
    let problems = crate::config::load(Path::new("/dev/zero")).unwrap_err();
    expect!["/dev/zero: the file is not readable (file too large), must be a text file that the daemon may read"].assert_eq(&problems.to_string());
}

#[test]
fn the_example_and_the_plain_profile_name_every_key() {
    let text = format!("{EXAMPLE}{}", profile("plain-rfc3261"));
    for key in asked() {
        let name = key.rsplit('.').next().unwrap_or(&key);
        let forms = [format!("{name} = "), format!("[{key}]"), format!("[{key}.")];
        assert!(forms.iter().any(|form| text.contains(form)), "`{key}` is in neither file");
    }
}

#[test]
fn the_manual_lists_the_keys_of_the_loader_and_no_others() {
    let listed: BTreeSet<&str> = MANUAL
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(key, _)| key)
        .collect();
    let asked = asked();
    // A section is a heading of its own: the manual lists what is in it.
    let is_section = |key: &str| asked.iter().any(|other| other.starts_with(&format!("{key}.")));
    let keys: BTreeSet<&str> =
        asked.iter().map(|key| &**key).filter(|key| !is_section(key) && *key != "trunk").collect();
    assert_eq!(listed, keys);
}

#[test]
fn the_manual_and_the_example_say_what_a_right_allows() {
    for right in Right::ALL {
        let (word, meaning) = (right.as_str(), right.meaning());
        assert!(MANUAL.contains(&format!("`\"{word}\"` {meaning}")), "{word}");
        assert!(EXAMPLE.contains(&format!("\"{word}\" {meaning}")), "{word}");
    }
}

#[test]
fn every_profile_loads() {
    let mut shown = String::new();
    for name in ["plain-rfc3261", "asterisk-peer", "kamailio-peer", "ip-trunk-early-183"] {
        let path = format!("sip-profiles/{name}.toml");
        let main = MINIMAL.replace(PLAIN, &path);
        let config = load_files(&[(MAIN, &main), (&path, &profile(name))]).0;
        assert_eq!(&*config.trunks[0].name, name);
        shown += &format!("{:#?}\n", config.trunks[0]);
    }
    expect_file!["profiles.txt"].assert_eq(&shown);
}

/// Every key that the loader asks for when every section is there.
fn asked() -> BTreeSet<String> {
    let hash = "0".repeat(64);
    let key = format!("[[control.key]]\nname = \"a\"\nsha256 = \"{hash}\"\nrights = [\"read\"]\n");
    let did = "[[did]]\nnumber = \"+46812345678\"\n";
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let webhook = format!(
        "[[webhook]]\nname = \"a\"\nurl = \"https://example.com/\"\nsecret = \"{secret}\"\n"
    );
    load_files(&[
        (MAIN, &format!("{MINIMAL}{key}{did}{webhook}")),
        (PLAIN, &profile("plain-rfc3261")),
    ])
    .1
}

/// The text with each `#key = default` in force.
fn with_defaults(text: &str) -> String {
    let uncommented = text.lines().map(|line| match line.strip_prefix('#') {
        Some(default) if default.starts_with(|letter: char| letter.is_ascii_lowercase()) => default,
        Some(_) | None => line,
    });
    uncommented.collect::<Vec<_>>().join("\n")
}

fn load_files(texts: &[(&str, &str)]) -> (Config, BTreeSet<String>) {
    let texts = texts.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    let (config, asked) = load(Path::new(MAIN), &Texts(texts.collect()));
    (config.unwrap_or_else(|problems| panic!("{problems}")), asked)
}

fn profile(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("sip-profiles/{name}.toml"));
    std::fs::read_to_string(path).unwrap()
}

const MAIN_EXAMPLE: &str = "ringproof.example.toml";
const EXAMPLE: &str = include_str!("../../../ringproof.example.toml");
const MANUAL: &str = include_str!("../../../docs/configuration.md");
const PLAIN: &str = "sip-profiles/plain-rfc3261.toml";
