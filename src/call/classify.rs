//! What a final response says about the call and the number behind it.
//!
//! The status code tells who refused; the Q.850 cause of a Reason header (RFC 3326), where there is
//! one, tells what the telephone network behind the trunk said, and is more exact for what concerns
//! the number (RFC 3398 §7.2.4 maps many causes to one code).

use crate::outcome::{Outcome, Side};

/// Reads a final response that is not a 2xx. `rang`: the phone had rung before it came.
pub fn refusal(code: u16, q850_cause: Option<u8>, rang: bool) -> Outcome {
    if let Some(outcome) = by_person(code, rang) {
        return outcome;
    }
    q850_cause.and_then(by_cause).unwrap_or_else(|| by_code(code))
}

/// Who ends a call with this outcome.
pub fn ended_by(outcome: Outcome) -> Side {
    match outcome {
        Outcome::Answered
        | Outcome::AnsweredInRace
        | Outcome::AnsweredSuspect
        | Outcome::Busy
        | Outcome::Declined => Side::Callee,
        Outcome::Barred
        | Outcome::Changed
        | Outcome::Malformed
        | Outcome::Redirected
        | Outcome::Refused
        | Outcome::Silence
        | Outcome::TrunkFailure
        | Outcome::Unallocated
        | Outcome::Unreachable => Side::Carrier,
        Outcome::CancelUnconfirmed
        | Outcome::Completed
        | Outcome::NoRinging
        | Outcome::NotRecorded
        | Outcome::Restarted
        | Outcome::Unsent
        | Outcome::Withdrawn => Side::Us,
    }
}

/// Whether the trunk, and not the phone, is why the call failed: another trunk may try, as long as
/// nothing has rung.
pub fn is_trunks_trouble(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Silence | Outcome::TrunkFailure | Outcome::Unsent)
}

/// Codes that only a phone or its owner gives.
fn by_person(code: u16, rang: bool) -> Option<Outcome> {
    match code {
        486 | 600 => Some(Outcome::Busy),
        603 => Some(Outcome::Declined),
        // Before ringing a 480 means "not there"; after it, somebody pressed "decline".
        480 if rang => Some(Outcome::Declined),
        _ => None,
    }
}

/// Q.850 causes that say something about the number.
fn by_cause(cause: u8) -> Option<Outcome> {
    match cause {
        1 => Some(Outcome::Unallocated),
        17 => Some(Outcome::Busy),
        18 | 20 => Some(Outcome::Unreachable),
        21 | 57 => Some(Outcome::Barred),
        22 => Some(Outcome::Changed),
        28 => Some(Outcome::Malformed),
        34 | 38 | 41 | 42 => Some(Outcome::TrunkFailure),
        _ => None,
    }
}

fn by_code(code: u16) -> Outcome {
    match code {
        300..=399 => Outcome::Redirected,
        403 | 607 | 608 => Outcome::Barred,
        404 | 604 => Outcome::Unallocated,
        408 | 500..=599 => Outcome::TrunkFailure,
        410 => Outcome::Changed,
        480 => Outcome::Unreachable,
        484 => Outcome::Malformed,
        _ => Outcome::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p09_every_refusal_of_the_field_notes_is_classed() {
        let table = [
            (486, None, false, Outcome::Busy),
            (600, None, false, Outcome::Busy),
            (603, None, false, Outcome::Declined),
            (480, None, true, Outcome::Declined),
            (480, None, false, Outcome::Unreachable),
            (480, Some(1), false, Outcome::Unallocated),
            (480, Some(20), false, Outcome::Unreachable),
            (404, None, false, Outcome::Unallocated),
            (404, Some(20), false, Outcome::Unreachable),
            (604, None, false, Outcome::Unallocated),
            (410, None, false, Outcome::Changed),
            (484, None, false, Outcome::Malformed),
            (500, Some(28), false, Outcome::Malformed),
            (403, None, false, Outcome::Barred),
            (606, None, false, Outcome::Refused),
            (607, None, false, Outcome::Barred),
            (608, None, false, Outcome::Barred),
            (488, None, false, Outcome::Refused),
            (401, None, false, Outcome::Refused),
            (408, None, false, Outcome::TrunkFailure),
            (503, None, false, Outcome::TrunkFailure),
            (404, Some(34), false, Outcome::TrunkFailure),
            (302, None, false, Outcome::Redirected),
            (503, Some(127), false, Outcome::TrunkFailure),
        ];
        for (code, cause, rang, expected) in table {
            assert_eq!(refusal(code, cause, rang), expected, "{code} {cause:?} rang={rang}");
        }
    }
}
