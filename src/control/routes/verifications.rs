//! `/v1/verifications`.

use std::sync::Arc;

use axum::Json as Body;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::super::access::Caller;
use super::super::api::Api;
use super::super::clock;
use super::super::intake::{OnDisk, replay};
use super::super::problem::{
    Problem, Refused, of_call_again, of_cancel, of_check, of_report, of_start,
};
use super::super::replies::{Reply, Slip, Term};
use super::super::request::{
    CheckBody, Id, IdempotencyKey, Json, ListQuery, NoBody, Query, ReportBody, StartBody,
};
use super::super::service::{is_called, is_checked};
use super::super::view::{VerificationList, VerificationView, json};
use super::scan;
use crate::verify::Filter;
use crate::verify::id::VerificationId;
use crate::verify::snapshot::Snapshot;

/// Start a verification.
///
/// `flash_call`: a call is placed, and the reply says that it was, not that it rings. `missed_call`: the
/// reply has the number that the phone is to ring, or is `verified` by a call that came before.
#[utoipa::path(
    post, path = "/v1/verifications", tag = "verifications", operation_id = "startVerification", security(("key" = ["verify"])),
    params(IdempotencyKey),
    responses(
        (status = 201, description = "The call is placed, or the phone's is waited for", body = VerificationView, headers(("Location", description = "Its path."))),
        Refused,
    ),
)]
pub(super) async fn start(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    slip: Option<Extension<Slip>>,
    Json(body): Json<StartBody>,
) -> Result<Response, Problem> {
    let start = body.read(api.callbacks.as_ref())?;
    let mut on_disk = None;
    // Written with the start itself, so it is made before.
    let keep = |started: &Snapshot| {
        let (reply, Extension(slip)) = (created(&api, started), slip?);
        let kept = slip.keep(&reply);
        on_disk = Some(OnDisk(Arc::new(reply)));
        Some(kept)
    };
    let begun = api.service.start(&caller, start, keep, clock::now()).await;
    let begun = begun.map_err(|refusal| of_start(&refusal))?;
    // What is on disk was made of the start alone.
    let mut response = match &on_disk {
        Some(OnDisk(reply)) if begun.is_untouched() => replay(reply),
        Some(_) | None => replay(&created(&api, &begun)),
    };
    on_disk.and_then(|on_disk| response.extensions_mut().insert(on_disk));
    Ok(response)
}

/// The reply to a start.
fn created(api: &Api, started: &Snapshot) -> Reply {
    let location = HeaderValue::try_from(format!("/v1/verifications/{}", started.id));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(location.ok().map(|location| (header::LOCATION, location)));
    let view = VerificationView::new(started, &api.trunks);
    let body = json(&view).into();
    Reply { status: StatusCode::CREATED, headers, body, term: Term::Lasting }
}

/// Read one.
#[utoipa::path(
    get, path = "/v1/verifications/{id}", tag = "verifications", operation_id = "getVerification",
    security(("key" = ["verify"]), ("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "As it stands now", body = VerificationView),
        Refused,
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Id(id): Id<VerificationId>,
) -> Result<Body<VerificationView>, Problem> {
    let found = api.service.get(id, clock::now()).await?;
    found.map(|found| view(&api, &found)).ok_or_else(Problem::not_found)
}

/// List them, newest first.
#[utoipa::path(
    get, path = "/v1/verifications", tag = "verifications", operation_id = "listVerifications", security(("key" = ["read"])),
    params(ListQuery),
    responses(
        (status = 200, description = "As it stands now", body = VerificationList),
        Refused,
    ),
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Query(query): Query<ListQuery>,
) -> Result<Body<VerificationList>, Problem> {
    let filter = Filter::try_from(query)?;
    let now = clock::now();
    let page = scan(&api, move |api| api.service.list(filter, now)).await?;
    let page = api.service.page_saved(page).await?;
    let view = |snapshot| VerificationView::new(snapshot, &api.trunks);
    Ok(Body(VerificationList {
        verifications: page.items.iter().map(view).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

/// Check the code that the person typed, or the caller ID that an app read. A wrong one is no
/// error: the verification is still pending and has fewer attempts left.
#[utoipa::path(
    post, path = "/v1/verifications/{id}/check", tag = "verifications", operation_id = "checkVerification",
    security(("key" = ["verify"])),
    params(("id" = String, Path), IdempotencyKey),
    responses(
        (status = 200, description = "As it stands now", body = VerificationView),
        Refused,
    ),
)]
pub(super) async fn check(
    State(api): State<Arc<Api>>,
    Id(id): Id<VerificationId>,
    slip: Option<Extension<Slip>>,
    Json(body): Json<CheckBody>,
) -> Result<Body<VerificationView>, Problem> {
    let (evidence, now) = (body.evidence()?, clock::now());
    let checked = match api.service.found_done(id, slip.as_deref(), is_checked, now).await? {
        Some(found) => Ok(found),
        None => api.service.check(id, evidence, now).await,
    };
    checked.map(|found| view(&api, &found)).map_err(|error| of_check(&error, &api.trunks))
}

/// Ring again, from another number, when the person says that no call came.
#[utoipa::path(
    post, path = "/v1/verifications/{id}/call", tag = "verifications", operation_id = "callAgain",
    security(("key" = ["verify"])),
    params(("id" = String, Path), IdempotencyKey),
    responses(
        (status = 202, description = "The call is placed", body = VerificationView),
        Refused,
    ),
)]
pub(super) async fn call_again(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Id(id): Id<VerificationId>,
    slip: Option<Extension<Slip>>,
    Json(NoBody {}): Json<NoBody>,
) -> Result<(StatusCode, Body<VerificationView>), Problem> {
    let now = clock::now();
    let placed = match api.service.found_done(id, slip.as_deref(), is_called, now).await? {
        Some(found) => Ok(found),
        None => api.service.call_again(&caller, id, now).await,
    };
    let placed = placed.map_err(|refusal| of_call_again(&refusal, &api.trunks))?;
    Ok((StatusCode::ACCEPTED, view(&api, &placed)))
}

/// Report what the phone saw.
#[utoipa::path(
    post, path = "/v1/verifications/{id}/report", tag = "verifications", operation_id = "reportVerification",
    security(("key" = ["verify"])),
    params(("id" = String, Path), IdempotencyKey),
    responses(
        (status = 204, description = "Taken down"),
        Refused,
    ),
)]
pub(super) async fn report(
    State(api): State<Arc<Api>>,
    Id(id): Id<VerificationId>,
    Json(body): Json<ReportBody>,
) -> Result<StatusCode, Problem> {
    let reported = api.service.report(id, body.into());
    reported.map(|()| StatusCode::NO_CONTENT).map_err(of_report)
}

/// Cancel it; a ringing call is hung up at once.
#[utoipa::path(
    delete, path = "/v1/verifications/{id}", tag = "verifications", operation_id = "cancelVerification",
    security(("key" = ["verify"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "As it stands now", body = VerificationView),
        Refused,
    ),
)]
pub(super) async fn cancel(
    State(api): State<Arc<Api>>,
    Id(id): Id<VerificationId>,
) -> Result<Body<VerificationView>, Problem> {
    let canceled = api.service.cancel(id, clock::now()).await;
    canceled.map(|found| view(&api, &found)).map_err(|error| of_cancel(&error, &api.trunks))
}

fn view(api: &Api, snapshot: &Snapshot) -> Body<VerificationView> {
    Body(VerificationView::new(snapshot, &api.trunks))
}
