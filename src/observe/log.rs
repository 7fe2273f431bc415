//! Where log lines go: one line an event, for people or as JSON, through a bounded queue to a thread
//! that alone waits for the disk or the terminal.
//!
//! A full queue loses lines and counts them, because a slow log must never hold a shard. Texts from
//! the network are logged at DEBUG at most, as values of fields, and every control character in a
//! field is escaped: nobody can end a line, forge one, or move a cursor.

mod plain;

use std::io::{BufWriter, Write};

use tracing::Dispatch;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{JsonFields, debug_fn, format};

/// How a line looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// One JSON object a line.
    Json,
    /// Time, level, place, message, fields.
    Pretty,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How a line looks.
    pub format: Format,
    /// A level, or directives such as `info,ringproof::gateway=debug`.
    pub filter: String,
    /// Colours in [`Format::Pretty`].
    pub is_coloured: bool,
    /// Lines that may wait for the writer; one more is lost and counted.
    pub lines_max: usize,
}

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Something else has set the process up for logging before.
    #[error("logging has been started before")]
    Started,
    /// The filter makes no sense.
    #[error("`{filter}` is not a log filter ({source}); `info` or `info,ringproof::net=debug` is")]
    Filter {
        /// What was found.
        filter: String,
        /// What the parser says.
        source: tracing_subscriber::filter::ParseError,
    },
}

/// Keeps the writer alive. Dropping it writes what waits.
#[derive(Debug)]
pub struct Log {
    lost: ErrorCounter,
    _worker: WorkerGuard,
}

impl Log {
    /// Lines that were lost because the queue was full.
    pub fn lines_lost(&self) -> u64 {
        self.lost.dropped_lines() as u64
    }
}

/// Starts logging for the whole process.
///
/// # Errors
///
/// A filter that cannot be read, or a second start.
pub fn start(settings: &Settings, to: impl Write + Send + 'static) -> Result<Log, LogError> {
    let (dispatch, log) = prepare(settings, to)?;
    tracing::dispatcher::set_global_default(dispatch).map_err(|_| LogError::Started)?;
    Ok(log)
}

fn prepare(
    settings: &Settings,
    to: impl Write + Send + 'static,
) -> Result<(Dispatch, Log), LogError> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|source| LogError::Filter { filter: settings.filter.clone(), source })?;
    let (writer, worker) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(settings.lines_max)
        .thread_name("log")
        // What waits is written together, as much as a pipe takes in one piece (pipe(7), PIPE_BUF): whole
        // lines, and no others between them. The thread flushes when its queue is empty.
        .finish(BufWriter::with_capacity(4_096, to));
    let lost = writer.error_counter();
    Ok((subscriber(settings, filter, writer), Log { lost, _worker: worker }))
}

fn subscriber<W>(settings: &Settings, filter: EnvFilter, writer: W) -> Dispatch
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match settings.format {
        Format::Json => {
            let format = format().json().flatten_event(true).with_target(true);
            let builder = builder.fmt_fields(JsonFields::new());
            Dispatch::new(builder.event_format(plain::Escaped(format)).finish())
        }
        Format::Pretty => {
            let fields = debug_fn(plain::write_field).delimited(" ");
            Dispatch::new(builder.with_ansi(settings.is_coloured).fmt_fields(fields).finish())
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
