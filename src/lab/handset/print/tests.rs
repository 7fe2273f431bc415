use std::time::{Duration, UNIX_EPOCH};

use expect_test::{Expect, expect};

use super::super::super::violation::{Noticed, Violation};
use super::*;
use crate::sip::Status;

#[test]
fn people_read_aligned_lines_and_warnings() {
    check(
        Form::Plain,
        expect![[r#"
            23:59:59.999  46701234567      rings     from +46876500123
            00:00:05.001  46701234567      missed    from +46876500123, rang 5.001 s
            00:00:05.001  46701234567      answered  from a hidden number, rang 5.001 s
            00:00:05.001  46701234567      declined  from a hidden number, rang 5.001 s
            00:00:05.001  46701234567      stopped   from a hidden number, rang 5.001 s
            00:00:00.000  46701234567      gone      from +46876500123, given up before it rang
            00:00:00.000  46701234567      silent    from a hidden number, the phone says nothing
            00:00:00.000  46701234567      refused   503 Service Unavailable
            --
            00:00:00.000  46701234567      warning: the CANCEL has another branch than its INVITE
            1 missed, 1 answered, 1 declined, 1 refused without ringing, 1 gone before ringing, 1 silent, 1 stopped; 1 violation, exit 1
        "#]],
    );
}

#[test]
fn programs_read_json_lines() {
    check(
        Form::Json,
        expect![[r#"
            {"at":"1970-01-01T23:59:59.999Z","caller_id":"+46876500123","event":"rings","phone":"46701234567"}
            {"at":"1970-01-01T00:00:05.001Z","caller_id":"+46876500123","event":"missed","phone":"46701234567","rang_ms":5001}
            {"at":"1970-01-01T00:00:05.001Z","caller_id":null,"event":"answered","phone":"46701234567","rang_ms":5001}
            {"at":"1970-01-01T00:00:05.001Z","caller_id":null,"event":"declined","phone":"46701234567","rang_ms":5001}
            {"at":"1970-01-01T00:00:05.001Z","caller_id":null,"event":"stopped","phone":"46701234567","rang_ms":5001}
            {"at":"1970-01-01T00:00:00Z","caller_id":"+46876500123","event":"gone","phone":"46701234567"}
            {"at":"1970-01-01T00:00:00Z","caller_id":null,"event":"silent","phone":"46701234567"}
            {"at":"1970-01-01T00:00:00Z","event":"refused","phone":"46701234567","status":503}
            {"at":"1970-01-01T00:00:00Z","event":"violation","phone":"46701234567","rule":"the CANCEL has another branch than its INVITE"}
            --
            1 missed, 1 answered, 1 declined, 1 refused without ringing, 1 gone before ringing, 1 silent, 1 stopped; 1 violation, exit 1
        "#]],
    );
}

fn check(form: Form, expected: Expect) {
    let at = Instant::now();
    let mut printer = Printer::new(form, WallClock::new(at, UNIX_EPOCH));
    let number = |text: &str| Number::read(text.as_bytes()).unwrap();
    let (phone, caller_id) = (number("46701234567"), Some(number("+46876500123")));
    let stopped = |caller_id, ending| {
        let rang_for = Duration::from_millis(5_001);
        Event::Stopped(Entry { phone, caller_id, at, rang_for, ending })
    };
    let noticed = Noticed { violation: Violation::CancelBranch, phone: Some(phone), at };
    let events = [
        Event::Rang { phone, caller_id, at: at + Duration::from_millis(86_399_999) },
        stopped(caller_id, Ending::Missed),
        stopped(None, Ending::Answered),
        stopped(None, Ending::Declined),
        stopped(None, Ending::Stopped),
        Event::Gone { phone, caller_id, at },
        Event::Silent { phone, caller_id: None, at },
        Event::Refused { phone, status: Status::SERVICE_UNAVAILABLE, at },
        Event::Violated(noticed),
    ];
    let (mut out, mut notes) = (vec![], vec![]);
    for event in events {
        printer.print(&event, &mut out, &mut notes).unwrap();
    }
    let text = String::from_utf8([out, b"--\n".to_vec(), notes].concat()).unwrap();
    let summary = printer.summary();
    expected.assert_eq(&format!("{text}{summary}, exit {}\n", summary.exit_code()));
}
