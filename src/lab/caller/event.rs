//! What a caller hears, and how its calls end.

use std::fmt;
use std::time::{Duration, Instant};

use super::super::number::Number;
use super::conduct::Ack;
use super::lapse::Noticed;
use crate::ladder::Undelivered;
use crate::sip::Status;

/// A call of this caller: the first that was dialled is 1, the next 2.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Line(pub u64);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something happened to a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// Somebody, or a machine, picked up.
    Answered {
        /// The call.
        line: Line,
        /// How long after the INVITE.
        after: Duration,
        /// When.
        at: Instant,
    },
    /// The INVITE was sent.
    Dialled {
        /// The call.
        line: Line,
        /// Who calls.
        from: Number,
        /// Who is called.
        to: Number,
        /// When.
        at: Instant,
    },
    /// The call is over, exactly once. Its transaction may live on, for what comes again.
    Ended {
        /// The call.
        line: Line,
        /// How.
        ending: Ending,
        /// Whether it went as its manner says.
        is_as_told: bool,
        /// When.
        at: Instant,
    },
    /// The CANCEL was sent.
    HungUp {
        /// The call.
        line: Line,
        /// When.
        at: Instant,
    },
    /// The called side broke a rule.
    Lapsed(Noticed),
    /// The called phone has begun to ring (180).
    Rang {
        /// The call.
        line: Line,
        /// How long after the INVITE.
        after: Duration,
        /// When.
        at: Instant,
    },
    /// A final response of 300 or more.
    Refused {
        /// The call.
        line: Line,
        /// With what.
        status: Status,
        /// How long after the INVITE.
        after: Duration,
        /// When.
        at: Instant,
    },
    /// A final response of 300 or more came again.
    Repeated {
        /// The call.
        line: Line,
        /// With what.
        status: Status,
        /// When.
        at: Instant,
    },
    /// 100.
    Trying {
        /// The call.
        line: Line,
        /// When.
        at: Instant,
    },
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// With a 2xx, which was acknowledged and ended with BYE.
    Answered,
    /// It was one INVITE; what came of it nobody heard.
    Forged,
    /// With a refusal.
    Refused {
        /// With what.
        status: Status,
        /// How that was acknowledged.
        ack: Ack,
    },
    /// It never began: too many calls, or the caller is stopping.
    Shed,
    /// Nobody said anything.
    Silent,
    /// The network gave the INVITE back.
    Unreachable {
        /// Why.
        why: Undelivered,
    },
    /// Something was heard, and no final response.
    Unfinished,
}

impl Ending {
    /// As it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Forged => "forged",
            Self::Refused { .. } => "refused",
            Self::Shed => "shed",
            Self::Silent => "silent",
            Self::Unreachable { .. } => "unreachable",
            Self::Unfinished => "unfinished",
        }
    }
}

impl Ack {
    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Never => "never acknowledged",
            Self::NoTag => "acknowledged without a tag",
            Self::Right => "acknowledged",
            Self::WrongTag => "acknowledged with a wrong tag",
        }
    }

    /// For programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::NoTag => "no-tag",
            Self::Right => "right",
            Self::WrongTag => "wrong-tag",
        }
    }
}
