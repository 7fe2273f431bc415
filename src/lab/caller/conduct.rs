//! What a caller does once its INVITE is sent, and how a person types it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::super::behaviour::{BehaviourError, duration};

/// What a caller does with a call.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Conduct {
    /// One INVITE and nothing else, deaf to what comes back: a forger who sees no answer.
    Forged,
    /// Hangs up while it rings.
    HangsUp {
        /// How long after ringing began.
        after: Duration,
    },
    /// Hangs up whatever has been heard, but not before a provisional response (RFC 3261 §9.1).
    HangsUpEarly {
        /// How long after the INVITE.
        after: Duration,
    },
    /// The INVITE comes a second time on another way: same Call-ID, From tag and CSeq, another branch
    /// (RFC 3261 §8.2.2.2).
    Merged,
    /// The refusal is never acknowledged.
    NeverAcks,
    /// The ACK has no To tag.
    NoTag,
    /// Hangs up soon after ringing began, and sends its CANCEL three times more although it is answered.
    RepeatsCancel,
    /// Waits for the refusal and acknowledges it.
    #[default]
    Waits,
    /// The ACK has another To tag than the refusal.
    WrongTag,
}

/// The To tag of the ACK of a refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ack {
    /// There is no ACK.
    Never,
    /// None.
    NoTag,
    /// The response's, as RFC 3261 §17.1.1.3 wants it.
    Right,
    /// Another.
    WrongTag,
}

/// When a caller hangs up by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum HangUp {
    /// So long after the INVITE.
    AfterInvite(Duration),
    /// So long after ringing began.
    AfterRinging(Duration),
    /// Never.
    Never,
}

/// Every conduct as it is typed, and what it is. The first is the default.
pub const CONDUCTS: [(&str, &str); 9] = [
    ("waits", "waits for the refusal and acknowledges it"),
    ("hangs-up:DURATION", "hangs up so long after ringing began"),
    ("hangs-up-early:DURATION", "hangs up so long after the INVITE"),
    ("repeats-cancel", "hangs up soon, and sends its CANCEL three times more"),
    ("never-acks", "never acknowledges the refusal"),
    ("wrong-tag", "acknowledges with another To tag"),
    ("no-tag", "acknowledges without a To tag"),
    ("merged", "sends the INVITE a second time, with another branch"),
    ("forged", "sends one INVITE and is deaf, as a forger who sees no answer"),
];

impl Conduct {
    /// How it acknowledges a refusal.
    pub(super) fn ack(self) -> Ack {
        match self {
            Self::NeverAcks => Ack::Never,
            Self::NoTag => Ack::NoTag,
            Self::WrongTag => Ack::WrongTag,
            Self::Forged
            | Self::HangsUp { .. }
            | Self::HangsUpEarly { .. }
            | Self::Merged
            | Self::RepeatsCancel
            | Self::Waits => Ack::Right,
        }
    }

    /// When it hangs up.
    pub(super) fn hang_up(self) -> HangUp {
        match self {
            Self::HangsUp { after } => HangUp::AfterRinging(after),
            Self::HangsUpEarly { after } => HangUp::AfterInvite(after),
            Self::RepeatsCancel => HangUp::AfterRinging(HESITATION),
            Self::Forged
            | Self::Merged
            | Self::NeverAcks
            | Self::NoTag
            | Self::Waits
            | Self::WrongTag => HangUp::Never,
        }
    }
}

/// Why a text is no conduct.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConductError {
    /// The value is no duration.
    #[error("the value is not a duration up to one hour, such as `3s` or `500ms`")]
    Duration,
    /// No such name.
    #[error("no such conduct, must be one of {}", Names)]
    Name,
}

impl FromStr for Conduct {
    type Err = ConductError;

    /// Reads a name, with `:value` for those that take one: `waits`, `hangs-up:500ms`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        match name {
            "hangs-up" => Ok(Self::HangsUp { after: span(value)? }),
            "hangs-up-early" => Ok(Self::HangsUpEarly { after: span(value)? }),
            _ => {
                let plain = PLAIN.iter().find(|(plain, _)| *plain == text);
                plain.map(|(_, conduct)| *conduct).ok_or(ConductError::Name)
            }
        }
    }
}

impl fmt::Display for Conduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HangsUp { after } => write!(f, "hangs-up:{}ms", after.as_millis()),
            Self::HangsUpEarly { after } => write!(f, "hangs-up-early:{}ms", after.as_millis()),
            Self::Forged
            | Self::Merged
            | Self::NeverAcks
            | Self::NoTag
            | Self::RepeatsCancel
            | Self::Waits
            | Self::WrongTag => {
                let named = PLAIN.iter().find(|(_, plain)| plain == self);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        }
    }
}

fn span(text: &str) -> Result<Duration, ConductError> {
    duration(text).map_err(|_: BehaviourError| ConductError::Duration)
}

/// The names of all conducts, for the message of an error.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = CONDUCTS.iter().map(|(name, _)| *name).collect();
        f.write_str(&names.join(", "))
    }
}

/// Conducts that need no value, by their names.
const PLAIN: [(&str, Conduct); 7] = [
    ("forged", Conduct::Forged),
    ("merged", Conduct::Merged),
    ("never-acks", Conduct::NeverAcks),
    ("no-tag", Conduct::NoTag),
    ("repeats-cancel", Conduct::RepeatsCancel),
    ("waits", Conduct::Waits),
    ("wrong-tag", Conduct::WrongTag),
];
/// How long a person needs who hangs up as soon as it rings.
const HESITATION: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_conduct_is_written_as_it_is_read() {
        for (name, _) in CONDUCTS {
            let text = name.replace("DURATION", "250ms");
            assert_eq!(text.parse::<Conduct>().map(|it| it.to_string()), Ok(text));
        }
        assert_eq!("hangs-up:3s".parse(), Ok(Conduct::HangsUp { after: Duration::from_secs(3) }));
        assert_eq!(CONDUCTS[0].0.parse(), Ok(Conduct::default()));
        assert_eq!(CONDUCTS.len(), PLAIN.len() + 2);
    }

    #[test]
    fn the_manual_has_the_tables() {
        let manual = include_str!("../../../docs/handset.md");
        for (name, _) in CONDUCTS {
            assert!(manual.contains(&format!("\n| `{name}` | ")), "{name}");
        }
        for (name, ..) in super::super::IDENTITIES {
            assert!(manual.contains(&format!("\n| `{name}` | ")), "{name}");
        }
    }

    #[test]
    fn what_is_no_conduct_is_refused_with_what_would_be_one() {
        let refused = |text: &str| text.parse::<Conduct>().unwrap_err();
        assert_eq!(refused("hangs-up"), ConductError::Duration);
        assert_eq!(refused("hangs-up-early:500"), ConductError::Duration);
        assert_eq!(refused("waits:3s"), ConductError::Name);
        let names = refused("wait").to_string();
        assert!(names.starts_with("no such conduct, must be one of waits, hangs-up:DU"), "{names}");
    }
}
