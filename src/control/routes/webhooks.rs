//! `/v1/webhooks`: messages that were not taken yet.

use std::sync::Arc;

use axum::Extension;
use axum::Json as Body;
use axum::extract::State;
use axum::http::StatusCode;

use super::super::access::{Caller, Right};
use super::super::api::Api;
use super::super::counters::Shed;
use super::super::outside::{DeadFilter, DeliveryFilter, RetryError};
use super::super::problem::{Problem, Refused, of_retry};
use super::super::request::{
    DeliveriesQuery, IdempotencyKey, Json, MessageId, NoBody, Query, RetryBody,
};
use super::super::view::{
    DeliveryList, DeliveryView, RetriedView, WebhookEndpointList, WebhookEndpointView,
};
use super::permit;

/// List the messages to webhooks that were not taken yet, the oldest first.
///
/// Those that are `dead` are not tried any more, unless somebody asks.
#[utoipa::path(
    get, path = "/v1/webhooks/deliveries", tag = "webhooks", operation_id = "listDeliveries",
    security(("key" = ["read"])),
    params(DeliveriesQuery),
    responses(
        (status = 200, description = "As it stands now", body = DeliveryList),
        Refused,
    ),
)]
pub(super) async fn deliveries(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Body<DeliveryList>, Problem> {
    let wanted = DeliveryFilter::try_from(query)?;
    let _permit = permit(&api.scans, &api, Shed::Scan, "too many lists are being made")?;
    let found = api.webhooks.deliveries(wanted).await?;
    // Who cannot give callback URLs need not know the keys in them.
    let is_whole = caller.may(&[Right::Verify]);
    let deliveries = found.items.iter().map(|it| DeliveryView::new(it, is_whole)).collect();
    Ok(Body(DeliveryList { deliveries, next: found.next }))
}

/// The endpoints of webhooks as they stand.
#[utoipa::path(
    get, path = "/v1/webhooks/endpoints", tag = "webhooks", operation_id = "listWebhookEndpoints",
    security(("key" = ["read"])),
    responses(
        (status = 200, description = "As it stands now", body = WebhookEndpointList),
        Refused,
    ),
)]
pub(super) async fn endpoints(
    State(api): State<Arc<Api>>,
) -> Result<Body<WebhookEndpointList>, Problem> {
    let found = api.webhooks.endpoints().await?;
    let endpoints = found.into_iter().map(WebhookEndpointView::from).collect();
    Ok(Body(WebhookEndpointList { endpoints }))
}

/// Try a message now, also one that is dead.
///
/// `endpoint_gone` says that its endpoint is not in the configuration, or that callbacks are off,
/// `overloaded` that 2048 messages for the endpoint (8192 callbacks) were asked for and have not left yet.
#[utoipa::path(
    post, path = "/v1/webhooks/deliveries/{id}/retry", tag = "webhooks", operation_id = "retryDelivery",
    security(("key" = ["admin"])),
    params(("id" = String, Path), IdempotencyKey),
    responses(
        (status = 202, description = "It is tried now"),
        Refused,
    ),
)]
pub(super) async fn retry(
    State(api): State<Arc<Api>>,
    MessageId(id): MessageId,
    Json(NoBody {}): Json<NoBody>,
) -> Result<StatusCode, Problem> {
    api.webhooks.retry(&id).await.map_err(|error| {
        if error == RetryError::Full {
            api.counters.on_shed(Shed::Retry);
        }
        of_retry(&error)
    })?;
    Ok(StatusCode::ACCEPTED)
}

/// Try messages that are dead, also all of them: they are put back and wait to be tried like any other.
///
/// They leave as soon as their endpoints take them, no more at once than `concurrency` says, and
/// not before an endpoint that rests may be asked again. One that replied 410 is told again, until
/// it replies so once more. A message whose tries are over has one more; when that fails it is dead
/// again.
///
/// `endpoint_gone` says that this endpoint is not in the configuration, or that callbacks are off.
#[utoipa::path(
    post, path = "/v1/webhooks/deliveries/retry", tag = "webhooks", operation_id = "retryDeliveries",
    security(("key" = ["admin"])),
    params(IdempotencyKey),
    responses(
        (status = 202, description = "They wait to be tried", body = RetriedView),
        Refused,
    ),
)]
pub(super) async fn retry_dead(
    State(api): State<Arc<Api>>,
    Json(body): Json<RetryBody>,
) -> Result<(StatusCode, Body<RetriedView>), Problem> {
    let wanted = DeadFilter::try_from(body)?;
    let _permit = permit(&api.scans, &api, Shed::Scan, "too many lists are being made")?;
    let retried = api.webhooks.retry_dead(wanted).await.map_err(|error| of_retry(&error))?;
    Ok((StatusCode::ACCEPTED, Body(retried.into())))
}
