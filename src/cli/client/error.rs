//! What can go wrong between this program and the daemon.

use std::error::Error;
use std::io;

use serde::Deserialize;
use tokio::time::error::Elapsed;

use crate::cli::exit::Exit;

/// Why there is no answer, or none that helps.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The body broke off, or is longer than any answer of the daemon.
    #[error("the daemon's answer cannot be read: {0}")]
    Body(#[source] Box<dyn Error + Send + Sync>),
    /// The daemon ended the event stream, and said why.
    #[error("the event stream was {why}")]
    CutOff {
        /// In its words.
        why: String,
    },
    /// Not HTTP, or a connection that broke.
    #[error("the daemon's answer cannot be read: {0}")]
    Http(#[from] hyper::Error),
    /// The answer is not what the API promises.
    #[error("the daemon's answer is not what this program knows: {0}")]
    Json(#[from] serde_json::Error),
    /// The key cannot be sent.
    #[error("an API key is printable ASCII, this one is not")]
    Key,
    /// The event stream ended or fell silent.
    #[error("the event stream broke off")]
    StreamLost,
    /// The daemon refused.
    #[error(transparent)]
    Refused(#[from] Problem),
    /// The daemon is there and says nothing.
    #[error("the daemon did not answer in time")]
    Timeout(#[from] Elapsed),
    /// Nobody listens.
    #[error("no daemon at {endpoint}: {source}")]
    Unreachable {
        /// Where it was looked for.
        endpoint: String,
        /// What the operating system says.
        source: io::Error,
    },
}

impl ClientError {
    /// Whether the daemon, or the way to it, is away, and may come back: it stops, restarts, or its disk
    /// does not work.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::CutOff { .. } | Self::StreamLost | Self::Timeout(_) | Self::Body(_) => true,
            Self::Http(error) => !error.is_parse(),
            Self::Json(_) | Self::Key => false,
            Self::Refused(problem) => [502, 504].contains(&problem.status),
            Self::Unreachable { source, .. } => source.kind() != io::ErrorKind::PermissionDenied,
        }
    }

    /// What a script learns.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Http(error) if !error.is_parse() => Exit::Unreachable,
            Self::Body(_) | Self::Http(_) | Self::Json(_) => Exit::Internal,
            Self::Key => Exit::Denied,
            Self::Refused(problem) => Exit::of_refusal(problem.status),
            Self::CutOff { .. }
            | Self::StreamLost
            | Self::Timeout(_)
            | Self::Unreachable { .. } => Exit::Unreachable,
        }
    }

    /// What a person could do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(problem) => problem.hint(),
            Self::Unreachable { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Some("the socket is for the daemon's user and group".to_owned())
            }
            Self::Unreachable { .. } => Some(NOBODY_THERE.to_owned()),
            Self::Body(_)
            | Self::CutOff { .. }
            | Self::Http(_)
            | Self::Json(_)
            | Self::Key
            | Self::StreamLost
            | Self::Timeout(_) => None,
        }
    }
}

/// A refusal as the daemon words it (RFC 9457). The detail says all that the title says, and what
/// was found; people are shown the title only where there is no detail.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, thiserror::Error)]
#[error("{}", if .detail.is_empty() { title } else { detail })]
pub struct Problem {
    /// The HTTP status.
    #[serde(default)]
    pub status: u16,
    /// What sort of refusal.
    pub title: String,
    /// What was found, what would be accepted.
    #[serde(default)]
    pub detail: String,
    /// The stable word, `rate_limited`.
    #[serde(default)]
    pub code: String,
    /// The verification that is in the way, of `already_pending`.
    #[serde(default)]
    pub id: Option<String>,
}

impl Problem {
    /// The refusal in this body; one without a readable body still has its status.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let problem = serde_json::from_slice::<Self>(body);
        let bare = |_| Self {
            status,
            title: format!("the daemon answered {status}"),
            detail: String::new(),
            code: String::new(),
            id: None,
        };
        Self { status, ..problem.unwrap_or_else(bare) }
    }

    fn hint(&self) -> Option<String> {
        match (self.code.as_str(), self.status) {
            ("already_pending", _) => {
                let id = self.id.as_deref()?;
                Some(format!("`ringproof check {id} CODE` or `ringproof cancel {id}`"))
            }
            ("call_in_progress", _) => Some("see `ringproof watch`".to_owned()),
            ("no_trunk", _) => Some("see `ringproof trunks`".to_owned()),
            ("pool_exhausted", _) => Some("see `ringproof pools`".to_owned()),
            (_, 401) => Some("give an API key in RINGPROOF_KEY".to_owned()),
            (_, 429) => Some("try again later".to_owned()),
            _ => None,
        }
    }
}

/// What to do when no daemon is found.
pub(in crate::cli) const NOBODY_THERE: &str =
    "start it with `ringproof serve`, or name it with --socket or --url";
