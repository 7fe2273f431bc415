//! An answered call, as the phone that answered has it: RFC 3261 §12 and §13.3.1.4.
//!
//! ```text
//!   Unconfirmed ──ACK──▶ Confirmed ──talk is over──▶ Leaving ──BYE answered──▶ Ended
//!     │  │ 64*T1 without ACK             ▲ │                                     ▲
//!     │  └────────────────▶──────────────┘ └────────────── BYE ────────────────▶ ┤
//!     └───────────────────── BYE ───────────────────────────────────────────────▶┘
//! ```
//!
//! The 200 is sent again until it is acknowledged; by a phone that is known for it, so often as it
//! likes, in every state.

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
    again: Option<Again>,
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
        let Opening { invite, source, phone, quality, tag, cseq, acks_lost, again_owed, talk } =
            opening;
        Self {
            invite,
            source,
            phone,
            quality,
            tag,
            cseq,
            acks_heard: 0,
            acks_lost,
            talk,
            base,
            again: Some(Again { at: now + base.t1, interval: base.t1, owed: again_owed }),
            state: State::Unconfirmed { give_up_at: now + base.patience() },
        }
    }

    /// The ACK of the 200 has come. The person then talks until `talk_max` is over.
    pub(super) fn on_ack(&mut self, talk_max: Duration, now: Instant) {
        self.acks_heard += 1;
        if self.is_unconfirmed() && self.acks_heard > self.acks_lost {
            let until = match self.talk {
                Talk::HangUp => now,
                Talk::Listen => now + talk_max,
            };
            self.enter(State::Confirmed { until });
        }
    }

    pub(super) fn on_timeout(&mut self, now: Instant) -> Due {
        match self.state {
            State::Unconfirmed { give_up_at } if give_up_at <= now => {
                self.enter(State::Leaving);
                Due::GiveUp
            }
            State::Confirmed { until } if until <= now => {
                self.enter(State::Leaving);
                Due::HangUp
            }
            State::Ended { forget_at } if forget_at <= now => Due::Forget,
            State::Confirmed { .. }
            | State::Ended { .. }
            | State::Leaving
            | State::Unconfirmed { .. } => self.resend(now),
        }
    }

    fn resend(&mut self, now: Instant) -> Due {
        let Some(Again { interval, owed, .. }) = self.again.filter(|again| again.at <= now) else {
            return Due::Nothing;
        };
        // "an interval that starts at T1 seconds and doubles … until it reaches T2".
        let interval = (2 * interval).min(self.base.t2);
        self.again = Some(Again { at: now + interval, interval, owed: owed.saturating_sub(1) });
        self.enter(self.state);
        Due::Resend
    }

    /// Whoever has heard an ACK, or a BYE, sends the 200 no more, unless he owes it.
    fn enter(&mut self, state: State) {
        self.state = state;
        let is_unconfirmed = self.is_unconfirmed();
        self.again = self.again.filter(|again| is_unconfirmed || again.owed > 0);
    }

    pub(super) fn next_wake(&self) -> Option<Wake> {
        let wake = |at: Instant, why| Some(Wake { at, why });
        let own = match self.state {
            State::Unconfirmed { give_up_at } => wake(give_up_at, "no ACK"),
            State::Confirmed { until } => wake(until, "talk is over"),
            State::Ended { forget_at } => wake(forget_at, "forget the dialog"),
            State::Leaving => None,
        };
        Wake::earlier(own, self.again.and_then(|again| wake(again.at, "200 again")))
    }

    /// The dialog is over; late requests still find it.
    pub(super) fn end(&mut self, now: Instant) {
        self.enter(State::Ended { forget_at: now + self.base.patience() });
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
    pub(super) again_owed: u8,
    pub(super) talk: Talk,
}

/// The next repetition of the 200.
#[derive(Clone, Copy, Debug)]
struct Again {
    at: Instant,
    interval: Duration,
    /// So many are sent whatever comes.
    owed: u8,
}

/// Where the dialog stands; a state owns its deadlines.
#[derive(Clone, Copy, Debug)]
enum State {
    Unconfirmed {
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
