//! How a request that changes something is taken in: its body is read within bounds, a repetition is
//! recognised, and what is begun is finished.
//!
//! Invariants: a client that goes away before the reply stops the reply, never the operation: while a
//! request is under way its connection is not read (`half_close` in `server`), and an operation that is
//! dropped before its end goes on by itself. The reply to a request with a key is on disk before it leaves.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::access::Caller;
use super::api::Api;
use super::clock;
use super::counters::Shed;
use super::problem::{Code, Problem};
use super::replies::{Awaited, Claim, Reply, RequestKey, Term, Turn};

/// Of a response: the reply to its request that is on disk already, the same or one that is true, too.
#[derive(Clone, Debug)]
pub(super) struct OnDisk(pub(super) Arc<Reply>);

/// The body of a request, whole.
#[derive(Clone, Debug)]
pub(super) struct Payload(pub(super) Bytes);

/// Middleware of every route that changes something.
pub(super) async fn take_in(
    State(api): State<Arc<Api>>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let payload = read(&api, body).await?;
    let key = match parts.method == Method::POST {
        true => idempotency_key(&parts.headers)?,
        false => None,
    };
    let key = key.map(|key| RequestKey::new(&caller.name(), parts.uri.path(), &key));
    parts.extensions.insert(Payload(payload.clone()));
    let Some(key) = key else {
        return Ok(lasting(next.run(Request::from_parts(parts, Body::empty()))).await);
    };
    match api.replies.claim(key, &payload, clock::now()) {
        Claim::Again(first) => wait(&api, first).await,
        Claim::First(turn) => {
            parts.extensions.insert(turn.slip());
            let operation = next.run(Request::from_parts(parts, Body::empty()));
            Ok(lasting(carry_out(turn, operation)).await)
        }
        Claim::Mismatch => Err(Problem::new(
            Code::IdempotencyMismatch,
            "this Idempotency-Key came with another body before: a new request needs a new key",
        )),
    }
}

/// Carries out a request with a key, and answers when its reply is kept.
async fn carry_out(turn: Turn, operation: impl Future<Output = Response>) -> Response {
    let mut response = operation.await;
    let on_disk = response.extensions_mut().remove().map(|OnDisk(reply)| reply);
    let mut reply = Arc::new(record(response).await);
    if on_disk.as_ref() != Some(&reply)
        && reply.term == Term::Lasting
        && let Err(error) = turn.keep(&reply).await
    {
        // Who asks again after what was done must hear the same; after a refusal he will anyway.
        reply = match on_disk {
            Some(on_disk) => on_disk,
            None if reply.status.is_success() => {
                Arc::new(record(Problem::from(error).into_response()).await)
            }
            None => Arc::new(Reply { term: Term::Passing, ..Arc::unwrap_or_clone(reply) }),
        };
    }
    turn.settle(reply.clone());
    replay(&reply)
}

/// An operation that runs to its end: with who waits for it, and on by itself when he goes away. A task
/// of its own for each would wake a second thread for every request.
struct Lasting(Option<Pin<Box<dyn Future<Output = Response> + Send>>>);

fn lasting(operation: impl Future<Output = Response> + Send + 'static) -> Lasting {
    Lasting(Some(Box::pin(operation)))
}

impl Future for Lasting {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let Some(operation) = &mut self.0 else { return Poll::Pending };
        let response = ready!(operation.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(response)
    }
}

impl Drop for Lasting {
    fn drop(&mut self) {
        // Outside of a runtime nothing runs any more; what has panicked has come to its end.
        if let Some((operation, runtime)) = self.0.take().zip(Handle::try_current().ok())
            && !std::thread::panicking()
        {
            runtime.spawn(operation);
        }
    }
}

/// A twin's reply is that of the first, when it comes in time.
async fn wait(api: &Api, mut first: Awaited) -> Result<Response, Problem> {
    match timeout(api.limits.twin_timeout, first.wait_for(Option::is_some)).await {
        Ok(Ok(reply)) => {
            let mut response = reply.as_deref().map(replay).unwrap_or_default();
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
        Ok(Err(_)) => Err(Problem::new(
            Code::Overloaded,
            "the first request with this Idempotency-Key was not finished",
        )),
        Err(_) => {
            api.counters.on_shed(Shed::Twin);
            Err(Problem::new(
                Code::RequestTimeout,
                "the first request with this Idempotency-Key has not been answered yet",
            ))
        }
    }
}

async fn read(api: &Api, body: Body) -> Result<Bytes, Problem> {
    let limit = api.limits.body_bytes_max;
    let body = Limited::new(body, limit).collect();
    let problem = match timeout(api.limits.body_timeout, body).await {
        Ok(Ok(body)) => return Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            api.counters.on_shed(Shed::Body);
            Problem::new(Code::BodyTooLarge, format!("a body has at most {limit} bytes"))
        }
        Ok(Err(_)) => Problem::new(Code::InvalidRequest, "the body ended before its end"),
        Err(_) => {
            api.counters.on_shed(Shed::Body);
            let most = api.limits.body_timeout;
            Problem::new(Code::RequestTimeout, format!("a body takes at most {most:?} to arrive"))
        }
    };
    Err(problem)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<Vec<u8>>, Problem> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return match headers.contains_key(IDEMPOTENCY_KEY) {
            true => {
                Err(Problem::new(Code::InvalidRequest, "there is more than one Idempotency-Key"))
            }
            false => Ok(None),
        };
    };
    let is_plain = key.as_bytes().iter().all(|byte| (b' '..=b'~').contains(byte));
    if !is_plain || !(1..=KEY_BYTES_MAX).contains(&key.len()) {
        let detail =
            format!("an Idempotency-Key is 1 to {KEY_BYTES_MAX} printable ASCII characters");
        return Err(Problem::new(Code::InvalidRequest, detail));
    }
    Ok(Some(key.as_bytes().to_vec()))
}

async fn record(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    // Replies of these routes are in memory already: nothing can fail and nothing is long.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let term = parts.extensions.get::<Code>().map_or(Term::Lasting, |code| code.term());
    Reply { status: parts.status, headers: parts.headers, body, term }
}

pub(super) fn replay(reply: &Reply) -> Response {
    (reply.status, reply.headers.clone(), reply.body.clone()).into_response()
}

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 255;
/// Says that a reply is a repetition, as clients of other APIs know it.
pub(super) const REPLAYED: &str = "idempotent-replayed";

#[cfg(test)]
mod tests;
