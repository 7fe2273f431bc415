//! `/v1/missed-calls` and `/v1/dids`: who has rung, and where.

use std::sync::Arc;

use axum::Json as Body;
use axum::extract::State;

use super::super::api::Api;
use super::super::clock;
use super::super::problem::{Problem, Refused};
use super::super::request::{MissedCallsQuery, Query, Wanted};
use super::super::view::{DidList, DidView, MissedCallList, MissedCallView};

/// Has this phone rung lately?
///
/// Calls that count for a verification that is yet to be started, latest first: those that no
/// verification has used, proven, and not older than the configuration remembers.
#[utoipa::path(
    get, path = "/v1/missed-calls", tag = "missed calls", operation_id = "listMissedCalls",
    security(("key" = ["verify"]), ("key" = ["read"])),
    params(MissedCallsQuery),
    responses(
        (status = 200, description = "As it stands now", body = MissedCallList),
        Refused,
    ),
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Query(query): Query<MissedCallsQuery>,
) -> Result<Body<MissedCallList>, Problem> {
    let Wanted { from, did, within } = query.try_into()?;
    let calls = api.service.missed_calls(from, did, within, clock::now()).await?;
    let view = |call: &Arc<_>| MissedCallView::new(call, &api.trunks);
    Ok(Body(MissedCallList { missed_calls: calls.iter().map(view).collect() }))
}

/// The numbers that people ring.
#[utoipa::path(
    get, path = "/v1/dids", tag = "operations", operation_id = "listDids", security(("key" = ["read"])),
    responses(
        (status = 200, description = "As it stands now", body = DidList),
        Refused,
    ),
)]
pub(super) async fn dids(State(api): State<Arc<Api>>) -> Body<DidList> {
    let mut trunks = api.status.did_trunks().into_iter();
    let view = |did: &_| DidView::new(did, trunks.next().unwrap_or_default());
    Body(DidList { dids: api.service.dids().iter().map(view).collect() })
}
