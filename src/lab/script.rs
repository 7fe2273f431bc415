//! Each behaviour as data: what is said when, what a CANCEL does, what happens to packets.

use std::time::Duration;

use super::behaviour::{Behaviour, status};
use super::settings::Quality;
use crate::sip::Status;

/// How one call goes as long as nobody interferes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    /// What is said, in order.
    pub(super) acts: &'static [Act],
    /// Whether the caller hears 100 Trying.
    pub(super) trying: Trying,
    /// What a CANCEL does.
    pub(super) on_cancel: OnCancel,
    /// So many ACKs of each final response are lost.
    pub(super) acks_lost: u8,
    /// So many times the 200 comes again, whatever was heard meanwhile.
    pub(super) answers_again: u8,
    /// What happens to packets.
    pub(super) quality: Quality,
    /// What `After::Given` stands for.
    pub(super) given: Duration,
    /// What `Say::RefuseGiven` stands for.
    pub(super) refusal: Status,
    /// What the person does who has answered.
    pub(super) talk: Talk,
}

/// Something that is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    /// How long after the act before, or after the INVITE.
    pub(super) after: After,
    /// What.
    pub(super) say: Say,
}

/// A delay.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    /// So many milliseconds.
    Millis(u64),
    /// As long as the behaviour says.
    Given,
    /// As long as the network needs to find the phone.
    PostDial,
}

/// What is said. A leg is one of the phones that share the number: each has a To tag of its own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Say {
    /// 200.
    Answer(usize),
    /// A provisional response that leaves the phone as it is.
    Progress(Status, usize),
    /// A final response of 300 or more.
    Refuse(Status),
    /// That which the behaviour says.
    RefuseGiven,
    /// The phone begins to ring, and the trunk says this.
    Ring(Status),
}

/// 100 Trying.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trying {
    /// Never.
    Never,
    /// As the settings say, 200 ms after the INVITE at the latest.
    Prompt,
}

/// What a CANCEL does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OnCancel {
    /// The phone answers in this moment: 200 to the INVITE, then 200 to the CANCEL.
    Answer,
    /// 200 to the CANCEL, then 487 to the INVITE.
    End,
    /// 487 to the INVITE, then 200 to the CANCEL.
    EndFirst,
    /// 200 to the CANCEL, 487 to the INVITE, and then another phone's 200 to the INVITE.
    EndThenAnswer,
    /// Nothing.
    Ignore,
    /// 481; the call is refused a second later.
    Refuse,
    /// 200 to the CANCEL, and nothing to the INVITE for ever.
    Stall,
}

/// What the person does who has answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Talk {
    /// Hangs up as soon as the ACK has come.
    HangUp,
    /// Waits for the caller to hang up.
    Listen,
}

impl Behaviour {
    pub(super) fn script(self) -> Script {
        let plain = Script {
            acts: RING,
            trying: Trying::Prompt,
            on_cancel: OnCancel::End,
            acks_lost: 0,
            answers_again: 0,
            quality: Quality::GOOD,
            given: Duration::ZERO,
            refusal: Status::BUSY_HERE,
            talk: Talk::Listen,
        };
        let acting = |acts| Script { acts, ..plain };
        let cancelling = |on_cancel| Script { on_cancel, ..plain };
        match self {
            Self::AckLost => Script { acks_lost: 2, ..plain },
            Self::Answers { after } => Script { given: after, ..acting(ANSWER) },
            Self::AnswersAfterFinal => cancelling(OnCancel::EndThenAnswer),
            Self::AnswersAtOnce => acting(ANSWER_AT_ONCE),
            Self::AnswersOnCancel => cancelling(OnCancel::Answer),
            Self::AnswersRepeatedly => Script { given: PERSON, answers_again: 4, ..acting(ANSWER) },
            Self::AnswersTwice => acting(ANSWER_TWICE),
            Self::Busy => acting(REFUSE),
            Self::CancelIgnored => cancelling(OnCancel::Ignore),
            Self::CancelRefused => cancelling(OnCancel::Refuse),
            Self::CancelWithoutFinal => cancelling(OnCancel::Stall),
            Self::Declines => Script { refusal: Status::DECLINE, ..acting(RING_REFUSE) },
            Self::EarlyMedia => acting(EARLY),
            Self::EarlyMediaThenBusy => acting(EARLY_REFUSE),
            Self::EarlyMediaThenRings => acting(EARLY_RING),
            Self::FinalFirst => cancelling(OnCancel::EndFirst),
            Self::FinalRepeated => Script { acks_lost: u8::MAX, ..plain },
            Self::Forks => acting(FORK),
            Self::HangsUp => Script { given: PERSON, talk: Talk::HangUp, ..acting(ANSWER) },
            Self::LateTrying => Script { trying: Trying::Never, ..acting(LATE) },
            Self::Loses => Script { quality: Quality { lost: 300, repeated: 0 }, ..plain },
            Self::Redirects => Script { refusal: MOVED, ..acting(REFUSE) },
            Self::Refuses { status } => Script { refusal: status, ..acting(REFUSE) },
            Self::Repeats => Script { quality: Quality { lost: 0, repeated: 300 }, ..plain },
            Self::Rings => plain,
            Self::RingsLate { after } => Script { given: after, ..acting(RING_LATE) },
            Self::RingsThenRefuses { status } => Script { refusal: status, ..acting(RING_REFUSE) },
            Self::Silent => Script { trying: Trying::Never, ..acting(&[]) },
            Self::Storms => acting(STORM),
            Self::TryingOnly => acting(&[]),
        }
    }
}

const fn act(after: After, say: Say) -> Act {
    Act { after, say }
}

const fn ring(after: After) -> Act {
    act(after, Say::Ring(Status::RINGING))
}

const fn early(after: After) -> Act {
    act(after, Say::Progress(Status::SESSION_PROGRESS, 0))
}

const fn soon(status: Status) -> Act {
    act(After::Millis(1), Say::Progress(status, 0))
}

const RING: &[Act] = &[ring(After::PostDial)];
const RING_LATE: &[Act] = &[ring(After::Given)];
const RING_REFUSE: &[Act] = &[ring(After::PostDial), act(PERSON_AFTER, Say::RefuseGiven)];
const REFUSE: &[Act] = &[act(After::PostDial, Say::RefuseGiven)];
const ANSWER: &[Act] = &[ring(After::PostDial), act(After::Given, Say::Answer(0))];
const ANSWER_AT_ONCE: &[Act] = &[act(After::Millis(20), Say::Answer(0))];
const ANSWER_TWICE: &[Act] = &[
    ring(After::PostDial),
    act(After::Millis(10), Say::Progress(Status::RINGING, 1)),
    act(PERSON_AFTER, Say::Answer(0)),
    act(After::Millis(50), Say::Answer(1)),
];
const EARLY: &[Act] = &[act(After::PostDial, Say::Ring(Status::SESSION_PROGRESS))];
const EARLY_RING: &[Act] = &[early(After::PostDial), ring(PERSON_AFTER)];
const EARLY_REFUSE: &[Act] =
    &[early(After::PostDial), act(PERSON_AFTER, Say::Refuse(Status::BUSY_HERE))];
const FORK: &[Act] = &[
    ring(After::PostDial),
    act(After::Millis(10), Say::Progress(Status::RINGING, 1)),
    act(After::Millis(1_000), Say::Progress(status(199), 1)),
];
const LATE: &[Act] =
    &[act(After::Millis(3_000), Say::Progress(Status::TRYING, 0)), ring(After::PostDial)];
/// More than any profile expects, and 199 for a fork that never was.
const STORM: &[Act] = &[
    early(After::PostDial),
    soon(status(181)),
    soon(status(182)),
    soon(Status::SESSION_PROGRESS),
    soon(status(199)),
    soon(status(182)),
    soon(Status::TRYING),
    soon(status(181)),
    soon(status(170)),
    ring(After::Millis(100)),
    soon(Status::SESSION_PROGRESS),
    soon(Status::RINGING),
    soon(status(182)),
];

/// How long a person needs.
const PERSON: Duration = Duration::from_secs(2);
const PERSON_AFTER: After = After::Millis(2_000);
const MOVED: Status = status(302);
