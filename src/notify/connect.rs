//! Connections to receivers: the name is looked up, and only addresses that `guard` lets pass are
//! connected to. There is no other way out, whatever the URL looks like.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use super::failure::Failure;
use super::guard::Allowed;
use super::lookup::{Lookups, Names};
use super::target::plain_host;

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    allowed: Arc<Allowed>,
    lookups: Arc<Lookups>,
}

/// There is no connection.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ConnectError(pub(super) Failure);

impl Connector {
    pub(super) fn new(allowed: Allowed, names: Names) -> Self {
        Self { allowed: Arc::new(allowed), lookups: Lookups::new(names) }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, ConnectError> {
        let host = plain_host(uri.host().unwrap_or_default());
        let is_plain = uri.scheme_str() == Some("http");
        let port = uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 });
        let mut addresses = self.lookups.find(host, port).await.map_err(ConnectError)?;
        addresses.retain(|address| self.allowed.lets(address.ip()));
        addresses.truncate(ADDRESSES_MAX);
        let mut failure = Failure::Address;
        let share = CONNECT_TIMEOUT / addresses.len().max(1) as u32;
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // A message is one small write.
                    let _ = stream.set_nodelay(true);
                    return Ok(TokioIo::new(stream));
                }
                Ok(Err(_)) => failure = Failure::Connect,
                Err(_) => failure = Failure::Timeout,
            }
        }
        Err(ConnectError(failure))
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.clone().connect(uri);
        // The look-up counts, too.
        let bounded = async { timeout(CONNECT_TIMEOUT, connecting).await };
        Box::pin(async { bounded.await.unwrap_or(Err(ConnectError(Failure::Timeout))) })
    }
}

/// From the look-up to the connection, all addresses together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;
