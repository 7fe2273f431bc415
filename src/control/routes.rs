//! The routes: who may use which, and what surrounds them all. Each handler translates a request
//! for [`super::service`] and its answer back; no rule lives here.

mod calls;
mod events;
mod gate;
mod missed_calls;
mod operations;
mod verifications;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::Right;
use super::api::Api;
use super::counters::Shed;
use super::intake::take_in;
use super::problem::{Code, Problem};
use gate::{Gate, let_in};

type Routes = OpenApiRouter<Arc<Api>>;

/// Everything that is served, as one service.
pub(super) fn router(api: &Arc<Api>) -> Router {
    let gated = |routes: Routes, gate: Gate| {
        routes.route_layer(from_fn_with_state((api.clone(), gate), let_in))
    };
    let taken = |routes: Routes| routes.route_layer(from_fn_with_state(api.clone(), take_in));
    let (router, _) = OpenApiRouter::new()
        .merge(gated(taken(changing()), Gate::Rights(&[Right::Verify])))
        .merge(gated(taken(administering()), Gate::Rights(&[Right::Admin])))
        .merge(gated(known_by_id(), Gate::Rights(&[Right::Read, Right::Verify])))
        .merge(gated(overview(), Gate::Rights(&[Right::Read])))
        .merge(gated(inside(), Gate::SocketOnly))
        .merge(open())
        .split_for_parts();
    router
        .fallback(|| async { Problem::new(Code::NotFound, "there is no such path") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Code::MethodNotAllowed, "the header Allow says which methods there are")
        })
        .layer(from_fn_with_state(api.clone(), surround))
        .with_state(api.clone())
}

/// Every route, for the description.
pub(super) fn all() -> Routes {
    [changing(), administering(), known_by_id(), overview(), inside(), open()]
        .into_iter()
        .fold(OpenApiRouter::new(), OpenApiRouter::merge)
}

/// What changes something.
fn changing() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(verifications::start))
        .routes(routes!(verifications::cancel))
        .routes(routes!(verifications::check))
        .routes(routes!(verifications::call_again))
        .routes(routes!(verifications::report))
}

/// What changes something for everybody.
fn administering() -> Routes {
    OpenApiRouter::new().routes(routes!(webhooks::retry)).routes(routes!(webhooks::retry_dead))
}

/// What can be seen by those who know its id, which cannot be guessed, or the phone, which they could
/// as well start a verification of.
fn known_by_id() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(verifications::get))
        .routes(routes!(calls::get))
        .routes(routes!(calls::trace))
        .routes(routes!(missed_calls::list))
}

/// What shows other people's verifications, too.
fn overview() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(verifications::list))
        .routes(routes!(events::follow))
        .routes(routes!(missed_calls::dids))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::endpoints))
        .routes(routes!(operations::pools))
        .routes(routes!(operations::status))
        .routes(routes!(operations::trunks))
        .routes(routes!(operations::metrics))
}

/// What shows the inside.
fn inside() -> Routes {
    OpenApiRouter::new().routes(routes!(operations::debug_state))
}

/// What needs no key.
fn open() -> Routes {
    OpenApiRouter::new()
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::openapi))
}

/// Around every request: its count, and the end of connections that could be out of step.
async fn surround(State(api): State<Arc<Api>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
    let mut response = next.run(request).await;
    // RFC 9112 §6.1: a request with both Transfer-Encoding and Content-Length is read by the former,
    // and "the server MUST close the connection after responding". hyper hides whether the latter
    // was there.
    if is_chunked {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let route = route.as_ref().map(MatchedPath::as_str);
    api.counters.on_request(method.as_str(), route, response.status().as_u16());
    response
}

/// Runs what looks at many entries on a thread that nobody waits for, a few at a time.
async fn scan<T: Send + 'static>(
    api: &Arc<Api>,
    look: impl FnOnce(&Api) -> T + Send + 'static,
) -> Result<T, Problem> {
    let permit = permit(&api.scans, api, Shed::Scan, "too many lists are being made")?;
    let look = move |api: &Api| {
        let _permit = permit;
        look(api)
    };
    aside(api, look).await
}

/// Runs what takes more than a moment on a thread that nobody waits for.
async fn aside<T: Send + 'static>(
    api: &Arc<Api>,
    look: impl FnOnce(&Api) -> T + Send + 'static,
) -> Result<T, Problem> {
    let api = api.clone();
    let look = tokio::task::spawn_blocking(move || look(&api));
    // Nobody aborts it: it fails when the runtime goes down.
    look.await.map_err(|_| Problem::new(Code::NotReady, "the gateway is stopping"))
}

fn permit(
    permits: &Arc<Semaphore>,
    api: &Api,
    shed: Shed,
    detail: &str,
) -> Result<tokio::sync::OwnedSemaphorePermit, Problem> {
    permits.clone().try_acquire_owned().map_err(|_| {
        api.counters.on_shed(shed);
        Problem::new(Code::Overloaded, detail)
    })
}
