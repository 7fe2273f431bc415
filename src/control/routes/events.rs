//! `/v1/events`: server-sent events (WHATWG HTML §9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, stream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use super::super::api::Api;
use super::super::counters::Shed;
use super::super::events::{EventId, Gone, IdError, Reader};
use super::super::problem::{Code, Problem, Refused};
use super::super::request::{EventsQuery, Query};
use super::permit;

/// Follow what happens, from now on or from behind an event.
///
/// Each event has an `id` that rises, its type as `event`, and as `data` the envelope
/// `{"type","timestamp","sequence","data"}`. A reader that is too slow is disconnected; it comes
/// back with `Last-Event-ID`, and is told `events_gone` when that was too long ago, or before the
/// gateway was started. `sequence` is the number that the `id` begins with.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "followEvents", security(("key" = ["read"])),
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen."),
    ),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        Refused,
    ),
)]
pub(super) async fn follow(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Response, Problem> {
    // A browser that comes back repeats the address with its `after`, and knows better by then.
    let seen = match headers.get(LAST_EVENT_ID) {
        Some(value) => Some(value.to_str().unwrap_or_default().to_owned()),
        None => query.after,
    };
    let invalid = |error: IdError| Problem::new(Code::InvalidRequest, error.to_string());
    let after = seen.map(|text| text.parse::<EventId>().map_err(invalid)).transpose()?;
    let permit = permit(&api.readers, &api, Shed::EventReaders, "too many follow the events")?;
    let reader = api
        .bus
        .subscribe(after)
        .map_err(|Gone| Problem::new(Code::EventsGone, Gone.to_string()))?;
    let stop = api.stop.subscribe();
    let follower = Follower { api, reader, stop, _permit: permit, is_greeted: false };
    let frames = stream::unfold(follower, |mut follower| async move {
        let frame = follower.next().await?;
        Some((Ok::<_, Infallible>(frame), follower))
    });
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(frames)).into_response())
}

struct Follower {
    api: Arc<Api>,
    reader: Reader,
    stop: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
    is_greeted: bool,
}

impl Follower {
    /// What to send next; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.is_greeted, true) {
            return Some(Bytes::from_static(GREETING));
        }
        let silence: Duration = self.api.limits.keep_alive;
        let event = tokio::select! {
            event = timeout(silence, self.reader.next()) => event,
            _ = self.stop.wait_for(|is_stopping| *is_stopping) => {
                // What happened before the stop is told first. Nobody wakes readers any more.
                Ok(self.reader.next().now_or_never()?)
            }
        };
        match event {
            Ok(Ok(frame)) => Some(frame),
            Ok(Err(Gone)) => {
                self.api.counters.on_shed(Shed::EventReader);
                None
            }
            Err(_) => Some(Bytes::from_static(KEEP_ALIVE)),
        }
    }
}

const LAST_EVENT_ID: &str = "last-event-id";
/// Tells that the stream has begun, and how soon to come back when it breaks.
const GREETING: &[u8] = b"retry: 1000\n\n";
const KEEP_ALIVE: &[u8] = b": still here\n\n";
