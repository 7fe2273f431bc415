//! `/v1/calls`.

use std::sync::Arc;

use axum::Json as Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::super::api::Api;
use super::super::clock;
use super::super::problem::{Problem, Refused};
use super::super::request::Id;
use super::super::view::{AnyCallView, CallView, MissedCallView, TraceView};
use crate::ladder::draw;
use crate::verify::id::CallId;

/// Read one call.
///
/// A call to one of the gateway's numbers, which has a `did`, is known when it is over: for as long as
/// the verification that it matched, any other while it is among the latest 4,096 of them.
#[utoipa::path(
    get, path = "/v1/calls/{id}", tag = "calls", operation_id = "getCall",
    security(("key" = ["verify"]), ("key" = ["read"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "As it stands now", body = AnyCallView),
        Refused,
    ),
)]
pub(super) async fn get(
    State(api): State<Arc<Api>>,
    Id(id): Id<CallId>,
) -> Result<Body<AnyCallView>, Problem> {
    if let Some((call, facts)) = api.service.call(id, clock::now()).await? {
        let view = CallView::new(&call, &facts, &api.trunks);
        return Ok(Body(AnyCallView::Placed(view)));
    }
    let call = api.service.missed_call(id).await?.ok_or_else(Problem::not_found)?;
    Ok(Body(AnyCallView::Missed(MissedCallView::new(&call, &api.trunks))))
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
    let (rungs, trace) = match api.service.call(id, clock::now()).await? {
        Some((call, _)) => (call.ladder.rungs(), TraceView::new(&call)),
        None => {
            let call = api.service.missed_call(id).await?.ok_or_else(Problem::not_found)?;
            (call.course.rungs(), TraceView::of_missed(&call))
        }
    };
    if !wants_text(&headers) {
        return Ok(Body(trace).into_response());
    }
    let mut text = draw("gateway", "trunk", &rungs);
    match trace.left_out {
        // A call that has not left has none, either.
        0 if rungs.is_empty() => {
            text += "no message yet; those of calls before the gateway's last start are not kept\n";
        }
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
