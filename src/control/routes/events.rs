//! `/v1/events`: server-sent events (WHATWG HTML §9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, stream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;
use tracing::warn;

use super::super::access::Peer;
use super::super::api::Api;
use super::super::counters::Shed;
use super::super::events::{Begin, CutOff, Gone, IdError, Reader, subscribe};
use super::super::problem::{Code, Problem, Refused};
use super::super::request::{EventsQuery, Query};
use super::permit;

/// Follow what happens, from now on or from behind an event.
///
/// Each event has an `id` that rises, its type as `event`, and as `data` the envelope
/// `{"type","timestamp","sequence","data"}`, where `sequence` is the same number. A reader that is too
/// slow is cut off, and told so in a comment; it comes back with `Last-Event-ID`, which the stream names
/// at its begin already, and is told `events_gone`, with what is kept, when that event is not kept any
/// more, or never was. Who needs the state beside the events follows first and reads then.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", operation_id = "followEvents", security(("key" = ["read"])),
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen."),
    ),
    responses(
        (status = 200, description = "The stream; each `data` is an `Event`", body = String, content_type = "text/event-stream"),
        Refused,
    ),
)]
pub(super) async fn follow(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Response, Problem> {
    // A browser that comes back repeats the address with its `after`, and knows better by then.
    let seen = match headers.get(LAST_EVENT_ID) {
        Some(value) => Some(value.to_str().unwrap_or_default().to_owned()),
        None => query.after,
    };
    let invalid = |error: IdError| Problem::new(Code::InvalidRequest, error.to_string());
    let begin = seen.map_or(Ok(Begin::Now), |id| Begin::read(&id)).map_err(invalid)?;
    let permit = permit(&api.readers, &api, Shed::EventReaders, "too many follow the events")?;
    let reader = subscribe(&api.bus, &api.store, begin).await.map_err(|error| match error {
        Gone::Gone(kept) | Gone::Never(kept) => Problem::events_gone(error.to_string(), kept),
        Gone::Unavailable(error) => error.into(),
    })?;
    let stop = api.stop.subscribe();
    let progress = Progress::Greeting;
    let follower = Follower { api, peer, reader, stop, _permit: permit, progress };
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
    peer: Peer,
    reader: Reader,
    stop: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
    progress: Progress,
}

/// How far a follower is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Progress {
    /// Nothing was sent yet.
    Greeting,
    /// Events are sent.
    Following,
    /// The last frame was sent.
    Over,
}

impl Follower {
    /// What to send next; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        match self.progress {
            Progress::Greeting => {
                self.progress = Progress::Following;
                return Some(greeting(self.reader.seen()));
            }
            Progress::Following => {}
            Progress::Over => return None,
        }
        let silence: Duration = self.api.limits.keep_alive;
        let store = &self.api.store;
        let event = tokio::select! {
            event = timeout(silence, self.reader.next(store)) => event,
            _ = self.stop.wait_for(|is_stopping| *is_stopping) => {
                // What happened before the stop is told first. Nobody wakes readers any more.
                Ok(self.reader.next(store).now_or_never()?)
            }
        };
        match event {
            Ok(Ok(frame)) => Some(frame),
            Ok(Err(why)) => {
                if why == CutOff::TooSlow {
                    self.api.counters.on_shed(Shed::EventReader);
                }
                self.progress = Progress::Over;
                warn!(peer = ?self.peer, %why, "a reader of the events was cut off");
                Some(format!(": cut off, {why}: come back with Last-Event-ID\n\n").into())
            }
            Err(_) => Some(Bytes::from_static(KEEP_ALIVE)),
        }
    }
}

const LAST_EVENT_ID: &str = "last-event-id";

/// Tells that the stream has begun, how soon to come back when it breaks, and behind which event if none
/// came till then (WHATWG HTML §9.2.6: a block without data sets the last event ID, and is no event).
fn greeting(seen: u64) -> Bytes {
    format!("retry: 1000\nid: {seen:020}\n\n").into()
}

const KEEP_ALIVE: &[u8] = b": still here\n\n";
