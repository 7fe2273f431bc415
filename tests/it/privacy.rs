//! What must not be said: numbers, codes and caller IDs in logs, in errors, in answers before the
//! end; and nothing that was sent to us as it was.

use std::collections::BTreeSet;

use serde_json::json;

use crate::lab::{Lab, code, wrong};
use crate::raw;
use crate::world::World;

#[test]
fn h09_neither_logs_nor_answers_hold_a_number_or_a_code() {
    let mut lab = Lab::new();
    let world = World::new(lab.address);
    let mut events = world.client.events("/v1/events");
    let phones: Vec<String> = (0..40).map(|n| format!("+46701{:04}50", 1740 + n)).collect();
    let (mut said, mut callers, mut ids) = (vec![], vec![], vec![]);
    for phone in &phones {
        let started = world.verify(phone);
        ids.push(started["id"].as_str().unwrap().to_owned());
        said.push(started.to_string());
    }
    for (phone, id) in phones.iter().zip(&ids) {
        let caller = lab.rings(phone);
        // Some codes are tried while a phone rings, some later, some never, and some as a number.
        match callers.len() % 4 {
            0 => said.push(world.check(id, &wrong(code(&caller))).body),
            1 => said.push(world.check(id, code(&caller)).body),
            2 => {
                let path = format!("/v1/verifications/{id}/check");
                said.push(world.client.post(&path, &json!({ "caller_id": caller })).body);
            }
            _ => said.push(world.try_verify(phone).body),
        }
        callers.push(caller);
    }
    for id in &ids {
        let ended = world.call_ended(id);
        let call = ended["flash_call"]["call"]["id"].as_str().unwrap();
        said.push(ended.to_string());
        for path in [format!("/v1/calls/{call}"), format!("/v1/calls/{call}/trace")] {
            said.push(world.client.get(&path).body);
        }
    }
    let paths = ["/v1/verifications", "/v1/pools", "/v1/trunks", "/metrics", "/debug/state"];
    said.extend(paths.map(|path| world.client.get(path).body));
    said.extend((0..5 * phones.len() / 2).map(|_| events.next().data.to_string()));

    let secrets: BTreeSet<&str> =
        callers.iter().flat_map(|caller| [&caller[1..], code(caller)]).collect();
    for text in &said {
        let told: Vec<_> = words(text).filter(|word| is_secret(word, &secrets)).collect();
        assert!(told.is_empty(), "{told:?} in {text}");
    }
    world.stop_and(|log| {
        assert!(log.lines().count() > 2 * phones.len(), "the log is of all calls: {log}");
        for line in log.lines() {
            let told = words(line).any(|word| is_secret(word, &secrets));
            let is_phone = phones.iter().any(|phone| line.contains(&phone[3..]));
            assert!(!told && !is_phone, "{line}");
        }
    });
}

#[test]
fn x08_what_was_sent_to_us_ends_no_line_of_the_log() {
    let mut lab = Lab::new();
    let mut plan = crate::world::Plan::new(lab.address);
    plan.verify += "\n[log]\nlevel = \"debug\"\nformat = \"json\"";
    let world = World::start(&plan);
    let nasty = "\u{1b}[2J\\r\\n%s{}\"},{\"level\":\"ERROR\"";
    let body = json!({ "to": nasty, "client_ref": nasty });
    assert_eq!(world.client.post("/v1/verifications", &body).status, 400);
    assert_eq!(world.client.get("/v1/verifications/%0d%0aforged%1b%5b2J").status, 404);
    let phone = "+46701740650";
    let body = json!({ "to": phone, "client_ref": "%s {} \"},{\"level\":\"ERROR\"" });
    assert_eq!(world.client.post("/v1/verifications", &body).status, 201);
    lab.rings(phone);
    for text in ["OPTIONS sip:\u{1b}[2J SIP/2.0", "SIP/2.0 200 \u{1b}[2J\"}\r\nforged", "\u{1b}[2J"]
    {
        raw::send(world.sip[0], text.as_bytes());
    }
    lab.stopped(phone);
    world.stop_and(|log| {
        for line in log.lines() {
            let is_json = serde_json::from_str::<serde_json::Value>(line).is_ok();
            assert!(is_json && !line.contains('\u{1b}'), "{line}");
        }
    });
}

/// Runs of letters, digits and points: `0.00123` and `30.00456Z` are no codes.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    words.map(|word| word.trim_matches('.')).filter(|word| !word.is_empty())
}

fn is_secret(word: &str, secrets: &BTreeSet<&str>) -> bool {
    secrets.contains(word) || secrets.iter().any(|secret| secret.len() > 5 && word.contains(secret))
}
