//! One thing that somebody does, and what comes of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::callers::Callers;
use crate::clock::Asked;
use crate::crowd::{Crowd, Task};
use crate::ledger::{CALLS_BACK, Guess, Kind};
use crate::options::EXPIRES_IN;
use crate::people::{Manner, Step};
use crate::request::{Answer, Request};
use crate::view::View;

/// Does what is due until the run is over.
pub(crate) fn work(crowd: &Crowd, callers: &Callers) {
    while let Some(task) = crowd.next() {
        match task {
            Task::Cancel(id) => cancel(crowd, &id),
            Task::Dial { phone, did } => callers.dial(&phone, &did),
            Task::Read(id) => read(crowd, &id),
            Task::Start(phone) => start(crowd, &phone),
            Task::Step { phone, step } => take(crowd, &phone, step),
            // Its replies are compared with those of its twin; nothing else comes of it.
            Task::Twin(request) => drop(request.ask(crowd)),
        }
        crowd.done();
    }
}

fn start(crowd: &Crowd, phone: &str) {
    let Some((manner, round)) = crowd.with(phone, |it| (it.manner, it.round)) else { return };
    let method = if manner.is_missed_call() { "missed_call" } else { "flash_call" };
    let seconds = EXPIRES_IN.as_secs() + u64::from(crowd.dice(10));
    let url = crowd.callback.get().filter(|_| crowd.dice(4) == 0);
    let calls_back = if url.is_some() { CALLS_BACK } else { "" };
    let name = format!("{calls_back}{phone}/{round}");
    let mut body =
        json!({ "to": phone, "method": method, "expires_in": seconds, "client_ref": name });
    if let Some(url) = url {
        body["callback_url"] = url.as_str().into();
    }
    let key = (crowd.dice(2) == 0).then(|| format!("start {name}"));
    let is_keyed = key.is_some();
    let mut request = Request::post("/v1/verifications".to_owned(), &body, key);
    request.hangs_up = is_keyed && crowd.dice(20) == 0;
    crowd.ledger().on_start_asked(phone);
    let has_twin = is_keyed && crowd.dice(5) == 0;
    if has_twin {
        crowd.after(Duration::ZERO, Task::Twin(Request { hangs_up: false, ..request.clone() }));
    }
    match request.ask(crowd) {
        // It may have been started; nobody knows its id.
        Answer::Lost => crowd.forget(phone),
        Answer::Told { status: 201, json, asked, .. } => on_granted(crowd, phone, &json, asked),
        Answer::Told { status, json, is_first_try, .. } => {
            crowd.forget(phone);
            let code = json["code"].as_str().unwrap_or_default();
            let mut ledger = crowd.ledger();
            if is_first_try && !has_twin {
                ledger.on_start_refused(phone);
            }
            // 429: a limit of the phone. 409: its last call is still being hung up.
            let is_usual = matches!((status, code), (429 | 503, _) | (409, "call_in_progress"));
            if !is_usual {
                ledger.object(Kind::Idempotency, format!("a start of {phone} got {status} {json}"));
            }
        }
    }
}

fn on_granted(crowd: &Crowd, phone: &str, json: &Value, asked: Asked) {
    let Some(view) = View::read(json) else {
        return crowd.ledger().object(Kind::Lost, format!("a 201 without a verification: {json}"));
    };
    let manner = crowd.with(phone, |it| it.manner);
    let calls = manner.map_or(1, Manner::calls);
    crowd.ledger().on_granted(&view, calls, asked);
    crowd.on_started(phone, &view.id);
    if manner.is_some_and(Manner::dials)
        && let Some(did) = json.pointer("/missed_call/did").and_then(Value::as_str)
    {
        let dial = Task::Dial { phone: phone.to_owned(), did: did.to_owned() };
        crowd.after(crowd.a_while(Duration::from_secs(1)), dial);
    }
}

fn take(crowd: &Crowd, phone: &str, step: Step) {
    let found = crowd.with(phone, |it| Some((it.id.clone()?, it.code(step), it.codes.len())));
    let Some((id, code, nth)) = found.flatten() else { return };
    match (step, code) {
        (Step::Cancel, _) => cancel(crowd, &id),
        (Step::AskForCall, _) => ask_for_call(crowd, &id),
        (_, Some((code, guess))) => check(crowd, &id, (&code, nth), guess),
        (_, None) => {}
    }
    crowd.on_stepped(phone);
}

fn check(crowd: &Crowd, id: &str, (code, nth): (&str, usize), guess: Guess) {
    // Two guesses may be the same code: each is a request of its own.
    let left = crowd.dice(u32::MAX);
    let key = left.is_multiple_of(3).then(|| format!("check {id} {code} {nth} {left}"));
    let path = format!("/v1/verifications/{id}/check");
    let request = Request::post(path, &json!({ "code": code }), key);
    crowd.ledger().on_check_asked(id);
    match request.ask(crowd) {
        Answer::Lost => crowd.after(Duration::ZERO, Task::Read(id.to_owned())),
        Answer::Told { status: 200, json, asked, .. } => match View::read(&json) {
            Some(view) => crowd.ledger().on_checked(&view, guess, asked),
            None => crowd.ledger().object(Kind::Lost, format!("a check got {json}")),
        },
        Answer::Told { status, json, asked, .. } => on_refused(crowd, id, (status, &json), asked),
    }
}

fn cancel(crowd: &Crowd, id: &str) {
    match Request::delete(id).ask(crowd) {
        Answer::Lost => crowd.after(Duration::ZERO, Task::Read(id.to_owned())),
        Answer::Told { status: 200, json, asked, .. } => {
            let mut ledger = crowd.ledger();
            ledger.figures.cancels += 1;
            if let Some(view) = View::read(&json) {
                ledger.on_view(&view, asked);
            }
        }
        Answer::Told { status, json, asked, .. } => on_refused(crowd, id, (status, &json), asked),
    }
}

fn ask_for_call(crowd: &Crowd, id: &str) {
    let key = (crowd.dice(2) == 0).then(|| format!("call {id}"));
    let request = Request::post(format!("/v1/verifications/{id}/call"), &json!({}), key);
    crowd.ledger().on_call_asked(id);
    match request.ask(crowd) {
        Answer::Lost => {}
        Answer::Told { status: 202, json, asked, .. } => {
            let mut ledger = crowd.ledger();
            ledger.figures.further_calls += 1;
            if let Some(view) = View::read(&json) {
                ledger.on_view(&view, asked);
            }
        }
        Answer::Told { status, json, asked, is_first_try } => {
            if is_first_try {
                crowd.ledger().on_call_refused(id);
            }
            on_refused(crowd, id, (status, &json), asked);
        }
    }
}

/// A refusal that shows, or denies, the verification.
fn on_refused(crowd: &Crowd, id: &str, (status, json): (u16, &Value), asked: Asked) {
    let mut ledger = crowd.ledger();
    match (status, json["code"].as_str().unwrap_or_default()) {
        (404, _) => ledger.on_gone(id, asked),
        (409, "already_ended") => {
            if let Some(view) = View::read(&json["verification"]) {
                ledger.on_view(&view, asked);
            }
        }
        (409, "call_in_progress" | "no_calls_left") | (429 | 503, _) => {}
        _ => ledger.object(Kind::Lost, format!("{id} got {status} {json}")),
    }
}

fn read(crowd: &Crowd, id: &str) {
    match Request::get(id).ask(crowd) {
        Answer::Lost => crowd.after(Duration::ZERO, Task::Read(id.to_owned())),
        Answer::Told { status: 200, json, asked, .. } => {
            let mut ledger = crowd.ledger();
            ledger.figures.reads += 1;
            match View::read(&json) {
                Some(view) => ledger.on_view(&view, asked),
                None => ledger.object(Kind::Lost, format!("{id} is shown as {json}")),
            }
        }
        Answer::Told { status: 503, .. } => {
            crowd.after(Duration::from_millis(50), Task::Read(id.to_owned()));
        }
        Answer::Told { status, json, asked, .. } => on_refused(crowd, id, (status, &json), asked),
    }
}
