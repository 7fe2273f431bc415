//! From the configuration's words to those of the rooms that must not know it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::config::{self, Config, Format, Level};
use crate::control::{self, Limits, TcpSettings};
use crate::gateway::dids::{Did, Dids};
use crate::gateway::settings::{Line, Peer};
use crate::number::E164;
use crate::observe::log;
use crate::trunk::MessagesError;

/// Where the control API listens, who may ask, how much.
pub(super) fn control(config: &Config) -> control::Settings {
    let control = &config.control;
    control::Settings {
        socket: control.socket.clone(),
        socket_mode: control.socket_mode,
        tcp: control.listen.map(|listen| TcpSettings { listen, keys: control.keys.clone() }),
        limits: Limits { events_kept: config.observe.events_kept, ..control.limits },
    }
}

/// How logs are written.
pub(super) fn log(config: &Config, is_coloured: bool) -> log::Settings {
    let level = match config.log.level {
        Level::Debug => "debug",
        Level::Error => "error",
        Level::Info => "info",
        Level::Trace => "trace",
        Level::Warn => "warn",
    };
    log::Settings {
        format: match config.log.format {
            Format::Json => log::Format::Json,
            Format::Pretty => log::Format::Pretty,
        },
        // The libraries below are of interest when something is wrong with them, not by default.
        filter: format!("warn,ringproof={level}"),
        is_coloured,
        lines_max: config.log.lines_max,
    }
}

/// The trunks as one shard sees them from its addresses.
pub(super) fn lines(
    config: &Config,
    shard: u16,
    locals: &[SocketAddr],
) -> Result<Vec<Line>, MessagesError> {
    let mut lines = vec![];
    for profile in &config.trunks {
        let same_family = |local: &&SocketAddr| local.is_ipv4() == profile.address.is_ipv4();
        // The configuration is refused when a trunk has no listener of its IP version.
        let Some(&local) = locals.iter().find(same_family) else { continue };
        let peer = Peer::new(profile.clone(), local, config.sip.user_agent.clone())?;
        lines.push(Line::new(peer, (shard, config.sip.shards)));
    }
    Ok(lines)
}

/// The DIDs of `running` as shards see them, with the trunks that `config` gives them; `indices` makes
/// what a shard calls these of their places in `config`.
pub(super) fn dids(
    running: &Config,
    config: &Config,
    indices: impl Fn(&[u16]) -> Box<[u16]>,
) -> Dids {
    let trunks: BTreeMap<E164, &config::Did> =
        config.dids.iter().map(|did| (did.number, did)).collect();
    let did = |did: &config::Did| Did {
        number: did.number,
        trunks: indices(trunks.get(&did.number).map_or(&[], |did| &did.trunks)),
        plan: did.own.plan(running.elsewhere),
    };
    Dids::new(running.dids.iter().map(did).collect(), running.elsewhere)
}
