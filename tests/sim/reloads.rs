//! What operators do while phones ring: trunks change places, go and come back.

use std::time::Duration;

use ringproof::gateway::Command;
use ringproof::gateway::reload::Reload as Order;

use crate::broken::Verdict;
use crate::dice::Dice;
use crate::dids::{self, Known};
use crate::hosts;
use crate::plan::{Daemon, Plan};
use crate::world::{Happening, World};

/// One SIGHUP.
#[derive(Debug)]
pub(crate) struct Reload {
    pub(crate) at: Duration,
    pub(crate) daemon: usize,
    /// Where trunks are to be found from now on, and numbers are rung from.
    pub(crate) known: Known,
    /// For each pool the trunks that carry its calls.
    routes: Vec<Vec<u16>>,
}

impl Reload {
    /// Draws those of one world.
    pub(crate) fn draw(daemons: &[Daemon], trunks: usize, dice: &mut Dice) -> Vec<Self> {
        let count = if dice.chance(30) { dice.between(1, 4) } else { 0 };
        (0..count).map(|_| Self::draw_one(daemons, trunks, dice)).collect()
    }

    fn draw_one(daemons: &[Daemon], trunks: usize, dice: &mut Dice) -> Self {
        let all: Vec<u16> = (0..trunks as u16).collect();
        let mut listed = dice.shuffled(all.clone());
        listed.truncate(dice.between(1, trunks as u32) as usize);
        let moved = if dice.chance(60) { dice.shuffled(all) } else { all };
        let place =
            |(trunk, place): (u16, &u16)| listed.contains(&trunk).then_some(usize::from(*place));
        let places = (0..).zip(&moved).map(place).collect();
        let daemon = dice.between(0, daemons.len() as u32 - 1) as usize;
        // Numbers follow their trunks, or get others.
        let others = dice.chance(50);
        let carriers = |did: &dids::Did| match others {
            true => dids::carriers(trunks as u32, dice),
            false => did.trunks.clone(),
        };
        let carriers = daemons[daemon].inbound.dids.iter().map(carriers).collect();
        let known = Known { places, carriers };
        let route = |dice: &mut Dice| {
            let mut route = dice.shuffled(listed.clone());
            route.truncate(dice.between(1, listed.len() as u32) as usize);
            route
        };
        Self { at: dice.millis(0, 90_000), daemon, known, routes: vec![route(dice), route(dice)] }
    }

    /// The trunks as one shard is to know them.
    fn for_shard(&self, plan: &Plan, shard: &hosts::Shard, share: (u16, u16)) -> Order {
        let trunks = &plan.trunks;
        let line = |(index, place): (usize, &Option<usize>)| {
            let place = &trunks[(*place)?].profile;
            let mut profile = trunks[index].profile.clone();
            (profile.address, profile.sources) = (place.address, place.sources.clone());
            Some((index as u16, hosts::line(profile, shard.address, share)))
        };
        Order {
            lines: self.known.places.iter().enumerate().filter_map(line).collect(),
            routes: self.routes.iter().map(|route| route.clone().into_boxed_slice()).collect(),
            dids: plan.daemons[self.daemon].inbound.configured(&self.known),
        }
    }
}

impl World {
    /// A daemon reads its configuration again.
    pub(crate) fn reload(&mut self, index: usize) -> Verdict {
        let reload = &self.plan.reloads[index];
        self.story.record(self.now - self.start, &format!("{reload:?}"));
        let daemon = reload.daemon;
        let first = self.daemons[daemon].first_shard;
        let count = self.plan.daemons[daemon].settings.shards;
        for shard in 0..count {
            let host = first + usize::from(shard);
            let reload = &self.plan.reloads[index];
            let order = reload.for_shard(&self.plan, &self.shards[host], (shard, count));
            let at = self.command(host, Command::Reload(Box::new(order)));
            self.agenda.add(at, Happening::Learns { shard: host, reload: index });
        }
        self.reloaded += 1;
        Ok(())
    }
}
