//! `[control]`: where the API is served, and to whom.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where the API is served, and to whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Control {
    /// The Unix socket, which is always served.
    pub socket: PathBuf,
    /// The file mode of that socket.
    pub socket_mode: u32,
    /// The TCP listener, off by default. Anything but loopback has at least one key.
    pub listen: Option<SocketAddr>,
    /// Who may use the TCP listener. With none, it is open to this machine.
    pub keys: Vec<Key>,
    /// Verifications that may be started in one second by everybody together; no limit when absent.
    pub starts_per_second: Option<u32>,
    /// The largest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long a request may take, its body included. Event streams are exempt.
    pub request_timeout: Duration,
    /// Connections that are served at once.
    pub connections_max: usize,
    /// Event streams that are served at once.
    pub streams_max: usize,
}

/// One bearer key of the TCP listener.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key {
    /// Its name, in logs.
    pub name: Arc<str>,
    /// SHA-256 of the key. The key itself is nowhere in the configuration.
    pub sha256: [u8; 32],
    /// What it may do.
    pub rights: Rights,
    /// Verifications that it may start in one second; no limit when absent.
    pub starts_per_second: Option<u32>,
}

/// What the holder of a key may do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rights {
    /// See state and metrics of the whole gateway.
    pub admin: bool,
    /// Read verifications, calls and events.
    pub read: bool,
    /// Start, check, call again, report and cancel.
    pub verify: bool,
}
