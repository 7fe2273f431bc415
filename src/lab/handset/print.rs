//! Call logs as lines, for people and for programs.

use std::fmt;
use std::io::{self, Write};
use std::time::Instant;

use serde_json::{Value, json};

use super::super::clock::{stamp, time_of_day};
use super::super::event::{Ending, Entry, Event};
use super::super::number::Number;
use crate::time::WallClock;

/// How the log is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// One JSON object a line.
    Json,
    /// Aligned columns.
    Plain,
}

/// What the phones have seen, and how often the caller broke a rule.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Calls that rang and were not answered.
    pub missed: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that rang and were declined.
    pub declined: u64,
    /// Calls that did not reach a phone.
    pub refused: u64,
    /// Calls that the caller gave up before anything rang.
    pub gone: u64,
    /// Calls to phones that never say anything.
    pub silent: u64,
    /// Calls that rang when the trunk was stopped.
    pub stopped: u64,
    /// Broken rules.
    pub violations: u64,
}

impl Summary {
    /// 0 when the caller was correct, 1 when it was not.
    pub fn exit_code(&self) -> u8 {
        u8::from(self.violations > 0)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missed, answered, declined, refused, gone, silent, stopped, violations } = self;
        write!(f, "{missed} missed, {answered} answered, {declined} declined, ")?;
        write!(f, "{refused} refused without ringing, {gone} gone before ringing, ")?;
        write!(f, "{silent} silent, {stopped} stopped; ")?;
        match violations {
            0 => f.write_str("no violations"),
            1 => f.write_str("1 violation"),
            _ => write!(f, "{violations} violations"),
        }
    }
}

/// Prints events and counts them.
#[derive(Debug)]
pub(super) struct Printer {
    form: Form,
    wall: WallClock,
    summary: Summary,
}

impl Printer {
    pub(super) fn new(form: Form, wall: WallClock) -> Self {
        Self { form, wall, summary: Summary::default() }
    }

    pub(super) fn summary(&self) -> Summary {
        self.summary
    }

    /// Calls go to `out`; violations too as JSON, as warnings to `notes` otherwise.
    pub(super) fn print(
        &mut self,
        event: &Event,
        out: &mut dyn Write,
        notes: &mut dyn Write,
    ) -> io::Result<()> {
        self.count(event);
        match (self.form, event) {
            (Form::Json, _) => writeln!(out, "{}", self.to_json(event))?,
            (Form::Plain, Event::Violated(noticed)) => {
                let at = time_of_day(&self.wall, noticed.at);
                let phone = noticed.phone.map(|phone| phone.to_string()).unwrap_or_default();
                writeln!(notes, "{at}  {phone:<15}  warning: {}", noticed.violation)?;
            }
            (Form::Plain, _) => self.print_plain(event, out)?,
        }
        out.flush()
    }

    fn count(&mut self, event: &Event) {
        match event {
            Event::Gone { .. } => self.summary.gone += 1,
            Event::Rang { .. } => {}
            Event::Refused { .. } => self.summary.refused += 1,
            Event::Silent { .. } => self.summary.silent += 1,
            Event::Stopped(entry) => match entry.ending {
                Ending::Answered => self.summary.answered += 1,
                Ending::Declined => self.summary.declined += 1,
                Ending::Missed => self.summary.missed += 1,
                Ending::Stopped => self.summary.stopped += 1,
            },
            Event::Violated(_) => self.summary.violations += 1,
        }
    }

    fn print_plain(&self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        let from = |caller_id| format!("from {}", shown(caller_id));
        let (at, phone, word, detail) = match event {
            Event::Gone { phone, caller_id, at } => {
                let detail = format!("{}, given up before it rang", from(*caller_id));
                (*at, *phone, "gone", detail)
            }
            Event::Rang { phone, caller_id, at } => (*at, *phone, "rings", from(*caller_id)),
            Event::Refused { phone, status, at } => {
                (*at, *phone, "refused", format!("{status} {}", status.phrase()))
            }
            Event::Silent { phone, caller_id, at } => {
                let detail = format!("{}, the phone says nothing", from(*caller_id));
                (*at, *phone, "silent", detail)
            }
            Event::Stopped(Entry { phone, caller_id, at, rang_for, ending }) => {
                let detail = format!("{}, rang {:.3} s", from(*caller_id), rang_for.as_secs_f64());
                (*at + *rang_for, *phone, ending.as_str(), detail)
            }
            Event::Violated(_) => return Ok(()),
        };
        writeln!(out, "{}  {phone:<15}  {word:<8}  {detail}", time_of_day(&self.wall, at))
    }

    fn to_json(&self, event: &Event) -> Value {
        let text = |number: &Option<Number>| number.map(|number| number.as_str().to_owned());
        let called = |word: &str, phone: &Number, caller_id: &Option<Number>, at: Instant| {
            json!({
                "event": word, "at": stamp(&self.wall, at), "phone": phone.as_str(),
                "caller_id": text(caller_id),
            })
        };
        match event {
            Event::Gone { phone, caller_id, at } => called("gone", phone, caller_id, *at),
            Event::Rang { phone, caller_id, at } => called("rings", phone, caller_id, *at),
            Event::Silent { phone, caller_id, at } => called("silent", phone, caller_id, *at),
            Event::Refused { phone, status, at } => json!({
                "event": "refused", "at": stamp(&self.wall, *at), "phone": phone.as_str(),
                "status": status.code(),
            }),
            Event::Stopped(Entry { phone, caller_id, at, rang_for, ending }) => json!({
                "event": ending.as_str(), "at": stamp(&self.wall, *at + *rang_for),
                "phone": phone.as_str(), "caller_id": text(caller_id),
                "rang_ms": u64::try_from(rang_for.as_millis()).unwrap_or(u64::MAX),
            }),
            Event::Violated(noticed) => json!({
                "event": "violation", "at": stamp(&self.wall, noticed.at),
                "phone": text(&noticed.phone), "rule": noticed.violation.text(),
            }),
        }
    }
}

fn shown(caller_id: Option<Number>) -> String {
    caller_id.map_or_else(|| "a hidden number".to_owned(), |number| number.to_string())
}

#[cfg(test)]
mod tests;
