//! Who is let in where.

use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::super::access::{Peer, Right, Stranger};
use super::super::api::Api;
use super::super::clock;
use super::super::counters::Shed;
use super::super::problem::{Code, Problem, of_stranger};

/// What a route asks of its callers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gate {
    /// One of these rights.
    Rights(&'static [Right]),
    /// To come by the Unix socket. To others the route does not exist.
    SocketOnly,
}

/// Middleware of every route that is not open to all. Leaves the caller in the request.
pub(super) async fn let_in(
    State((api, gate)): State<(Arc<Api>, Gate)>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if matches!((gate, peer), (Gate::SocketOnly, Peer::Tcp(_))) {
        return Err(Problem::not_found());
    }
    let authorization = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let caller = api.keys.identify(peer, authorization, clock::now()).map_err(|stranger| {
        if matches!(stranger, Stranger::TooMany { .. }) {
            api.counters.on_shed(Shed::WrongToken);
        }
        of_stranger(stranger)
    })?;
    if let Gate::Rights(rights) = gate
        && !caller.may(rights)
    {
        let needed = rights.iter().map(|right| right.as_str()).collect::<Vec<_>>();
        let detail = format!("the key needs the right {}", needed.join(" or "));
        return Err(Problem::new(Code::Forbidden, detail));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}
