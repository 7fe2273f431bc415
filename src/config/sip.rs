//! `[sip]`: where SIP is spoken.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::address;
use super::kind::{self, Kind, Refusal};
use super::section::{Placed, Section};

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
    /// Transactions that one shard may keep, in flight and remembered.
    pub transactions_max: usize,
    /// Calls from trunks that one shard may keep, those that it still remembers among them.
    pub servers_max: usize,
    /// Orders of the API that may wait until a shard reads them.
    pub orders_max: usize,
    /// Calls that may wait in one shard for a trunk with room.
    pub queue_max: usize,
    /// How long a call may wait for it.
    pub queue_time_max: Duration,
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

/// Reads `[sip]` and the names of the trunks' files.
pub(super) fn read(mut section: Section<'_>) -> (Sip, Vec<Placed<String>>) {
    let shards = section.or("shards", &kind::whole(1..=SHARDS_MAX), 1);
    let listen = section.list("listen", &address::local());
    let is_given = listen.is_some();
    let listen = separate(&section, listen.unwrap_or_default(), shards);
    if !section.has_items("listen") {
        let found = if is_given { "empty" } else { "missing" };
        section.refuse("listen", found, "a list such as [\"udp:127.0.0.1:5070\"]");
    }
    let receive_buffer =
        section.or("receive_buffer", &kind::size(64 << 10..=1 << 30), RECEIVE_BUFFER_BYTES);
    let transactions_max =
        section.or("transactions_max", &kind::whole(TRANSACTIONS), TRANSACTIONS_MAX);
    let servers_max = section.or("servers_max", &kind::whole(TRANSACTIONS), SERVERS_MAX);
    let orders_max = section.or("orders_max", &kind::whole(QUEUE), ORDERS_MAX);
    let queue_max = section.or("queue_max", &kind::whole(QUEUE), QUEUE_MAX);
    let queue_time_max = section.or("queue_time_max", &kind::duration(QUEUE_TIME), QUEUE_TIME_MAX);
    let user_agent = section.optional("user_agent", &product());
    let profiles = section.list("profiles", &path());
    if !section.has_items("profiles") {
        let found = if profiles.is_none() { "missing" } else { "empty" };
        let accepted = "a list of files, such as [\"sip-profiles/plain-rfc3261.toml\"]";
        section.refuse("profiles", found, accepted);
    }
    section.at_most("profiles", PROFILES_MAX);
    section.finish();
    let sip = Sip {
        listen,
        shards,
        receive_buffer,
        transactions_max,
        servers_max,
        orders_max,
        queue_max,
        queue_time_max,
        user_agent,
    };
    (sip, profiles.unwrap_or_default())
}

/// One address of each IP version, with room for every shard's port.
fn separate(
    section: &Section<'_>,
    listen: Vec<Placed<SocketAddr>>,
    shards: u16,
) -> Vec<SocketAddr> {
    let mut kept: Vec<SocketAddr> = Vec::new();
    for Placed { value: address, place } in listen {
        if let Some(other) = kept.iter().find(|other| other.is_ipv4() == address.is_ipv4()) {
            let found = match *other == address {
                true => format!("udp:{address} for the second time"),
                false => format!("udp:{address} beside udp:{other}"),
            };
            section.refuse_at(place, &found, "one address of each IP version");
        } else if address.port().checked_add(shards - 1).is_none() {
            let found = format!("udp:{address}, too high for {shards} shards");
            let accepted = "a port with room above it: shard n uses the port plus n";
            section.refuse_at(place, &found, accepted);
        }
        kept.push(address);
    }
    kept
}

fn product() -> Kind<Arc<str>> {
    Kind::text("1 to 64 printable ASCII characters, such as \"ringproof\"", |text| {
        let printable = text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
        let good = (1..=64).contains(&text.len()) && printable && text.trim() == text;
        good.then(|| text.into()).ok_or(Refusal::Unlike)
    })
}

fn path() -> Kind<String> {
    Kind::text("the path of a file, from the directory of this file", |text| {
        (!text.is_empty()).then(|| text.to_owned()).ok_or(Refusal::Unlike)
    })
}

/// A flash call stays for 32 s after its end (Timer D), and a live one needs room for two: 8,000 calls
/// per second that ring for 5 s need 350,000.
const TRANSACTIONS_MAX: usize = 1 << 19;
const TRANSACTIONS: RangeInclusive<usize> = 64..=1 << 22;
/// A missed call stays until 5 s after its ACK (Timer I), or 32 s without one (Timer H): room for 5,000
/// of them per second, twice over.
const SERVERS_MAX: usize = 1 << 16;
const ORDERS_MAX: usize = 16_384;
const QUEUE_MAX: usize = 10_000;
const QUEUE: RangeInclusive<usize> = 1..=1_000_000;
/// An app is better told soon that no call will come.
const QUEUE_TIME_MAX: Duration = Duration::from_secs(2);
const QUEUE_TIME: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(30);
const SHARDS_MAX: u16 = 64;
/// A call that has tried so many trunks is beyond help.
const PROFILES_MAX: usize = 64;
/// At 1,000 calls a second and 1 kB a message, more than a second of the shard being stopped.
const RECEIVE_BUFFER_BYTES: usize = 8 << 20;
