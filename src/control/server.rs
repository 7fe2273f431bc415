//! The HTTP/1.1 server: sockets, connections, and the patience it has with them (RFC 9112).
//!
//! Deliberately absent: a problem document for what is not HTTP, or whose head is too long. hyper
//! answers 400 or 431 without a body, or just hangs up; nobody was asked for anything yet.
//!
//! Invariants: each socket has its own permits, so that strangers on TCP cannot keep the operator
//! from the Unix socket; a connection ends when its client is silent, slow or deaf for too long.

mod patience;
mod unix;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, Response};
use futures_util::TryFutureExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tracing::{debug, warn};

use super::access::Peer;
use super::api::Api;
use super::clock;
use super::counters::{ApiCounters, Shed};
use super::routes;
use super::settings::{Limits, Settings};
use patience::Patient;
pub use unix::SOCKET_PATH_BYTES_MAX;
use unix::UnixSocket;

/// The sockets, bound and not yet served.
pub struct Server {
    unix: UnixSocket,
    tcp: Option<TcpListener>,
}

impl Server {
    /// Binds. Must be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// Another daemon lives on the socket, something else is in its place, or the system refuses.
    pub fn bind(settings: &Settings) -> Result<Self, BindError> {
        let tcp = settings.tcp.as_ref().map(|tcp| {
            let refused = |error| BindError::Tcp { address: tcp.listen, error };
            let listener = std::net::TcpListener::bind(tcp.listen).map_err(refused)?;
            listener.set_nonblocking(true).map_err(refused)?;
            TcpListener::from_std(listener).map_err(refused)
        });
        // The Unix socket last: who finds it may use everything at once.
        Ok(Self {
            tcp: tcp.transpose()?,
            unix: UnixSocket::bind(&settings.socket, settings.socket_mode)?,
        })
    }

    /// The TCP address, if there is one; the port is the one that the system chose for port 0.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(|tcp| tcp.local_addr().ok())
    }

    /// Serves `api` until `stop`, then lets requests that run come to their end, within bounds.
    /// The file of the Unix socket is gone afterwards.
    pub async fn run(self, api: Arc<Api>, stop: impl Future<Output = ()>) {
        let Self { unix, tcp } = self;
        let door = Door {
            router: routes::router(&api),
            limits: api.limits,
            api: api.clone(),
            graceful: GracefulShutdown::new(),
        };
        tokio::select! {
            () = door.open(unix.listener(), |listener: &UnixListener| async move {
                Ok((listener.accept().await?.0, Peer::Socket))
            }) => {}
            () = door.open_tcp(tcp.as_ref()) => {}
            () = api.bus.run() => {}
            () = stop => {}
        }
        drop((unix, tcp));
        api.stop.send_replace(true);
        tokio::select! {
            () = door.graceful.shutdown() => {}
            // Streams that wait for news must hear of their end.
            () = clock::sleep(api.limits.stop_timeout) => warn!("some connections did not end in time"),
        }
    }
}

/// What every connection is served with.
struct Door {
    router: Router,
    limits: Limits,
    api: Arc<Api>,
    graceful: GracefulShutdown,
}

impl Door {
    async fn open_tcp(&self, listener: Option<&TcpListener>) {
        let Some(listener) = listener else { return std::future::pending().await };
        self.open(listener, |listener: &TcpListener| async move {
            let (stream, address) = listener.accept().await?;
            // A reply is written in one piece: there is nothing to gather it with. On a connection
            // that is gone already this fails, and so does the first read.
            let _ = stream.set_nodelay(true);
            Ok((stream, Peer::Tcp(address.ip())))
        })
        .await;
    }

    /// Accepts for ever, as long as there are permits and descriptors.
    async fn open<'a, L, S, F>(&self, listener: &'a L, accept: impl Fn(&'a L) -> F)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        F: Future<Output = io::Result<(S, Peer)>>,
    {
        let counters = &self.api.counters;
        let permits = Arc::new(Semaphore::new(self.limits.connections_max));
        let mut refused: Option<Instant> = None;
        loop {
            if permits.available_permits() == 0 {
                counters.on_shed(Shed::Connections);
            }
            // Without a permit nothing is accepted: who comes waits in the system's queue.
            let Ok(permit) = permits.clone().acquire_owned().await else { return };
            match accept(listener).await {
                Ok((stream, peer)) => {
                    let (connection, open) = (self.serve(stream, peer), counters.on_connection());
                    tokio::spawn(async move {
                        connection.await;
                        drop((open, permit));
                    });
                }
                // It was gone before it was accepted. A pause for each would let strangers stop us.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                // No descriptors left: who comes waits until some are free.
                Err(error) => {
                    counters.on_shed(Shed::Accept);
                    let now = clock::now();
                    let last = refused.replace(now);
                    if last.is_none_or(|last| now.duration_since(last) > ACCEPT_EPISODE) {
                        warn!(%error, "connections cannot be accepted and wait");
                    }
                    clock::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn serve<S>(&self, stream: S, peer: Peer) -> impl Future<Output = ()> + use<S>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let router = self.router.clone();
        let follows = Arc::new(AtomicBool::new(false));
        let is_stream = Arc::clone(&follows);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            let (answer, is_stream) = (router.clone().oneshot(request), Arc::clone(&is_stream));
            answer.inspect_ok(move |response| {
                is_stream.store(is_event_stream(response), Ordering::Relaxed);
            })
        });
        let stream = Patient::new(stream, self.limits.write_timeout);
        let is_midway = stream.is_midway();
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_headers(self.limits.headers_max)
            .max_header_size(self.limits.head_bytes_max)
            .max_buf_size(self.limits.head_bytes_max.max(BUFFER_BYTES_MIN))
            // A client that has said all it wants to say still gets its answer.
            // Nor is a request that is under way dropped when its client goes away.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watcher().watch(connection);
        let api = self.api.clone();
        async move {
            if let Err(error) = connection.await {
                if patience::is_deaf(&error) {
                    on_deaf(&api, &peer, follows.load(Ordering::Relaxed));
                }
                count(&api.counters, &error, is_midway.load(Ordering::Relaxed));
                debug!(%error, "a connection ended early");
            }
        }
    }
}

/// A client took nothing of what it was sent for too long. It cannot be told why it is cut off.
fn on_deaf(api: &Api, peer: &Peer, follows: bool) {
    if !follows {
        return api.counters.on_shed(Shed::DeafClient);
    }
    api.counters.on_shed(Shed::EventReader);
    let silence = api.limits.write_timeout;
    warn!(?peer, ?silence, "a reader of the events was cut off: it reads nothing");
}

fn is_event_stream(response: &Response<Body>) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream")
}

/// Why a connection ended early. One that was idle is not counted: that is how most of them end.
fn count(counters: &ApiCounters, error: &hyper::Error, is_midway: bool) {
    if error.is_parse_too_large() || (error.is_timeout() && is_midway) {
        counters.on_shed(Shed::Head);
    }
    if error.is_parse() {
        // hyper has answered in our place, with 400, 414 or 431.
        counters.on_request("other", None, 400);
    }
}

/// Why the sockets could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another daemon has it.
    #[error("{path} belongs to another daemon that is running")]
    InUse {
        /// The socket.
        path: String,
    },
    /// Something is in its place, and it is not ours to remove.
    #[error("{path} exists and is not a socket, remove it or choose another path")]
    NotASocket {
        /// The path.
        path: String,
    },
    /// The system refused the TCP side.
    #[error("cannot listen on {address}: {error}")]
    Tcp {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The system refused the Unix socket.
    #[error("cannot listen on {path}: {error}")]
    Unix {
        /// The path.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Who could be accepted for so long begins a new episode of the log.
const ACCEPT_EPISODE: Duration = Duration::from_secs(10);
/// hyper insists on this much.
const BUFFER_BYTES_MIN: usize = 8 * 1024;
