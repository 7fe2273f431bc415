use std::time::UNIX_EPOCH;

use expect_test::{Expect, expect};

use super::super::super::caller::{Ack, Lapse, Noticed};
use super::super::super::number::Number;
use super::*;
use crate::ladder::Undelivered;
use crate::sip::Status;

#[test]
fn people_read_the_course_of_a_call_and_warnings() {
    check(
        Form::Plain,
        expect![[r#"
        23:59:59.999  1    dialled   +46876500123 from +46701234567
        00:00:00.000  1    trying
        00:00:00.000  1    rings     after 0.002 s
        00:00:00.000  1    hung up
        00:00:00.000  1    refused   486 Busy Here, after 1.002 s
        00:00:00.000  1    ended     acknowledged
        00:00:00.000  1    again     486 Busy Here
        00:00:00.000  1    answered  after 1.002 s
        00:00:00.000  1    ended     acknowledged, and hung up at once: not as told
        00:00:00.000  1    ended     one INVITE, deaf to what comes of it
        00:00:00.000  1    ended     acknowledged with a wrong tag
        00:00:00.000  1    ended     not dialled: not as told
        00:00:00.000  1    ended     nobody said anything: not as told
        00:00:00.000  1    ended     given up, no final response came: not as told
        00:00:00.000  1    ended     not delivered: nobody listens there (ICMP port unreachable): not as told
        --
        00:00:00.000  1    warning: a response without a To tag
        00:00:00.000       warning: a response with a branch that no request had
        8 calls, 3 as told; 1 repeated refusal; 2 violations
    "#]],
    );
}

#[test]
fn programs_read_json_lines() {
    check(
        Form::Json,
        expect![[r#"
        {"at":"1970-01-01T23:59:59.999Z","call":1,"event":"dialled","from":"+46701234567","to":"+46876500123"}
        {"at":"1970-01-01T00:00:00Z","call":1,"event":"trying"}
        {"after_ms":2,"at":"1970-01-01T00:00:00Z","call":1,"event":"rings"}
        {"at":"1970-01-01T00:00:00Z","call":1,"event":"hung_up"}
        {"after_ms":1002,"at":"1970-01-01T00:00:00Z","call":1,"event":"refused","status":486}
        {"ack":"right","as_told":true,"at":"1970-01-01T00:00:00Z","call":1,"ending":"refused","event":"ended","status":486}
        {"at":"1970-01-01T00:00:00Z","call":1,"event":"again","status":486}
        {"after_ms":1002,"at":"1970-01-01T00:00:00Z","call":1,"event":"answered"}
        {"as_told":false,"at":"1970-01-01T00:00:00Z","call":1,"ending":"answered","event":"ended"}
        {"as_told":true,"at":"1970-01-01T00:00:00Z","call":1,"ending":"forged","event":"ended"}
        {"ack":"wrong-tag","as_told":true,"at":"1970-01-01T00:00:00Z","call":1,"ending":"refused","event":"ended","status":486}
        {"as_told":false,"at":"1970-01-01T00:00:00Z","call":1,"ending":"shed","event":"ended"}
        {"as_told":false,"at":"1970-01-01T00:00:00Z","call":1,"ending":"silent","event":"ended"}
        {"as_told":false,"at":"1970-01-01T00:00:00Z","call":1,"ending":"unfinished","event":"ended"}
        {"as_told":false,"at":"1970-01-01T00:00:00Z","call":1,"ending":"unreachable","event":"ended","why":"refused"}
        {"at":"1970-01-01T00:00:00Z","call":1,"event":"violation","rule":"a response without a To tag"}
        {"at":"1970-01-01T00:00:00Z","call":null,"event":"violation","rule":"a response with a branch that no request had"}
        --
        8 calls, 3 as told; 1 repeated refusal; 2 violations
    "#]],
    );
}

#[test]
fn a_summary_is_good_when_everything_was() {
    let good = Summary { calls: 2, as_told: 2, ..Summary::default() };
    assert_eq!(good.to_string(), "2 calls, 2 as told; no violations");
    let stopped = Summary { was_interrupted: true, repeated: 1, ..Summary::default() };
    assert_eq!(
        stopped.to_string(),
        "stopped; no calls, 0 as told; 1 repeated refusal; no violations"
    );
    assert!(good.is_good() && !stopped.is_good());
    assert!(!Summary { as_told: 1, ..good }.is_good());
    assert!(!Summary { violations: 1, ..good }.is_good());
}

fn check(form: Form, expected: Expect) {
    let at = Instant::now();
    let mut printer = Printer::new(form, WallClock::new(at, UNIX_EPOCH));
    let number = |text: &str| Number::read(text.as_bytes()).unwrap();
    let (from, to) = (number("+46701234567"), number("+46876500123"));
    let (line, status) = (Line(1), Status::BUSY_HERE);
    let after = Duration::from_millis(1_002);
    let ended = |ending, is_as_told| Event::Ended { line, ending, is_as_told, at };
    let events = [
        Event::Dialled { line, from, to, at: at + Duration::from_millis(86_399_999) },
        Event::Trying { line, at },
        Event::Rang { line, after: Duration::from_millis(2), at },
        Event::HungUp { line, at },
        Event::Refused { line, status, after, at },
        ended(Ending::Refused { status, ack: Ack::Right }, true),
        Event::Repeated { line, status, at },
        Event::Answered { line, after, at },
        ended(Ending::Answered, false),
        ended(Ending::Forged, true),
        ended(Ending::Refused { status, ack: Ack::WrongTag }, true),
        ended(Ending::Shed, false),
        ended(Ending::Silent, false),
        ended(Ending::Unfinished, false),
        ended(Ending::Unreachable { why: Undelivered::Refused }, false),
        Event::Lapsed(Noticed { lapse: Lapse::TagMissing, line: Some(line), at }),
        Event::Lapsed(Noticed { lapse: Lapse::ResponseBranch, line: None, at }),
    ];
    let (mut out, mut notes) = (vec![], vec![]);
    for event in events {
        printer.print(&event, &mut out, &mut notes).unwrap();
    }
    let text = String::from_utf8([out, b"--\n".to_vec(), notes].concat()).unwrap();
    expected.assert_eq(&format!("{text}{}\n", printer.summary()));
}
