//! The shape of refusals.

use super::super::replies::Term;
use std::time::Duration;

use expect_test::expect;

use super::super::service::StartRefusal;
use super::*;
use crate::verify::id::VerificationId;
use crate::verify::{Rate, StartError};

#[test]
fn a_refusal_says_what_where_and_which() {
    let problem = Problem::field("/to", "a phone number starts with `+` and the country code");
    expect![[r#"
        {
          "type": "urn:ringproof:problem:invalid_request",
          "title": "The request is not valid",
          "status": 400,
          "code": "invalid_request",
          "detail": "a phone number starts with `+` and the country code",
          "pointer": "/to"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&problem).unwrap());
}

#[test]
fn a_pending_verification_is_named() {
    let error = StartError::AlreadyPending { id: VerificationId(5) };
    let json = serde_json::to_value(of_start(&StartRefusal::Verify(error))).unwrap();
    assert_eq!((&json["status"], &json["code"]), (&409.into(), &"already_pending".into()));
    assert_eq!(json["id"], "ver_00000000000000000000000005");
}

#[test]
fn a_wait_is_rounded_up_to_whole_seconds() {
    let retry_after = Duration::from_millis(1_001);
    let error = StartError::RateLimited { of: Rate::PhoneStarts, retry_after };
    let response = of_start(&StartRefusal::Verify(error)).into_response();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
}

#[test]
fn every_code_is_listed_once_and_its_word_is_its_json() {
    let words = Code::ALL.map(Code::as_str);
    assert!(words.is_sorted() || words.windows(2).all(|pair| pair[0] != pair[1]));
    for code in Code::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        let status = code.status();
        assert!(status.is_client_error() || status.is_server_error());
        let is_busy = status == StatusCode::SERVICE_UNAVAILABLE;
        let asks_to_wait = is_busy || code == Code::CallInProgress;
        assert_eq!(code.retry_after().is_some(), asks_to_wait, "{}", code.as_str());
        assert!(code.term() != Term::Lasting || !asks_to_wait, "{}", code.as_str());
    }
}
