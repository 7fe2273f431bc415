//! `[sip]`: where SIP is spoken.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where SIP is spoken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sip {
    /// Local UDP addresses: at least one, at most one of each IP version. Concrete, because they
    /// are sent to the trunk. Shard `n` uses the port plus `n`.
    pub listen: Vec<SocketAddr>,
    /// Threads that speak SIP, each with its own socket. 1 to 64.
    pub shards: u16,
    /// What is asked of the kernel for each socket's receive buffer, in bytes.
    pub receive_buffer: usize,
    /// The User-Agent header field; not sent when absent.
    pub user_agent: Option<Arc<str>>,
}

impl Sip {
    /// Where shard `shard` speaks to a peer at `peer`: the listener of the same IP version.
    pub fn local(&self, shard: u16, peer: IpAddr) -> Option<SocketAddr> {
        let mut local = *self.listen.iter().find(|local| local.is_ipv4() == peer.is_ipv4())?;
        // Port 0 asks the system for any; each shard gets its own.
        if local.port() != 0 {
            local.set_port(local.port().checked_add(shard)?);
        }
        Some(local)
    }
}
