//! Posts one message: signed, with a limit for everything, and believes nothing of the reply but its
//! status and `Retry-After`.
//!
//! Deliberately absent: redirects (a 3xx is a failure, and could lead anywhere), cookies, proxies,
//! compression.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use super::connect::{ConnectError, Connector};
use super::failure::Failure;
use super::lookup::Names;
use super::message::{Endpoint, Message};
use super::retry_after;
use super::secret::Signer;
use super::settings::{HostPattern, Reach, Trust};
use crate::time::Micros;

/// Posts the messages of one endpoint, or of all callbacks.
pub(super) struct Client {
    http: legacy::Client<HttpsConnector<Connector>, Full<Bytes>>,
    signer: Signer,
    reach: Reach,
    /// Where to, if that is the same for all.
    url: Option<Arc<str>>,
    /// Hosts that a URL may have; empty: any. Whoever gave one may have been allowed more then.
    hosts: Vec<HostPattern>,
}

/// A try that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Failed {
    pub(super) failure: Failure,
    /// How long the receiver asked to be left alone.
    pub(super) wish: Option<Duration>,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { failure, wish: None }
    }
}

impl Client {
    pub(super) fn new(
        reach: &Reach,
        url: Option<Arc<str>>,
        tls: &Arc<ClientConfig>,
        names: Names,
    ) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(ClientConfig::clone(tls))
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector::new(reach.allowed.clone(), names));
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            // Clients choose the hosts of callbacks: each kept connection would be a file that they hold.
            .pool_max_idle_per_host(if url.is_some() { reach.concurrency } else { 0 })
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .build(connector);
        let (signer, reach) = (Signer::new(&reach.secrets), reach.clone());
        Self { http, signer, reach, url, hosts: vec![] }
    }

    /// The same, for these hosts alone.
    pub(super) fn only(self, hosts: Vec<HostPattern>) -> Self {
        Self { hosts, ..self }
    }

    /// Posts the message; `now` is the moment of this try.
    pub(super) async fn post(&self, message: &Message, now: Micros) -> Result<(), Failed> {
        let request = self.request(message, now).ok_or(Failure::Url)?;
        let response = match timeout(self.reach.timeout, self.http.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure_of(&error).into()),
            Err(_) => return Err(Failure::Timeout.into()),
        };
        let status = response.status();
        let wish = response.headers().get(RETRY_AFTER);
        let wish = wish.and_then(|value| retry_after::read(value.to_str().ok()?, now));
        // So that the connection can be used again. What goes wrong now is no failure.
        let _ = timeout(BODY_TIMEOUT, drain(response)).await;
        match status.is_success() {
            true => Ok(()),
            false => Err(Failed { failure: Failure::Status(status.as_u16()), wish }),
        }
    }

    fn request(&self, message: &Message, now: Micros) -> Option<Request<Full<Bytes>>> {
        let url = match (&self.url, &message.endpoint) {
            (Some(url), _) | (None, Endpoint::Url(url)) => url,
            (None, Endpoint::Named(_)) => return None,
        };
        let target = self.reach.target(url).ok()?;
        let uri: Uri = Some(target).filter(|it| HostPattern::any(&self.hosts, &it.host))?.uri;
        let (id, timestamp) = (message.id.to_string(), now.0 / 1_000_000);
        let signature = self.signer.sign(&id, timestamp, &message.body);
        Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("ringproof/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from_owner(message.body.clone())))
            .ok()
    }
}

/// Reads the rest of a reply, if it is short.
async fn drain(response: Response<Incoming>) {
    let mut body = response.into_body();
    let mut left = BODY_BYTES_MAX;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn failure_of(error: &legacy::Error) -> Failure {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        // What an `io::Error` wraps is not among its sources, only what is behind that.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = wrapped.map_or(error, |wrapped| wrapped as _);
        if let Some(ConnectError(failure)) = inner.downcast_ref() {
            return *failure;
        }
        next = error.source();
    }
    // The connector says what it met; what else keeps a connection from coming about is TLS.
    if error.is_connect() { Failure::Tls } else { Failure::Reply }
}

/// How TLS is spoken.
pub(super) fn tls(trust: &Trust) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Only(certificates) => {
            roots.add_parsable_certificates(certificates.iter().cloned());
        }
        Trust::System => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let errors = found.errors;
                tracing::warn!(
                    ?errors,
                    "no certificate authority is known: https webhooks will fail"
                );
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    #[expect(
        clippy::expect_used,
        reason = "the provider's suites fit the versions that are built in"
    )]
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// What is read of a reply's body, so that the connection can be used again.
const BODY_BYTES_MAX: usize = 64 << 10;
/// How long that may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(1);
/// The head of a reply.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long a connection is kept that nobody needs.
const IDLE: Duration = Duration::from_secs(30);
