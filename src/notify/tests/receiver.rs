//! A receiver on this machine, which behaves as a test tells it to.

#![expect(clippy::disallowed_methods, reason = "a receiver that stalls")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

/// A message as it was received.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What is done with a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Conduct {
    /// The connection ends, and what was sent is not read.
    Reset,
    /// This is written; the connection stays.
    Reply(&'static str),
    /// This is written, and the connection ends.
    ReplyAndClose(&'static str),
    /// This is written, then nothing.
    ReplyAndStall(&'static str),
    /// This is written, then zeros for ever.
    ReplyWithoutEnd(&'static str),
}

pub(super) const OK: Conduct = Conduct::Reply("HTTP/1.1 204 No Content\r\n\r\n");

/// The receiver; messages are read from it.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    pub(super) connections: Arc<AtomicUsize>,
    seen: mpsc::Receiver<Seen>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub(super) async fn start(
        tls: Option<TlsAcceptor>,
        conduct: impl Fn(&Seen) -> Conduct + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, seen) = mpsc::channel(100_000);
        let connections = Arc::new(AtomicUsize::new(0));
        let (conduct, count) = (Arc::new(conduct), connections.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let (told, conduct, tls) = (told.clone(), conduct.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &told, &*conduct).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &told, &*conduct).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, connections, seen, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> Seen {
        let next = tokio::time::timeout(Duration::from_secs(20), self.seen.recv()).await;
        next.expect("a message comes within 20 s").unwrap()
    }

    /// The message that came already.
    pub(super) fn seen(&mut self) -> Option<Seen> {
        self.seen.try_recv().ok()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    told: &mpsc::Sender<Seen>,
    conduct: &(impl Fn(&Seen) -> Conduct + Send + Sync),
) {
    let mut buffer = Vec::new();
    loop {
        let nothing = Seen { headers: HeaderMap::new(), body: vec![] };
        if matches!(conduct(&nothing), Conduct::Reset) {
            // Closing a socket with something unread in it is a reset.
            let _ = stream.read_u8().await;
            return;
        }
        let Some(seen) = read(&mut stream, &mut buffer).await else { return };
        let conduct = conduct(&seen);
        let _ = told.try_send(seen);
        let (Conduct::Reply(text)
        | Conduct::ReplyAndClose(text)
        | Conduct::ReplyAndStall(text)
        | Conduct::ReplyWithoutEnd(text)) = conduct
        else {
            return;
        };
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        let _ = stream.flush().await;
        match conduct {
            Conduct::Reply(_) => {}
            Conduct::ReplyAndStall(_) => tokio::time::sleep(Duration::from_secs(60)).await,
            Conduct::ReplyWithoutEnd(_) => {
                while stream.write_all(&[b'0'; 4_096]).await.is_ok() {}
                return;
            }
            Conduct::ReplyAndClose(_) | Conduct::Reset => return,
        }
    }
}

/// One request with a `content-length`.
async fn read(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        // What begins otherwise is TLS, which nobody here understands.
        if stream.read_buf(buffer).await.ok()? == 0 || buffer[0] != b'P' {
            return None;
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
    assert!(head.starts_with("POST "), "{head}");
    let mut headers = HeaderMap::new();
    for line in head.lines().skip(1) {
        let (name, value) = line.split_once(": ")?;
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_str(value).ok()?,
        );
    }
    let length: usize = headers.get("content-length")?.to_str().ok()?.parse().ok()?;
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let rest = buffer.split_off(end + 4 + length);
    let body = buffer.split_off(end + 4);
    *buffer = rest;
    Some(Seen { headers, body })
}
