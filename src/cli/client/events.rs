//! The daemon's event stream, as it arrives.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::error::ClientError;
use super::frames::Frames;

/// An open event stream.
#[derive(Debug)]
pub struct Events {
    body: Incoming,
    frames: Frames,
}

/// Where a stream begins, if not now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum After {
    /// Behind the event with this number.
    Event(u64),
    /// With the oldest event that is kept.
    Oldest,
}

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(number) => number.fmt(f),
            Self::Oldest => f.write_str("oldest"),
        }
    }
}

impl FromStr for After {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text {
            "oldest" => Ok(Self::Oldest),
            number => number.parse().map(Self::Event),
        }
    }
}

/// One event's envelope.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// What happened: `call.ringing`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When, in RFC 3339 form.
    pub timestamp: String,
    /// Its number.
    #[serde(default)]
    pub sequence: u64,
    /// The verification or the call.
    pub data: Value,
    /// The envelope as it came.
    #[serde(skip)]
    pub raw: String,
}

impl Event {
    /// Whether it is about this verification, or one of its calls.
    pub fn is_of(&self, verification: &str) -> bool {
        let names = ["id", "verification"].map(|field| self.data[field].as_str());
        names.contains(&Some(verification))
    }
}

impl Events {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body, frames: Frames::default() }
    }

    /// The number behind which to come back: of the last event, or, before the first, of the one that the
    /// stream begins behind.
    pub fn seen(&self) -> Option<u64> {
        self.frames.seen()
    }

    /// Why there are no more events.
    fn end(&self) -> ClientError {
        match self.frames.cut_off() {
            Some(why) => ClientError::CutOff { why: why.to_owned() },
            None => ClientError::StreamLost,
        }
    }

    /// The next event.
    ///
    /// Cancel-safe: bytes that came are kept.
    ///
    /// # Errors
    ///
    /// The stream ended, broke, fell silent, or holds what is not an event.
    pub async fn next(&mut self) -> Result<Event, ClientError> {
        loop {
            if let Some(frame) = self.frames.next_frame() {
                let event = serde_json::from_str::<Event>(&frame.data)?;
                return Ok(Event { raw: frame.data, ..event });
            }
            let piece = timeout(SILENCE_MAX, self.body.frame()).await?;
            let piece = piece.ok_or_else(|| self.end())?.map_err(|_| ClientError::StreamLost)?;
            if let Ok(bytes) = piece.into_data() {
                self.frames.push(&bytes).map_err(|error| ClientError::Body(error.into()))?;
            }
        }
    }
}

/// The daemon says every quarter of a minute that it is alive.
const SILENCE_MAX: Duration = Duration::from_secs(60);
