//! The process is killed after every wrong guess, as soon as it was answered: it counts.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::crowd::Crowd;
use crate::daemon::{Addresses, Daemon, RULES, free_port};
use crate::http::Client;
use crate::ledger::Ledger;
use crate::options::Options;
use crate::receiver;
use crate::request::{Answer, Request};
use crate::trunk::Lab;
use crate::world::{Place, eventually};

#[test]
fn d02_the_guess_limit_holds_with_a_kill_after_every_wrong_guess() {
    let options = Options { has_webhooks: false, ..Options::read() };
    let place = Place::new();
    let client = Client::unix(place.0.join("ringproof.sock"));
    let crowd = Arc::new(Crowd::new(client, Ledger::new(RULES, false), (1, 0)));
    let lab = Lab::start(1, &crowd);
    let (gateway, webhooks) = (free_port(), receiver::start(&crowd));
    let addresses = Addresses { gateway, trunk: lab.address, webhooks };
    let mut daemon = Daemon::start(&place, addresses, &options, &crowd);
    let people: Vec<(String, u32)> = (0..PEOPLE).map(|nth| rung(&crowd, nth)).collect();
    for left in (0..RULES.attempts).rev() {
        for (id, code) in &people {
            let guess = format!("{:05}", (code + 1 + u32::from(left)) % 100_000);
            let path = format!("/v1/verifications/{id}/check");
            let found = told(&crowd, &Request::post(path, &json!({ "code": guess }), None));
            daemon.kill(&crowd);
            assert_eq!(found["attempts_left"], left);
            daemon.restart(&crowd);
        }
        for (id, _) in &people {
            let found = told(&crowd, &Request::get(id));
            assert_eq!(found["attempts_left"], left, "{found}");
        }
    }
    for (id, code) in &people {
        let path = format!("/v1/verifications/{id}/check");
        let right = json!({ "code": format!("{code:05}") });
        let found = told(&crowd, &Request::post(path, &right, None));
        assert_eq!(found["verification"]["reason"], "too_many_attempts", "{found}");
    }
    daemon.stop();
    crowd.stop();
    lab.stop();
}

/// A verification, and the code that its phone was shown. That it rang is on disk.
fn rung(crowd: &Crowd, nth: u32) -> (String, u32) {
    let phone = format!("+467017411{:02}", FIRST + nth);
    crowd.expect(&phone);
    let start = Request::post("/v1/verifications".to_owned(), &json!({ "to": phone }), None);
    let id = told(crowd, &start)["id"].as_str().expect("it has an id").to_owned();
    let code = eventually("the phone rings", || {
        crowd.with(&phone, |person| person.codes.last().copied()).flatten()
    });
    eventually("that it rings is known", || {
        let shown = told(crowd, &Request::get(&id));
        shown["flash_call"]["call"]["ringing_at"].is_string().then_some(())
    });
    (id, code)
}

/// The reply, which comes once the process answers.
fn told(crowd: &Crowd, request: &Request) -> Value {
    eventually("it answers", || match request.ask(crowd) {
        Answer::Told { json, .. } => Some(json),
        Answer::Lost => {
            std::thread::sleep(Duration::from_millis(5));
            None
        }
    })
}

/// From this number on phones ring until somebody hangs up.
const FIRST: u32 = 40;
/// Each costs three lives of the process.
const PEOPLE: u32 = 5;
