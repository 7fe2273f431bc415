//! S5: no INVITE on the wire after its call ended, never two calls where one was asked for, and no
//! CANCEL before the trunk has spoken (RFC 3261 §9.1).
//!
//! What a gateway may know is what has reached it. A trunk that rings a phone while every word of it
//! is lost is beyond its reach: after 64*T1 such an INVITE counts as dead.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringproof::verify::id::CallId;

use crate::broken::{Rule, Verdict, ensure};

/// Every INVITE transaction, by its branch.
#[derive(Default)]
pub(crate) struct Invites {
    legs: BTreeMap<String, Leg>,
    /// Those that a gateway found when it began, and hangs up.
    haunted: BTreeMap<String, u64>,
}

/// An INVITE as it is about to leave.
pub(crate) struct Invite<'a> {
    pub(crate) branch: &'a str,
    pub(crate) call: CallId,
    /// The phone, by the daemon that rings it.
    pub(crate) phone: (usize, u64),
    /// The call has ended.
    pub(crate) has_ended: bool,
    /// The verification still waits for its code.
    pub(crate) is_pending: bool,
    /// The trunk that it goes to.
    pub(crate) trunk: u16,
    /// Trunks that may be tried.
    pub(crate) route: usize,
    /// 64*T1 of the trunk.
    pub(crate) patience: Duration,
}

struct Leg {
    call: CallId,
    trunk: u16,
    phone: (usize, u64),
    sent: Instant,
    patience: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nothing has been heard.
    Calling,
    /// A provisional response has reached the gateway.
    Proceeding,
    /// A CANCEL has left.
    Canceled(Instant),
    /// A final response has reached the gateway, or the network gave the INVITE back. A CANCEL that
    /// left before is repeated until it is answered; a first one is too late.
    Over { was_canceled: bool },
}

impl Leg {
    fn is_alive(&self, now: Instant) -> bool {
        match self.state {
            State::Calling => now < self.sent + self.patience,
            State::Proceeding => true,
            State::Canceled(at) => now < at + self.patience,
            State::Over { .. } => false,
        }
    }
}

impl Invites {
    /// An INVITE is about to leave.
    pub(crate) fn on_invite(&mut self, invite: &Invite<'_>, now: Instant) -> Verdict {
        let call = invite.call;
        ensure(!invite.has_ended, Rule::OneCall, || format!("an INVITE of {call}, which ended"))?;
        if let Some(leg) = self.legs.get(invite.branch) {
            return ensure(leg.state == State::Calling, Rule::OneCall, || {
                format!("{call}: the INVITE again, although it is {:?}", leg.state)
            });
        }
        ensure(invite.is_pending, Rule::OneCall, || {
            format!("{call}: a first INVITE for a verification that has ended")
        })?;
        let tried = self.legs.values().filter(|leg| leg.call == call).count();
        ensure(tried < invite.route, Rule::OneCall, || {
            format!("{call}: INVITE number {}, through {} trunks", tried + 1, invite.route)
        })?;
        let mut rival = self.legs.iter().filter(|(_, leg)| leg.phone == invite.phone);
        let rival = rival.find(|(_, leg)| leg.is_alive(now));
        ensure(rival.is_none(), Rule::OneCall, || {
            let (branch, state) = rival.map(|(branch, leg)| (branch, leg.state)).unzip();
            format!("{call}: a second INVITE while {branch:?} is {state:?}")
        })?;
        let mut before = self.legs.values().filter(|leg| leg.call == call);
        ensure(before.all(|leg| leg.trunk != invite.trunk), Rule::OneCall, || {
            format!("{call}: trunk {} gets it twice", invite.trunk)
        })?;
        let (phone, patience, state) = (invite.phone, invite.patience, State::Calling);
        let leg = Leg { call, trunk: invite.trunk, phone, sent: now, patience, state };
        self.legs.insert(invite.branch.to_owned(), leg);
        Ok(())
    }

    /// Whether an INVITE to this phone ran into timer B: all that its trunk said may have been lost, and
    /// the phone may ring on although nobody heard of it.
    pub(crate) fn was_unheard(&self, phone: u64, now: Instant) -> bool {
        let mut legs = self.legs.values().filter(|leg| leg.phone.1 == phone);
        legs.any(|leg| leg.state == State::Calling && !leg.is_alive(now))
    }

    /// A gateway has died. Whether its INVITEs can be called off is a matter of their records; they are
    /// nobody's rivals.
    pub(crate) fn on_killed(&mut self, daemon: usize) {
        for leg in self.legs.values_mut().filter(|leg| leg.phone.0 == daemon) {
            leg.state = State::Over { was_canceled: false };
        }
    }

    /// The next gateway has the record of the INVITE with this branch: it CANCELs it, whatever was said
    /// of it, and whether it ever left.
    pub(crate) fn on_haunted(&mut self, branch: String, phone: u64) {
        self.haunted.insert(branch, phone);
    }

    /// Whether a call to this phone was found by a gateway that had not made it.
    pub(crate) fn was_haunted(&self, phone: u64) -> bool {
        self.haunted.values().any(|haunted| *haunted == phone)
    }

    /// A CANCEL is about to leave.
    pub(crate) fn on_cancel(&mut self, branch: &str, now: Instant) -> Verdict {
        if self.haunted.contains_key(branch) {
            return Ok(());
        }
        let leg = self.legs.get_mut(branch);
        let state = leg.as_ref().map(|leg| leg.state);
        if let Some(leg) = leg
            && leg.state == State::Proceeding
        {
            leg.state = State::Canceled(now);
        }
        let is_right = match state {
            Some(State::Proceeding | State::Canceled(_)) => true,
            Some(State::Over { was_canceled }) => was_canceled,
            Some(State::Calling) | None => false,
        };
        ensure(is_right, Rule::OneCall, || format!("a CANCEL of {branch}, which is {state:?}"))
    }

    /// A response to an INVITE has reached its gateway.
    pub(crate) fn on_response(&mut self, branch: &str, status: u16, now: Instant) {
        // A timer is a slot of the wheel late at most, and what comes in that slot is heard.
        let heard = |leg: &&mut Leg| leg.is_alive(now - SLOT);
        let Some(leg) = self.legs.get_mut(branch).filter(heard) else { return };
        leg.state = match (leg.state, status) {
            (State::Calling, 100..200) => State::Proceeding,
            (state, 100..200) => state,
            (over @ State::Over { .. }, _) => over,
            (state, _) => State::Over { was_canceled: matches!(state, State::Canceled(_)) },
        };
    }

    /// The network gave an INVITE back.
    pub(crate) fn on_returned(&mut self, branch: &str) {
        if let Some(leg) = self.legs.get_mut(branch)
            && leg.state == State::Calling
        {
            leg.state = State::Over { was_canceled: false };
        }
    }

    /// The gateway of these legs has stopped for good.
    pub(crate) fn forget(&mut self, daemon: usize) {
        self.legs.retain(|_, leg| leg.phone.0 != daemon);
    }
}

const SLOT: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::origin;

    struct History {
        invites: Invites,
        start: Instant,
    }

    impl History {
        fn new() -> Self {
            Self { invites: Invites::default(), start: origin() }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        fn invite(&mut self, branch: &str, call: u128, seconds: u64) -> bool {
            self.invite_as(branch, call, seconds, |_| {})
        }

        fn invite_as(
            &mut self,
            branch: &str,
            call: u128,
            seconds: u64,
            change: impl Fn(&mut Invite<'_>),
        ) -> bool {
            let mut invite = Invite {
                branch,
                call: CallId(call),
                phone: (0, 46_701_740_605),
                has_ended: false,
                is_pending: true,
                trunk: branch.as_bytes()[0].into(),
                route: 2,
                patience: Duration::from_secs(32),
            };
            change(&mut invite);
            self.invites.on_invite(&invite, self.at(seconds)).is_ok()
        }

        fn cancel(&mut self, seconds: u64) -> bool {
            self.invites.on_cancel("a", self.at(seconds)).is_ok()
        }

        fn hear(&mut self, status: u16, seconds: u64) {
            self.invites.on_response("a", status, self.at(seconds));
        }
    }

    #[test]
    fn s05_an_invite_after_the_end_is_noticed() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        assert!(history.invite("a", 1, 1));
        assert!(!history.invite_as("a", 1, 2, |invite| invite.has_ended = true));
    }

    #[test]
    fn d04_a_call_that_left_before_its_gateway_died_leaves_no_more() {
        let mut history = History::new();
        assert!(history.invite_as("a", 1, 0, |invite| invite.route = 1));
        history.invites.on_killed(0);
        assert!(!history.invite_as("b", 1, 1, |invite| invite.route = 1), "the same call again");
        assert!(!history.invite("a", 1, 1), "the same INVITE again");
        assert!(history.invite("b", 2, 1), "another call to the phone");
    }

    #[test]
    fn d03_only_a_call_that_was_recorded_is_cancelled_unheard() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        history.invites.on_killed(0);
        assert!(!history.cancel(1));
        history.invites.on_haunted("a".to_owned(), 46_701_740_605);
        assert!(history.cancel(1));
    }

    #[test]
    fn s05_an_invite_for_nobody_is_noticed() {
        let mut history = History::new();
        assert!(!history.invite_as("a", 1, 0, |invite| invite.is_pending = false));
    }

    #[test]
    fn an_invite_is_unheard_once_timer_b_has_passed_without_a_word() {
        let mut history = History::new();
        let unheard = |history: &History, seconds| {
            history.invites.was_unheard(46_701_740_605, history.at(seconds))
        };
        assert!(history.invite("a", 1, 0));
        assert!(!unheard(&history, 31) && unheard(&history, 32));
        history.hear(100, 20);
        assert!(!unheard(&history, 40));
    }

    #[test]
    fn s05_two_calls_at_once_are_noticed() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        assert!(!history.invite("b", 1, 31), "it may still ring");
        assert!(history.invite_as("b", 1, 31, |invite| invite.phone.1 += 1));
        history.hear(180, 31);
        assert!(!history.invite("c", 2, 99), "it rings");
    }

    #[test]
    fn s05_a_call_after_the_other_is_fine_and_a_third_trunk_of_two_is_not() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        history.invites.on_returned("a");
        assert!(history.invite("b", 1, 0));
        assert!(!history.invite("c", 1, 99));
    }

    #[test]
    fn s05_the_same_trunk_a_second_time_is_noticed() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        history.invites.on_returned("a");
        assert!(!history.invite_as("b", 1, 0, |invite| invite.trunk = b'a'.into()));
    }

    #[test]
    fn s05_what_the_network_gives_back_late_ends_nothing() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        history.hear(180, 1);
        history.invites.on_returned("a");
        assert!(!history.invite("b", 1, 2));
    }

    #[test]
    fn s05_a_retransmission_after_an_answer_is_noticed() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        history.hear(100, 0);
        assert!(!history.invite("a", 1, 1));
    }

    #[test]
    fn r02_a_first_cancel_after_a_final_response_is_noticed() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        history.hear(180, 1);
        history.hear(486, 2);
        assert!(!history.cancel(2));
    }

    #[test]
    fn r03_a_cancel_that_a_final_response_crossed_may_be_repeated() {
        let mut history = History::new();
        assert!(history.invite("a", 1, 0));
        history.hear(180, 1);
        assert!(history.cancel(2));
        history.hear(486, 2);
        assert!(history.cancel(3));
        history.hear(486, 3);
        assert!(history.cancel(4));
    }

    #[test]
    fn p02_a_cancel_before_a_provisional_is_noticed() {
        let mut history = History::new();
        assert!(!history.cancel(0));
        assert!(history.invite("a", 1, 0));
        assert!(!history.cancel(1));
        history.hear(100, 1);
        assert!(history.cancel(2));
        assert!(!history.invite("b", 1, 33), "the CANCEL may be on its way");
        assert!(history.invite("b", 1, 34));
    }
}
