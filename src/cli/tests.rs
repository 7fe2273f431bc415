//! Each command against a daemon that says what is written here: what is asked, what is printed, and
//! how it ends.

mod answers;
mod missed_calls;
mod state;
mod verify;
mod wait;
mod wait_back;
mod webhook;

use std::fmt::Write;
use std::io;
use std::path::Path;

use clap::Parser;
use expect_test::{Expect, expect};
use tokio::sync::mpsc;

use super::fake::{Answer, CUT, FakeDaemon, Printed};
use super::*;
use answers::{CANCELED, EVENTS, PENDING, POOLS, STATUS, TRUNKS, VERIFIED};

/// No test runs a gateway: the names of the programs are enough.
struct NoPrograms;

impl Programs for NoPrograms {
    fn serve(&self, arguments: &Serve, terminal: &mut Terminal) -> Exit {
        terminal.note(&format!("serve {}", arguments.config.display()));
        Exit::Success
    }

    fn demo(&self, _: &Demo, is_json: bool, terminal: &mut Terminal) -> Exit {
        terminal.note(&format!("demo json={is_json}"));
        Exit::Success
    }

    fn handset(&self, arguments: &Handset, _: bool, terminal: &mut Terminal) -> Exit {
        terminal.note(&format!("handset {}", arguments.listen));
        Exit::Success
    }

    fn dial(&self, arguments: &Dial, is_json: bool, terminal: &mut Terminal) -> Exit {
        let Dial { from, did, to, bind, shows, then, times } = arguments;
        let bind = bind.map(|bind| bind.0);
        terminal.note(&format!("dial {from:?} {did:?} at {to}, from {bind:?}"));
        terminal.note(&format!("{shows}, {then}, {times} times, json={is_json}"));
        Exit::Success
    }

    fn check_config(
        &self,
        arguments: &ConfigCheck,
        is_json: bool,
        terminal: &mut Terminal,
    ) -> Exit {
        terminal.note(&format!("config check {} json={is_json}", arguments.file().display()));
        Exit::Configuration
    }

    fn journal(&self, arguments: &Journal, is_json: bool, terminal: &mut Terminal) -> Exit {
        let (Journal::Compact(file) | Journal::Stat(file) | Journal::Verify(file)) = arguments;
        terminal.note(&format!("{arguments:?}: {:?} json={is_json}", file.named()));
        Exit::Success
    }
}

/// What a test types.
#[derive(Clone, Copy)]
enum Typed<'a> {
    /// Ctrl-C, as soon as the program listens.
    Interrupt,
    /// Nothing: the standard input is closed.
    Nothing,
    /// Lines in a pipe, which ends after them.
    Pipe(&'a [&'a str]),
    /// Lines of a person, who stays and says no more.
    Person(&'a [&'a str]),
}

/// A command that asks no daemon.
fn run(line: &str) -> String {
    run_words(line.split_whitespace(), Path::new("/nonexistent"), Typed::Nothing).1
}

/// A command that asks the daemon behind `socket`.
fn run_at(socket: &Path, line: &str, typed: Typed<'_>) -> (Exit, String) {
    let socket_text = socket.to_string_lossy();
    let words = line.split_whitespace().chain(["--socket", &socket_text]);
    run_words(words, socket, typed)
}

fn run_words<'a>(
    words: impl Iterator<Item = &'a str>,
    socket: &Path,
    typed: Typed<'_>,
) -> (Exit, String) {
    let (out, err) = (Printed::default(), Printed::default());
    let terminal = Terminal::to_writers(out.clone(), err.clone());
    let (keyboard, lines) = mpsc::channel(8);
    let (key, interrupts) = mpsc::channel(1);
    let (written, has_person) = match typed {
        Typed::Interrupt => (&[][..], true),
        Typed::Nothing => (&[][..], false),
        Typed::Person(lines) => (lines, true),
        Typed::Pipe(lines) => (lines, false),
    };
    written.iter().for_each(|line| keyboard.try_send((*line).to_owned()).unwrap());
    // A pipe is closed by its writer, a keyboard stays.
    let _keyboard = has_person.then_some(keyboard);
    if let Typed::Interrupt = typed {
        key.try_send(()).unwrap();
    }
    let mut terminal = match typed {
        Typed::Nothing => terminal,
        Typed::Interrupt | Typed::Person(_) | Typed::Pipe(_) => {
            terminal.with_lines(lines, has_person).with_interrupts(interrupts)
        }
    };
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
fn check_typed(line: &str, typed: Typed<'_>, answers: &[Answer], expected: &Expect) {
    let daemon = FakeDaemon::start(answers);
    let (_, report) = run_at(&daemon.socket(), line, typed);
    let requests: String = daemon.requests().lines().map(|line| format!("> {line}\n")).collect();
    expected.assert_eq(&(requests + &report));
}

fn check(line: &str, answers: &[Answer], expected: &Expect) {
    check_typed(line, Typed::Nothing, answers, expected);
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
    let pending = r#"{"title":"The phone has a pending verification","status":409,"code":"already_pending","detail":"this phone has a pending verification, ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P: use or cancel it","id":"ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P"}"#;
    check(
        "verify +46701234567",
        &refused(409, pending),
        &expect![[r#"
            > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
            ! error: this phone has a pending verification, ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P: use or cancel it
            ! hint: `ringproof check ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P CODE` or `ringproof cancel ver_01JD8Q0R6T9W3K5X7Z2B4N6M8P`
            exit 65
        "#]],
    );
    let limited = r#"{"title":"Too many requests","status":429,"code":"rate_limited","detail":"too many starts for this phone, retry in 40 s"}"#;
    check(
        "verify +46701234567",
        &refused(429, limited),
        &expect![[r#"
            > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
            ! error: too many starts for this phone, retry in 40 s
            ! hint: try again later
            exit 75
        "#]],
    );
    let hostile = "{\"title\":\"a\",\"detail\":\"b\\u001b[2Jc\\nd\"}";
    check(
        "verify +46701234567",
        &refused(400, hostile),
        &expect![[r#"
            > POST /v1/verifications {"method":"flash_call","to":"+46701234567"}
            ! error: b\u{1b}[2Jc\u{a}d
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
    let (exit, report) = run_at(Path::new("/nonexistent/control.sock"), "status", Typed::Nothing);
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
    assert_eq!(run("demo --json"), "! demo json=true\nexit 0\n");
    assert_eq!(run("handset"), "! handset 127.0.0.1:5060\nexit 0\n");
    let dial = "handset dial +46701234567 +46876500123";
    expect![[r#"
        ! dial +4670…67 +4687…23 at 127.0.0.1:5070, from None
        ! international, waits, 1 times, json=false
        exit 0
    "#]]
    .assert_eq(&run(dial));
    let manner = "--bind 127.0.0.2 --shows national --then hangs-up:300ms --times 3 --json";
    expect![[r#"
        ! dial +4670…67 +4687…23 at 127.0.0.1:5062, from Some(127.0.0.2:0)
        ! national, hangs-up:300ms, 3 times, json=true
        exit 0
    "#]]
    .assert_eq(&run(&format!("{dial} --to 127.0.0.1:5062 {manner}")));
    assert_eq!(run("config check --json"), "! config check ringproof.toml json=true\nexit 64\n");
    for line in ["config check a.toml", "config check --config a.toml"] {
        assert_eq!(run(line), "! config check a.toml json=false\nexit 64\n");
    }
}

#[test]
fn a_journal_is_named_by_a_configuration_or_by_itself() {
    let named = |line: &str| {
        let said = run(line);
        said.split_once("}): ").map(|(_, named)| named.to_owned())
    };
    let by_default = "Config(\"ringproof.toml\") json=false\nexit 0\n";
    assert_eq!(named("journal stat").as_deref(), Some(by_default));
    let by_config = "Config(\"a.toml\") json=true\nexit 0\n";
    assert_eq!(named("journal verify --config a.toml --json").as_deref(), Some(by_config));
    let by_path = "Path(\"b\") json=false\nexit 0\n";
    assert_eq!(named("journal compact --path b").as_deref(), Some(by_path));
}

#[test]
fn completions_come_from_the_same_definition() {
    let report = run("completions bash");
    assert!(report.ends_with("exit 0\n"));
    assert!(report.contains("ringproof__subcmd__verify") || report.contains("ringproof__verify"));
}

/// Where nothing can be written: a reader that has gone away, a full disk.
struct Broken(io::ErrorKind);

impl io::Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
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
    let mut terminal = Terminal::to_writers(Broken(io::ErrorKind::BrokenPipe), io::sink());
    let exit = dispatch(&CommandLine::parse_from(line), &NoPrograms, &mut terminal);
    assert_eq!(exit, Exit::Success);
}

#[test]
fn a_full_disk_is_said_by_every_command_that_prints() {
    let id = answers::ID;
    let call = "call_01JD8Q0R6T9W3K5X7Z2B4N6M8Q";
    let verification = |verb: &str, path: &str| format!("{verb} /v1/verifications/{id}{path}");
    let asks = [
        (format!("call {id}"), verification("POST", "/call"), PENDING),
        (format!("cancel {id}"), verification("DELETE", ""), CANCELED),
        (format!("check {id} 20085"), verification("POST", "/check"), VERIFIED),
        ("completions bash".to_owned(), String::new(), ""),
        ("key new app".to_owned(), String::new(), ""),
        ("pools".to_owned(), "GET /v1/pools".to_owned(), POOLS),
        ("status --json".to_owned(), "GET /v1/status".to_owned(), STATUS),
        (format!("trace {call}"), format!("GET /v1/calls/{call}/trace"), "a ladder"),
        ("trunks".to_owned(), "GET /v1/trunks".to_owned(), TRUNKS),
        ("verify +46701234567".to_owned(), "POST /v1/verifications".to_owned(), PENDING),
        ("watch".to_owned(), "GET /v1/events".to_owned(), EVENTS),
    ];
    for (line, request, answer) in asks {
        let daemon = FakeDaemon::start(&[(request.leak(), 200, answer)]);
        let socket = daemon.socket();
        let asks_daemon = !line.starts_with("completions") && !line.starts_with("key");
        let words = ["ringproof"].into_iter().chain(line.split_whitespace());
        let daemon = ["--socket", socket.to_str().unwrap()];
        let words = words.chain(daemon.into_iter().filter(|_| asks_daemon));
        let said = Printed::default();
        let mut terminal = Terminal::to_writers(Broken(io::ErrorKind::StorageFull), said.clone());
        let exit = dispatch(&CommandLine::parse_from(words), &NoPrograms, &mut terminal);
        assert_eq!(exit, Exit::System, "{line}");
        assert!(said.text(&socket).contains("error: "), "{line}");
    }
}
