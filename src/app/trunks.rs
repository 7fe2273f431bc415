//! The trunks of the daemon, which a reload changes: their names, what the configuration says of
//! them, and which of them carry the calls of each pool and bring those to each DID.
//!
//! Invariant: a name keeps its index for as long as the process lives. A reader sees one
//! configuration or the next, never half of each.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::settings;
use crate::config::Config;
use crate::gateway::dids::Dids;
use crate::gateway::settings::TRUNKS_MAX;
use crate::trunk::Profile;
use crate::verify::TrunkNames;

/// The trunks of the daemon.
#[derive(Debug)]
pub(super) struct Trunks {
    pub(super) names: TrunkNames,
    current: ArcSwap<Layout>,
}

/// What one configuration says of trunks.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The trunks that it has, with their indices, in its own order.
    pub(super) listed: Vec<(u16, Profile)>,
    /// For each pool the indices of its trunks.
    pub(super) routes: Vec<Box<[u16]>>,
    /// The numbers that people ring, with the indices of their trunks.
    pub(super) dids: Arc<Dids>,
}

/// More trunks than one process can know.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{found} names of trunks since the start, at most {TRUNKS_MAX} are possible: restart instead"
)]
pub(super) struct TooMany {
    found: usize,
}

impl Trunks {
    /// The trunks of the configuration that the daemon starts with.
    pub(super) fn new(config: &Config) -> Self {
        let names = TrunkNames::new(config.trunks.iter().map(|trunk| Arc::clone(&trunk.name)));
        let trunks = Self { names, current: ArcSwap::default() };
        trunks.change_to(trunks.layout(config, config));
        trunks
    }

    /// Learns the names of the trunks of `config`.
    ///
    /// # Errors
    ///
    /// When there are too many; then none was learnt.
    pub(super) fn learn(&self, config: &Config) -> Result<(), TooMany> {
        let known = self.names.all();
        let is_new = |profile: &&Profile| !known.contains(&profile.name);
        let found = known.len() + config.trunks.iter().filter(is_new).count();
        if found > TRUNKS_MAX {
            return Err(TooMany { found });
        }
        for profile in &config.trunks {
            self.names.learn(&profile.name);
        }
        Ok(())
    }

    /// What `config` says of trunks, whose names are known, for the pools and DIDs of `running`. One
    /// that `config` has no more keeps no trunk.
    pub(super) fn layout(&self, running: &Config, config: &Config) -> Layout {
        // Fewer than `TRUNKS_MAX`, so it fits.
        let index = |profile: &Profile| self.names.learn(&profile.name) as u16;
        let indices: Vec<u16> = config.trunks.iter().map(index).collect();
        let of_places = |places: &[u16]| -> Box<[u16]> {
            places.iter().map(|place| indices[usize::from(*place)]).collect()
        };
        let routes = running.pools.iter().map(|pool| {
            let pool = config.pools.iter().find(|other| other.name == pool.name);
            of_places(pool.map_or(&[], |pool| &pool.trunks))
        });
        let routes = routes.collect();
        let dids = Arc::new(settings::dids(running, config, of_places));
        let listed = indices.iter().copied().zip(config.trunks.iter().cloned()).collect();
        Layout { listed, routes, dids }
    }

    /// Shows another layout to readers.
    pub(super) fn change_to(&self, layout: Layout) {
        self.current.store(Arc::new(layout));
    }

    /// The configuration's trunks as they are now.
    pub(super) fn current(&self) -> Arc<Layout> {
        self.current.load_full()
    }
}

#[cfg(test)]
mod tests;
