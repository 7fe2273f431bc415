//! One call as its caller sees it: what was heard, and what it waits for.
//!
//! The INVITE client transaction is kept beside it and says what to send; here is what a person, or a
//! gateway in the caller's place, makes of it.

use std::time::{Duration, Instant};

use super::conduct::{Conduct, HangUp};
use super::event::{Ending, Line};
use super::settings::Dial;
use crate::sip::Status;
use crate::time::Wake;

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) line: Line,
    pub(super) part: Part,
    pub(super) dial: Dial,
    /// The request as it was sent.
    pub(super) invite: Vec<u8>,
    pub(super) started: Instant,
    pub(super) phase: Phase,
    pub(super) progress: Progress,
    /// The To tag of its responses.
    pub(super) tag: Option<Box<[u8]>>,
    /// CANCELs that are still to be sent although the first was answered.
    pub(super) again: Option<Again>,
}

/// Which INVITE of a call this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// The one that came another way.
    Merged,
    /// The only one, or the first.
    Only,
}

/// Where a call stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// A 2xx came; the To tags of the dialogs that were acknowledged and ended.
    Answered { tags: Vec<Box<[u8]>> },
    /// CANCEL was sent.
    Cancelled { cancel: Cancel, until: Instant },
    /// A refusal came.
    Finished(Final),
    /// The caller wants to hang up and has heard nothing: "a CANCEL request SHOULD NOT be sent" before
    /// a provisional response (RFC 3261 §9.1).
    Held { patience: Instant },
    /// The call is over for the caller; its CANCEL is on its way.
    Leaving { until: Instant },
    /// The caller waits.
    Open { hang_up: Option<Instant>, patience: Instant },
    /// Nothing more is awaited.
    Over,
}

/// What came of a CANCEL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cancel {
    /// 200.
    Accepted,
    /// Nothing yet, or a refusal.
    Sent,
}

/// The first final response of 300 or more.
#[derive(Debug)]
pub(super) struct Final {
    pub(super) status: Status,
    pub(super) tag: Option<Box<[u8]>>,
    pub(super) at: Instant,
}

/// How far a call has come, by its provisional responses.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Progress {
    Nothing,
    Trying,
    Ringing,
}

/// CANCELs to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Again {
    at: Instant,
    left: u8,
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// Nothing came of the CANCEL.
    Abandon,
    /// Another CANCEL.
    CancelAgain,
    /// The caller is patient no longer.
    GiveUp,
    /// The caller hangs up.
    HangUp,
    /// Nothing.
    Nothing,
}

impl Call {
    /// A call whose INVITE is sent at `now`.
    pub(super) fn new(
        line: Line,
        part: Part,
        dial: Dial,
        patience: Duration,
        now: Instant,
    ) -> Self {
        let hang_up = match (part, dial.conduct.hang_up()) {
            (Part::Only, HangUp::AfterInvite(after)) => Some(now + after),
            (Part::Only | Part::Merged, _) => None,
        };
        let phase = Phase::Open { hang_up, patience: now + patience };
        let (progress, tag, again) = (Progress::Nothing, None, None);
        Self { line, part, dial, invite: vec![], started: now, phase, progress, tag, again }
    }

    /// It rings: a caller who hangs up by that makes up his mind.
    pub(super) fn on_ringing(&mut self, now: Instant) {
        if let (Phase::Open { hang_up, .. }, HangUp::AfterRinging(after), Part::Only) =
            (&mut self.phase, self.dial.conduct.hang_up(), self.part)
        {
            *hang_up = Some(now + after);
        }
    }

    /// CANCEL has been sent for the first time.
    pub(super) fn on_cancelled(&mut self, phase: Phase, now: Instant) {
        self.phase = phase;
        if self.dial.conduct == Conduct::RepeatsCancel {
            self.again = Some(Again { at: now + CANCEL_INTERVAL, left: CANCELS_MORE });
        }
    }

    /// What is due now; to be asked once for each wake.
    pub(super) fn due(&mut self, now: Instant) -> Due {
        if let Some(Again { at, left }) = self.again.filter(|again| again.at <= now) {
            self.again = (left > 1).then(|| Again { at: at + CANCEL_INTERVAL, left: left - 1 });
            return Due::CancelAgain;
        }
        match self.phase {
            Phase::Open { hang_up: Some(at), .. } if at <= now => Due::HangUp,
            Phase::Open { patience, .. } | Phase::Held { patience } if patience <= now => {
                Due::GiveUp
            }
            Phase::Cancelled { until, .. } | Phase::Leaving { until } if until <= now => {
                Due::Abandon
            }
            Phase::Answered { .. }
            | Phase::Cancelled { .. }
            | Phase::Finished(_)
            | Phase::Held { .. }
            | Phase::Leaving { .. }
            | Phase::Open { .. }
            | Phase::Over => Due::Nothing,
        }
    }

    /// When it wants to be asked.
    pub(super) fn next_wake(&self) -> Option<Wake> {
        let own = match self.phase {
            Phase::Open { hang_up, patience } => {
                let hang_up = hang_up.map(|at| Wake { at, why: "hang up" });
                Wake::earlier(hang_up, Some(Wake { at: patience, why: "patience" }))
            }
            Phase::Held { patience } => Some(Wake { at: patience, why: "patience" }),
            Phase::Cancelled { until, .. } | Phase::Leaving { until } => {
                Some(Wake { at: until, why: "cancelled" })
            }
            Phase::Answered { .. } | Phase::Finished(_) | Phase::Over => None,
        };
        Wake::earlier(own, self.again.map(|again| Wake { at: again.at, why: "cancel again" }))
    }

    /// Whether its end has not been told.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Cancelled { .. } | Phase::Held { .. } | Phase::Open { .. })
    }

    /// Whether CANCEL was sent, before the final response.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.phase, Phase::Cancelled { .. } | Phase::Leaving { .. })
    }

    /// Whether an ending is what its manner promises. To be asked before the phase changes.
    pub(super) fn is_as_told(&self, ending: Ending) -> bool {
        let Ending::Refused { status, .. } = ending else { return ending == Ending::Forged };
        let is_no = MISSED.contains(&status);
        match (self.dial.conduct.hang_up(), self.is_cancelled()) {
            // A person may hang up at any time, and a refusal may cross that.
            (_, true) => is_no || status == Status::REQUEST_TERMINATED,
            (HangUp::Never, false) => is_no,
            (HangUp::AfterInvite(_) | HangUp::AfterRinging(_), false) => false,
        }
    }
}

/// What tells a caller's network no. Every other refusal is of the request, or of the moment.
const MISSED: [Status; 4] =
    [Status::NOT_FOUND, Status::TEMPORARILY_UNAVAILABLE, Status::BUSY_HERE, Status::DECLINE];
/// How often, and how many times, CANCEL is sent that nobody needs any more.
const CANCEL_INTERVAL: Duration = Duration::from_millis(100);
const CANCELS_MORE: u8 = 3;
