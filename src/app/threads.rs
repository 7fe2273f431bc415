//! The shards' sockets and threads.
#![expect(clippy::disallowed_methods, reason = "an edge: a shard begins now")]

use std::sync::Arc;
use std::time::Instant;

use tracing::warn;

use super::books::flights::Flights;
use super::books::scribe::Scribe;
use super::daemon::StartError;
use super::settings;
use super::shards::{Shard, Shards};
use super::teller::{Item, Teller};
use super::trunks::Trunks;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::gateway::inflight::InFlight;
use crate::gateway::settings::Settings;
use crate::gateway::{Command, Gateway};
use crate::net::{self, Running, Socket};
use crate::observe::Recorder;
use crate::tally::Tally;
use crate::verify::Verify;

/// Where shards write down their calls, the key of their From tags, and the calls that each hangs up.
type OfCalls<'a> = (&'a Arc<Scribe>, &'a Arc<Teller<Item>>, [u8; 16], Vec<Vec<InFlight>>);

/// Sockets for each shard: the ports follow one another.
pub(super) fn bind(config: &Config) -> Result<Vec<Vec<Socket>>, StartError> {
    let mut sockets = vec![];
    for shard in 0..config.sip.shards {
        let locals =
            config.sip.listen.iter().filter_map(|local| config.sip.local(shard, local.ip()));
        let bound: Result<Vec<_>, _> =
            locals.map(|local| net::bind(local, config.sip.receive_buffer)).collect();
        let bound = bound?;
        for socket in &bound {
            let granted = socket.receive_buffer_bytes;
            // The kernel doubles what it is asked for, for its own use (socket(7)).
            if granted / 2 < config.sip.receive_buffer {
                let asked = config.sip.receive_buffer;
                warn!(asked, granted = granted / 2, "the receive buffer is smaller than asked for");
            }
        }
        sockets.push(bound);
    }
    Ok(sockets)
}

/// Starts a thread for each shard, which hangs up its part of `haunts`: what the process before left.
pub(super) fn run(
    config: &Config,
    sockets: Vec<Vec<Socket>>,
    (verify, recorder, trunks): (&Arc<Verify>, &Arc<Recorder>, &Arc<Trunks>),
    (scribe, teller, tag_key, haunts): OfCalls<'_>,
    entropy: &Entropy,
) -> Result<(Vec<Running<Command>>, Arc<Shards>), StartError> {
    let (mut running, mut shards) = (vec![], vec![]);
    let layout = trunks.current();
    for (index, (sockets, haunts)) in sockets.into_iter().zip(haunts).enumerate() {
        let shard = index as u16; // `sip.shards` is a u16
        let locals: Vec<_> = sockets.iter().map(|socket| socket.local).collect();
        let settings = Settings {
            shard,
            lines: settings::lines(config, shard, &locals)?,
            routes: layout.routes.clone(),
            dids: Arc::clone(&layout.dids),
            servers_max: config.sip.servers_max,
            transactions_max: config.sip.transactions_max,
            verifications_max: config.verify.bounds.pending_max + config.verify.bounds.ended_max,
            queue_max: config.sip.queue_max,
            queue_time_max: config.sip.queue_time_max,
            tag_key: Some(tag_key),
        };
        let tally = Arc::new(Tally::default());
        let gateway =
            Gateway::new(settings, Arc::clone(verify), entropy, Arc::clone(&tally), Instant::now());
        let flights = Flights::new(Arc::clone(scribe), Arc::clone(verify), Arc::clone(teller));
        let bell = flights.bell();
        let mut gateway = gateway.watched_by(recorder.clone()).recorded_by(Arc::new(flights));
        gateway.haunt(haunts, Instant::now());
        let board = gateway.board();
        let thread =
            net::spawn(&format!("shard-{shard}"), gateway, sockets, config.sip.orders_max)?;
        // Nobody else sets it.
        let remote = thread.remote.clone();
        let _ = bell.set(Box::new(move || remote.ring()));
        shards.push(Shard { remote: thread.remote.clone(), board, tally });
        running.push(thread);
    }
    Ok((running, Arc::new(Shards::new(shards, Arc::clone(trunks)))))
}
