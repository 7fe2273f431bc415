//! Log lines without control characters.
//!
//! `tracing-subscriber` quotes strings and drops terminal escapes, but a value that is logged by its
//! `Display` keeps its line ends, and JSON keeps DEL and the C1 controls, which terminals obey.

use std::fmt::{self, Write};

use tracing::field::Field;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes `name=value`, or the value alone for the message.
pub(super) fn write_field(
    writer: &mut Writer<'_>,
    field: &Field,
    value: &dyn fmt::Debug,
) -> fmt::Result {
    if field.name() != "message" {
        write!(writer, "{}=", field.name())?;
    }
    write!(Escape(writer), "{value:?}")
}

/// An event's line, as another formatter makes it, with every control character inside it escaped.
#[derive(Debug)]
pub(super) struct Escaped<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for Escaped<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        // The only line end that belongs there is the last one.
        Escape(&mut writer).write_str(line.strip_suffix('\n').unwrap_or(&line))?;
        writer.write_char('\n')
    }
}

/// Replaces control characters by `\u00xx`, which JSON reads back as what it was.
struct Escape<'a, W>(&'a mut W);

impl<W: Write> Write for Escape<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(place) = rest.find(is_hidden) {
            let (clean, tail) = rest.split_at(place);
            self.0.write_str(clean)?;
            let mut chars = tail.chars();
            if let Some(hidden) = chars.next() {
                write!(self.0, "\\u{:04x}", u32::from(hidden))?;
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Control characters, and those that make a line look like two or run backwards.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
