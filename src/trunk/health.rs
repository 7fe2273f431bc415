//! Whether a trunk is there, and when to ask it: OPTIONS as a ping, RFC 3261 §11.
//!
//! ```text
//!        3 silent calls, or 2 silent probes ──▶  Down: asked after 1, 2, 4 … 32 s
//!   Up ◀── any response to an INVITE, or a final one to OPTIONS that is not 503 or 408 ──┘
//! ```
//!
//! A trunk that is up is asked only when nothing was heard of it for a while. Many carriers drop OPTIONS
//! without a word, so that silence counts against a trunk only once it has answered one; what the
//! network says (nobody listens) counts always. For their sake, too, a trunk that is down gets a call
//! now and then, if one is wanted: whoever answers calls is there.
//!
//! Deliberately absent: the request and its transaction. Invariant: one probe at a time.

use std::time::{Duration, Instant};

use crate::time::Wake;

/// What became of a probe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Probe {
    /// A final response that only a trunk at work gives: 200, 404, 405, 403 …
    Alive,
    /// 503 or 408: something is there, and says that it does not work.
    Refused,
    /// No final response: timer F.
    Silence,
    /// It was not sent, for lack of room. Says nothing of the trunk.
    Skipped,
    /// The network says that nobody is there.
    Undelivered,
}

impl Probe {
    /// What a final response to OPTIONS says.
    pub fn of_status(code: u16) -> Self {
        if matches!(code, 408 | 503) { Self::Refused } else { Self::Alive }
    }
}

/// How a trunk stands.
#[derive(Debug)]
pub struct Health {
    /// How long a trunk that is up may be quiet before it is asked; `None`: for ever.
    interval: Option<Duration>,
    /// It has answered an OPTIONS: its silence means something.
    answers_probes: bool,
    is_asked: bool,
    /// When to ask next.
    ask_at: Option<Instant>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// `doubt`: what counts against it since it was last heard of.
    Up { doubt: u32 },
    /// `pause`: between two probes. `call_at`: when a call may try it; `None` when one may now.
    Down { pause: Duration, call_at: Option<Instant> },
}

impl Health {
    /// A trunk that is taken to be there until something says otherwise.
    pub fn new(interval: Option<Duration>) -> Self {
        let state = State::Up { doubt: 0 };
        Self { interval, answers_probes: false, is_asked: false, ask_at: None, state }
    }

    /// The shard begins to watch the trunk, or goes on with it: what was planned stays planned.
    pub fn start(&mut self, now: Instant) {
        self.ask_at = self.ask_at.or_else(|| self.interval.map(|interval| now + interval));
    }

    /// The trunk answered a call.
    pub fn on_answer(&mut self, now: Instant) {
        self.state = State::Up { doubt: 0 };
        self.ask_at = self.interval.map(|interval| now + interval);
    }

    /// A call was not answered at all, or could not even be sent.
    pub fn on_silent_call(&mut self, now: Instant) {
        self.on_doubt(DOUBT_OF_CALL, now);
        self.on_call(now);
    }

    /// A call is sent to the trunk: if it is down, this one tries for all.
    pub fn on_call(&mut self, now: Instant) {
        if let State::Down { call_at, .. } = &mut self.state {
            *call_at = Some(now + CALL_AGAIN_AFTER);
        }
    }

    /// Whether the trunk is to be asked now.
    pub fn should_ask(&self, now: Instant) -> bool {
        !self.is_asked && self.ask_at.is_some_and(|at| at <= now)
    }

    /// An OPTIONS was sent.
    pub fn on_asked(&mut self) {
        self.is_asked = true;
    }

    /// The probe that is under way, if there is one, will not be heard of.
    pub fn forget_probe(&mut self) {
        self.is_asked = false;
    }

    /// A probe is over.
    pub fn on_probed(&mut self, probe: Probe, now: Instant) {
        self.is_asked = false;
        match probe {
            Probe::Alive => {
                self.answers_probes = true;
                return self.on_answer(now);
            }
            Probe::Silence if self.answers_probes => self.on_doubt(DOUBT_OF_PROBE, now),
            Probe::Undelivered => self.on_doubt(DOUBT_OF_PROBE, now),
            Probe::Refused | Probe::Silence | Probe::Skipped => {}
        }
        self.ask_at = match &mut self.state {
            State::Up { doubt: 0 } => self.interval.map(|interval| now + interval),
            State::Up { .. } => Some(now + PAUSE_MIN),
            State::Down { pause, .. } => {
                let at = now + *pause;
                *pause = (2 * *pause).min(PAUSE_MAX);
                Some(at)
            }
        };
    }

    /// Handles the passing of time.
    pub fn on_timeout(&mut self, now: Instant) {
        if let State::Down { call_at, .. } = &mut self.state {
            *call_at = call_at.filter(|at| *at > now);
        }
    }

    /// When, and why, this wants to be looked at.
    pub fn next_wake(&self) -> Option<Wake> {
        let ask_at = self.ask_at.filter(|_| !self.is_asked);
        let call_at = match self.state {
            State::Up { .. } => None,
            State::Down { call_at, .. } => call_at,
        };
        let ask = ask_at.map(|at| Wake { at, why: "probe" });
        Wake::earlier(ask, call_at.map(|at| Wake { at, why: "call to a trunk that is down" }))
    }

    /// Whether the trunk is taken to be there.
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// Whether calls may be sent here while another trunk is up: it is up itself, or has been down
    /// for so long that a call may try.
    pub fn takes_calls(&self, now: Instant) -> bool {
        match self.state {
            State::Up { .. } => true,
            State::Down { call_at, .. } => call_at.is_none_or(|at| at <= now),
        }
    }

    fn on_doubt(&mut self, more: u32, now: Instant) {
        let State::Up { doubt } = &mut self.state else { return };
        *doubt += more;
        if *doubt >= DOUBT_MAX {
            let call_at = Some(now + CALL_AGAIN_AFTER);
            self.state = State::Down { pause: PAUSE_MIN, call_at };
            self.ask_at = Some(now + PAUSE_MIN);
        }
    }
}

/// One lost call can be chance, three in a row are not. A probe has nothing behind the trunk that could
/// lose it: two are enough.
const DOUBT_MAX: u32 = 6;
const DOUBT_OF_CALL: u32 = 2;
const DOUBT_OF_PROBE: u32 = 3;
const CALL_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Between two probes of a trunk that is down, or in doubt.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(32);

#[cfg(test)]
mod tests;
