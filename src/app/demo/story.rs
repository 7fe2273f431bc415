//! How the demonstration is told: step by step for people, in one JSON document for programs.

use std::io;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::missed::MissedCall;
use super::{PHONE, text};
use crate::cli::Terminal;
use crate::lab::Entry;

/// Tells people as it happens, and programs at the end.
pub(super) struct Teller<'a> {
    pub(super) is_json: bool,
    pub(super) terminal: &'a mut Terminal,
}

impl Teller<'_> {
    /// For people.
    pub(super) fn say(&mut self, words: &str) -> io::Result<()> {
        if self.is_json { Ok(()) } else { self.terminal.print(words) }
    }

    /// A heading for people, and what it is about.
    pub(super) fn step(&mut self, title: &str, detail: &str) -> io::Result<()> {
        let heading = self.terminal.paint().heading(title);
        self.say(&format!("{heading}\n   {detail}\n"))
    }

    /// For programs.
    pub(super) fn end(&mut self, story: &Story, missed: &MissedCall) -> io::Result<()> {
        if !self.is_json {
            return Ok(());
        }
        let mut whole = story.to_json();
        whole["missed_call"] = missed.to_json();
        self.terminal.print(&format!("{whole}\n"))
    }
}

/// What has happened.
pub(super) struct Story {
    /// The line in the phone's call log.
    pub(super) entry: Entry,
    /// The verification, as the daemon showed it after the check.
    pub(super) verification: Value,
    /// Its call, as the daemon shows it.
    pub(super) call: Value,
    /// Its SIP messages, as the daemon shows them.
    pub(super) trace: Value,
}

impl Story {
    pub(super) fn is_verified(&self) -> bool {
        self.verification["status"] == "verified"
    }

    /// The moments of the call, each with the time since it was placed.
    pub(super) fn timings(&self) -> String {
        let mut shown = format!("The call ended as {}.\n", text(&self.call, "/outcome"));
        for (name, millis) in self.moments() {
            let at = text(&self.call, &format!("/{name}"));
            shown += &format!("   {name:<12} {at}  {:>6.3} s\n", millis as f64 / 1e3);
        }
        shown
    }

    fn to_json(&self) -> Value {
        let timings =
            self.moments().map(|(name, millis)| (name.replace("_at", "_ms"), Value::from(millis)));
        json!({
            "verified": self.is_verified(),
            "phone": {
                "number": PHONE,
                "caller_id": self.entry.caller_id.map(|number| number.as_str().to_owned()),
                "log": self.entry.ending.as_str(),
                "rang_ms": u64::try_from(self.entry.rang_for.as_millis()).unwrap_or(u64::MAX),
            },
            "timings": timings.collect::<Map<_, _>>(),
            "verification": self.verification,
            "call": self.call,
            "trace": self.trace,
        })
    }

    /// Milliseconds from the moment in which the call was placed.
    fn moments(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let at = |name: &str| self.call[name].as_str()?.parse::<Timestamp>().ok();
        let placed = at("placed_at");
        MOMENTS.into_iter().filter_map(move |name| {
            let since = at(name)?.duration_since(placed?);
            Some((name, i64::try_from(since.as_millis()).ok()?))
        })
    }
}

/// In their order. A call that was not answered in time lacks some.
const MOMENTS: [&str; 5] = ["placed_at", "invited_at", "ringing_at", "hung_up_at", "ended_at"];
