//! An answered call, as the phone that answered has it: RFC 3261 §12 and §13.3.1.4.
//!
//! ```text
//!   Unconfirmed ──ACK──▶ Confirmed ──talk is over──▶ Leaving ──BYE answered──▶ Ended
//!     │  │ 64*T1 without ACK             ▲ │                                     ▲
//!     │  └────────────────▶──────────────┘ └────────────── BYE ────────────────▶ ┤
//!     └───────────────────── BYE ───────────────────────────────────────────────▶┘
//! ```

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::super::number::Number;
use super::super::script::Talk;
use super::super::settings::Quality;
use crate::time::Wake;
use crate::transaction::TimerBase;

#[derive(Debug)]
pub(super) struct Dialog {
    /// The INVITE that made it: the 200 is written from it, and so is our BYE.
    pub(super) invite: Vec<u8>,
    pub(super) source: SocketAddr,
    pub(super) phone: Number,
    pub(super) quality: Quality,
    /// Our tag.
    pub(super) tag: u64,
    pub(super) cseq: u32,
    pub(super) acks_heard: u32,
    pub(super) acks_lost: u32,
    pub(super) talk: Talk,
    base: TimerBase,
    state: State,
}

/// What time has brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// The dialog ended long ago.
    Forget,
    /// 64*T1 have passed without an ACK: §13.3.1.4 has the session terminated.
    GiveUp,
    /// The person hangs up.
    HangUp,
    /// Nothing yet.
    Nothing,
    /// The 200 once more.
    Resend,
}

impl Dialog {
    /// The 200 has just been sent.
    pub(super) fn start(opening: Opening, base: TimerBase, now: Instant) -> Self {
        let Opening { invite, source, phone, quality, tag, cseq, acks_lost, talk } = opening;
        let state = State::Unconfirmed {
            resend_at: now + base.t1,
            interval: base.t1,
            give_up_at: now + base.patience(),
        };
        let acks_heard = 0;
        Self { invite, source, phone, quality, tag, cseq, acks_heard, acks_lost, talk, base, state }
    }

    /// The ACK of the 200 has come. The person then talks until `talk_max` is over.
    pub(super) fn on_ack(&mut self, talk_max: Duration, now: Instant) {
        self.acks_heard += 1;
        if self.is_unconfirmed() && self.acks_heard > self.acks_lost {
            let until = match self.talk {
                Talk::HangUp => now,
                Talk::Listen => now + talk_max,
            };
            self.state = State::Confirmed { until };
        }
    }

    pub(super) fn on_timeout(&mut self, now: Instant) -> Due {
        match self.state {
            State::Unconfirmed { give_up_at, .. } if give_up_at <= now => {
                self.state = State::Leaving;
                Due::GiveUp
            }
            State::Unconfirmed { resend_at, interval, give_up_at } if resend_at <= now => {
                // "an interval that starts at T1 seconds and doubles … until it reaches T2".
                let interval = (2 * interval).min(self.base.t2);
                self.state = State::Unconfirmed { resend_at: now + interval, interval, give_up_at };
                Due::Resend
            }
            State::Confirmed { until } if until <= now => {
                self.state = State::Leaving;
                Due::HangUp
            }
            State::Ended { forget_at } if forget_at <= now => Due::Forget,
            State::Confirmed { .. }
            | State::Ended { .. }
            | State::Leaving
            | State::Unconfirmed { .. } => Due::Nothing,
        }
    }

    pub(super) fn next_wake(&self) -> Option<Wake> {
        let (at, why) = match self.state {
            State::Unconfirmed { resend_at, give_up_at, .. } if resend_at < give_up_at => {
                (resend_at, "200 again")
            }
            State::Unconfirmed { give_up_at, .. } => (give_up_at, "no ACK"),
            State::Confirmed { until } => (until, "talk is over"),
            State::Ended { forget_at } => (forget_at, "forget the dialog"),
            State::Leaving => return None,
        };
        Some(Wake { at, why })
    }

    /// The dialog is over; late requests still find it.
    pub(super) fn end(&mut self, now: Instant) {
        self.state = State::Ended { forget_at: now + self.base.patience() };
    }

    pub(super) fn is_unconfirmed(&self) -> bool {
        matches!(self.state, State::Unconfirmed { .. })
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended { .. })
    }
}

/// What a dialog begins with.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) invite: Vec<u8>,
    pub(super) source: SocketAddr,
    pub(super) phone: Number,
    pub(super) quality: Quality,
    pub(super) tag: u64,
    pub(super) cseq: u32,
    pub(super) acks_lost: u32,
    pub(super) talk: Talk,
}

/// Where the dialog stands; a state owns its deadlines.
#[derive(Clone, Copy, Debug)]
enum State {
    Unconfirmed {
        resend_at: Instant,
        interval: Duration,
        give_up_at: Instant,
    },
    Confirmed {
        until: Instant,
    },
    /// Our BYE is out; its transaction has the timers.
    Leaving,
    Ended {
        forget_at: Instant,
    },
}
