//! An INVITE as the trunk plays it, from its arrival to its final response.
//!
//! ```text
//!   Pending ──final response──▶ Settled
//!      │ CANCEL that is confirmed and never followed up
//!      └──▶ Stalled ──64*T1──▶ forgotten
//! ```

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::super::number::Number;
use super::super::script::{Act, After, Say, Script, Trying};
use super::super::settings::{Quality, Settings};
use crate::sip::Status;
use crate::time::Wake;

/// One INVITE.
#[derive(Debug)]
pub(super) struct Call {
    /// The INVITE as it came: all responses are written from it.
    pub(super) invite: Vec<u8>,
    pub(super) source: SocketAddr,
    pub(super) phone: Number,
    pub(super) caller_id: Option<Number>,
    /// One for each phone that shares the number.
    pub(super) tags: [u64; LEGS],
    pub(super) script: Script,
    pub(super) quality: Quality,
    /// The last response, to say it again.
    pub(super) said: Option<Said>,
    /// Whether a response has left that chance did not take.
    pub(super) was_heard: bool,
    pub(super) was_cancelled: bool,
    pub(super) acks_heard: u32,
    pub(super) rang_at: Option<Instant>,
    post_dial: Duration,
    state: State,
}

/// A response that was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) status: Status,
    pub(super) leg: usize,
}

impl Said {
    /// Whether it is final and no success.
    pub(super) fn is_refusal(self) -> bool {
        self.status.class().is_failure()
    }
}

/// What time has brought.
#[derive(Clone, Copy, Debug)]
pub(super) enum Due {
    /// The trunk forgets the call without a word.
    Forget,
    /// Nothing yet.
    Nothing,
    /// The script goes on.
    Say(Say),
    /// Nobody has come, or the time that the caller gave is over.
    Stop(Status),
    /// 100.
    Trying,
}

impl Call {
    /// An INVITE has come. `expires` is what it says of itself.
    pub(super) fn start(
        opening: Opening,
        settings: &Settings,
        expires: Option<u32>,
        now: Instant,
    ) -> Self {
        let Opening { invite, source, phone, caller_id, tags, script, quality, post_dial } =
            opening;
        let expires = expires.map(|seconds| Duration::from_secs(seconds.into()));
        let stop = match expires.filter(|expires| *expires < settings.ring_max) {
            // RFC 3261 §13.3.1: an invitation that expires gets 487.
            Some(expires) => Stop { at: now + expires, status: Status::REQUEST_TERMINATED },
            None => Stop { at: now + settings.ring_max, status: Status::TEMPORARILY_UNAVAILABLE },
        };
        let trying_at = (script.trying == Trying::Prompt).then(|| now + settings.trying_after);
        let (said, state) = (None, State::Pending { trying_at, next: Next::Nothing, stop });
        let mut call = Self {
            invite,
            source,
            phone,
            caller_id,
            tags,
            script,
            quality,
            said,
            was_heard: false,
            was_cancelled: false,
            acks_heard: 0,
            rang_at: None,
            post_dial,
            state,
        };
        let first = call.next_act(0, now);
        call.state = State::Pending { trying_at, next: first, stop };
        call
    }

    /// What is due. One thing at a time: to be asked until it says `Nothing`.
    pub(super) fn on_timeout(&mut self, now: Instant) -> Due {
        match self.state {
            State::Pending { trying_at: Some(at), next, stop } if at <= now => {
                self.state = State::Pending { trying_at: None, next, stop };
                Due::Trying
            }
            State::Pending { next: Next::Act { index, at }, stop, .. } if at <= now => {
                let next = self.next_act(index + 1, now);
                self.state = State::Pending { trying_at: None, next, stop };
                self.say(index)
            }
            State::Pending { stop, .. } if stop.at <= now => {
                if self.is_silent() {
                    Due::Forget
                } else {
                    Due::Stop(stop.status)
                }
            }
            State::Settled { next: Next::Act { index, at } } if at <= now => {
                self.state = State::Settled { next: self.next_act(index + 1, now) };
                self.say(index)
            }
            State::Stalled { until } if until <= now => Due::Forget,
            State::Pending { .. } | State::Settled { .. } | State::Stalled { .. } => Due::Nothing,
        }
    }

    pub(super) fn next_wake(&self) -> Option<Wake> {
        let wake = |at: Instant, why| Some(Wake { at, why });
        match self.state {
            State::Pending { trying_at, next, stop } => {
                let trying = trying_at.and_then(|at| wake(at, "100 Trying"));
                let soonest = Wake::earlier(trying, next.wake());
                Wake::earlier(soonest, wake(stop.at, "nobody comes"))
            }
            State::Settled { next } => next.wake(),
            State::Stalled { until } => wake(until, "forget the call"),
        }
    }

    /// Whether nothing at all will be said, unless to a CANCEL.
    pub(super) fn is_silent(&self) -> bool {
        self.script.trying == Trying::Never && self.script.acts.is_empty()
    }

    /// Whether no final response has been given.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state, State::Pending { .. })
    }

    /// A final response has been given. After a 2xx another phone of the number may still answer;
    /// nothing else can happen to a call that has one.
    pub(super) fn settle(&mut self) {
        if let State::Pending { next, .. } = self.state {
            let is_answered = self.said.is_some_and(|said| said.status == Status::OK);
            let next = if is_answered { self.if_answer(next) } else { Next::Nothing };
            self.state = State::Settled { next };
        }
    }

    fn if_answer(&self, next: Next) -> Next {
        let Next::Act { index, .. } = next else { return Next::Nothing };
        let is_answer = matches!(self.say(index), Due::Say(Say::Answer(_)));
        if is_answer { next } else { Next::Nothing }
    }

    /// Nothing more will be said, a final response neither.
    pub(super) fn stall(&mut self, until: Instant) {
        self.state = State::Stalled { until };
    }

    /// Something else happens than the script has.
    pub(super) fn play(&mut self, acts: &'static [Act], now: Instant) {
        self.script.acts = acts;
        let first = self.next_act(0, now);
        if let State::Pending { next, .. } | State::Settled { next } = &mut self.state {
            *next = first;
        }
    }

    /// Whether this ACK of the final response gets lost on the way.
    pub(super) fn loses_ack(&self) -> bool {
        self.acks_heard <= u32::from(self.script.acks_lost)
    }

    /// Whether the call came from there.
    pub(super) fn is_from(&self, address: IpAddr) -> bool {
        self.source.ip() == address
    }

    fn say(&self, index: usize) -> Due {
        self.script.acts.get(index).map_or(Due::Nothing, |act| Due::Say(act.say))
    }

    fn next_act(&self, index: usize, now: Instant) -> Next {
        let Some(act) = self.script.acts.get(index) else { return Next::Nothing };
        let delay = match act.after {
            After::Given => self.script.given,
            After::Millis(millis) => Duration::from_millis(millis),
            After::PostDial => self.post_dial,
        };
        Next::Act { index, at: now + delay }
    }
}

/// What a call begins with.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) invite: Vec<u8>,
    pub(super) source: SocketAddr,
    pub(super) phone: Number,
    pub(super) caller_id: Option<Number>,
    pub(super) tags: [u64; LEGS],
    pub(super) script: Script,
    pub(super) quality: Quality,
    pub(super) post_dial: Duration,
}

/// Where the call stands; a state owns its deadlines.
#[derive(Clone, Copy, Debug)]
enum State {
    Pending { trying_at: Option<Instant>, next: Next, stop: Stop },
    Settled { next: Next },
    Stalled { until: Instant },
}

/// The place in the script.
#[derive(Clone, Copy, Debug)]
enum Next {
    Act { index: usize, at: Instant },
    Nothing,
}

impl Next {
    fn wake(self) -> Option<Wake> {
        match self {
            Self::Act { at, .. } => Some(Wake { at, why: "script" }),
            Self::Nothing => None,
        }
    }
}

/// When nobody waits any longer, and what is said then.
#[derive(Clone, Copy, Debug)]
struct Stop {
    at: Instant,
    status: Status,
}

/// Most phones that share a number.
pub(super) const LEGS: usize = 2;
