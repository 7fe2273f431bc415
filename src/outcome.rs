//! How a call ended, who ended it, and what that says about the number. Closed sets: each variant
//! is also a metric label and a word of the API.
//!
//! No SIP here: the room `call` reads the messages and decides; everybody else only needs the words.

use std::fmt;

/// How a flash call ended.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Outcome {
    /// Picked up, by a person or a machine, before we hung up.
    Answered = 1,
    /// Picked up while our CANCEL was on its way. The code still counts.
    AnsweredInRace,
    /// Picked up within a second or without ringing: voicemail, forwarding or a toll-fraud range.
    AnsweredSuspect,
    /// The network or the person bars such calls (403, 607, 608; Q.850 21, 57).
    Barred,
    /// The phone is in another call (486, 600).
    Busy,
    /// We hung up but the trunk never confirmed it within 64·T1.
    CancelUnconfirmed,
    /// The number was replaced by another one (410; Q.850 22).
    Changed,
    /// It rang for as long as we wanted: what a flash call is for.
    Completed,
    /// The person pressed "decline" (603, or 480 after ringing).
    Declined,
    /// The trunk could not read the number (484; Q.850 28).
    Malformed,
    /// The trunk took the call (100) but nothing ever rang.
    NoRinging,
    /// The INVITE was not sent, since the journal refused the record of it, or took too long.
    NotRecorded,
    /// The trunk wants the call to go elsewhere (3xx), which is not followed.
    Redirected,
    /// The trunk refuses for a reason of its own (401, 407, 488 and the like).
    Refused,
    /// The gateway was stopped, and hung up, or died while the call was up or before its end was on
    /// disk; then the next process hung up.
    Restarted,
    /// Nothing at all was heard after the INVITE.
    Silence,
    /// The trunk is in trouble (408, 5xx; Q.850 34, 38, 41, 42).
    TrunkFailure,
    /// The number does not exist (404, 604; Q.850 1).
    Unallocated,
    /// The phone is off or out of coverage (480 without ringing; Q.850 18, 20).
    Unreachable,
    /// The INVITE was not sent or not delivered: the system or the network said so (no route, ICMP),
    /// or every trunk was at its limits for too long.
    Unsent,
    /// We gave up before the phone had rung for long enough: nobody waited for the call any more, or it
    /// began to ring only while we gave up.
    Withdrawn,
}

impl Outcome {
    /// Every outcome, in the order of the declaration.
    pub const ALL: [Self; 21] = [
        Self::Answered,
        Self::AnsweredInRace,
        Self::AnsweredSuspect,
        Self::Barred,
        Self::Busy,
        Self::CancelUnconfirmed,
        Self::Changed,
        Self::Completed,
        Self::Declined,
        Self::Malformed,
        Self::NoRinging,
        Self::NotRecorded,
        Self::Redirected,
        Self::Refused,
        Self::Restarted,
        Self::Silence,
        Self::TrunkFailure,
        Self::Unallocated,
        Self::Unreachable,
        Self::Unsent,
        Self::Withdrawn,
    ];

    /// The word of the API and the label of the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::AnsweredInRace => "answered_in_race",
            Self::AnsweredSuspect => "answered_suspect",
            Self::Barred => "barred",
            Self::Busy => "busy",
            Self::CancelUnconfirmed => "cancel_unconfirmed",
            Self::Changed => "changed",
            Self::Completed => "completed",
            Self::Declined => "declined",
            Self::Malformed => "malformed",
            Self::NoRinging => "no_ringing",
            Self::NotRecorded => "not_recorded",
            Self::Redirected => "redirected",
            Self::Refused => "refused",
            Self::Restarted => "restarted",
            Self::Silence => "silence",
            Self::TrunkFailure => "trunk_failure",
            Self::Unallocated => "unallocated",
            Self::Unreachable => "unreachable",
            Self::Unsent => "unsent",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether the phone may know of a call that ended so: it `rang`, or showed the call, or nobody
    /// can tell from here. Where it cannot, the person will not come to know the code.
    pub fn may_have_reached(self, rang: bool) -> bool {
        match self {
            Self::Answered
            | Self::AnsweredInRace
            | Self::AnsweredSuspect
            | Self::Barred
            | Self::Busy
            | Self::Completed
            | Self::Declined
            | Self::Withdrawn => true,
            Self::CancelUnconfirmed
            | Self::Changed
            | Self::Malformed
            | Self::NoRinging
            | Self::NotRecorded
            | Self::Redirected
            | Self::Refused
            | Self::Restarted
            | Self::Silence
            | Self::TrunkFailure
            | Self::Unallocated
            | Self::Unreachable
            | Self::Unsent => rang,
        }
    }

    /// The outcome whose number `as u8` is `code`.
    pub fn from_u8(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Side {
    /// The person who was called, or what answers for them.
    Callee = 1,
    /// The trunk, or a network behind it.
    Carrier,
    /// This gateway.
    Us,
}

impl Side {
    /// Every side, in the order of the declaration.
    pub const ALL: [Self; 3] = [Self::Callee, Self::Carrier, Self::Us];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Callee => "callee",
            Self::Carrier => "carrier",
            Self::Us => "us",
        }
    }

    /// The side whose number `as u8` is `code`.
    pub fn from_u8(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|side| *side as u8 == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_stands_in_the_page_of_events() {
        let page = include_str!("../docs/events.md");
        let (_, table) = page.split_once("## How a call ends").unwrap();
        for outcome in Outcome::ALL {
            let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
            let word = format!("`{outcome}`");
            let found = rows.filter(|first| first.split(", ").any(|it| it == word)).count();
            assert_eq!(found, 1, "{outcome}");
        }
    }

    #[test]
    fn every_outcome_survives_its_number() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_u8(outcome as u8), Some(outcome));
        }
        assert_eq!(Outcome::from_u8(0), None);
        assert_eq!(Outcome::from_u8(22), None);
    }
}
