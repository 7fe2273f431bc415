//! Each command against a daemon that says what is written here: what is asked, what is printed, and
//! how it ends.

mod answers;
mod state;
mod verify;

use std::fmt::Write;
use std::io;
use std::path::Path;

use clap::Parser;
use expect_test::{Expect, expect};
use tokio::sync::mpsc;

use super::fake::{Answer, FakeDaemon, OPEN, Printed};
use super::*;
use answers::POOLS;

/// No test runs a gateway: the names of the programs are enough.
struct NoPrograms;

impl Programs for NoPrograms {
    fn serve(&self, arguments: &Serve, terminal: &mut Terminal) -> Exit {
        terminal.note(&format!("serve {}", arguments.config.display()));
        Exit::Success
    }

    fn demo(&self, _: &Demo, terminal: &mut Terminal) -> Exit {
        terminal.note("demo");
        Exit::Success
    }

    fn handset(&self, arguments: &Handset, _: bool, terminal: &mut Terminal) -> Exit {
        terminal.note(&format!("handset {}", arguments.listen));
        Exit::Success
    }

    fn check_config(
        &self,
        arguments: &ConfigCheck,
        is_json: bool,
        terminal: &mut Terminal,
    ) -> Exit {
        terminal.note(&format!("config check {} json={is_json}", arguments.file.display()));
        Exit::Configuration
    }
}

/// A command that asks no daemon.
fn run(line: &str) -> String {
    run_words(line.split_whitespace(), Path::new("/nonexistent"), &[]).1
}

/// A command that asks the daemon behind `socket`.
fn run_at(socket: &Path, line: &str, typed: &[&str]) -> (Exit, String) {
    let socket_text = socket.to_string_lossy();
    let words = line.split_whitespace().chain(["--socket", &socket_text]);
    run_words(words, socket, typed)
}

fn run_words<'a>(
    words: impl Iterator<Item = &'a str>,
    socket: &Path,
    typed: &[&str],
) -> (Exit, String) {
    let (out, err) = (Printed::default(), Printed::default());
    let mut terminal = Terminal::to_writers(out.clone(), err.clone());
    if !typed.is_empty() {
        let (lines, receiver) = mpsc::channel(typed.len());
        typed.iter().for_each(|line| lines.try_send((*line).to_owned()).unwrap());
        terminal = terminal.with_lines(receiver);
    }
    let words = ["ringproof"].into_iter().chain(words);
    let exit = dispatch(&CommandLine::try_parse_from(words).unwrap(), &NoPrograms, &mut terminal);
    let (out, err) = (out.text(socket), err.text(socket));
    let mut report = String::new();
    out.lines().for_each(|line| writeln!(report, "| {line}").unwrap());
    err.lines().for_each(|line| writeln!(report, "! {line}").unwrap());
    writeln!(report, "exit {}", exit.code()).unwrap();
    (exit, report)
}

/// Requests with `>`, results with `|`, everything else that was said with `!`.
fn check_typed(line: &str, typed: &[&str], answers: &[Answer], expected: &Expect) {
    let daemon = FakeDaemon::start(answers);
    let (_, report) = run_at(&daemon.socket(), line, typed);
    let requests: String = daemon.requests().lines().map(|line| format!("> {line}\n")).collect();
    expected.assert_eq(&(requests + &report));
}

fn check(line: &str, answers: &[Answer], expected: &Expect) {
    check_typed(line, &[], answers, expected);
}

#[test]
fn a_key_is_shown_to_the_daemon_alone() {
    check(
        "pools --key ringproof_x",
        &[("GET /v1/pools", 401, "{}")],
        &expect![[r#"
        > GET /v1/pools Bearer ringproof_x
        ! error: the daemon answered 401
        ! hint: give an API key in RINGPROOF_KEY
        exit 77
    "#]],
    );
    check(
        "pools --key \u{7f}",
        &[],
        &expect![[r#"
        ! error: an API key is printable ASCII, this one is not
        exit 77
    "#]],
    );
}

#[test]
fn a_refusal_is_said_with_a_hint_and_an_exit_code() {
    let refused = |status, body| [("POST /v1/verifications", status, body)];
    let pending = r#"{"title":"The phone has a pending verification","status":409,"code":"already_pending","detail":"","id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P"}"#;
    check(
        "verify +46701234567",
        &refused(409, pending),
        &expect![[r#"
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        ! error: The phone has a pending verification
        ! hint: check its code with `ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE`
        exit 65
    "#]],
    );
    let limited = r#"{"title":"Too many requests","status":429,"code":"rate_limited","detail":"3 starts in 10 minutes"}"#;
    check(
        "verify +46701234567",
        &refused(429, limited),
        &expect![[r#"
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        ! error: Too many requests: 3 starts in 10 minutes
        ! hint: try again later
        exit 75
    "#]],
    );
    let hostile = "{\"title\":\"a\\u001b[2Jb\",\"detail\":\"c\\nd\"}";
    check(
        "verify +46701234567",
        &refused(400, hostile),
        &expect![[r#"
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        ! error: a\u{1b}[2Jb: c\u{a}d
        exit 65
    "#]],
    );
    check(
        "verify +46701234567",
        &refused(502, "<html>"),
        &expect![[r#"
        > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
        ! error: the daemon answered 502
        exit 70
    "#]],
    );
    check(
        "pools",
        &[("GET /v1/pools", 200, "{\"pools\":7}")],
        &expect![[r#"
        > GET /v1/pools
        ! error: the daemon's answer is not what this program knows: invalid type: integer `7`, expected a sequence at line 1 column 10
        exit 70
    "#]],
    );
}

#[test]
fn a_daemon_that_is_not_there_is_said_plainly() {
    let (exit, report) = run_at(Path::new("/nonexistent/control.sock"), "status", &[]);
    assert_eq!(exit, Exit::Unreachable);
    expect![[r#"
        ! error: no daemon at SOCKET: No such file or directory (os error 2)
        ! hint: start it with `ringproof serve`, or name it with --socket or --url
        exit 69
    "#]]
    .assert_eq(&report);
}

#[test]
fn commands_that_run_something_are_handed_to_the_wiring() {
    assert_eq!(run("serve --config a.toml"), "! serve a.toml\nexit 0\n");
    assert_eq!(run("demo"), "! demo\nexit 0\n");
    assert_eq!(run("handset"), "! handset 127.0.0.1:5060\nexit 0\n");
    assert_eq!(run("config check --json"), "! config check ringproof.toml json=true\nexit 64\n");
}

#[test]
fn completions_come_from_the_same_definition() {
    let report = run("completions bash");
    assert!(report.ends_with("exit 0\n"));
    assert!(report.contains("ringproof__subcmd__verify") || report.contains("ringproof__verify"));
}

/// A reader that has gone away.
struct Gone;

impl io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_failure() {
    let daemon = FakeDaemon::start(&[("GET /v1/pools", 200, POOLS)]);
    let socket = daemon.socket();
    let line = ["ringproof", "pools", "--socket", socket.to_str().unwrap()];
    let mut terminal = Terminal::to_writers(Gone, Gone);
    let exit = dispatch(&CommandLine::parse_from(line), &NoPrograms, &mut terminal);
    assert_eq!(exit, Exit::Success);
}
