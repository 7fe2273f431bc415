//! A small client of the control API: HTTP/1.1 over the Unix socket or over TCP, one connection a
//! request, nothing retried by itself. Deliberately absent: TLS (the API on TCP is for this
//! machine, or behind a proxy), redirects, proxies.
//!
//! Bounds: [`ANSWER_TIMEOUT`] for an answer, [`BODY_BYTES_MAX`] for its body, a minute between two signs
//! of life of an event stream.

mod endpoint;
mod error;
mod events;
mod frames;

use std::fmt;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::entropy::Entropy;
pub use endpoint::{Endpoint, EndpointError};
pub(super) use error::NOBODY_THERE;
pub use error::{ClientError, Problem};
pub use events::{After, Event, Events};

/// Speaks to one daemon.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    key: Option<ApiKey>,
}

/// A bearer key. Its `Debug` does not tell it.
#[derive(Clone)]
pub struct ApiKey(String);

impl From<&str> for ApiKey {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// The name of one request, under which it may be sent again: it is carried out once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Once(String);

impl Once {
    /// A name that nobody else has.
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        let mut name = [0; 16];
        Entropy::system().fill(&mut name);
        Self(name.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// What the client would like to get.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wish {
    /// Server-sent events.
    Events,
    /// JSON.
    Json,
    /// Text for people.
    Text,
}

impl Client {
    /// A client of the daemon at `endpoint`, which shows `key`.
    pub fn new(endpoint: Endpoint, key: Option<ApiKey>) -> Self {
        Self { endpoint, key }
    }

    /// Asks for `path` and returns the body of a 2xx.
    ///
    /// # Errors
    ///
    /// No daemon, no answer in time, or a refusal.
    pub async fn get(&self, path: &str, wish: Wish) -> Result<Bytes, ClientError> {
        self.answer(self.request(Method::GET, path, wish, None)?).await
    }

    /// Sends `body` to `path` and returns the body of a 2xx.
    ///
    /// # Errors
    ///
    /// No daemon, no answer in time, or a refusal.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Result<Bytes, ClientError> {
        self.answer(self.request(Method::POST, path, Wish::Json, Some(body))?).await
    }

    /// The same, of a request that may have been sent before under this name.
    ///
    /// # Errors
    ///
    /// No daemon, no answer in time, or a refusal.
    pub async fn post_once(
        &self,
        path: &str,
        body: &serde_json::Value,
        name: &Once,
    ) -> Result<Bytes, ClientError> {
        let mut request = self.request(Method::POST, path, Wish::Json, Some(body))?;
        let name = HeaderValue::from_str(&name.0).map_err(|_| ClientError::Key)?;
        request.headers_mut().insert(IDEMPOTENCY_KEY, name);
        self.answer(request).await
    }

    /// Removes what is at `path` and returns the body of a 2xx.
    ///
    /// # Errors
    ///
    /// No daemon, no answer in time, or a refusal.
    pub async fn delete(&self, path: &str) -> Result<Bytes, ClientError> {
        self.answer(self.request(Method::DELETE, path, Wish::Json, None)?).await
    }

    /// Follows the events from now on, or those after the event with the number `after`.
    ///
    /// # Errors
    ///
    /// No daemon, no answer in time, or a refusal.
    pub async fn events(&self, after: Option<After>) -> Result<Events, ClientError> {
        let path = match after {
            Some(after) => format!("/v1/events?after={after}"),
            None => "/v1/events".to_owned(),
        };
        let request = self.request(Method::GET, &path, Wish::Events, None)?;
        let response = timeout(ANSWER_TIMEOUT, self.exchange(request)).await??;
        if response.status().is_success() {
            return Ok(Events::new(response.into_body()));
        }
        let status = response.status().as_u16();
        Err(Problem::read(status, &body(response).await?).into())
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Bytes, ClientError> {
        timeout(ANSWER_TIMEOUT, async {
            let response = self.exchange(request).await?;
            let status = response.status();
            let body = body(response).await?;
            if status.is_success() {
                Ok(body)
            } else {
                Err(Problem::read(status.as_u16(), &body).into())
            }
        })
        .await?
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        wish: Wish,
        body: Option<&serde_json::Value>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        let accept = match wish {
            Wish::Events => "text/event-stream",
            Wish::Json => "application/json",
            Wish::Text => "text/plain",
        };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.endpoint.host())
            .header(ACCEPT, accept);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {}", key.0));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Bytes::new, |value| Bytes::from(value.to_string()));
        // Paths are ours; only the key can hold what a header cannot.
        request.body(Full::new(body)).map_err(|_| ClientError::Key)
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ClientError> {
        let unreachable =
            |source| ClientError::Unreachable { endpoint: self.endpoint.to_string(), source };
        match &self.endpoint {
            Endpoint::Socket(path) => {
                exchange_over(UnixStream::connect(path).await.map_err(unreachable)?, request).await
            }
            Endpoint::Tcp(authority) => {
                exchange_over(TcpStream::connect(authority).await.map_err(unreachable)?, request)
                    .await
            }
        }
    }
}

async fn exchange_over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>, ClientError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // What the connection has to complain about, the request or its body tells.
    tokio::spawn(async { connection.await.unwrap_or_default() });
    Ok(sender.send_request(request).await?)
}

async fn body(response: Response<Incoming>) -> Result<Bytes, ClientError> {
    let limited = Limited::new(response.into_body(), BODY_BYTES_MAX);
    Ok(limited.collect().await.map_err(ClientError::Body)?.to_bytes())
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// A daemon that is well answers in milliseconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer is a page of verifications or the state of every table.
const BODY_BYTES_MAX: usize = 16 << 20;
