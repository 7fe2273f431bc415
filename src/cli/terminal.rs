//! The only place that prints. Results go to the standard output; progress, questions and hints go to
//! the standard error, so that a pipe gets results alone.
//!
//! Invariant: a text that came from elsewhere is printed without control characters.

mod input;

use std::env;
use std::io::{self, IsTerminal, Write};

use tokio::select;
#[cfg(test)]
use tokio::sync::mpsc;

pub use input::Heard;
use input::{Input, Interrupts};

/// Where the program speaks and listens.
pub struct Terminal {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    paint: Paint,
    input: Input,
    interrupts: Interrupts,
    has_person: bool,
    has_open_question: bool,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Paint {
    /// On a terminal that wants them.
    Colours,
    /// Everywhere else.
    Plain,
}

impl Terminal {
    /// The standard streams. Colours are for terminals, and not for those who set `NO_COLOR`.
    pub fn standard() -> Self {
        let refuses = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_coloured = io::stdout().is_terminal() && !refuses;
        let has_person = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            paint: if is_coloured { Paint::Colours } else { Paint::Plain },
            input: Input::Unread,
            interrupts: Interrupts::Fatal,
            has_person,
            has_open_question: false,
        }
    }

    /// Two writers, without colours and with nobody to ask.
    pub fn to_writers(out: impl Write + 'static, err: impl Write + 'static) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            paint: Paint::Plain,
            input: Input::Ended,
            interrupts: Interrupts::Never,
            has_person: false,
            has_open_question: false,
        }
    }

    /// What a test types, as a person or into a pipe.
    #[cfg(test)]
    pub(super) fn with_lines(self, lines: mpsc::Receiver<String>, has_person: bool) -> Self {
        Self { input: Input::Lines(lines), has_person, ..self }
    }

    /// The Ctrl-C of a test.
    #[cfg(test)]
    pub(super) fn with_interrupts(self, interrupts: mpsc::Receiver<()>) -> Self {
        Self { interrupts: Interrupts::Test(interrupts), ..self }
    }

    /// Prints a result.
    ///
    /// # Errors
    ///
    /// What the operating system says; a reader that has gone away is one of them.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.close_question();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Prints progress or a hint, a line of its own, in place of a question that waits for its answer.
    /// Nobody can be told that this failed.
    pub fn note(&mut self, text: &str) {
        self.close_question();
        let _ = writeln!(self.err, "{text}");
    }

    /// Takes a question that waits for its answer off the screen, or ends its line.
    fn close_question(&mut self) {
        if std::mem::take(&mut self.has_open_question) {
            let end = if self.paint == Paint::Colours { "\r\x1b[K" } else { "\n" };
            let _ = self.err.write_all(end.as_bytes());
        }
    }

    /// Prints a question without ending the line.
    pub fn ask(&mut self, question: &str) {
        let _ = write!(self.err, "{question}").and_then(|()| self.err.flush());
        self.has_open_question = true;
    }

    /// The standard output, for what writes by itself.
    pub fn output(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// The standard output and the standard error, for what writes to both by itself.
    pub fn streams(&mut self) -> (&mut dyn Write, &mut dyn Write) {
        (&mut self.out, &mut self.err)
    }

    /// Whether results are coloured.
    pub fn paint(&self) -> Paint {
        self.paint
    }

    /// Whether somebody sits there: who asks them may leave the line open.
    pub fn has_person(&self) -> bool {
        self.has_person
    }

    /// Whether a line may still come, from a person or from a pipe.
    pub fn has_input(&self) -> bool {
        !matches!(self.input, Input::Ended)
    }

    /// From now on Ctrl-C is [heard](Self::hear) instead of ending the program.
    ///
    /// # Errors
    ///
    /// When the system gives no signal.
    pub fn catch_interrupts(&mut self) -> io::Result<()> {
        self.interrupts.catch()
    }

    /// What comes next: Ctrl-C, or a line where one is wanted. Cancel-safe.
    pub async fn hear(&mut self, wants_line: bool) -> Heard {
        let Self { input, interrupts, has_open_question, .. } = self;
        select! {
            biased;
            () = interrupts.next() => Heard::Interrupt,
            line = input.line(), if wants_line => {
                // Whoever pressed Enter has ended the line of the question.
                *has_open_question &= line.is_none();
                line.map_or(Heard::End, Heard::Line)
            }
        }
    }
}

impl Paint {
    /// `text` in a colour that says how well things are.
    pub fn mood(self, mood: Mood, text: &str) -> String {
        let colour = match (self, mood) {
            (Self::Plain, _) | (Self::Colours, Mood::Neutral) => return text.to_owned(),
            (Self::Colours, Mood::Bad) => 31,
            (Self::Colours, Mood::Good) => 32,
            (Self::Colours, Mood::Waiting) => 33,
        };
        format!("\x1b[{colour}m{text}\x1b[0m")
    }

    /// `text` as a heading.
    pub fn heading(self, text: &str) -> String {
        match self {
            Self::Colours => format!("\x1b[1m{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

/// How well things are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mood {
    /// It failed.
    Bad,
    /// It worked.
    Good,
    /// Nothing to say.
    Neutral,
    /// Nobody knows yet.
    Waiting,
}

/// A text from elsewhere, fit for a terminal: control characters become `\u{…}`.
pub fn clean(text: &str) -> String {
    let one = |c: char| if c.is_control() { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_cannot_move_the_cursor() {
        assert_eq!(clean("a\x1b[2J\r\nb"), "a\\u{1b}[2J\\u{d}\\u{a}b");
    }

    #[test]
    fn colours_are_for_those_who_want_them() {
        assert_eq!(Paint::Plain.mood(Mood::Bad, "failed"), "failed");
        assert_eq!(Paint::Colours.mood(Mood::Bad, "failed"), "\x1b[31mfailed\x1b[0m");
    }
}
