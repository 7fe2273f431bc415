//! The messages to webhooks that were not taken, as `ringproof webhook` shows them.

use serde_json::json;

use super::Failure;
use super::arguments::{Deliveries, Retry};
use super::client::{Client, ClientError, Wish};
use super::commands::{as_it_came, show};
use super::exit::Exit;
use super::reply;
use super::table::{Cell, table};
use super::terminal::{Mood, Paint, Terminal, clean};
use crate::verify::PAGE_MAX;

/// `webhook list`
pub(super) async fn list(
    wanted: &Deliveries,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let (mut after, mut is_empty) = (wanted.after.map(|id| id.to_string()), true);
    loop {
        let body = client.get(&path(wanted, after.as_deref()), Wish::Json).await?;
        let found: reply::Deliveries = serde_json::from_slice(&body)?;
        // Of a list that goes on, a page without anything in it says nothing.
        if !(wanted.all && after.is_some() && found.deliveries.is_empty()) {
            terminal.print(&show(&body, is_json, |found| draw(&found, terminal.paint()))?)?;
        }
        is_empty &= found.deliveries.is_empty();
        match found.next {
            Some(next) if wanted.all => after = Some(next),
            Some(next) => {
                terminal.note(&format!("there may be more: --after {}, or --all", clean(&next)));
                return Ok(Exit::Success);
            }
            None => break,
        }
    }
    match wanted.endpoint.as_deref().filter(|_| is_empty) {
        Some(endpoint) => look_for(endpoint, client, terminal).await,
        None => Ok(Exit::Success),
    }
}

/// Says so if nobody knows the endpoint: nothing in a list of another is no news.
async fn look_for(
    endpoint: &str,
    client: &Client,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let body = client.get("/v1/webhooks/endpoints", Wish::Json).await?;
    let known: reply::WebhookEndpoints = serde_json::from_slice(&body)?;
    if known.endpoints.iter().any(|it| it.name == endpoint) {
        return Ok(Exit::Success);
    }
    let names: Vec<_> = known.endpoints.iter().map(|it| clean(&it.name)).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    terminal.note(&format!(
        "no endpoint `{endpoint}` is configured, and nothing waits for one; there are: {names}"
    ));
    Ok(Exit::Negative)
}

/// What is asked for a page.
fn path(wanted: &Deliveries, after: Option<&str>) -> String {
    let Deliveries { state, endpoint, verification, limit, all, .. } = wanted;
    let limit = if *all { PAGE_MAX } else { *limit };
    let verification = verification.map(|id| id.to_string());
    let filters = [
        ("state", state.as_deref()),
        ("endpoint", endpoint.as_deref()),
        ("verification", verification.as_deref()),
        ("after", after),
    ];
    // None of these values has a letter that a query cannot hold.
    let mut path = format!("/v1/webhooks/deliveries?limit={limit}");
    for (name, value) in filters {
        path.extend(value.iter().map(|value| format!("&{name}={value}")));
    }
    path
}

/// `webhook endpoints`
pub(super) async fn endpoints(
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let body = client.get("/v1/webhooks/endpoints", Wish::Json).await?;
    let text = show(&body, is_json, |found| draw_endpoints(&found, terminal.paint()))?;
    terminal.print(&text)?;
    Ok(Exit::Success)
}

/// `webhook retry`
pub(super) async fn retry(
    wanted: &Retry,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let Some(id) = wanted.id else { return retry_all(wanted, client, is_json, terminal).await };
    client.post(&format!("/v1/webhooks/deliveries/{id}/retry"), &json!({})).await?;
    // The daemon's own answer has no words.
    if !is_json {
        terminal.print(&format!("{id} is tried now\n"))?;
    }
    Ok(Exit::Success)
}

/// `webhook retry --all`: request after request, until none is left.
async fn retry_all(
    wanted: &Retry,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let mut body = json!({});
    let options = [
        ("endpoint", wanted.endpoint.clone()),
        ("since", wanted.since.map(|at| at.to_string())),
        ("before", wanted.before.map(|at| at.to_string())),
    ];
    for (name, value) in options {
        if let Some(value) = value {
            body[name] = value.into();
        }
    }
    let (mut retried, mut gone) = (0, 0);
    loop {
        let answer = match client.post("/v1/webhooks/deliveries/retry", &body).await {
            Err(ClientError::Refused(problem)) if problem.code == "endpoint_gone" => {
                if let Some(endpoint) = &wanted.endpoint
                    && look_for(endpoint, client, terminal).await? == Exit::Negative
                {
                    return Ok(Exit::Negative);
                }
                return Err(ClientError::Refused(problem).into());
            }
            answer => answer?,
        };
        let page: reply::Retried = serde_json::from_slice(&answer)?;
        (retried, gone) = (retried + page.retried, gone + page.endpoint_gone);
        if is_json {
            terminal.print(&as_it_came(&answer))?;
        }
        match page.next {
            Some(next) => body["after"] = next.into(),
            None => break,
        }
    }
    if !is_json {
        let s = if retried == 1 { "" } else { "s" };
        terminal
            .print(&format!("{retried} message{s} put back, to be tried as they are taken\n"))?;
    }
    if gone > 0 {
        terminal.note(&format!(
            "{gone} stay dead: their endpoints are not in the configuration (webhook list --state dead)"
        ));
    }
    Ok(Exit::Success)
}

fn draw(found: &reply::Deliveries, paint: Paint) -> String {
    let row = |it: &reply::Delivery| {
        let mood = match it.state.as_str() {
            "dead" => Mood::Bad,
            "waiting" => Mood::Waiting,
            _ => Mood::Neutral,
        };
        [
            Cell::from(it.id.as_str()),
            Cell::from(it.endpoint.as_str()),
            Cell::from(it.event.as_str()),
            Cell::from(it.verification.as_deref().unwrap_or_default()),
            Cell::with_mood(&it.state, mood),
            Cell::from(it.attempts),
            Cell::from(next(it)),
            Cell::from(it.error.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = found.deliveries.iter().map(row).collect();
    let headings =
        ["message", "endpoint", "event", "verification", "state", " tries", "next", "last failure"];
    table(headings, &rows, paint)
}

/// When it is tried, or why it is not.
fn next(delivery: &reply::Delivery) -> &str {
    match (delivery.next_at.as_deref(), delivery.endpoint_state.as_deref()) {
        (Some(next), _) => next,
        (None, Some("disabled")) => "endpoint disabled",
        (None, Some("gone")) => "endpoint gone",
        (None, _) => "",
    }
}

fn draw_endpoints(found: &reply::WebhookEndpoints, paint: Paint) -> String {
    let row = |it: &reply::WebhookEndpoint| {
        let mood = match it.state.as_str() {
            "working" => Mood::Good,
            "resting" => Mood::Waiting,
            _ => Mood::Bad,
        };
        [
            Cell::from(it.name.as_str()),
            Cell::from(it.host.as_deref().unwrap_or_default()),
            Cell::with_mood(&it.state, mood),
            Cell::from(it.rests_until.as_deref().unwrap_or_default()),
            Cell::from(it.waiting),
            Cell::from(it.trying),
            Cell::from(it.dead),
            Cell::from(it.last_error.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = found.endpoints.iter().map(row).collect();
    let headings =
        ["endpoint", "host", "state", "until", " waiting", " trying", " dead", "last failure"];
    table(headings, &rows, paint)
}
