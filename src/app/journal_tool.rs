//! `ringproof journal stat|verify|compact`: on the file alone, while no daemon has it open.
//!
//! `stat` and `verify` write nothing, not even what a crash left to be mended.

mod survey;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::journal_advice;
use crate::cli::{Exit, Journal, Named, Terminal, clean};
use crate::config::{self, Problems};
use crate::store::clock::Reading;
use crate::store::{Kind, Look, OpenError, Opened, ReadError, Report, Settings};
use survey::Survey;

/// Does what is asked of a journal.
pub(super) fn journal(arguments: &Journal, is_json: bool, terminal: &mut Terminal) -> Exit {
    let (Journal::Compact(file) | Journal::Stat(file) | Journal::Verify(file)) = arguments;
    let result = find(file.named()).and_then(|(path, settings)| {
        let said = match arguments {
            Journal::Compact(_) => compact(&path, settings),
            Journal::Stat(_) => stat(&path),
            Journal::Verify(_) => verify(&path),
        };
        said.map_err(|error| error.at(&path, file.named()))
    });
    let Said { text, value, exit } = match result {
        Ok(said) => said,
        Err(failure) => return failure.tell(terminal),
    };
    let printed = terminal.print(&if is_json { format!("{value}\n") } else { text });
    match printed {
        // The verdict stands, even when its reader has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            terminal.note(&format!("error: {error}"));
            Exit::System
        }
        Ok(()) | Err(_) => exit,
    }
}

/// What a command found, for people and for programs.
#[derive(Debug)]
struct Said {
    text: String,
    value: Value,
    exit: Exit,
}

/// Why a command found nothing.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Config(Problems),
    #[error("{}: {error}", path.display())]
    Journal { path: PathBuf, error: Unreadable },
    #[error("{}: there is no such file", path.display())]
    Missing { path: PathBuf, hint: String },
}

/// Why a journal could not be worked on.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the journal is damaged: {0}")]
    Read(#[from] ReadError),
}

impl Unreadable {
    /// What to say of the file at `path`, which was `named` like this.
    fn at(self, path: &Path, named: Named<'_>) -> Failure {
        let path = path.to_owned();
        match self {
            Self::Open(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                Failure::Missing { path, hint: where_it_is_set(named) }
            }
            error @ (Self::Open(_) | Self::Read(_)) => Failure::Journal { path, error },
        }
    }

    /// What it means for who asks whether the journal is good; `None`: nobody could look.
    fn verdict(&self) -> Option<&'static str> {
        match self {
            Self::Open(OpenError::Damaged { .. }) | Self::Read(_) => Some("damaged"),
            Self::Open(OpenError::Foreign) => Some("foreign"),
            Self::Open(OpenError::Newer { .. }) => Some("newer"),
            Self::Open(OpenError::InUse | OpenError::Io(_)) => None,
        }
    }

    /// What to do about it.
    fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Open(OpenError::InUse) => Some(
                "hint: stop the daemon first, or look at its metrics: \
                 `ringproof_journal_…` of `GET /metrics`",
            ),
            Self::Open(error) => journal_advice::on_open(error),
            Self::Read(_) => Some(journal_advice::DAMAGED),
        }
    }
}

impl Failure {
    fn tell(&self, terminal: &mut Terminal) -> Exit {
        match self {
            Self::Config(problems) => {
                terminal.note(&problems.to_string());
                Exit::Configuration
            }
            Self::Missing { hint, .. } => {
                terminal.note(&format!("error: {}", clean(&self.to_string())));
                terminal.note(&clean(hint));
                Exit::System
            }
            Self::Journal { error, .. } => {
                terminal.note(&format!("error: {}", clean(&self.to_string())));
                error.advice().into_iter().for_each(|advice| terminal.note(advice));
                error.verdict().map_or(Exit::System, |_| Exit::Negative)
            }
        }
    }
}

/// Where the path of a file that is not there comes from.
fn where_it_is_set(named: Named<'_>) -> String {
    match named {
        Named::Config(file) => format!(
            "hint: `journal.path` of {}, or its default, says so; `ringproof serve` makes the file \
             when it starts, and `--config FILE` or `--path FILE` names another",
            file.display()
        ),
        Named::Path(_) => "hint: `--path` says so; `journal.path` of a gateway's configuration \
                           says where its journal is, and `--config FILE` takes it from there"
            .to_owned(),
    }
}

/// Where the journal is, and how it is kept.
fn find(named: Named<'_>) -> Result<(PathBuf, Settings), Failure> {
    match named {
        Named::Config(file) => {
            let journal = config::load(file).map_err(Failure::Config)?.journal;
            Ok((journal.path, journal.settings))
        }
        Named::Path(path) => Ok((path.to_owned(), Settings::default())),
    }
}

fn stat(path: &Path) -> Result<Said, Unreadable> {
    let look = Look::open(path, Reading::system())?;
    let survey = Survey::of(&look)?;
    let (report, last) = (look.report(), look.last_commit());
    let (wall, time) = (last.wall.rfc3339(), crate::time::Micros(last.time.0).rfc3339());
    let mut text = format!("{:<24}{}\n", "journal", path.display());
    let mut fact = |name: &str, value: String| text += &format!("{name:<24}{value}\n");
    fact("size", format!("{} bytes", look.file_bytes()));
    fact("commits", report.commits.to_string());
    fact("last commit", format!("{wall} (journal time {time})"));
    fact("lost commits", lost(&report).unwrap_or_else(|| "0".to_owned()));
    fact("oldest event", survey.oldest_event.map_or("none".to_owned(), |seen| seen.to_text()));
    fact("latest event", survey.latest_event.map_or("none".to_owned(), |seen| seen.to_text()));
    fact("pending", survey.pending.to_string());
    fact("dead webhook messages", survey.dead_webhooks.to_string());
    for (kind, count) in Kind::ALL.into_iter().zip(survey.records) {
        fact(&format!("records of {}", kind.as_str()), count.to_string());
    }
    let records = Kind::ALL.into_iter().zip(survey.records);
    let records: serde_json::Map<String, Value> =
        records.map(|(kind, count)| (kind.as_str().to_owned(), count.into())).collect();
    let value = json!({
        "path": path.to_string_lossy(),
        "bytes": look.file_bytes(),
        "commits": report.commits,
        "last_commit": { "at": wall, "journal_time": time },
        "lost_commits": report.lost,
        "may_lack_commits": report.lost > 0 || report.is_witness_damaged,
        "events": {
            "oldest": survey.oldest_event.map(|seen| seen.to_json()),
            "latest": survey.latest_event.map(|seen| seen.to_json()),
        },
        "pending": survey.pending,
        "dead_webhook_messages": survey.dead_webhooks,
        "records": records,
    });
    Ok(Said { text, value, exit: Exit::Success })
}

fn verify(path: &Path) -> Result<Said, Unreadable> {
    let found = Look::open(path, Reading::system()).map_err(Unreadable::from);
    let found = found.and_then(|look| Ok((look.report(), Survey::of(&look)?.total())));
    let (report, records) = match found {
        Ok(found) => found,
        Err(error) => {
            let Some(verdict) = error.verdict() else { return Err(error) };
            return Ok(Said::of(path, (verdict, &error.to_string()), error.advice(), None));
        }
    };
    Ok(match lost(&report) {
        Some(lost) => {
            let message = format!("the journal lacks commits: {lost}");
            let advice = Some(journal_advice::LOST_COMMITS);
            Said::of(path, ("lost_commits", &message), advice, Some((report, records)))
        }
        None => {
            let message =
                format!("the journal is good: {records} records, {} commits", report.commits);
            Said::of(path, ("good", &message), None, Some((report, records)))
        }
    })
}

impl Said {
    /// A verdict in a word and a sentence, and what to do about it.
    fn of(
        path: &Path,
        (verdict, message): (&str, &str),
        advice: Option<&str>,
        found: Option<(Report, u64)>,
    ) -> Self {
        let (report, records) = found.unzip();
        let value = json!({
            "path": path.to_string_lossy(),
            "verdict": verdict,
            "message": message,
            "commits": report.map(|report| report.commits),
            "lost_commits": report.map(|report| report.lost),
            "records": records,
        });
        let exit = if verdict == "good" { Exit::Success } else { Exit::Negative };
        let mut text = format!("{}: {}\n", path.display(), clean(message));
        advice.into_iter().for_each(|advice| text += &format!("{advice}\n"));
        Self { text, value, exit }
    }
}

/// What to say of commits that are not there.
fn lost(report: &Report) -> Option<String> {
    match (report.lost, report.is_witness_damaged) {
        (0, false) => None,
        (0, true) => Some("the place that would tell is damaged, so some may be lost".to_owned()),
        (lost, _) => Some(format!("the last {lost}; what was committed before is there")),
    }
}

fn compact(path: &Path, settings: Settings) -> Result<Said, Unreadable> {
    let size = || fs::metadata(path).map(|file| file.len()).map_err(OpenError::Io);
    // Asked first: a file that is not there must not be made.
    let before = size()?;
    drop(Opened::open(path, settings, Reading::system())?.compact()?);
    let after = size()?;
    let text = format!("{}: {before} bytes before, {after} after\n", path.display());
    let value =
        json!({ "path": path.to_string_lossy(), "bytes_before": before, "bytes_after": after });
    Ok(Said { text, value, exit: Exit::Success })
}

#[cfg(test)]
mod tests;
