//! What is left when the process that writes is killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use std::{env, fs, thread};

use ringproof::entropy::Entropy;
use ringproof::store::clock::Reading;
use ringproof::store::{Announced, Durability, Journal, Kind, Opened, Record};

use super::{check_numbered, numbered, settings};

/// What a child said before it died.
#[derive(Default)]
struct Life {
    /// The last batch of which it was told that it is safe.
    acknowledged: Option<u64>,
    /// Each event that was announced, and its batch.
    announced: Vec<(u64, u64)>,
}

#[test]
fn d01_a_killed_process_loses_nothing_that_it_acknowledged() {
    let mut dice = Entropy::seeded(1).stream();
    for durability in ["power", "process"] {
        let folder = Folder::new(durability);
        let mut acknowledged = 0;
        let mut announced = BTreeMap::new();
        let mut lives = 0;
        for _ in 0..20 {
            let time = Duration::from_millis(dice.below(120).into());
            let life = live_and_die(&folder.0, durability, time);
            if let Some(last) = life.acknowledged {
                assert!(last > acknowledged);
                acknowledged = last;
                lives += 1;
            }
            for (sequence, number) in life.announced {
                let before = announced.insert(sequence, number);
                assert_eq!(before, None, "number {sequence} was given twice");
            }
            let Ok(opened) = reopen(&folder.0) else { continue };
            let last = check_numbered(&opened);
            assert!(last >= acknowledged, "{last} of {acknowledged} acknowledged are there");
            // What was committed and not told of is there for good, too.
            acknowledged = last;
            check_announced(&opened, &announced);
        }
        assert!(lives > 5, "only {lives} lives were long enough to tell of anything");
    }
}

/// Whatever was announced is there under its number.
fn check_announced(opened: &Opened, announced: &BTreeMap<u64, u64>) {
    let mut written = BTreeMap::new();
    let event = |record| {
        let Record::Event(it) = record else { panic!("{record:?} among the events") };
        written.insert(it.sequence, it.about.expect("its number") as u64);
    };
    opened.visit(Kind::Event, event).expect("events are read");
    for (sequence, number) in announced {
        assert_eq!(written.get(sequence), Some(number), "event {sequence}");
    }
}

/// Has a child write until it is killed.
fn live_and_die(folder: &Path, durability: &str, time: Duration) -> Life {
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "kill::the_child_that_writes", "--ignored", "--nocapture"])
        .env("STORE_FOLDER", folder)
        .env("STORE_DURABILITY", durability)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let (began, first) = channel_of_words();
    let reader = thread::spawn(move || {
        let mut life = Life::default();
        for line in out.lines().map_while(Result::ok) {
            let number = |text: &str| text.parse::<u64>().expect("a number");
            if let Some(safe) = line.strip_prefix("safe ") {
                life.acknowledged = Some(number(safe));
                let _ = began.send(());
            } else if let Some((sequence, of)) =
                line.strip_prefix("told ").and_then(|told| told.split_once(' '))
            {
                life.announced.push((number(sequence), number(of)));
            }
        }
        life
    });
    // Some die while they open the journal, some much later.
    let patience = if time.as_millis().is_multiple_of(4) { time } else { Duration::from_secs(10) };
    if first.recv_timeout(patience).is_ok() {
        pause(time);
    }
    child.kill().expect("it lives");
    child.wait().expect("it is dead");
    reader.join().expect("it reads to the end")
}

#[expect(clippy::disallowed_methods, reason = "a child's lines must never make it wait")]
fn channel_of_words() -> (std::sync::mpsc::Sender<()>, Receiver<()>) {
    channel()
}

#[expect(clippy::disallowed_methods, reason = "a process is killed by the clock")]
fn pause(time: Duration) {
    thread::sleep(time);
}

fn reopen(folder: &Path) -> Result<Opened, &'static str> {
    let path = folder.join("journal");
    if !path.exists() {
        return Err("it was killed before there was one");
    }
    Ok(Opened::open(&path, settings(Durability::Power), Reading::system()).expect("it opens"))
}

#[test]
#[ignore = "it is run, and killed, by another test"]
fn the_child_that_writes() {
    let Some(folder) = env::var_os("STORE_FOLDER") else { return };
    let durability = match env::var("STORE_DURABILITY").as_deref() {
        Ok("process") => Durability::Process,
        _ => Durability::Power,
    };
    let path = PathBuf::from(folder).join("journal");
    let opened = Opened::open(&path, settings(durability), Reading::system()).expect("it opens");
    let mut number = check_numbered(&opened);
    let announce = |events: &[Announced]| {
        for event in events {
            say(format_args!("told {} {}", event.sequence, event.about.expect("its number")));
        }
    };
    let (journal, _thread) = opened.start(Box::new(announce)).expect("a thread");
    loop {
        // The last of a turn waits for all of it.
        for _ in 0..24 {
            number += 1;
            hand_over(&journal, number);
        }
        journal.barrier().wait().expect("the disk works");
        say(format_args!("safe {number}"));
    }
}

/// Every other batch is kept.
fn hand_over(journal: &Journal, number: u64) {
    if number.is_multiple_of(2) {
        journal.keep(numbered(number), || {});
    } else {
        drop(journal.submit(numbered(number)).expect("there is room"));
    }
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody reads");
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("ringproof-store-{name}-{}", std::process::id());
        let folder = env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
