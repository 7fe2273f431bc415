//! The description is frozen, and has every endpoint, every code and every closed set.

use std::path::Path;

use super::super::problem::Code;
use super::*;

#[test]
fn the_description_is_frozen() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, document()).unwrap();
    }
    let frozen = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(frozen == document(), "docs/openapi.json differs: UPDATE_EXPECT=1 rewrites it");
}

/// The sets that stand in the description, as their names say.
#[test]
fn closed_sets_are_described_as_closed() {
    let api: serde_json::Value = serde_json::from_str(&document()).unwrap();
    let schemas = &api["components"]["schemas"];
    for (schema, field) in [
        ("AwaitedCallView", "assurance"),
        ("AwaitedCallView", "confirm"),
        ("CallSummary", "outcome"),
        ("CallSummary", "state"),
        ("CallView", "ended_by"),
        ("CallView", "outcome"),
        ("CallView", "state"),
        ("Health", "status"),
        ("MatchedCallView", "identity_header"),
        ("MissedCallView", "assurance"),
        ("MissedCallView", "identity_header"),
        ("MissedCallView", "outcome"),
        ("MissedCallView", "unknown"),
        ("Problem", "code"),
        ("ReportBody", "saw"),
        ("RungView", "direction"),
        ("RungView", "method"),
        ("StartBody", "confirm"),
        ("StartBody", "method"),
        ("StatusView", "readiness"),
        ("VerificationView", "method"),
        ("VerificationView", "reason"),
        ("VerificationView", "status"),
    ] {
        let of = &schemas[schema]["properties"][field];
        let of = of["oneOf"].as_array().map_or(of, |choices| {
            choices.iter().find(|choice| choice["$ref"].is_string()).unwrap()
        });
        let name = of["$ref"].as_str().unwrap_or_default().rsplit('/').next().unwrap();
        let words = schemas[name]["enum"].as_array().map_or(0, Vec::len);
        assert!(words > 0, "{schema}.{field}: {of}");
    }
}

#[test]
fn every_endpoint_and_every_code_is_described() {
    let text = document();
    for (method, path) in endpoints() {
        assert!(text.contains(&format!("\"{path}\": {{")), "{method} {path}");
    }
    for code in Code::ALL {
        assert!(text.contains(&format!("\"{}\"", code.as_str())), "{}", code.as_str());
    }
    assert_eq!(endpoints().len(), 24);
}

#[test]
fn every_event_is_described_with_its_data() {
    let api: serde_json::Value = serde_json::from_str(&document()).unwrap();
    let schemas = &api["components"]["schemas"];
    let event = &schemas["Event"];
    let mapped = event["discriminator"]["mapping"].as_object().unwrap();
    let manual = include_str!("../../../docs/events.md");
    let (types, _) = manual.split_once("## How a call ends").unwrap();
    let rows =
        types.lines().filter(|line| line.starts_with("| `") && !line.starts_with("| `type`"));
    let mut written: Vec<&str> =
        rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    written.sort_unstable();
    assert_eq!(mapped.keys().collect::<Vec<_>>(), written);
    for (kind, schema) in mapped {
        let name = schema.as_str().unwrap().rsplit('/').next().unwrap();
        let schema = &schemas[name]["properties"];
        assert!(schema["type"]["enum"].as_array().unwrap().contains(&kind.as_str().into()));
        let data = schema["data"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        assert!(schemas[data].is_object(), "{kind}: {data}");
    }
}

#[test]
fn every_answer_to_a_post_may_be_a_repetition() {
    let api: serde_json::Value = serde_json::from_str(&document()).unwrap();
    let posts = api["paths"].as_object().unwrap().values().filter_map(|path| path.get("post"));
    for post in posts {
        let takes_key = post["parameters"].as_array().unwrap();
        assert!(takes_key.iter().any(|it| it["name"] == "Idempotency-Key"), "{post}");
        for answer in post["responses"].as_object().unwrap().values() {
            assert!(answer["headers"]["idempotent-replayed"].is_object(), "{answer}");
        }
    }
}
