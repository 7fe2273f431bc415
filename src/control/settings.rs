//! What the control room is told by the configuration: where it listens, who may ask, how much.
//!
//! Checked before it gets here. The defaults are those that ship: the configuration has no others.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::access::{Right, TokenHash};

/// All of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The Unix socket.
    pub socket: PathBuf,
    /// Its file mode: who on this machine may use it.
    pub socket_mode: u32,
    /// The TCP side; off unless configured.
    pub tcp: Option<TcpSettings>,
    /// The bounds.
    pub limits: Limits,
}

impl Settings {
    /// Connections at a time on all listeners together.
    pub fn connections_max(&self) -> usize {
        self.limits.connections_max * (1 + usize::from(self.tcp.is_some()))
    }
}

/// The API on TCP, for clients with a key.
#[derive(Clone, Debug)]
pub struct TcpSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Who may ask. Must not be empty: nobody could.
    pub keys: Vec<KeySettings>,
}

/// One key of the API. The token itself is kept nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeySettings {
    /// Whose it is, as logs show it.
    pub name: Arc<str>,
    /// The SHA-256 of the token.
    pub token: TokenHash,
    /// What its holder may do.
    pub rights: Vec<Right>,
    /// Calls that it may start in one second; `None`: no limit of its own.
    pub starts_per_second: Option<u32>,
}

/// How much of everything. Each bound has a counter for what it shed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The longest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// How long a body may take.
    pub body_timeout: Duration,
    /// Connections at a time, on the Unix socket and on TCP each: one bound for both would let
    /// strangers on TCP keep the operator from the Unix socket.
    pub connections_max: usize,
    /// Events that can be replayed, and how far a reader may fall behind.
    pub events_kept: usize,
    /// How long a connection may be idle before, or take to send, the head of a request.
    pub head_timeout: Duration,
    /// Header lines of a request.
    pub headers_max: usize,
    /// The longest head of a request, in bytes.
    pub head_bytes_max: usize,
    /// After how much silence a stream of events says that it is alive.
    pub keep_alive: Duration,
    /// Readers of the event stream at a time.
    pub readers_max: usize,
    /// Replies that are kept for a repeated `Idempotency-Key`.
    pub replies_kept: usize,
    /// How long they are kept.
    pub replies_kept_for: Duration,
    /// How long a repeated request waits for the first one.
    pub twin_timeout: Duration,
    /// How long requests may take to finish when the daemon stops.
    pub stop_timeout: Duration,
    /// How long a reply waits until what it tells is on disk.
    pub save_timeout: Duration,
    /// Requests at a time that scan a table.
    pub scans_max: usize,
    /// How long a client may refuse to read a reply.
    pub write_timeout: Duration,
    /// Wrong tokens from one address in one minute.
    pub wrong_tokens_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 16 * 1024,
            body_timeout: Duration::from_secs(30),
            connections_max: 1_024,
            events_kept: 10_000,
            head_timeout: Duration::from_secs(10),
            headers_max: 64,
            head_bytes_max: 16 * 1024,
            keep_alive: Duration::from_secs(15),
            readers_max: 64,
            replies_kept: 50_000,
            replies_kept_for: Duration::from_secs(24 * 60 * 60),
            twin_timeout: Duration::from_secs(5),
            stop_timeout: Duration::from_secs(5),
            save_timeout: Duration::from_secs(5),
            scans_max: 2,
            write_timeout: Duration::from_secs(10),
            wrong_tokens_per_minute: 30,
        }
    }
}
