//! The gateway itself: pools, trunks, health, metrics, its description, its inside.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::super::api::Api;
use super::super::clock;
use super::super::events::range;
use super::super::outside::{Readiness, TrunkState, Unavailable};
use super::super::problem::{Code, Problem, Refused};
use super::super::view::{EventsView, HealthWord, PoolList, PoolView, ReadinessWord, timestamp};
use super::{aside, scan};
use crate::verify::{Census, Level};

/// Every trunk.
#[derive(Serialize, ToSchema)]
pub(super) struct TrunkList {
    /// In the configuration's order.
    trunks: Vec<TrunkState>,
}

/// A word about the gateway.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// Whether it is alive, or ready.
    #[schema(value_type = HealthWord, example = "ready")]
    status: &'static str,
}

/// The gateway in a few words.
#[derive(Serialize, ToSchema)]
pub(super) struct StatusView {
    /// What runs.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Whether calls can be placed.
    #[schema(value_type = ReadinessWord, example = "ready")]
    readiness: &'static str,
    /// When it started.
    #[schema(format = DateTime, example = "2026-11-20T10:15:30.123Z")]
    started_at: String,
    /// Whole seconds since then.
    uptime_seconds: u64,
    /// Verifications that are pending.
    verifications_pending: usize,
    /// Calls that are up.
    calls_in_flight: u32,
    /// Those of the pending verifications that wait for a call, or got one and are yet to be confirmed.
    verifications_waiting: usize,
    /// Missed calls that count for a verification that is yet to be started.
    missed_calls_remembered: usize,
    /// The events that `GET /v1/events` can begin with; null without any, and while the disk does not
    /// work.
    events: Option<EventsView>,
}

/// The gateway in a few words.
#[utoipa::path(
    get, path = "/v1/status", tag = "operations", operation_id = "status", security(("key" = ["read"])),
    responses(
        (status = 200, description = "As it stands now", body = StatusView),
        Refused,
    ),
)]
pub(super) async fn status(State(api): State<Arc<Api>>) -> Body<StatusView> {
    let (started_at, uptime) = api.status.started();
    let events = timeout(EVENTS_WAIT, range(&api.store)).await;
    let census = api.service.census();
    Body(StatusView {
        version: env!("CARGO_PKG_VERSION"),
        readiness: api.readiness().as_str(),
        started_at: timestamp(started_at),
        uptime_seconds: uptime.as_secs(),
        verifications_pending: census.pending.size,
        calls_in_flight: api.status.trunks().iter().map(|trunk| trunk.in_flight).sum(),
        verifications_waiting: census.waiting.size,
        missed_calls_remembered: census.recent.size,
        events: events.ok().and_then(Result::ok).and_then(EventsView::new),
    })
}

/// The pools as they stand.
#[utoipa::path(
    get, path = "/v1/pools", tag = "operations", operation_id = "listPools", security(("key" = ["read"])),
    responses(
        (status = 200, description = "As it stands now", body = PoolList),
        Refused,
    ),
)]
pub(super) async fn pools(State(api): State<Arc<Api>>) -> Result<Body<PoolList>, Problem> {
    let pools = scan(&api, |api| {
        let pools = api.service.pools(clock::now());
        PoolList { pools: pools.iter().map(PoolView::new).collect() }
    });
    pools.await.map(Body)
}

/// The trunks as they stand.
#[utoipa::path(
    get, path = "/v1/trunks", tag = "operations", operation_id = "listTrunks", security(("key" = ["read"])),
    responses(
        (status = 200, description = "As it stands now", body = TrunkList),
        Refused,
    ),
)]
pub(super) async fn trunks(State(api): State<Arc<Api>>) -> Body<TrunkList> {
    Body(TrunkList { trunks: api.status.trunks() })
}

/// The metrics, as Prometheus text.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics", security(("key" = ["read"])),
    responses(
        (status = 200, description = "The scrape", body = String, content_type = "text/plain"),
        Refused,
    ),
)]
pub(super) async fn metrics(State(api): State<Arc<Api>>) -> Result<Response, Problem> {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    // Not one of the scans: lists that are being made must not hide how the gateway is.
    let text = aside(&api, |api| api.status.metrics()).await?;
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Whether the process is alive.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "isAlive",
    responses((status = 200, description = "As it stands now", body = Health)),
)]
pub(super) async fn healthz() -> Body<Health> {
    Body(Health { status: "alive" })
}

/// Whether calls can be placed; of a gateway without a pool, which places none, whether it serves.
/// Without a disk that works, or a file that is still where it was, neither.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "isReady",
    responses(
        (status = 200, description = "As it stands now", body = Health),
        Refused,
    ),
)]
pub(super) async fn readyz(State(api): State<Arc<Api>>) -> Result<Body<Health>, Problem> {
    match api.readiness() {
        Readiness::NoTrunk => Err(Problem::new(Code::NotReady, "no trunk is up")),
        Readiness::Ready => Ok(Body(Health { status: "ready" })),
        Readiness::Stopping => Err(Problem::new(Code::NotReady, "the gateway is stopping")),
        Readiness::StoreGone => {
            let detail = "the journal was moved or deleted: what is written ends with this process";
            Err(Problem::new(Code::NotReady, detail))
        }
        Readiness::StoreUnavailable => Err(Unavailable.into()),
    }
}

/// This description.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", operation_id = "describe",
    responses((status = 200, description = "OpenAPI 3.1", body = Value)),
)]
pub(super) async fn openapi(State(api): State<Arc<Api>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], api.document.clone()).into_response()
}

/// Every table with its size and its limit. On the Unix socket only.
#[utoipa::path(
    get, path = "/debug/state", tag = "operations", operation_id = "debugState",
    responses((status = 200, description = "For people, not stable", body = Value)),
)]
pub(super) async fn debug_state(State(api): State<Arc<Api>>) -> Result<Body<Value>, Problem> {
    let state = scan(&api, |api| {
        json!({
            "control": room(api),
            "daemon": api.status.debug(),
            "verify": census(&api.service.census()),
        })
    });
    state.await.map(Body)
}

fn room(api: &Api) -> Value {
    let (limits, (replies, replies_max)) = (&api.limits, api.replies.level());
    let readers = limits.readers_max - api.readers.available_permits();
    let shed = api.counters.shed().map(|(shed, count)| (shed.as_str().to_owned(), count.into()));
    json!({
        "connections": { "size": api.counters.connections(), "limit": api.connections_max },
        "events": { "size": api.bus.kept(), "limit": limits.events_kept },
        "readers": { "size": readers, "limit": limits.readers_max },
        "replies": { "size": replies, "limit": replies_max },
        "shed": shed.collect::<serde_json::Map<_, _>>(),
    })
}

fn census(census: &Census) -> Value {
    let Census { pending, ended, calls, phones, prefixes, waiting, recent, untold } = census;
    let level =
        |level: &Level| json!({ "size": level.size, "limit": level.limit, "shed": level.shed });
    json!({
        "pending": level(pending),
        "ended": level(ended),
        "calls": level(calls),
        "phones": level(phones),
        "prefixes": level(prefixes),
        "waiting": level(waiting),
        "recent": level(recent),
        "missed_calls_untold": untold,
    })
}

/// How long a word about the gateway waits for its disk.
const EVENTS_WAIT: Duration = Duration::from_secs(1);
