//! Files in; a configuration, or everything that is wrong with it, out.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect, expect_file};

use super::document::Files;
use super::load::load;
use super::{Config, Problems};

mod dids;
mod journal;
mod listeners;
mod manual;
mod pools;
mod trunks;
mod webhooks;

const MINIMAL: &str = r#"journal.path = "journal"
[control]
socket = "ringproof.sock"          # listen = "127.0.0.1:8580" adds TCP
[sip]
listen = ["udp:127.0.0.1:5070"]
profiles = ["sip-profiles/plain-rfc3261.toml"]
[[pool]]
name = "default"
numbers = ["+46876500[000-999]"]
"#;

const TRUNK: &str = "name = \"plain\"\naddress = \"udp:127.0.0.1:5060\"\n";

#[test]
fn the_minimal_configuration_is_enough() {
    let config = load_texts(&[(MAIN, MINIMAL), (PROFILE, TRUNK)]).unwrap();
    expect_file!["tests/minimal.txt"].assert_debug_eq(&config);
}

#[test]
fn an_empty_file_lacks_everything_that_has_no_default() {
    check(
        &[(MAIN, "")],
        expect![[r#"
            ringproof.toml:1: `pool` is missing, must be at least one `[[pool]]` with `name` and `numbers`, or one `[[did]]` with `number`
            ringproof.toml:1: `sip.listen` is missing, must be a list such as ["udp:127.0.0.1:5070"]
            ringproof.toml:1: `sip.profiles` is missing, must be a list of files, such as ["sip-profiles/plain-rfc3261.toml"]"#]],
    );
}

#[test]
fn a_file_that_is_not_there_is_a_problem_and_so_is_one_that_is_not_toml() {
    check(
        &[],
        expect![
            "ringproof.toml: the file is missing, must be a text file that the daemon may read"
        ],
    );
    check(
        &[(MAIN, "[control]\nsocket = ringproof.sock")],
        expect![
            "ringproof.toml:2: the file is not TOML (string values must be quoted, expected literal string), must be TOML 1.0"
        ],
    );
    check(
        &[(MAIN, MINIMAL)],
        expect![[
            r#"ringproof.toml:6: `sip.profiles` is "sip-profiles/plain-rfc3261.toml", which does not exist, must be a text file that the daemon may read"#
        ]],
    );
    check(
        &[(MAIN, MINIMAL), (PROFILE, "name = \"plain\"\nname = \"plain\"")],
        expect![
            "sip-profiles/plain-rfc3261.toml:2: the file is not TOML (duplicate key), must be TOML 1.0"
        ],
    );
}

#[test]
fn unknown_keys_are_named_with_what_was_meant() {
    let main = format!(
        "{MINIMAL}atempts = 3\n[verfy]\nattempts = 3\n[log]\nlevels = \"info\"\n\
         [trunk.plane]\nring = \"3s\"\n[banana]\n"
    );
    let trunk = format!("{TRUNK}[caller_id]\nformats = \"e164\"\n");
    check(
        &[(MAIN, &main), (PROFILE, &trunk)],
        expect![[r#"
            ringproof.toml:10: `pool.atempts` is an unknown key, must be `name`, `numbers` or `trunks`
            ringproof.toml:11: `verfy` is an unknown key, must be `verify`, if that was meant
            ringproof.toml:14: `log.levels` is an unknown key, must be `level`, if that was meant
            ringproof.toml:15: `trunk.plane` is an unknown trunk, must be `trunk.plain`, if that was meant
            ringproof.toml:17: `banana` is an unknown key, must be `control`, `sip`, `trunk`, `verify`, `missed_calls`, `pool`, `did`, `journal`, `webhook`, `callbacks`, `log` or `observe`
            sip-profiles/plain-rfc3261.toml:4: `caller_id.formats` is an unknown key, must be `format`, if that was meant"#]],
    );
}

#[test]
fn wrong_types_and_ranges_are_all_told_at_once() {
    let main = r#"
[control]
socket = 7
socket_mode = "0060"
listen = "localhost:8580"
body_max = "4GiB"
head_timeout = "10"
[sip]
listen = "udp:127.0.0.1:5070"
shards = 65
receive_buffer = 8.5
user_agent = "no\r\nvia"
profiles = ["sip-profiles/plain-rfc3261.toml", 5]
[[pool]]
name = "Default Pool"
numbers = ["46876500123", "+46876500[999-000]", "+46876500[0-99]", "+46876500123"]
[verify]
attempts = 0
expires_in = "5 minutes"
max_guess_odds = 1.5
countries = ["Sweden", "XX"]
refused_prefixes = ["+44 70"]
starts_per_phone = ["3/10m", "0 in 10m"]
pending_max = -1
log = { format = "xml" }
[log]
level = ["info"]
"#;
    check(
        &[(MAIN, main), (PROFILE, TRUNK)],
        expect![[r#"
            ringproof.toml:3: `control.socket` is 7, must be a path of 1 to 103 bytes
            ringproof.toml:4: `control.socket_mode` is "0060", must be a file mode between "0600" and "0777" that its owner can use
            ringproof.toml:5: `control.listen` is "localhost:8580", must be an address and port, such as "127.0.0.1:8580"
            ringproof.toml:6: `control.body_max` is "4GiB", must be a size between "1KiB" and "1MiB"
            ringproof.toml:7: `control.head_timeout` is "10", must be a duration between "1s" and "1m"
            ringproof.toml:9: `sip.listen` is "udp:127.0.0.1:5070", must be a list, each a concrete UDP address of this machine, such as "udp:192.0.2.1:5060", because it is sent to the trunk
            ringproof.toml:10: `sip.shards` is 65, must be a whole number between 1 and 64
            ringproof.toml:11: `sip.receive_buffer` is 8.5, must be a size between "64KiB" and "1GiB"
            ringproof.toml:12: `sip.user_agent` is "no\r\nvia", must be 1 to 64 printable ASCII characters, such as "ringproof"
            ringproof.toml:13: `sip.profiles` is 5, must be the path of a file, from the directory of this file
            ringproof.toml:15: `pool.name` is "Default Pool", must be 1 to 32 characters of a-z, 0-9, `-` and `_`
            ringproof.toml:16: `pool.numbers` is "+46876500[0-99]" (a range ends in `[low-high]` with as many digits on both sides, as in `+468765[000-999]`), must be a number such as "+46876500123" or a range such as "+46876500[000-999]"
            ringproof.toml:16: `pool.numbers` is "+46876500[999-000]" (the range runs backwards, the lower end comes first), must be a number such as "+46876500123" or a range such as "+46876500[000-999]"
            ringproof.toml:16: `pool.numbers` is "46876500123" (a phone number starts with `+` and the country code), must be a number such as "+46876500123" or a range such as "+46876500[000-999]"
            ringproof.toml:18: `verify.attempts` is 0, must be a whole number between 1 and 10
            ringproof.toml:19: `verify.expires_in` is "5 minutes", must be a duration between "30s" and "1h"
            ringproof.toml:20: `verify.max_guess_odds` is 1.5, must be a number above 0 and up to 1, such as 0.005
            ringproof.toml:21: `verify.countries` is "Sweden", must be the two letters of a country, such as "SE"
            ringproof.toml:21: `verify.countries` is "XX", must be the two letters of a country, such as "SE"
            ringproof.toml:22: `verify.refused_prefixes` is "+44 70", must be the first digits of numbers, such as "+4470"
            ringproof.toml:23: `verify.starts_per_phone` is "0 in 10m", must be a limit such as "3 in 10m", at least 1 in at most 7d
            ringproof.toml:23: `verify.starts_per_phone` is "3/10m", must be a limit such as "3 in 10m", at least 1 in at most 7d
            ringproof.toml:24: `verify.pending_max` is -1, must be a whole number between 1 and 100000000
            ringproof.toml:25: `verify.log` is an unknown key, must be `attempts`, `calls`, `expires_in`, `expires_max`, `keep_ended`, `reuse_window`, `max_guess_odds`, `countries`, `refused_prefixes`, `starts_per_phone`, `starts_per_prefix`, `wrong_codes_lock`, `lock`, `wrong_codes_stop`, `hard_lock`, `pending_max`, `ended_max`, `phones_max` or `prefixes_max`
            ringproof.toml:27: `log.level` is ["info"], must be "error", "warn", "info", "debug" or "trace""#]],
    );
}

#[test]
fn a_section_that_is_no_table_is_a_problem() {
    check(
        &[(MAIN, "control = 5\nsip = []\npool = {}\ntrunk = true")],
        expect![[r#"
        ringproof.toml:1: `control` is 5, must be a table, headed `[control]`
        ringproof.toml:2: `sip` is [], must be a table, headed `[sip]`
        ringproof.toml:2: `sip.listen` is missing, must be a list such as ["udp:127.0.0.1:5070"]
        ringproof.toml:2: `sip.profiles` is missing, must be a list of files, such as ["sip-profiles/plain-rfc3261.toml"]
        ringproof.toml:3: `pool` is {}, must be tables, each headed `[[pool]]`
        ringproof.toml:4: `trunk` is true, must be a table, headed `[trunk]`"#]],
    );
}

#[test]
fn lists_have_an_end() {
    let main = MINIMAL.replace("261.toml\"]", &format!("261.toml\"{}]", ", \"x\"".repeat(64)));
    let pool = "[[pool]]\n".repeat(4_096);
    let key = "[[control.key]]\n".repeat(1_025);
    let problems = load_texts(&[(MAIN, &format!("{main}{pool}{key}"))]).unwrap_err();
    let long: Vec<String> =
        problems.iter().filter(|it| it.found.ends_with("long")).map(ToString::to_string).collect();
    expect![[r#"
        ringproof.toml:6: `sip.profiles` is 65 long, must be at most 64 long
        ringproof.toml:7: `pool` is 4097 long, must be at most 4096 long
        ringproof.toml:4106: `control.key` is 1025 long, must be at most 1024 long"#]]
    .assert_eq(&long.join("\n"));
}

struct Texts(BTreeMap<PathBuf, String>);

impl Files for Texts {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_open(&self, path: &Path) -> bool {
        path.starts_with("open")
    }
}

fn load_texts(texts: &[(&str, &str)]) -> Result<Config, Problems> {
    let texts = texts.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    load(Path::new(MAIN), &Texts(texts.collect())).0
}

#[track_caller]
fn check(texts: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&match load_texts(texts) {
        Ok(_) => "accepted".to_owned(),
        Err(problems) => problems.to_string(),
    });
}

const MAIN: &str = "ringproof.toml";
const PROFILE: &str = "sip-profiles/plain-rfc3261.toml";
