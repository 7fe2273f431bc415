//! A plain profile for tests of this room.

use std::net::SocketAddr;
use std::time::Duration;

use super::{CallerId, CallerIdHeader, CallerPolicy, Dialled, NumberFormat, Profile, Ringing};

/// `+` numbers, From alone, 180 alone.
pub(crate) fn profile(address: &str) -> Profile {
    let address: SocketAddr = address.parse().unwrap();
    Profile {
        name: "test".into(),
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
        ring: Duration::from_secs(5),
        ringing: Ringing::Only180,
        assume_ringing_after: None,
        no_ringing_after: Duration::from_secs(20),
        options_interval: None,
        t1: Duration::from_millis(500),
        calls_per_second: 100,
        in_flight_max: 1_000,
        missed_calls_per_second: 1_000,
    }
}
