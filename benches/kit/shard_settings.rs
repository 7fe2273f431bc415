//! What a shard of a measurement is set to: one trunk that takes any number of calls, and no listener.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ringproof::gateway::dids::Dids;
use ringproof::gateway::settings::{Line, Peer, Settings};
use ringproof::trunk::{
    CallerId, CallerIdHeader, CallerPolicy, Dialled, MessagesError, NumberFormat, Profile, Ringing,
};
use ringproof::verify::event::{Event, Listener};

/// A shard at `local` whose trunk is at `trunk` and lets phones ring for `ring`.
pub(crate) fn shard_settings(
    local: SocketAddr,
    trunk: SocketAddr,
    ring: Duration,
) -> Result<Settings, MessagesError> {
    let peer = Peer::new(profile(trunk, ring), local, None)?;
    Ok(Settings {
        shard: 0,
        lines: vec![Line::new(peer, (0, 1))],
        routes: vec![Box::new([0])],
        dids: Arc::new(Dids::default()),
        servers_max: 1 << 16,
        transactions_max: 1 << 18,
        queue_max: 10_000,
        queue_time_max: Duration::from_secs(2),
        tag_key: None,
        verifications_max: 1_000_000,
    })
}

fn profile(address: SocketAddr, ring: Duration) -> Profile {
    Profile {
        name: "trunk".into(),
        address,
        sources: vec![address.ip().into()],
        strict_source: true,
        caller_id: CallerId { header: CallerIdHeader::From, format: NumberFormat::PlusE164 },
        dialled: Dialled {
            format: NumberFormat::PlusE164,
            tech_prefix: "".into(),
            user_phone: false,
        },
        domain: None,
        from_domain: None,
        caller: CallerPolicy::default(),
        privacy: None,
        ring,
        ringing: Ringing::Only180,
        assume_ringing_after: None,
        no_ringing_after: Duration::from_secs(20),
        options_interval: None,
        t1: Duration::from_millis(500),
        calls_per_second: 100_000,
        in_flight_max: 1_000_000,
        missed_calls_per_second: 100_000,
    }
}

/// Hears nothing.
pub(crate) struct Nobody;

impl Listener for Nobody {
    fn on_event(&self, _: Event) {}
}
