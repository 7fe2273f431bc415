//! What the network does to datagrams: loss, duplication, delay, and through unequal delays
//! reordering. Each direction between two hosts has a quality of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::dice::Dice;
use crate::plan::Weather;

/// One direction between two hosts.
#[derive(Clone, Copy, Debug)]
struct Link {
    lost_per_cent: u32,
    repeated_per_cent: u32,
    delay: Duration,
    jitter_ms: u32,
}

/// All directions.
pub(crate) struct Network {
    weather: Weather,
    links: BTreeMap<(SocketAddr, SocketAddr), Link>,
    dice: Dice,
}

impl Network {
    pub(crate) fn new(weather: Weather, dice: Dice) -> Self {
        Self { weather, links: BTreeMap::new(), dice }
    }

    /// After which times copies of a datagram arrive: usually one, none when it is lost.
    pub(crate) fn fate(&mut self, from: SocketAddr, to: SocketAddr) -> Vec<Duration> {
        let (weather, dice) = (self.weather, &mut self.dice);
        let link = *self.links.entry((from, to)).or_insert_with(|| Link::draw(weather, dice));
        let mut copies = vec![];
        if !dice.chance(link.lost_per_cent) {
            copies.push(link.delay + dice.millis(0, link.jitter_ms));
        }
        if dice.chance(link.repeated_per_cent) {
            copies.push(link.delay + dice.millis(0, link.jitter_ms + 10));
        }
        copies
    }
}

impl Link {
    fn draw(weather: Weather, dice: &mut Dice) -> Self {
        match weather {
            // In order, because what leaves at one moment arrives in the order of the agenda.
            Weather::Calm => Self {
                lost_per_cent: 0,
                repeated_per_cent: 0,
                delay: dice.millis(1, LATENCY_CALM_MS),
                jitter_ms: 0,
            },
            Weather::Fair => Self {
                lost_per_cent: dice.between(0, 3),
                repeated_per_cent: dice.between(0, 2),
                delay: dice.millis(1, 60),
                jitter_ms: dice.between(0, 20),
            },
            Weather::Foul => Self {
                lost_per_cent: dice.between(5, 30),
                repeated_per_cent: dice.between(0, 10),
                delay: dice.millis(1, 150),
                jitter_ms: dice.between(50, 200),
            },
        }
    }
}

/// The longest way of a datagram in calm weather.
pub(crate) const LATENCY_CALM_MS: u32 = 40;
