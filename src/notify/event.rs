//! Which events a receiver wants: names, and names with an open end (`verification.*`, `*`).

use std::fmt;
use std::str::FromStr;

/// Every event that there is.
pub const EVENTS: [&str; 11] = [
    "call.ended",
    "call.placed",
    "call.ringing",
    "missed_call.received",
    "trunk.down",
    "trunk.up",
    "verification.canceled",
    "verification.created",
    "verification.expired",
    "verification.failed",
    "verification.verified",
];

/// One or several of [`EVENTS`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern {
    /// What the name begins with.
    begin: Box<str>,
    /// Whether anything may follow.
    is_open: bool,
}

/// No event is called so.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no event is called so")]
pub struct PatternError;

impl Pattern {
    /// Whether it means the event `name`.
    pub fn matches(&self, name: &str) -> bool {
        match self.is_open {
            true => name.starts_with(&*self.begin),
            false => *name == *self.begin,
        }
    }

    /// The final states of verifications: what is told to a receiver that asks for nothing else.
    pub fn finals() -> Vec<Self> {
        let name = |name: &str| Self { begin: name.into(), is_open: false };
        EVENTS.into_iter().filter(|event| is_final(event)).map(name).collect()
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        // `verification.*`, not `verif*`: half a word is a slip of the pen.
        let open = text.strip_suffix('*').filter(|begin| begin.is_empty() || begin.ends_with('.'));
        let pattern = Self { begin: open.unwrap_or(text).into(), is_open: open.is_some() };
        match EVENTS.iter().any(|event| pattern.matches(event)) {
            true => Ok(pattern),
            false => Err(PatternError),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.begin, if self.is_open { "*" } else { "" })
    }
}

/// Whether the event ends a verification.
pub(super) fn is_final(name: &str) -> bool {
    name.strip_prefix("verification.").is_some_and(|state| state != "created")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_one_event_or_all_that_begin_so() {
        let means = |text: &str| -> Vec<&str> {
            let pattern: Pattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), text);
            EVENTS.into_iter().filter(|event| pattern.matches(event)).collect()
        };
        assert_eq!(means("trunk.*"), ["trunk.down", "trunk.up"]);
        assert_eq!(means("call.ended"), ["call.ended"]);
        assert_eq!(means("*").len(), EVENTS.len());
        for text in ["", "call", "call*", "calls.*", "*.ended", "call.ended.*", "Call.ended"] {
            assert_eq!(text.parse::<Pattern>(), Err(PatternError), "{text}");
        }
        let finals = Pattern::finals().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(finals, [EVENTS[6], EVENTS[8], EVENTS[9], EVENTS[10]]);
    }
}
