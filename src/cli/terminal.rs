//! The only place that prints. Results go to the standard output; progress, questions and hints go to
//! the standard error, so that a pipe gets results alone.
//!
//! Invariant: a text that came from elsewhere is printed without control characters.

use std::env;
use std::io::{self, BufRead, IsTerminal, Write};
use std::thread;

use tokio::sync::mpsc;

/// Where the program speaks and listens.
pub struct Terminal {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    paint: Paint,
    input: Input,
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

/// Who can be asked.
#[derive(Debug)]
enum Input {
    /// Nobody: the input or the error output is not a terminal.
    Nobody,
    /// A person, who is not listened to before there is a question.
    Person,
    /// A person whose lines arrive here.
    Lines(mpsc::Receiver<String>),
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
            input: if has_person { Input::Person } else { Input::Nobody },
            has_open_question: false,
        }
    }

    /// Two writers, without colours and with nobody to ask.
    pub fn to_writers(out: impl Write + 'static, err: impl Write + 'static) -> Self {
        let (out, err) = (Box::new(out), Box::new(err));
        let has_open_question = false;
        Self { out, err, paint: Paint::Plain, input: Input::Nobody, has_open_question }
    }

    /// A person's lines, as a test types them.
    #[cfg(test)]
    pub(super) fn with_lines(self, lines: mpsc::Receiver<String>) -> Self {
        Self { input: Input::Lines(lines), ..self }
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

    /// Whether somebody can be asked.
    pub fn has_person(&self) -> bool {
        !matches!(self.input, Input::Nobody)
    }

    /// The next line that the person types. Never comes when there is nobody, or nobody any more.
    pub async fn line(&mut self) -> String {
        if let Input::Person = self.input {
            self.input = Input::Lines(lines_of_stdin());
        }
        if let Input::Lines(lines) = &mut self.input
            && let Some(line) = lines.recv().await
        {
            // Whoever pressed Enter has ended the line.
            self.has_open_question = false;
            return line;
        }
        self.input = Input::Nobody;
        std::future::pending().await
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

/// Reads on a thread of its own: a blocking read cannot be given up when the answer comes first.
/// The thread ends with the process.
fn lines_of_stdin() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                break;
            }
        }
    });
    typed
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
