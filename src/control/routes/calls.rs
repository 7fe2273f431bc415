//! `/v1/calls`.

use std::sync::Arc;

use axum::Json as Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::super::api::Api;
use super::super::problem::{Problem, Refused};
use super::super::request::Id;
use super::super::view::{CallView, TraceView};
use crate::ladder::draw;
use crate::verify::id::CallId;

/// Read one call.
#[utoipa::path(
    get, path = "/v1/calls/{id}", tag = "calls", operation_id = "getCall",
    security(("key" = ["verify"]), ("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "As it stands now", body = CallView),
        Refused,
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Id(id): Id<CallId>,
) -> Result<Body<CallView>, Problem> {
    let call = api.service.call(id).ok_or_else(Problem::not_found)?;
    Ok(Body(CallView::new(&call, &call.facts(), &api.trunks)))
}

/// Read a call's SIP messages, as JSON or, with `Accept: text/plain`, drawn.
#[utoipa::path(
    get, path = "/v1/calls/{id}/trace", tag = "calls", operation_id = "traceCall",
    security(("key" = ["verify"]), ("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "So far", content((TraceView = "application/json"), (String = "text/plain"))),
        Refused,
    ),
)]
pub(super) async fn trace(
    State(api): State<Arc<Api>>,
    Id(id): Id<CallId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let call = api.service.call(id).ok_or_else(Problem::not_found)?;
    if !wants_text(&headers) {
        return Ok(Body(TraceView::new(&call)).into_response());
    }
    let mut text = draw("gateway", "trunk", &call.ladder.rungs());
    match call.ladder.left_out() {
        0 => {}
        left_out => text += &format!("{left_out} more messages were not kept\n"),
    }
    Ok(text.into_response())
}

/// The first of the types we have that the client names. Weights (RFC 9110 §12.5.1) are not weighed:
/// a client that names both takes both.
fn wants_text(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .find(|range| matches!(*range, "*/*" | "application/json" | "text/plain"))
        .is_some_and(|range| range == "text/plain")
}
