//! Each broken rule is noticed.

use super::super::testing::{Manners, run, settings};
use crate::lab::Violation;

#[test]
fn a_cancel_that_is_not_its_invites_is_noticed() {
    rung("3 CANCEL~branch; 4 CANCEL", &[Violation::CancelBranch]);
    rung("3 CANCEL~uri", &[Violation::CancelUri, Violation::CancelParties]);
    rung("3 CANCEL~cseq", &[Violation::CancelCSeq]);
    rung("3 CANCEL~tag", &[Violation::CancelParties]);
    rung("3 CANCEL~route", &[Violation::CancelRoute]);
    rung("3 CANCEL~require", &[Violation::CancelRequire]);
    rung("3 CANCEL~via", &[Violation::CancelVias]);
    rung("3 CANCEL~call; 4 CANCEL", &[Violation::CancelUnknown]);
}

#[test]
fn p02_a_cancel_before_any_provisional_is_noticed() {
    check(Manners::Good, "05", "3 CANCEL", &[Violation::CancelBeforeProvisional]);
    check(Manners::Good, "01", "3 CANCEL", &[Violation::CancelAfterAck]);
    rung("3 CANCEL; 50 CANCEL", &[Violation::CancelUnknown]);
}

#[test]
fn an_ack_that_is_not_the_responses_is_noticed() {
    let busy = |script, violation| check(Manners::None, "01", script, violation);
    busy("0.4 ACK~tag", &[Violation::AckTag]);
    busy("0.4 ACK~branch; 0.5 ACK", &[Violation::AckBranch]);
    busy("", &[Violation::AckMissing]);
    busy("0.1 ACK; 0.4 ACK", &[Violation::AckUnasked]);
    busy("0.4 ACK; 50 ACK", &[Violation::AckUnasked]);
    let answered = |script, violation| check(Manners::None, "10", script, violation);
    answered("1 ACK; 2 BYE", &[]);
    answered("1 ACK~invite-branch; 2 BYE", &[Violation::AckBranch]);
    answered("1 ACK~cseq; 2 BYE", &[Violation::AckCSeq]);
    answered("", &[Violation::AckMissing]);
}

#[test]
fn a_bye_that_ends_no_confirmed_call_is_noticed() {
    let answered = |script, violation| check(Manners::None, "10", script, violation);
    answered("1 BYE", &[Violation::ByeBeforeAck]);
    answered("1 ACK; 2 BYE~cseq", &[Violation::ByeCSeq]);
    answered("1 ACK; 2 BYE~tag; 3 BYE", &[Violation::ByeUnknown]);
}

#[test]
fn s05_an_invite_that_must_not_be_is_noticed() {
    rung("3 CANCEL; 4 INVITE", &[Violation::InviteAfterCancel]);
    rung("3 CANCEL; 4 INVITE~branch", &[Violation::InviteAfterCancel]);
    rung("3 INVITE~call; 5 CANCEL; 6 CANCEL~call", &[Violation::InviteWhileRinging]);
    rung("3 CANCEL; 5 INVITE~call", &[]);
    rung("3 CANCEL; 50 INVITE~contact", &[Violation::InviteContact]);
    rung("3 CANCEL; 50 INVITE~require", &[Violation::Malformed]);
}

fn rung(script: &str, expected: &[Violation]) {
    check(Manners::Good, "67", script, expected);
}

fn check(manners: Manners, suffix: &str, script: &str, expected: &[Violation]) {
    let trace = run(settings(), manners, suffix, script);
    let found: Vec<&str> =
        trace.lines().filter_map(|line| Some(line.split_once("violation: ")?.1)).collect();
    let expected: Vec<&str> = expected.iter().map(|violation| violation.text()).collect();
    assert_eq!(found, expected, "{script}\n{trace}");
}
