//! An invariant that does not hold.

use std::fmt;

/// Which one. The words of `docs/ARCHITECTURE.md`, and the promises of a flash call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rule {
    /// S1: one outcome per call.
    OneOutcome,
    /// S2: every table within its limit.
    TableLimits,
    /// S3: a caller ID is never leased twice at once to one phone, nor again inside the window.
    Leases,
    /// S4: a 2xx that crosses or follows the CANCEL ends in ACK and BYE.
    AnswersHungUp,
    /// S5: no INVITE after its call ended, never two calls where one was asked for.
    OneCall,
    /// Events and messages to webhooks over all lives of a daemon.
    Events,
    /// Whoever forges a datagram changes nothing.
    Forgery,
    /// S8: what a client was told is true after a crash.
    Memory,
    /// S9: nobody is verified without the right code or a return-routed call; and who rings hears the
    /// same, whoever waits for it.
    MissedCalls,
    /// S6: quiet after the last work, and every table is empty.
    Quiet,
    /// A verification ends once, and nobody is verified without the right code.
    RightCode,
    /// A phone rings for as long as planned.
    RingTime,
    /// RFC 3261 as the trunk sees it.
    Protocol,
    /// The world goes on: nobody wakes for ever without anything to do.
    Progress,
}

/// What was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Broken {
    pub(crate) rule: Rule,
    pub(crate) what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)
    }
}

/// The result of a check.
pub(crate) type Verdict = Result<(), Broken>;

/// Holds when `holds`.
pub(crate) fn ensure(holds: bool, rule: Rule, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Broken { rule, what: what() }) }
}
