//! What a phone, or the network in front of it, does with a call; and how a person types it.
//!
//! By default the last two digits of the called number decide ([`BY_NUMBER`]); every other number
//! rings until the caller hangs up. A [`Rule`] says otherwise for a suffix of the caller's choice.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::number::Number;
use crate::sip::Status;

/// A kind of phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Behaviour {
    /// Rings; the first two ACKs of the final response are lost.
    AckLost,
    /// Rings, then answers.
    Answers {
        /// How long after it began to ring.
        after: Duration,
    },
    /// Gives 487 to the CANCEL, and then another phone of the number answers all the same, as behind a
    /// forking proxy (RFC 3261 §16.7).
    AnswersAfterFinal,
    /// Answers without ringing, as toll-fraud ranges and some mailboxes do.
    AnswersAtOnce,
    /// Answers in the moment in which the CANCEL comes.
    AnswersOnCancel,
    /// Rings, answers, and sends its 200 four times more, acknowledged and hung up or not.
    AnswersRepeatedly,
    /// Two phones of one number answer: two 200s with two To tags.
    AnswersTwice,
    /// 486 without ringing.
    Busy,
    /// CANCEL is never answered and the phone rings on.
    CancelIgnored,
    /// CANCEL is refused with 481; the call is refused a second later.
    CancelRefused,
    /// CANCEL is answered, the INVITE never.
    CancelWithoutFinal,
    /// Rings, and the person presses the red button: 603.
    Declines,
    /// 183 and nothing else: the trunk says nothing of ringing.
    EarlyMedia,
    /// 183, then 486.
    EarlyMediaThenBusy,
    /// 183, then 180.
    EarlyMediaThenRings,
    /// The 487 overtakes the 200 of the CANCEL.
    FinalFirst,
    /// The final response comes again and again although it is acknowledged.
    FinalRepeated,
    /// Two phones of one number ring, and one of them stops (199).
    Forks,
    /// Answers after a while and hangs up by itself at once.
    HangsUp,
    /// Nothing at all for three seconds, then as usual.
    LateTrying,
    /// Three packets of ten are lost, each way.
    Loses,
    /// 302.
    Redirects,
    /// Refuses without ringing.
    Refuses {
        /// With what, 300 to 699.
        status: Status,
    },
    /// Three packets of ten come twice, each way.
    Repeats,
    /// Rings until the caller hangs up.
    Rings,
    /// Rings after a long post-dial delay.
    RingsLate {
        /// How long.
        after: Duration,
    },
    /// Rings for a while, then refuses.
    RingsThenRefuses {
        /// With what, 300 to 699.
        status: Status,
    },
    /// Never says anything.
    Silent,
    /// Many different provisional responses, then rings.
    Storms,
    /// 100 and nothing else.
    TryingOnly,
}

/// What the last two digits of a number mean. Every other number [`Rings`](Behaviour::Rings).
pub const BY_NUMBER: [(&str, Behaviour); 32] = [
    ("01", Behaviour::Busy),
    ("02", Behaviour::Declines),
    ("03", Behaviour::Refuses { status: Status::TEMPORARILY_UNAVAILABLE }),
    ("04", Behaviour::Refuses { status: Status::NOT_FOUND }),
    ("05", Behaviour::Silent),
    ("06", Behaviour::TryingOnly),
    ("07", Behaviour::EarlyMediaThenRings),
    ("08", Behaviour::EarlyMediaThenBusy),
    ("09", Behaviour::Answers { after: Duration::from_secs(3) }),
    ("10", Behaviour::AnswersAtOnce),
    ("11", Behaviour::AnswersOnCancel),
    ("12", Behaviour::CancelWithoutFinal),
    ("13", Behaviour::CancelIgnored),
    ("14", Behaviour::Forks),
    ("15", Behaviour::AnswersTwice),
    ("16", Behaviour::FinalRepeated),
    ("17", Behaviour::AckLost),
    ("18", Behaviour::Refuses { status: Status::SERVICE_UNAVAILABLE }),
    ("19", Behaviour::Refuses { status: ADDRESS_INCOMPLETE }),
    ("20", Behaviour::Redirects),
    ("21", Behaviour::RingsThenRefuses { status: Status::TEMPORARILY_UNAVAILABLE }),
    ("22", Behaviour::Loses),
    ("23", Behaviour::Repeats),
    ("24", Behaviour::RingsLate { after: Duration::from_secs(6) }),
    ("25", Behaviour::EarlyMedia),
    ("26", Behaviour::CancelRefused),
    ("27", Behaviour::FinalFirst),
    ("28", Behaviour::LateTrying),
    ("29", Behaviour::Storms),
    ("30", Behaviour::HangsUp),
    ("31", Behaviour::AnswersRepeatedly),
    ("32", Behaviour::AnswersAfterFinal),
];

/// How a phone with this number behaves unless a rule says otherwise.
pub fn of_number(phone: Number) -> Behaviour {
    let last = phone.last_digits(2);
    let row = BY_NUMBER.iter().find(|(suffix, _)| *suffix == last);
    row.map_or(Behaviour::Rings, |(_, behaviour)| *behaviour)
}

/// Behaviours that need no value, by their names.
const PLAIN: [(&str, Behaviour); 26] = [
    ("ack-lost", Behaviour::AckLost),
    ("answers-after-final", Behaviour::AnswersAfterFinal),
    ("answers-at-once", Behaviour::AnswersAtOnce),
    ("answers-on-cancel", Behaviour::AnswersOnCancel),
    ("answers-repeatedly", Behaviour::AnswersRepeatedly),
    ("answers-twice", Behaviour::AnswersTwice),
    ("busy", Behaviour::Busy),
    ("cancel-ignored", Behaviour::CancelIgnored),
    ("cancel-refused", Behaviour::CancelRefused),
    ("cancel-without-final", Behaviour::CancelWithoutFinal),
    ("declines", Behaviour::Declines),
    ("early-media", Behaviour::EarlyMedia),
    ("early-media-then-busy", Behaviour::EarlyMediaThenBusy),
    ("early-media-then-rings", Behaviour::EarlyMediaThenRings),
    ("final-first", Behaviour::FinalFirst),
    ("final-repeated", Behaviour::FinalRepeated),
    ("forks", Behaviour::Forks),
    ("hangs-up", Behaviour::HangsUp),
    ("late-trying", Behaviour::LateTrying),
    ("loses", Behaviour::Loses),
    ("redirects", Behaviour::Redirects),
    ("repeats", Behaviour::Repeats),
    ("rings", Behaviour::Rings),
    ("silent", Behaviour::Silent),
    ("storms", Behaviour::Storms),
    ("trying-only", Behaviour::TryingOnly),
];

/// Why a text is no behaviour.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BehaviourError {
    /// The value is no duration.
    #[error("the value is not a duration up to one hour, such as `3s` or `500ms`")]
    Duration,
    /// No such name.
    #[error("no such behaviour, must be one of {}", Names)]
    Name,
    /// The value is no status.
    #[error("the value is not a status from 300 to 699, such as `486`")]
    Status,
}

impl FromStr for Behaviour {
    type Err = BehaviourError;

    /// Reads a name, with `:value` for those that take one: `busy`, `answers:3s`, `refuses:603`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        match name {
            "answers" => Ok(Self::Answers { after: duration(value)? }),
            "refuses" => Ok(Self::Refuses { status: refusal(value)? }),
            "rings-late" => Ok(Self::RingsLate { after: duration(value)? }),
            "rings-then-refuses" => Ok(Self::RingsThenRefuses { status: refusal(value)? }),
            _ => {
                let plain = PLAIN.iter().find(|(plain, _)| *plain == text);
                plain.map(|(_, behaviour)| *behaviour).ok_or(BehaviourError::Name)
            }
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, _)) = PLAIN.iter().find(|(_, plain)| plain == self) {
            return f.write_str(name);
        }
        match self {
            Self::Answers { after } => write!(f, "answers:{}ms", after.as_millis()),
            Self::Refuses { status } => write!(f, "refuses:{status}"),
            Self::RingsLate { after } => write!(f, "rings-late:{}ms", after.as_millis()),
            Self::RingsThenRefuses { status } => write!(f, "rings-then-refuses:{status}"),
            Self::AckLost
            | Self::AnswersAfterFinal
            | Self::AnswersAtOnce
            | Self::AnswersOnCancel
            | Self::AnswersRepeatedly
            | Self::AnswersTwice
            | Self::Busy
            | Self::CancelIgnored
            | Self::CancelRefused
            | Self::CancelWithoutFinal
            | Self::Declines
            | Self::EarlyMedia
            | Self::EarlyMediaThenBusy
            | Self::EarlyMediaThenRings
            | Self::FinalFirst
            | Self::FinalRepeated
            | Self::Forks
            | Self::HangsUp
            | Self::LateTrying
            | Self::Loses
            | Self::Redirects
            | Self::Repeats
            | Self::Rings
            | Self::Silent
            | Self::Storms
            | Self::TryingOnly => Ok(()),
        }
    }
}

/// A behaviour for all numbers with a suffix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rule {
    suffix: Option<Number>,
    /// What they do.
    pub behaviour: Behaviour,
}

/// Why a text is no rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RuleError {
    /// What follows the equals sign.
    #[error("{0}")]
    Behaviour(#[from] BehaviourError),
    /// What precedes it.
    #[error("the suffix is not up to 15 digits")]
    Suffix,
    /// No equals sign.
    #[error("a rule is SUFFIX=BEHAVIOUR, such as `77=busy` or `=answers:2s` for every number")]
    Syntax,
}

impl Rule {
    pub(super) fn suffix(&self) -> &str {
        self.suffix.as_ref().map_or("", Number::as_str)
    }

    pub(super) fn matches(&self, phone: Number) -> bool {
        phone.as_str().ends_with(self.suffix())
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    /// Reads `SUFFIX=BEHAVIOUR`; an empty suffix is every number's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (suffix, behaviour) = text.split_once('=').ok_or(RuleError::Syntax)?;
        let is_suffix = suffix.len() <= 15 && suffix.bytes().all(|octet| octet.is_ascii_digit());
        if !is_suffix {
            return Err(RuleError::Suffix);
        }
        Ok(Self { suffix: Number::read(suffix.as_bytes()), behaviour: behaviour.parse()? })
    }
}

/// `3s` or `500ms`, up to an hour.
pub(super) fn duration(text: &str) -> Result<Duration, BehaviourError> {
    let (digits, unit) = match text.strip_suffix("ms") {
        Some(digits) => (digits, 1),
        None => (text.strip_suffix('s').ok_or(BehaviourError::Duration)?, 1_000),
    };
    let count: u64 = digits.parse().map_err(|_| BehaviourError::Duration)?;
    let millis = count.checked_mul(unit).filter(|millis| *millis <= HOUR_MILLIS);
    millis.map(Duration::from_millis).ok_or(BehaviourError::Duration)
}

fn refusal(text: &str) -> Result<Status, BehaviourError> {
    let status = text.parse().ok().and_then(Status::new);
    status.filter(|status| status.class().is_failure()).ok_or(BehaviourError::Status)
}

/// The names of all behaviours, for the message of an error.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("answers:DURATION, refuses:STATUS, rings-late:DURATION, ")?;
        f.write_str("rings-then-refuses:STATUS")?;
        PLAIN.iter().try_for_each(|(name, _)| write!(f, ", {name}"))
    }
}

/// A status that is known to be one when this is compiled.
pub(super) const fn status(code: u16) -> Status {
    match Status::new(code) {
        Some(status) => status,
        None => panic!("not a status"),
    }
}

const ADDRESS_INCOMPLETE: Status = status(484);
const HOUR_MILLIS: u64 = 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_behaviour_is_written_as_it_is_read() {
        let valued = ["answers:3000ms", "refuses:603", "rings-late:9ms", "rings-then-refuses:480"];
        for text in PLAIN.iter().map(|(name, _)| *name).chain(valued) {
            assert_eq!(text.parse::<Behaviour>().map(|it| it.to_string()).as_deref(), Ok(text));
        }
        for (_, behaviour) in BY_NUMBER {
            assert_eq!(behaviour.to_string().parse(), Ok(behaviour));
        }
    }

    #[test]
    fn what_is_no_behaviour_is_refused_with_what_would_be_one() {
        let refused = |text: &str| text.parse::<Rule>().unwrap_err();
        assert_eq!(refused("77=answers:3"), RuleError::Behaviour(BehaviourError::Duration));
        assert_eq!(refused("77=answers:2h"), RuleError::Behaviour(BehaviourError::Duration));
        assert_eq!(refused("77=answers:9999s"), RuleError::Behaviour(BehaviourError::Duration));
        assert_eq!(refused("77=refuses:200"), RuleError::Behaviour(BehaviourError::Status));
        assert_eq!(refused("+77=busy"), RuleError::Suffix);
        assert_eq!(refused("busy"), RuleError::Syntax);
        let names = refused("77=bussy").to_string();
        assert!(names.starts_with("no such behaviour, must be one of answers:DURATION"), "{names}");
    }

    #[test]
    fn the_last_two_digits_decide() {
        let of = |digits: &str| of_number(Number::read(digits.as_bytes()).unwrap());
        assert_eq!(of("46701234501"), Behaviour::Busy);
        assert_eq!(of("46701234567"), Behaviour::Rings);
        assert_eq!(of("1"), Behaviour::Rings);
        assert!(BY_NUMBER.is_sorted_by_key(|(suffix, _)| *suffix));
    }
    #[test]
    fn the_manual_has_the_table() {
        let manual = include_str!("../../docs/handset.md");
        let rows = manual.lines().filter(|line| line.starts_with("| …")).count();
        assert_eq!(rows, BY_NUMBER.len());
        for (suffix, behaviour) in BY_NUMBER {
            let row = format!("| …{suffix} | `{behaviour}` | ");
            assert!(manual.contains(&row), "{row}");
        }
    }
}
