//! What a line looks like, and that nobody can forge one.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use expect_test::{Expect, expect};
use tracing::{debug, info};

use super::*;

/// Hands each line on.
struct Lines(SyncSender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).map_err(io::Error::other)?;
        self.0.send(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn settings(format: Format) -> Settings {
    Settings { format, filter: "info".to_owned(), is_coloured: false, lines_max: 100 }
}

fn logged(settings: &Settings, work: impl FnOnce()) -> String {
    let (lines, written): (_, Receiver<String>) = sync_channel(100);
    let (dispatch, log) = prepare(settings, Lines(lines)).unwrap();
    tracing::dispatcher::with_default(&dispatch, work);
    drop((dispatch, log));
    written.into_iter().collect()
}

/// The lines of `work` at every level, for the tests of what the recorder writes.
pub(in crate::observe) fn check_debug(work: impl FnOnce(), expected: &Expect) {
    let text = logged(&Settings { filter: "debug".to_owned(), ..settings(Format::Pretty) }, work);
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    expected.assert_eq(&lines.map(|(_, line)| format!("|{line}\n")).collect::<String>());
}

/// Without the time, which is the first word or the first member.
fn check(format: Format, work: impl FnOnce(), expected: &Expect) {
    let text = logged(&settings(format), work);
    let lines = text.lines().map(|line| match format {
        Format::Json => line.split_once(',').map_or(line, |(_, rest)| rest),
        Format::Pretty => line.split_once(' ').map_or(line, |(_, rest)| rest),
    });
    expected.assert_eq(&lines.map(|line| format!("|{line}\n")).collect::<String>());
}

const HOSTILE: &str =
    "a\r\nINFO forged: verified\x1b[2J\u{9b}1A \"}, {\"level\":\"ERROR\" %s \u{202e}\u{7f}";

fn hostile() {
    info!(reason = HOSTILE, shown = %HOSTILE, debugged = ?HOSTILE, "dropped {HOSTILE}");
}

#[test]
fn x08_a_line_for_people_stays_one_line() {
    let expected = expect![[r#"
        | INFO ringproof::observe::log::tests: dropped a\u000d\u000aINFO forged: verified\u001b[2J\u009b1A "}, {"level":"ERROR" %s \u202e\u007f reason="a\r\nINFO forged: verified\u{1b}[2J\u{9b}1A \"}, {\"level\":\"ERROR\" %s \u{202e}\u{7f}" shown=a\u000d\u000aINFO forged: verified\u001b[2J\u009b1A "}, {"level":"ERROR" %s \u202e\u007f debugged="a\r\nINFO forged: verified\u{1b}[2J\u{9b}1A \"}, {\"level\":\"ERROR\" %s \u{202e}\u{7f}"
    "#]];
    check(Format::Pretty, hostile, &expected);
}

#[test]
fn x08_a_json_line_stays_one_object() {
    let expected = expect![[r#"
        |"level":"INFO","message":"dropped a\r\nINFO forged: verified\u001b[2J\u009b1A \"}, {\"level\":\"ERROR\" %s \u202e\u007f","reason":"a\r\nINFO forged: verified\u001b[2J\u009b1A \"}, {\"level\":\"ERROR\" %s \u202e\u007f","shown":"a\r\nINFO forged: verified\u001b[2J\u009b1A \"}, {\"level\":\"ERROR\" %s \u202e\u007f","debugged":"\"a\\r\\nINFO forged: verified\\u{1b}[2J\\u{9b}1A \\\"}, {\\\"level\\\":\\\"ERROR\\\" %s \\u{202e}\\u{7f}\"","target":"ringproof::observe::log::tests"}
    "#]];
    check(Format::Json, hostile, &expected);
    let line = logged(&settings(Format::Json), hostile);
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(object["level"], "INFO");
    assert_eq!(object["shown"], HOSTILE, "what was escaped reads back as what it was");
}

#[test]
fn the_filter_decides_and_a_wrong_one_is_refused() {
    let work = || {
        debug!("hidden");
        info!("shown");
    };
    check(
        Format::Pretty,
        work,
        &expect![[r#"
            | INFO ringproof::observe::log::tests: shown
        "#]],
    );
    let wrong = Settings { filter: "ringproof=loud".to_owned(), ..settings(Format::Json) };
    let error = prepare(&wrong, io::sink()).unwrap_err();
    expect![[r#"`ringproof=loud` is not a log filter (error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5); `info` or `info,ringproof::net=debug` is"#]].assert_eq(&error.to_string());
}

/// Blocks at the first line until the test lets it go.
struct Stuck(Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // An error means that the test has let go for good.
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_queue_loses_lines_and_counts_them() {
    let (release, gate) = sync_channel(1);
    let bounded = Settings { lines_max: 8, ..settings(Format::Pretty) };
    let (dispatch, log) = prepare(&bounded, Stuck(gate)).unwrap();
    tracing::dispatcher::with_default(&dispatch, || (0..100).for_each(|n| info!(n, "line")));
    // Eight wait, and one may be in the writer's hands.
    assert!((91..=92).contains(&log.lines_lost()), "{}", log.lines_lost());
    drop(release);
}

#[test]
fn a_line_is_written_though_no_other_follows() {
    let (lines, written) = sync_channel(100);
    let (dispatch, _log) = prepare(&settings(Format::Pretty), Lines(lines)).unwrap();
    tracing::dispatcher::with_default(&dispatch, || info!("alone"));
    // The log lives and its thread has nothing more to do.
    assert!(written.recv_timeout(Duration::from_secs(10)).unwrap().ends_with("alone\n"));
}
