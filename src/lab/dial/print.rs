//! The course of calls as lines, for people and for programs.

use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::caller::{Ending, Event, Line};
use super::super::clock::{stamp, time_of_day};
use super::super::handset::Form;
use crate::time::WallClock;

/// What came of the calls.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Calls that have ended.
    pub calls: u64,
    /// Those of them that went as their manner says.
    pub as_told: u64,
    /// Final responses that came again.
    pub repeated: u64,
    /// Rules that the called side broke.
    pub violations: u64,
    /// Somebody pressed Ctrl-C.
    pub was_interrupted: bool,
}

impl Summary {
    /// Whether every call went as its manner says and the called side was correct.
    pub fn is_good(&self) -> bool {
        self.calls > 0 && self.calls == self.as_told && self.violations == 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, as_told, repeated, violations, was_interrupted } = *self;
        let count = |count: u64, what: &str| match count {
            0 => format!("no {what}s"),
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        if was_interrupted {
            f.write_str("stopped; ")?;
        }
        write!(f, "{}, {as_told} as told; ", count(calls, "call"))?;
        if repeated > 0 {
            write!(f, "{}; ", count(repeated, "repeated refusal"))?;
        }
        f.write_str(&count(violations, "violation"))
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

    pub(super) fn interrupted(&mut self) {
        self.summary.was_interrupted = true;
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
            (Form::Plain, Event::Lapsed(noticed)) => {
                let line = noticed.line.map(|line| line.to_string()).unwrap_or_default();
                let at = time_of_day(&self.wall, noticed.at);
                writeln!(notes, "{at}  {line:<3}  warning: {}", noticed.lapse)?;
            }
            (Form::Plain, _) => self.print_plain(event, out)?,
        }
        out.flush()
    }

    fn count(&mut self, event: &Event) {
        match event {
            Event::Ended { is_as_told, .. } => {
                self.summary.calls += 1;
                self.summary.as_told += u64::from(*is_as_told);
            }
            Event::Lapsed(_) => self.summary.violations += 1,
            Event::Repeated { .. } => self.summary.repeated += 1,
            Event::Answered { .. }
            | Event::Dialled { .. }
            | Event::HungUp { .. }
            | Event::Rang { .. }
            | Event::Refused { .. }
            | Event::Trying { .. } => {}
        }
    }

    fn print_plain(&self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        let after = |after: &Duration| format!("after {:.3} s", after.as_secs_f64());
        let (line, at, word, detail) = match event {
            Event::Answered { line, after: span, at } => (line, at, "answered", after(span)),
            Event::Dialled { line, from, to, at } => {
                (line, at, "dialled", format!("{to} from {from}"))
            }
            Event::Ended { line, ending, is_as_told, at } => {
                let mark = if *is_as_told { "" } else { ": not as told" };
                (line, at, "ended", format!("{}{mark}", in_words(*ending)))
            }
            Event::HungUp { line, at } => (line, at, "hung up", String::new()),
            Event::Lapsed(_) => return Ok(()),
            Event::Rang { line, after: span, at } => (line, at, "rings", after(span)),
            Event::Refused { line, status, after: span, at } => {
                (line, at, "refused", format!("{status} {}, {}", status.phrase(), after(span)))
            }
            Event::Repeated { line, status, at } => {
                (line, at, "again", format!("{status} {}", status.phrase()))
            }
            Event::Trying { line, at } => (line, at, "trying", String::new()),
        };
        let at = time_of_day(&self.wall, *at);
        let text = format!("{at}  {line:<3}  {word:<8}  {detail}");
        writeln!(out, "{}", text.trim_end())
    }

    fn to_json(&self, event: &Event) -> Value {
        let told = |word: &str, line: &Line, at: &Instant| json!({ "event": word, "call": line.0, "at": stamp(&self.wall, *at) });
        let (mut value, more) = match event {
            Event::Answered { line, after, at } => {
                (told("answered", line, at), json!({ "after_ms": millis(after) }))
            }
            Event::Dialled { line, from, to, at } => {
                let numbers = json!({ "from": from.as_str(), "to": to.as_str() });
                (told("dialled", line, at), numbers)
            }
            Event::Ended { line, ending, is_as_told, at } => {
                let mut more = of_ending(*ending);
                more["as_told"] = Value::from(*is_as_told);
                (told("ended", line, at), more)
            }
            Event::HungUp { line, at } => (told("hung_up", line, at), json!({})),
            Event::Lapsed(noticed) => {
                let call = noticed.line.map(|line| line.0);
                let at = stamp(&self.wall, noticed.at);
                let rule = noticed.lapse.text();
                return json!({ "event": "violation", "call": call, "at": at, "rule": rule });
            }
            Event::Rang { line, after, at } => {
                (told("rings", line, at), json!({ "after_ms": millis(after) }))
            }
            Event::Refused { line, status, after, at } => {
                let more = json!({ "status": status.code(), "after_ms": millis(after) });
                (told("refused", line, at), more)
            }
            Event::Repeated { line, status, at } => {
                (told("again", line, at), json!({ "status": status.code() }))
            }
            Event::Trying { line, at } => (told("trying", line, at), json!({})),
        };
        if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
            value.extend(more);
        }
        value
    }
}

fn millis(span: &Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn of_ending(ending: Ending) -> Value {
    let word = ending.as_str();
    match ending {
        Ending::Refused { status, ack } => {
            json!({ "ending": word, "status": status.code(), "ack": ack.as_str() })
        }
        Ending::Unreachable { why } => json!({ "ending": word, "why": why.as_str() }),
        Ending::Answered | Ending::Forged | Ending::Shed | Ending::Silent | Ending::Unfinished => {
            json!({ "ending": word })
        }
    }
}

fn in_words(ending: Ending) -> &'static str {
    match ending {
        Ending::Answered => "acknowledged, and hung up at once",
        Ending::Forged => "one INVITE, deaf to what comes of it",
        Ending::Refused { ack, .. } => ack.in_words(),
        Ending::Shed => "not dialled",
        Ending::Silent => "nobody said anything",
        Ending::Unfinished => "given up, no final response came",
        Ending::Unreachable { why } => why.in_words(),
    }
}

#[cfg(test)]
mod tests;
