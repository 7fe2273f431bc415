//! Each broken rule of the called side is noticed.

use std::time::Duration;

use expect_test::expect;

use super::super::testing::{run, settings};
use super::super::{Lapse, Settings};
use crate::lab::Wire;

#[test]
fn a_call_that_is_answered_is_acknowledged_ended_and_noticed() {
    let trace = run(settings(), "waits", "0.1 180; 1 200; 1.5 200; 1.6 200 BYE; 2 BYE; 3 BYE~call");
    expect![[r#"
        00.000  <- INVITE
        00.000  !! dialled 1
        00.100  -> 180
        00.100  !! rings after 0.100
        01.000  -> 200
        01.000  <- ACK a
        01.000  <- BYE a
        01.000  !! lapse: the call was answered, a missed call never is
        01.000  !! answered after 1.000
        01.000  !! ended: answered, not as told
        01.500  <- BYE a
        01.500  -> 200
        01.500  <- ACK a
        01.600  -> 200 BYE
        02.000  -> BYE
        02.000  <- 200
        03.000  -> BYE~call
        03.000  <- 481
        quiet
    "#]]
    .assert_eq(&trace);
    // Another phone of a fork, and an answer that follows the refusal.
    waits("0.1 180; 1 200; 1.1 200~tag", &[Lapse::Answered]);
    waits("0.1 180; 1 486; 1.1 200~tag", &[Lapse::Answered, Lapse::TagChanged]);
}

#[test]
fn a_final_response_that_is_missing_late_or_changed_is_noticed() {
    waits("", &[Lapse::ResponseMissing]);
    waits("0.1 100", &[Lapse::FinalMissing, Lapse::CancelUnanswered]);
    waits("0.1 180; 39 486", &[]);
    waits("0.1 180; 41 200 CANCEL; 41 486", &[Lapse::FinalMissing]);
    waits("0.1 180; 1 486; 1.2 480", &[Lapse::FinalChanged]);
    waits("0.1 180; 1 486; 1.2 486~tag", &[Lapse::FinalChanged]);
    hangs_up("0.1 180; 1.1 200 CANCEL", &[Lapse::FinalMissing]);
    let impatient = Settings { patience: Duration::from_secs(5), ..settings() };
    check(impatient, "waits", "", &[Lapse::ResponseMissing]);
}

#[test]
fn q05_a_final_response_again_is_allowed_while_the_ack_is_on_its_way() {
    waits("0.1 180; 1 486; 1.499 486", &[]);
    waits("0.1 180; 1 486; 1.5 486; 2.5 486", &[Lapse::FinalAgain, Lapse::FinalAgain]);
    check(settings(), "never-acks", "0.1 180; 1 486; 1.5 486; 2.5 486", &[]);
    check(settings(), "wrong-tag", "0.1 180; 1 486; 1.5 486; 2.5 486", &[]);
}

#[test]
fn a_to_tag_that_is_missing_or_changes_is_noticed() {
    waits("0.1 180~untagged; 1 486", &[Lapse::TagMissing]);
    waits("0.1 180; 1 486~untagged", &[Lapse::TagMissing]);
    waits("0.1 180; 1 486~tag", &[Lapse::TagChanged]);
    hangs_up("0.1 180; 1.1 200 CANCEL~tag; 1.1 487", &[Lapse::TagChanged]);
}

#[test]
fn a_response_to_nothing_that_was_asked_is_noticed_and_dropped() {
    let stray = |defect: &str, lapse| {
        let script = format!("0.1 180; 1 486~{defect}; 1.1 486");
        let trace = waits(&script, &[lapse]);
        assert!(trace.contains("refused 486 after 1.100"), "{trace}");
    };
    stray("branch", Lapse::ResponseBranch);
    stray("call", Lapse::ResponseCallId);
    stray("cseq", Lapse::ResponseCSeq);
    stray("from", Lapse::ResponseParties);
    stray("to", Lapse::ResponseParties);
    stray("source", Lapse::ResponseSource);
    stray("vias", Lapse::ResponseVias);
    waits("0.1 180; 0.2 200 CANCEL; 1 486", &[Lapse::ResponseCSeq]);
    // What is late is no lapse.
    waits("0.1 180; 1 486; 100 486", &[]);
}

#[test]
fn a_cancel_that_is_not_done_as_asked_is_noticed() {
    hangs_up("0.1 180; 1.1 481 CANCEL; 1.2 487", &[Lapse::CancelRefused]);
    hangs_up("0.1 180; 1.1 200 CANCEL; 1.2 480", &[Lapse::NotTerminated]);
    hangs_up("0.1 180; 1.2 487", &[Lapse::CancelUnanswered]);
    waits("0.1 180; 1 487", &[Lapse::TerminatedUnasked]);
}

#[test]
fn q06_a_merged_request_that_is_taken_for_a_call_is_noticed() {
    let merged = |script, lapses| check(settings(), "merged", script, lapses);
    merged("0.1 482~second; 0.1 180; 1 486", &[]);
    merged("0.1 486~second; 0.1 180; 1 486", &[Lapse::MergeAccepted]);
    merged("0.1 180~second; 0.1 180; 1 486; 1.1 482~second", &[Lapse::MergeAccepted]);
    merged("0.1 180; 1 486", &[Lapse::ResponseMissing]);
}

#[test]
fn t15_what_loss_explains_is_no_lapse() {
    for script in ["", "0.1 100", "0.1 180; 1 486; 1.5 486", "0.1 486~second; 0.2 486"] {
        check(Settings { wire: Wire::Wild, ..settings() }, "merged", script, &[]);
    }
}

fn waits(script: &str, expected: &[Lapse]) -> String {
    check(settings(), "waits", script, expected)
}

fn hangs_up(script: &str, expected: &[Lapse]) {
    check(settings(), "hangs-up:900ms", script, expected);
}

fn check(settings: Settings, then: &str, script: &str, expected: &[Lapse]) -> String {
    let trace = run(settings, then, script);
    let found: Vec<&str> =
        trace.lines().filter_map(|line| Some(line.split_once("lapse: ")?.1)).collect();
    let expected: Vec<&str> = expected.iter().map(|lapse| lapse.text()).collect();
    assert_eq!(found, expected, "{script}\n{trace}");
    assert_eq!(trace.matches("ended: ").count(), 1, "{trace}");
    assert!(trace.ends_with("\nquiet\n"), "{trace}");
    trace
}
