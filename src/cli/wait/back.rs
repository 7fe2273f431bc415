//! A daemon that goes away while it is waited for: it is restarted, or the way to it breaks. Its
//! verification is on its disk, so it is tried again, less and less often, until the verification would
//! have expired; then the wait goes on behind the last event that was seen.
//!
//! Invariant: between two tries passes a pause, but before the first of a row.
#![expect(clippy::disallowed_methods, reason = "an edge: it waits for a daemon")]

use std::time::Duration;

use hyper::body::Bytes;
use tokio::select;
use tokio::time::{Instant, sleep};

use super::{Question, Wait};
use crate::cli::Failure;
use crate::cli::client::{After, ClientError, Events, Wish};
use crate::cli::reply::{Call, Verification, apart};
use crate::cli::terminal::{Terminal, clean};

/// Why a step of the wait came to nothing.
#[derive(Debug)]
pub(super) enum Break {
    /// It makes no sense to go on.
    Failure(Failure),
    /// Ctrl-C.
    Interrupt,
    /// The daemon is away.
    Lost(ClientError),
}

impl Break {
    /// A disk that does not work will, and the daemon does not show what is not on it.
    fn or_full_disk(self) -> Self {
        match self {
            Self::Failure(Failure::Client(ClientError::Refused(problem)))
                if problem.code == "store_unavailable" =>
            {
                Self::Lost(problem.into())
            }
            Self::Failure(_) | Self::Interrupt | Self::Lost(_) => self,
        }
    }
}

impl From<ClientError> for Break {
    fn from(error: ClientError) -> Self {
        match error.is_passing() {
            true => Self::Lost(error),
            false => Self::Failure(error.into()),
        }
    }
}

impl From<serde_json::Error> for Break {
    fn from(error: serde_json::Error) -> Self {
        Self::Failure(error.into())
    }
}

/// What a daemon that is back says.
pub(super) enum Back {
    /// It has ended, like this.
    Ended(Bytes),
    /// It has not, and these are the events from here on.
    Following(Events),
}

/// How long to pause before each try of a row.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Pauses(Option<Duration>);

impl Pauses {
    /// None, then ever longer ones, up to [`PAUSE_MAX`].
    fn next(&mut self) -> Duration {
        let next = self.0.map_or(Duration::ZERO, |last| (last * 2).clamp(PAUSE, PAUSE_MAX));
        self.0 = Some(next);
        next
    }
}

/// An answer of the daemon. Ctrl-C does not wait for it.
pub(super) async fn asked<T>(
    answer: impl Future<Output = Result<T, ClientError>>,
    terminal: &mut Terminal,
) -> Result<T, Break> {
    select! {
        biased;
        _ = terminal.hear(false) => Err(Break::Interrupt),
        answer = answer => Ok(answer?),
    }
}

/// When a verification that has just been started expires, by our clock: the daemon's may be another.
pub(super) fn deadline(started: &Verification) -> Instant {
    let seconds = apart(&started.created_at, &started.expires_at).unwrap_or_default();
    Instant::now() + Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

impl Wait<'_> {
    /// Waits for a daemon that was lost.
    pub(super) async fn come_back(
        &mut self,
        lost: ClientError,
        terminal: &mut Terminal,
    ) -> Result<Back, Break> {
        let (mut why, mut was_said) = (lost, false);
        loop {
            let pause = self.pauses.next();
            let left = self.deadline.saturating_duration_since(Instant::now());
            if !pause.is_zero() && !was_said {
                was_said = true;
                self.say_away(&why, terminal);
            }
            // The deadline itself is the moment of a last try.
            let is_last = pause >= left;
            select! {
                biased;
                _ = terminal.hear(false) => return Err(Break::Interrupt),
                () = sleep(pause.min(left)) => {}
            }
            match self.try_again(terminal).await {
                Ok(back) => {
                    if was_said {
                        terminal.note("the daemon is back");
                    }
                    return Ok(back);
                }
                Err(Break::Lost(error)) => why = error,
                Err(other) => return Err(other),
            }
            if is_last {
                terminal.note("the daemon did not come back before the end");
                return Err(Break::Lost(why));
            }
        }
    }

    async fn try_again(&mut self, terminal: &mut Terminal) -> Result<Back, Break> {
        // The stream first: what happens between the two requests is in it.
        let events = asked(self.client.events(self.seen.map(After::Event)), terminal).await;
        let (events, is_new) = match events.map_err(Break::or_full_disk) {
            // They are not kept for so long, or it is another journal, which numbers them otherwise.
            Err(Break::Failure(Failure::Client(ClientError::Refused(problem))))
                if problem.code == "events_gone" =>
            {
                (asked(self.client.events(None), terminal).await?, true)
            }
            events => (events?, self.seen.is_none()),
        };
        let body = self.look(terminal).await?;
        self.standing = serde_json::from_slice(&body)?;
        if !self.standing.is_pending() {
            return Ok(Back::Ended(body));
        }
        // Nobody tells again what has happened to its call meanwhile.
        let has_rung = |call: &Call| call.ringing_at.is_some() || call.ended_at.is_some();
        let has_rung = self.standing.call().is_some_and(has_rung);
        if is_new && has_rung && self.question == Question::NotYet {
            self.question = Question::Due;
        }
        Ok(Back::Following(events))
    }

    /// The verification as it stands.
    pub(super) async fn look(&self, terminal: &mut Terminal) -> Result<Bytes, Break> {
        let body = asked(self.client.get(&self.path(), Wish::Json), terminal).await;
        body.map_err(Break::or_full_disk)
    }

    fn say_away(&self, why: &ClientError, terminal: &mut Terminal) {
        let until = clean(&self.standing.expires_at);
        terminal.note(&format!(
            "{}: waiting for the daemon until {until}, Ctrl-C gives up",
            clean(&why.to_string())
        ));
    }
}

/// Before the second try of a row.
const PAUSE: Duration = Duration::from_millis(100);
/// A person who holds a phone waits no longer than this for a daemon that is back.
const PAUSE_MAX: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_try_is_at_once_and_the_others_ever_later() {
        let mut pauses = Pauses::default();
        let row: Vec<_> = (0..8).map(|_| pauses.next().as_millis()).collect();
        assert_eq!(row, [0, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
    }
}
