//! Strictness: what is refused, and where the refusal points.

use expect_test::{Expect, expect};

use super::super::problem::Problem;
use super::json::read;
use super::*;
use crate::verify::Start;

#[test]
fn h02_json_that_is_wrong_is_refused_with_a_pointer() {
    let depth = format!("{{\"to\":{}", "[".repeat(10_000));
    let unknown_depth = format!("{{\"x\":{}", "[".repeat(10_000));
    check(
        &[
            "{\"to\":\"+46701234567\",\"to\":\"+46701234568\"}",
            "{\"to\":\"+46701234567\",\"ring_ms\":1e400}",
            "{\"to\":\"+46701234567\",\"ring_ms\":-1}",
            "{\"to\":\"+46701234567\",\"ring_ms\":5000.5}",
            "{\"to\":\"\\ud800\"}",
            "{\"\\udfff\":1}",
            "{\"to\":5}",
            "{\"to\":null}",
            "{\"to\":{\"to\":\"+46701234567\"}}",
            "{\"to\":\"+46701234567\",\"a~b/c\":1}",
            &depth,
            &unknown_depth,
            "{}",
            "[\"+46701234567\",null,null,null,null,null,null,null]",
            "\"+46701234567\"",
            "{\"to\":\"+46701234567\"} {}",
            "{\"to\":\"+46701234567\"",
            "{\"to\":\"+4670\u{0}\"}",
            "\u{feff}{}",
            "NaN",
        ],
        expect![[r#"
            {"to":"+46701234567","to":"+46701234568"}
                invalid_request at `/to`: duplicate field `to` at line 1 column 25
            {"to":"+46701234567","ring_ms":1e400}
                invalid_request at `/ring_ms`: number out of range at line 1 column 36
            {"to":"+46701234567","ring_ms":-1}
                invalid_request at `/ring_ms`: invalid value: integer `-1`, expected a whole number, 0 or more at line 1 column 33
            {"to":"+46701234567","ring_ms":5000.5}
                invalid_request at `/ring_ms`: invalid type: floating point `5000.5`, expected a whole number, 0 or more at line 1 column 37
            {"to":"\ud800"}
                invalid_request at `/to`: unexpected end of hex escape at line 1 column 14
            {"\udfff":1}
                invalid_request at ``: lone leading surrogate in hex escape at line 1 column 8
            {"to":5}
                invalid_request at `/to`: invalid type: integer `5`, expected a string at line 1 column 7
            {"to":null}
                invalid_request at `/to`: invalid type: null, expected a string at line 1 column 10
            {"to":{"to":"+46701234567"}}
                invalid_request at `/to`: invalid type: map, expected a string at line 1 column 6
            {"to":"+46701234567","a~b/c":1}
                invalid_request at `/a~0b~1c`: unknown field `a~b/c`, expected one of `to`, `method`, `pool`, `ring_ms`, `did`, `confirm`, `recent_within`, `expires_in`, `client_ref`, `callback_url` at line 1 column 28
            {"to":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
                invalid_request at `/to`: invalid type: sequence, expected a string at line 1 column 6
            {"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
                invalid_request at `/x`: unknown field `x`, expected one of `to`, `method`, `pool`, `ring_ms`, `did`, `confirm`, `recent_within`, `expires_in`, `client_ref`, `callback_url` at line 1 column 4
            {}
                invalid_request at `/to`: missing field `to` at line 1 column 2
            ["+46701234567",null,null,null,null,null,null,null]
                invalid_request at ``: a JSON object is expected
            "+46701234567"
                invalid_request at ``: a JSON object is expected
            {"to":"+46701234567"} {}
                invalid_request at ``: trailing characters at line 1 column 23
            {"to":"+46701234567"
                invalid_request at ``: EOF while parsing an object at line 1 column 20
            {"to":"+4670NUL"}
                invalid_request at `/to`: control character (\u0000-\u001F) found while parsing a string at line 1 column 13
            ﻿{}
                invalid_request at ``: a JSON object is expected
            NaN
                invalid_request at ``: a JSON object is expected
        "#]],
    );
}

#[test]
fn h03_numbers_and_fields_out_of_range_are_refused_with_a_pointer() {
    let long = format!("{{\"to\":\"+46701234567\",\"client_ref\":\"{}\"}}", "x".repeat(129));
    check(
        &[
            "{\"to\":\"46701234567\"}",
            "{\"to\":\"+46 70 123 45 67\"}",
            "{\"to\":\"+\"}",
            "{\"to\":\"112\"}",
            "{\"to\":\"+0701234567\"}",
            "{\"to\":\"+12345678901234567890\"}",
            "{\"to\":\"+４６701234567\"}",
            "{\"to\":\"+46701234567\",\"method\":\"missed_call\"}",
            "{\"to\":\"+46701234567\",\"method\":\"sms\"}",
            "{\"to\":\"+46701234567\",\"did\":\"+46701234567\"}",
            "{\"to\":\"+46701234567\",\"confirm\":\"flash_call\"}",
            "{\"to\":\"+46701234567\",\"recent_within\":5}",
            "{\"to\":\"+46701234567\",\"method\":\"missed_call\",\"did\":\"8\"}",
            "{\"to\":\"+46701234567\",\"method\":\"missed_call\",\"pool\":\"default\"}",
            "{\"to\":\"+46701234567\",\"method\":\"missed_call\",\"ring_ms\":5000}",
            "{\"to\":\"+46701234567\",\"method\":\"missed_call\",\"confirm\":\"sms\"}",
            "{\"to\":\"+46701234567\",\"method\":\"missed_call\",\"recent_within\":-1}",
            "{\"to\":\"+46701234567\",\"callback_url\":\"https://example.com\"}",
            "{\"to\":\"+46701234567\",\"client_ref\":\"\"}",
            "{\"to\":\"+46701234567\",\"client_ref\":\"a\\nb\"}",
            &long,
        ],
        expect![[r#"
            {"to":"46701234567"}
                invalid_request at `/to`: a phone number starts with `+` and the country code, as in `+46701234567`
            {"to":"+46 70 123 45 67"}
                accepted: Start { to: +4670…67, how: FlashCall(FlashCall { pool: None, ring: None }), expires_in: None, client_ref: None, callback_url: None }
            {"to":"+"}
                invalid_request at `/to`: a phone number has 7 to 15 digits, this one has 0
            {"to":"112"}
                invalid_request at `/to`: a number of 3 digits without `+` is a short code or an emergency number, which is never called
            {"to":"+0701234567"}
                invalid_request at `/to`: a country code does not start with 0
            {"to":"+12345678901234567890"}
                invalid_request at `/to`: a phone number has 7 to 15 digits, this one has 20
            {"to":"+４６701234567"}
                invalid_request at `/to`: `\u{ff14}` is not accepted in a phone number here: `+`, then digits 0-9, which may be grouped with spaces, `-`, `.`, `/` and ( )
            {"to":"+46701234567","method":"missed_call"}
                accepted: Start { to: +4670…67, how: MissedCall(Awaited { did: None, confirm: None, recent_within: None }), expires_in: None, client_ref: None, callback_url: None }
            {"to":"+46701234567","method":"sms"}
                invalid_request at `/method`: not known, must be one of flash_call, missed_call
            {"to":"+46701234567","did":"+46701234567"}
                invalid_request at `/did`: belongs to the method `missed_call`
            {"to":"+46701234567","confirm":"flash_call"}
                invalid_request at `/confirm`: belongs to the method `missed_call`
            {"to":"+46701234567","recent_within":5}
                invalid_request at `/recent_within`: belongs to the method `missed_call`
            {"to":"+46701234567","method":"missed_call","did":"8"}
                invalid_request at `/did`: a number of 1 digits without `+` is a short code or an emergency number, which is never called
            {"to":"+46701234567","method":"missed_call","pool":"default"
                invalid_request at `/pool`: says how callers are called back, must be absent or beside `confirm`
            {"to":"+46701234567","method":"missed_call","ring_ms":5000}
                invalid_request at `/ring_ms`: says how callers are called back, must be absent or beside `confirm`
            {"to":"+46701234567","method":"missed_call","confirm":"sms"}
                invalid_request at `/confirm`: not known, must be flash_call
            {"to":"+46701234567","method":"missed_call","recent_within":
                invalid_request at `/recent_within`: invalid value: integer `-1`, expected a whole number, 0 or more at line 1 column 62
            {"to":"+46701234567","callback_url":"https://example.com"}
                invalid_request at `/callback_url`: found, and callbacks are off: `[callbacks] enabled = true` in the configuration
            {"to":"+46701234567","client_ref":""}
                invalid_request at `/client_ref`: must be 1 to 128 characters, none of them a control character
            {"to":"+46701234567","client_ref":"a\nb"}
                invalid_request at `/client_ref`: must be 1 to 128 characters, none of them a control character
            {"to":"+46701234567","client_ref":"xxxxxxxxxxxxxxxxxxxxxxxxx
                invalid_request at `/client_ref`: must be 1 to 128 characters, none of them a control character
        "#]],
    );
}

#[test]
fn a_whole_start_of_a_missed_call_is_understood() {
    let body = br#"{"to":"+46701234567","method":"missed_call","did":"+46850500001",
        "confirm":"flash_call","pool":"default","ring_ms":5000,"recent_within":60}"#;
    let start: Start = read::<StartBody>(body).and_then(|body| body.read(None)).unwrap();
    expect![[r#"Start { to: +4670…67, how: MissedCall(Awaited { did: Some(+4685…01), confirm: Some(FlashCall { pool: Some("default"), ring: Some(5s) }), recent_within: Some(60s) }), expires_in: None, client_ref: None, callback_url: None }"#]].assert_eq(&format!("{start:?}"));
}

#[test]
fn a_whole_start_is_understood() {
    let body = br#"{"to":"+46701234567","method":"flash_call","pool":"default","ring_ms":5000,
        "expires_in":300,"client_ref":"signup-8812","did":null,"callback_url":null}"#;
    let start: Start = read::<StartBody>(body).and_then(|body| body.read(None)).unwrap();
    expect![[r#"Start { to: +4670…67, how: FlashCall(FlashCall { pool: Some("default"), ring: Some(5s) }), expires_in: Some(300s), client_ref: Some("signup-8812"), callback_url: None }"#]].assert_eq(&format!("{start:?}"));
}

#[test]
fn evidence_is_one_of_two() {
    let evidence = |text: &str| match read::<CheckBody>(text.as_bytes()).unwrap().evidence() {
        Ok(_) => "evidence".to_owned(),
        Err(problem) => words(&problem),
    };
    expect![[r#"
        evidence
        evidence
        invalid_request at ``: either `code` or `caller_id` is needed
        invalid_request at `/caller_id`: found beside `code`, one of the two is needed"#]]
    .assert_eq(
        &[
            "{\"code\":\"20085\"}",
            "{\"caller_id\":\"+46876520085\"}",
            "{}",
            "{\"code\":\"20085\",\"caller_id\":\"+46876520085\"}",
        ]
        .map(evidence)
        .join("\n"),
    );
}

#[test]
fn no_body_is_an_object_without_fields() {
    assert!(read::<NoBody>(b"").is_ok() && read::<NoBody>(b" {} ").is_ok());
    assert!(read::<NoBody>(b"{\"a\":1}").is_err());
}

#[track_caller]
fn check(bodies: &[&str], expected: Expect) {
    let lines = bodies.iter().map(|body| {
        let refused = read::<StartBody>(body.as_bytes()).and_then(|body| body.read(None));
        let shown: String = body.chars().take(60).collect();
        let shown = shown.replace('\0', "NUL");
        match refused {
            Ok(start) => format!("{shown}\n    accepted: {start:?}\n"),
            Err(problem) => format!("{shown}\n    {}\n", words(&problem)),
        }
    });
    expected.assert_eq(&lines.collect::<String>());
}

fn words(problem: &Problem) -> String {
    let json = serde_json::to_value(problem).unwrap();
    let word = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    format!("{} at `{}`: {}", word("code"), word("pointer"), word("detail"))
}

#[test]
fn h03_a_query_that_cannot_be_read_is_refused_in_words_of_the_field_alone() {
    for (query, detail) in [
        ("", "missing field `from`"),
        ("from=1&within=-1", "within: invalid digit found in string"),
        ("from=1&x=1", "x: unknown field `x`, expected one of `from`, `did`, `within`"),
    ] {
        let uri = format!("/v1/missed-calls?{query}").parse().unwrap();
        let problem = query::read::<MissedCallsQuery>(&uri).unwrap_err();
        assert_eq!(serde_json::to_value(&problem).unwrap()["detail"], detail, "{query}");
    }
}
