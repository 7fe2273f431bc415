//! `[missed_calls]`: what calls to our own numbers prove, and how calls go.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::kind::{self, Kind, Refusal};
use super::section::Section;
use crate::call::inbound::Plan;
use crate::evidence::Assurance;
use crate::sip::Status;
use crate::verify::settings::MissedCalls;

/// Reads the section: what calls prove, and how those to numbers that are none of ours go.
/// `has_pool`: whether there are numbers to call back from.
pub(super) fn read(mut section: Section<'_>, has_pool: bool) -> (MissedCalls, Plan) {
    let default = MissedCalls::default();
    let missed_calls = MissedCalls {
        recent_window: section.or("recent_window", &kind::duration(RECENT), default.recent_window),
        recent_max: section.or("recent_max", &kind::whole(1..=RECENT_MAX), default.recent_max),
        min_assurance: section.or("min_assurance", &assurance(), default.min_assurance),
        confirm_after: section.or("confirm_after", &kind::duration(CONFIRM), default.confirm_after),
        are_forwarded_accepted: section.or(
            "accept_forwarded",
            &kind::flag(),
            default.are_forwarded_accepted,
        ),
    };
    if missed_calls.min_assurance == Assurance::ChallengeConfirmed && !has_pool {
        let accepted = "used with a `[[pool]]`, whose numbers call back";
        section.refuse("min_assurance", "\"challenge_confirmed\" without a pool", accepted);
    }
    let elsewhere = Plan {
        ring: section.or("ring", &ring(), Duration::ZERO),
        refusal: section.or("reject_with", &refusal(), Status::BUSY_HERE),
    };
    section.finish();
    (missed_calls, elsewhere)
}

/// How long a caller hears that it rings.
pub(super) fn ring() -> Kind<Duration> {
    kind::duration(RING)
}

/// What a caller is refused with.
pub(super) fn refusal() -> Kind<Status> {
    kind::one_of(&[
        (404, Status::NOT_FOUND),
        (480, Status::TEMPORARILY_UNAVAILABLE),
        (486, Status::BUSY_HERE),
        (603, Status::DECLINE),
    ])
}

/// What a verification needs at least: one of the degrees that something proves.
fn assurance() -> Kind<Assurance> {
    Kind::text("\"return_routed\" or \"challenge_confirmed\"", |text| {
        match Assurance::ALL.into_iter().find(|degree| degree.as_str() == text) {
            Some(Assurance::None) => {
                Err(Refusal::Because("one forged datagram would verify anybody".to_owned()))
            }
            Some(degree @ (Assurance::ChallengeConfirmed | Assurance::ReturnRouted)) => Ok(degree),
            None => Err(Refusal::Unlike),
        }
    })
}

/// A call that nobody ends holds a channel of the trunk, and networks on the way end calls of their own
/// accord after a minute or three.
const RING: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(45);
const RECENT: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(24 * 60 * 60);
const RECENT_MAX: usize = 100_000_000;
/// Sooner, and the phone may still be in its own call; later, and the person has put it away.
const CONFIRM: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(20);
