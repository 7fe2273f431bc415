//! Checking evidence: five digits that a person typed, or a caller ID that an app read.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Instant;

use super::entry::{Entry, State};
use super::event::{Event, Told};
use super::id::VerificationId;
use super::note::{AttemptNote, Mark, Marked, Note};
use super::phone::{Guess, Verdict};
use super::placed::Placed;
use super::service::Verify;
use super::snapshot::{Reason, Snapshot, Status};
use super::suffixes::SPACE;
use crate::number::E164;
use crate::number::plan::{self, Country};

/// What somebody shows to prove that the phone rang in their hand.
#[derive(Clone, Copy)]
pub enum Evidence<'a> {
    /// The whole caller ID, as an app read it from the call log.
    CallerId(&'a str),
    /// The last five digits, as a person typed them.
    Code(&'a str),
}

/// Evidence that has the form of evidence.
enum Claim {
    /// Every number that the reported caller ID can mean. All have the same last five digits.
    CallerId { suffix: u32, readings: Vec<E164> },
    /// The digits that were typed.
    Code { suffix: u32 },
}

impl Verify {
    /// Compares evidence with the code of the latest call. A right one verifies; a wrong one costs
    /// an attempt, which is counted before this returns. Evidence without the form of a code or of
    /// a caller ID costs nothing.
    ///
    /// # Errors
    ///
    /// Why it was not compared.
    pub fn check(
        &self,
        id: VerificationId,
        evidence: Evidence<'_>,
        now: Instant,
    ) -> Result<Snapshot, CheckError> {
        let entry = self.table.get(id).ok_or(CheckError::NotFound)?;
        let claim = Claim::read(evidence, entry.country)?;
        let ended = |state| CheckError::AlreadyEnded(Box::new(self.snapshot(&entry, state)));
        self.expire_if_due(&entry, now);
        let state = entry.word.load();
        if state.status == Status::Pending && entry.current(state).is_none() {
            return Err(CheckError::NotCalled);
        }
        let (judged, stands) = self.guess(&claim, &entry, now);
        let state = judged.map_err(ended)?;
        match state.status {
            Status::Verified => Ok(self.on_final(&entry, state)),
            Status::Canceled | Status::Expired | Status::Failed | Status::Pending => {
                Ok(self.on_wrong(&entry, state, stands, now))
            }
        }
    }

    /// Judges the evidence and counts it for the phone, in one step. `Err`: the verification is
    /// final, which that of a locked phone then is. How the phone stands, and with how many wrong
    /// codes.
    fn guess(
        &self,
        claim: &Claim,
        entry: &Arc<Entry>,
        now: Instant,
    ) -> (Result<State, State>, (Verdict, u8)) {
        // The codes are hashed before the phone is held: a shard may wait for it.
        let placed = entry.current(entry.word.load());
        let right = |placed: &Placed| self.matches(claim, placed);
        let (ordinal, reason) = placed.map_or((0, None), |placed| (placed.ordinal, right(&placed)));
        let judge = |state: State| {
            let is_current = state.calls == ordinal;
            let of_other = || entry.current(state).and_then(|placed| right(&placed));
            let reason = if is_current { reason } else { of_other() };
            Self::judge(reason, entry, state, now)
        };
        let mut judged = None;
        let stands =
            self.phones.guess(entry.to, (self.epoch.mark(now), self.epoch.now(now)), || {
                let state = *judged.insert(entry.word.change(judge));
                match state.map(|state| state.status) {
                    Err(_) => Guess::Void,
                    Ok(Status::Verified) => Guess::Right,
                    Ok(Status::Canceled | Status::Expired | Status::Failed | Status::Pending) => {
                        Guess::Wrong
                    }
                }
            });
        let judged = judged.unwrap_or_else(|| {
            let rejected = (Status::Failed, Reason::RejectedByPolicy);
            Err(self.end(entry, rejected, now).map_or_else(|state| state, |_| entry.word.load()))
        });
        (judged, stands)
    }

    /// What the evidence makes of a pending state: it is right for this reason, or wrong.
    fn judge(reason: Option<Reason>, entry: &Entry, state: State, now: Instant) -> State {
        if let Some(reason) = reason {
            return state.end(Status::Verified, reason, entry.age(now));
        }
        let attempts_left = state.attempts_left.saturating_sub(1);
        let state = State { attempts_left, ..state };
        if attempts_left > 0 {
            return state;
        }
        state.end(Status::Failed, Reason::TooManyAttempts, entry.age(now))
    }

    fn matches(&self, claim: &Claim, placed: &Placed) -> Option<Reason> {
        let is_right = |suffix| self.codes.is_right(placed.record.id, suffix, placed.code);
        match claim {
            Claim::CallerId { suffix, readings } => {
                let is_block = |number: &E164| number.as_u64() / SPACE == placed.block;
                let is_right = is_right(*suffix) & readings.iter().any(is_block);
                is_right.then_some(Reason::CallerIdMatched)
            }
            Claim::Code { suffix } => is_right(*suffix).then_some(Reason::CodeMatched),
        }
    }

    /// What follows a wrong code, which was counted.
    fn on_wrong(
        &self,
        entry: &Arc<Entry>,
        state: State,
        (verdict, of_phone): (Verdict, u8),
        now: Instant,
    ) -> Snapshot {
        let snapshot = self.snapshot(entry, state);
        let (verification, phone, left) = (entry.id, entry.to, state.attempts_left);
        let note = Note::Attempt(AttemptNote { verification, left, phone, of_phone, at: now });
        let mark = Mark { entry: Arc::clone(entry), what: Marked::Attempt { left } };
        let event = Some(Event::WrongCode(Arc::new(snapshot.clone())));
        self.listener.on_told(Told { event, notes: vec![note], mark: Some(mark) });
        if state.status != Status::Pending {
            return self.on_final(entry, state);
        }
        if verdict == Verdict::Locked {
            let rejected = (Status::Failed, Reason::RejectedByPolicy);
            return self
                .end(entry, rejected, now)
                .unwrap_or_else(|state| self.snapshot(entry, state));
        }
        snapshot
    }
}

impl Claim {
    fn read(evidence: Evidence<'_>, country: Country) -> Result<Self, CheckError> {
        match evidence {
            Evidence::Code(text) => {
                let is_code = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
                let suffix = text.parse().ok().filter(|_| is_code);
                suffix.map(|suffix| Self::Code { suffix }).ok_or(CheckError::NotACode)
            }
            Evidence::CallerId(text) => Ok(Self::read_caller_id(text, country)?),
        }
    }

    /// Carriers rewrite caller IDs: with `+`, with an international prefix, national, or bare. What
    /// is compared is the whole number under each of these readings. What is more than a number (a
    /// URI, an extension) is not cut down to one.
    fn read_caller_id(text: &str, country: Country) -> Result<Self, CallerIdError> {
        if text.len() > CALLER_ID_BYTES_MAX {
            let digits = text.chars().filter(char::is_ascii_digit).count();
            return Err(CallerIdError::Length { digits });
        }
        let text: String = text.chars().filter_map(typed).collect();
        let text = text.trim_matches(' ');
        let plain = text.strip_prefix('+').unwrap_or(text);
        let is_part = |sign: char| sign.is_ascii_digit() || SEPARATORS.contains(&sign);
        if let Some(found) = plain.chars().find(|sign| !is_part(*sign)) {
            return Err(CallerIdError::Sign { found });
        }
        let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
        let refused = CallerIdError::Length { digits: digits.len() };
        if !CALLER_ID_DIGITS.contains(&digits.len()) {
            return Err(refused);
        }
        let bare = |digits: &str| E164::parse(&format!("+{digits}")).ok();
        let mut readings: Vec<E164> = Vec::with_capacity(3);
        readings.extend(bare(&digits));
        readings.extend(digits.strip_prefix("00").and_then(bare));
        readings.extend(plan::read_in(text, country));
        let suffix = digits[digits.len() - 5..].parse().map_err(|_| refused)?;
        readings.retain(|number| number.suffix() == suffix);
        if readings.is_empty() { Err(refused) } else { Ok(Self::CallerId { suffix, readings }) }
    }
}

/// Why evidence was not looked at. A wrong code is no error: it is a snapshot with fewer attempts.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckError {
    /// It has its final state already.
    #[error("this verification has ended: {}", .0.status.as_str())]
    AlreadyEnded(Box<Snapshot>),
    /// The text cannot be a caller ID. No attempt is counted.
    #[error("{error}")]
    NotACallerId {
        /// Why not.
        #[from]
        error: CallerIdError,
    },
    /// The text cannot be a code. No attempt is counted.
    #[error("a code is exactly 5 digits 0-9")]
    NotACode,
    /// It waits for a call from the phone, and has not called it back: no code was shown.
    #[error("the phone has not been called back, so it was shown no code")]
    NotCalled,
    /// No such verification, or none that is remembered.
    #[error("no such verification")]
    NotFound,
}

/// Why a text cannot be a caller ID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CallerIdError {
    /// Too few digits, or too many.
    #[error(
        "a caller ID has 7 to 15 digits, and up to 19 with an international prefix, this one has \
         {digits}"
    )]
    Length {
        /// How many were found.
        digits: usize,
    },
    /// Something that no caller ID holds.
    #[error(
        "`{}` is not accepted in a caller ID: digits 0-9, which may begin with `+` and be grouped \
         with spaces, `-`, `.`, `/` and ( )",
        found.escape_default()
    )]
    Sign {
        /// The first offender.
        found: char,
    },
}

/// A caller ID with generous punctuation.
const CALLER_ID_BYTES_MAX: usize = 64;
/// What a keyboard has for a sign of a formatted number: phones put spaces and hyphens between digits
/// that do not break a line, and marks around them that keep their direction.
fn typed(sign: char) -> Option<char> {
    match sign {
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        '\u{a0}' | '\u{202f}' => Some(' '),
        '\u{2010}' | '\u{2011}' => Some('-'),
        sign => Some(sign),
    }
}

/// What an app or a phone may group digits with.
const SEPARATORS: [char; 6] = [' ', '-', '.', '/', '(', ')'];
/// With the longest international prefixes, of four digits.
const CALLER_ID_DIGITS: RangeInclusive<usize> = 7..=19;
