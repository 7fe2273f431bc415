//! What the owner of a phone sees: it rings as long as planned, and no longer.
//!
//! Only in calm weather, and only phones and trunks that do as they are told: whoever ignores a
//! CANCEL rings on, whatever we do.

use std::time::Duration;

use ringproof::lab::{Behaviour, Ending};
use ringproof::outcome::Outcome;

use crate::broken::{Rule, Verdict, ensure};
use crate::network::LATENCY_CALM_MS;

/// A phone that rang, and the call that made it ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rang {
    pub(crate) behaviour: Behaviour,
    pub(crate) ending: Ending,
    pub(crate) rang_for: Duration,
    pub(crate) planned: Duration,
    /// The profile has the gateway guess when the phone begins to ring.
    pub(crate) is_guessed: bool,
    /// How long its gateway was dead meanwhile.
    pub(crate) pause: Option<Duration>,
    /// How the call ended, if it has.
    pub(crate) outcome: Option<Outcome>,
}

/// Holds when the phone rang for as long as planned, or shorter when somebody hung up before.
pub(crate) fn check(rang: &Rang) -> Verdict {
    if !is_obedient(rang.behaviour) || rang.ending != Ending::Missed {
        return Ok(());
    }
    // A little earlier: the way of the 180 and of the CANCEL are not equally long.
    let least = rang.planned.saturating_sub(SLACK);
    let most = rang.planned + rang.pause.map_or(SLACK, |pause| pause + RESTART);
    ensure(rang.rang_for <= most, Rule::RingTime, || format!("too long: {rang:?}"))?;
    // Whoever withdraws a call wants it shorter, and patience may end just when it begins to ring.
    // So does a gateway that stops, or finds it.
    let is_cut = rang.is_guessed
        || rang.pause.is_some()
        || matches!(
            rang.outcome,
            Some(Outcome::NoRinging | Outcome::Restarted | Outcome::Withdrawn)
        );
    ensure(is_cut || rang.rang_for >= least, Rule::RingTime, || format!("too short: {rang:?}"))
}

/// Phones that begin to ring with a 180, until the CANCEL.
fn is_obedient(behaviour: Behaviour) -> bool {
    match behaviour {
        Behaviour::AckLost
        | Behaviour::AnswersAfterFinal
        | Behaviour::FinalFirst
        | Behaviour::FinalRepeated
        | Behaviour::Forks
        | Behaviour::LateTrying
        | Behaviour::Rings
        | Behaviour::RingsLate { .. }
        | Behaviour::Storms => true,
        Behaviour::Answers { .. }
        | Behaviour::AnswersAtOnce
        | Behaviour::AnswersOnCancel
        | Behaviour::AnswersRepeatedly
        | Behaviour::AnswersTwice
        | Behaviour::Busy
        | Behaviour::CancelIgnored
        | Behaviour::CancelRefused
        | Behaviour::CancelWithoutFinal
        | Behaviour::Declines
        | Behaviour::EarlyMedia
        | Behaviour::EarlyMediaThenBusy
        | Behaviour::EarlyMediaThenRings
        | Behaviour::HangsUp
        | Behaviour::Loses
        | Behaviour::Redirects
        | Behaviour::Refuses { .. }
        | Behaviour::Repeats
        | Behaviour::RingsThenRefuses { .. }
        | Behaviour::Silent
        | Behaviour::TryingOnly => false,
    }
}

/// How long after its return a gateway may need to hang up what it finds.
const RESTART: Duration = Duration::from_millis(SLACK.as_millis() as u64 + 50);
/// Two ways through the network, and a slot of the timer wheel.
const SLACK: Duration = Duration::from_millis(2 * LATENCY_CALM_MS as u64 + 5);

#[cfg(test)]
mod tests {
    use super::*;

    fn rang(seconds: u64) -> Rang {
        Rang {
            behaviour: Behaviour::Rings,
            ending: Ending::Missed,
            rang_for: Duration::from_secs(seconds),
            planned: Duration::from_secs(5),
            is_guessed: false,
            pause: None,
            outcome: Some(Outcome::Completed),
        }
    }

    #[test]
    fn a_phone_that_rings_too_long_is_noticed() {
        assert_eq!(check(&rang(5)), Ok(()));
        assert!(check(&rang(6)).is_err());
        assert!(check(&Rang { outcome: Some(Outcome::Withdrawn), ..rang(6) }).is_err());
    }

    #[test]
    fn a_phone_that_rings_too_short_is_noticed_unless_the_call_was_withdrawn() {
        assert!(check(&rang(4)).is_err());
        assert!(check(&Rang { outcome: None, ..rang(4) }).is_err());
        assert_eq!(check(&Rang { outcome: Some(Outcome::Withdrawn), ..rang(4) }), Ok(()));
    }

    #[test]
    fn d03_a_phone_whose_gateway_died_rings_no_longer_than_planned_and_the_pause() {
        let rang = |seconds| Rang { pause: Some(Duration::from_secs(2)), ..rang(seconds) };
        assert_eq!(check(&rang(1)), Ok(()), "it was found early");
        assert_eq!(check(&rang(7)), Ok(()));
        assert!(check(&rang(8)).is_err());
    }

    #[test]
    fn a_phone_that_does_as_it_likes_is_not_judged() {
        assert_eq!(check(&Rang { behaviour: Behaviour::CancelIgnored, ..rang(60) }), Ok(()));
        assert_eq!(check(&Rang { ending: Ending::Declined, ..rang(1) }), Ok(()));
    }
}
