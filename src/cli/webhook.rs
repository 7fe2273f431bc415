//! The messages to webhooks that were not taken, as `ringproof webhook` shows them.

use serde_json::json;

use super::Failure;
use super::arguments::{Deliveries, Retry};
use super::client::{Client, Wish};
use super::commands::show;
use super::exit::Exit;
use super::reply;
use super::table::{Cell, table};
use super::terminal::{Mood, Paint, Terminal};

/// `webhook list`
pub(super) async fn list(
    wanted: &Deliveries,
    client: &Client,
    is_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let Deliveries { state, endpoint, verification, limit, .. } = wanted;
    // None of these values has a letter that a query cannot hold.
    let mut path = format!("/v1/webhooks/deliveries?limit={limit}");
    let verification = verification.map(|id| id.to_string());
    let filters = [("state", state), ("endpoint", endpoint), ("verification", &verification)];
    for (name, value) in filters {
        path.extend(value.iter().map(|value| format!("&{name}={value}")));
    }
    let body = client.get(&path, Wish::Json).await?;
    let text = show(&body, is_json, |found| draw(&found, *limit, terminal.paint()))?;
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
    let id = wanted.id;
    client.post(&format!("/v1/webhooks/deliveries/{id}/retry"), &json!({})).await?;
    // The daemon's own answer has no words.
    if !is_json {
        terminal.print(&format!("{id} is tried now\n"))?;
    }
    Ok(Exit::Success)
}

fn draw(found: &reply::Deliveries, limit: usize, paint: Paint) -> String {
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
            Cell::from(it.next_at.as_deref().unwrap_or_default()),
            Cell::from(it.error.as_deref().unwrap_or_default()),
        ]
    };
    let rows: Vec<_> = found.deliveries.iter().map(row).collect();
    let headings =
        ["message", "endpoint", "event", "verification", "state", " tries", "next", "last failure"];
    let mut text = table(headings, &rows, paint);
    if found.deliveries.len() >= limit {
        text += "the oldest; there may be more: --limit, --state, --endpoint\n";
    }
    text
}
