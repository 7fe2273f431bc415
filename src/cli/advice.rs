//! What the end of a call means for the person who waits for it, and what can be done next.

use crate::outcome::Outcome;

/// How the person can act from where they sit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Means<'a> {
    /// By commands, of the verification with this id.
    Commands(&'a str),
    /// By words, typed where the code is typed.
    Words,
}

/// The outcome that the API calls so; a newer daemon may have others.
pub(super) fn outcome(word: &str) -> Option<Outcome> {
    Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word)
}

/// One line about a call that ended so; `None` when all went well. `phone` is the number that was
/// called, and `rang` whether it rang.
pub(super) fn after(
    (outcome, rang): (Outcome, bool),
    calls_left: u32,
    phone: &str,
    means: Means<'_>,
) -> Option<String> {
    let was_hung_up = outcome == Outcome::CancelUnconfirmed;
    let is_cut_off = rang && !was_hung_up && !outcome.may_have_reached(false);
    let meaning = if is_cut_off { CUT_OFF } else { meaning(outcome)? };
    let next = match outcome.may_have_reached(rang) {
        true => next(calls_left, means),
        // The verification fails with its call.
        false => anew(outcome, phone),
    };
    Some(format!("{meaning}; {next}"))
}

/// What can be done when only another verification helps.
fn anew(outcome: Outcome, phone: &str) -> String {
    match outcome {
        Outcome::Changed | Outcome::Malformed | Outcome::Unallocated => {
            format!("look at the number again: {phone}")
        }
        Outcome::NoRinging | Outcome::NotRecorded | Outcome::Restarted | Outcome::Unreachable => {
            format!("`ringproof verify {phone} --wait` tries again, best a little later")
        }
        Outcome::Answered
        | Outcome::AnsweredInRace
        | Outcome::AnsweredSuspect
        | Outcome::Barred
        | Outcome::Busy
        | Outcome::CancelUnconfirmed
        | Outcome::Completed
        | Outcome::Declined
        | Outcome::Redirected
        | Outcome::Refused
        | Outcome::Silence
        | Outcome::TrunkFailure
        | Outcome::Unsent
        | Outcome::Withdrawn => {
            format!("see `ringproof trunks`, then `ringproof verify {phone} --wait` tries again")
        }
    }
}

/// What can be done with a verification whose call has ended.
fn next(calls_left: u32, means: Means<'_>) -> String {
    match (calls_left, means) {
        (0, Means::Commands(id)) => format!("no call is left, `ringproof cancel {id}` gives up"),
        (0, Means::Words) => "no call is left, `cancel` gives up".to_owned(),
        (_, Means::Commands(id)) => {
            format!("`ringproof call {id}` rings again, `ringproof cancel {id}` gives up")
        }
        (_, Means::Words) => "`call` rings again, `cancel` gives up".to_owned(),
    }
}

fn meaning(outcome: Outcome) -> Option<&'static str> {
    Some(match outcome {
        Outcome::Completed => return None,
        Outcome::Answered | Outcome::AnsweredInRace => {
            "somebody picked up: look for the number among the calls received"
        }
        Outcome::AnsweredSuspect => "a mailbox or a forwarding picked up: no call may be listed",
        Outcome::Barred => "the network or the phone bars such calls",
        Outcome::Busy => "the phone is in another call, and may list this one as missed",
        Outcome::CancelUnconfirmed => "the trunk did not confirm that we hung up",
        Outcome::Changed => "the number was replaced by another one",
        Outcome::Declined => "somebody declined the call: look for its number all the same",
        Outcome::Malformed => "the trunk cannot read the number",
        Outcome::NoRinging => "the trunk took the call, but no phone rang",
        Outcome::NotRecorded => "the gateway's journal did not take the call, which was not placed",
        Outcome::Redirected | Outcome::Refused => "the trunk refuses to carry the call",
        Outcome::Restarted => "the gateway was restarted while it called",
        Outcome::Silence => "the trunk does not answer",
        Outcome::TrunkFailure => "the trunk is in trouble",
        Outcome::Unallocated => "the number does not exist",
        Outcome::Unreachable => "the phone is off, or out of coverage",
        Outcome::Unsent => "no trunk could be reached, or none had room for the call",
        Outcome::Withdrawn => "the call was taken back before it had rung for long",
    })
}

const CUT_OFF: &str = "the call was cut off after it rang: look for its number all the same";

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn each_end_of_a_call_is_said_with_what_to_do_next() {
        let mut shown = String::new();
        for outcome in Outcome::ALL {
            let line = after((outcome, false), 2, "+46701234567", Means::Words);
            shown += &format!("{:<18} {}\n", outcome.as_str(), line.as_deref().unwrap_or("-"));
        }
        expect![[r#"
            answered           somebody picked up: look for the number among the calls received; `call` rings again, `cancel` gives up
            answered_in_race   somebody picked up: look for the number among the calls received; `call` rings again, `cancel` gives up
            answered_suspect   a mailbox or a forwarding picked up: no call may be listed; `call` rings again, `cancel` gives up
            barred             the network or the phone bars such calls; `call` rings again, `cancel` gives up
            busy               the phone is in another call, and may list this one as missed; `call` rings again, `cancel` gives up
            cancel_unconfirmed the trunk did not confirm that we hung up; see `ringproof trunks`, then `ringproof verify +46701234567 --wait` tries again
            changed            the number was replaced by another one; look at the number again: +46701234567
            completed          -
            declined           somebody declined the call: look for its number all the same; `call` rings again, `cancel` gives up
            malformed          the trunk cannot read the number; look at the number again: +46701234567
            no_ringing         the trunk took the call, but no phone rang; `ringproof verify +46701234567 --wait` tries again, best a little later
            not_recorded       the gateway's journal did not take the call, which was not placed; `ringproof verify +46701234567 --wait` tries again, best a little later
            redirected         the trunk refuses to carry the call; see `ringproof trunks`, then `ringproof verify +46701234567 --wait` tries again
            refused            the trunk refuses to carry the call; see `ringproof trunks`, then `ringproof verify +46701234567 --wait` tries again
            restarted          the gateway was restarted while it called; `ringproof verify +46701234567 --wait` tries again, best a little later
            silence            the trunk does not answer; see `ringproof trunks`, then `ringproof verify +46701234567 --wait` tries again
            trunk_failure      the trunk is in trouble; see `ringproof trunks`, then `ringproof verify +46701234567 --wait` tries again
            unallocated        the number does not exist; look at the number again: +46701234567
            unreachable        the phone is off, or out of coverage; `ringproof verify +46701234567 --wait` tries again, best a little later
            unsent             no trunk could be reached, or none had room for the call; see `ringproof trunks`, then `ringproof verify +46701234567 --wait` tries again
            withdrawn          the call was taken back before it had rung for long; `call` rings again, `cancel` gives up
        "#]].assert_eq(&shown);
    }

    #[test]
    fn a_call_that_was_cut_off_after_it_rang_is_in_the_log_of_the_phone() {
        let line = after((Outcome::TrunkFailure, true), 1, "+46701234567", Means::Words);
        expect!["the call was cut off after it rang: look for its number all the same; `call` rings again, `cancel` gives up"].assert_eq(&line.unwrap());
        assert_eq!(after((Outcome::Completed, true), 1, "+46701234567", Means::Words), None);
    }

    #[test]
    fn without_a_prompt_or_a_call_the_next_step_is_another() {
        let busy =
            |calls_left, means| after((Outcome::Busy, true), calls_left, "+46701234567", means);
        let lines = [
            busy(1, Means::Commands("ver_1")),
            busy(0, Means::Commands("ver_1")),
            busy(0, Means::Words),
        ];
        expect![[r#"
            the phone is in another call, and may list this one as missed; `ringproof call ver_1` rings again, `ringproof cancel ver_1` gives up
            the phone is in another call, and may list this one as missed; no call is left, `ringproof cancel ver_1` gives up
            the phone is in another call, and may list this one as missed; no call is left, `cancel` gives up"#]].assert_eq(&lines.map(Option::unwrap).join("\n"));
    }
}
