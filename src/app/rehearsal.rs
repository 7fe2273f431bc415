//! The books of a daemon without its threads: for simulations, in which time is an argument and the disk
//! is one that tears and forgets. What is written, and how it is read back, is what the daemon does
//! (`books`, `past`, `store`); when the teller tells and the writer commits, says the simulation.
//!
//! Deliberately absent: sockets, the event stream, the webhooks' notifier and the sweep.

use std::sync::Arc;
use std::time::Instant;

use super::books::flights::Flights;
use super::books::scribe::{Clock, Scribe};
use super::books::vault::{self, Vault};
use super::past::{self, Read, Why};
use super::relay::Relay;
use super::teller::{Item, Teller, Turns};
use crate::control::{KeptReply, Store};
use crate::entropy::Entropy;
use crate::gateway::inflight::{InFlight, Records};
use crate::notify;
use crate::store::clock::Reading;
use crate::store::{Announce, Hand, Journal, Opened};
use crate::time::WallClock;
use crate::verify::event::Listener;
use crate::verify::id::CallId;
use crate::verify::recover::Revival;
use crate::verify::{TrunkNames, Verify};

/// Whom a [`Verify`] is to tell, before there is a journal.
pub struct Ear {
    relay: Arc<Relay>,
    teller: Arc<Teller<Item>>,
    turns: Turns,
}

/// What a daemon has besides its journal.
pub struct Means {
    /// Its randomness.
    pub entropy: Entropy,
    /// What its wall clock shows.
    pub wall: WallClock,
    /// The moment.
    pub clock: Arc<dyn Fn() -> Instant + Send + Sync>,
    /// Its trunks.
    pub trunks: TrunkNames,
    /// Who is told by webhooks.
    pub audience: notify::Settings,
    /// Who hears of events at once, as logs and metrics do.
    pub log: Arc<dyn Listener>,
}

/// The books of one process.
pub struct Books {
    /// The journal.
    pub journal: Journal,
    hand: Hand,
    turns: Turns,
    scribe: Arc<Scribe>,
    teller: Arc<Teller<Item>>,
    vault: Arc<Vault>,
    clock: Clock,
    trunks: TrunkNames,
}

/// What a journal says that cannot wait.
pub struct First {
    /// Calls that may ring.
    pub in_flight: Vec<InFlight>,
    /// The key of the hashes of codes.
    pub code_key: [u8; 32],
    /// The key of From tags.
    pub tag_key: [u8; 16],
}

/// A daemon does not begin with such a journal.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Refused(#[from] Why);

impl Ear {
    /// Whose journal comes later.
    pub fn new() -> Self {
        let relay = Arc::new(Relay::default());
        let (teller, turns) = Teller::by_hand(relay.clone());
        Self { relay, teller, turns }
    }

    /// Whom a [`Verify`] tells.
    pub fn listener(&self) -> Arc<dyn Listener> {
        Arc::clone(&self.teller) as Arc<dyn Listener>
    }
}

impl Default for Ear {
    fn default() -> Self {
        Self::new()
    }
}

impl Books {
    /// Begins with a journal that was opened at `now`; `announce` hears of events when they are safe.
    ///
    /// # Errors
    ///
    /// Why no daemon would.
    pub fn begin(
        opened: Opened,
        ear: Ear,
        means: Means,
        announce: Announce,
        now: &Reading,
    ) -> Result<(Self, First), Refused> {
        let Means { entropy, wall, clock, trunks, audience, log } = means;
        let Read { opened, in_flight, code_key, tag_key } =
            past::read_opened(opened, &trunks, &entropy, vec![], now)?;
        let (journal, hand) = opened.by_hand(announce);
        let means = (entropy, wall, Arc::clone(&clock));
        let scribe = Scribe::new(journal.clone(), trunks.clone(), audience, means, log);
        let Ear { relay, teller, turns } = ear;
        relay.set(scribe.clone());
        let vault = Vault::new(Arc::clone(&scribe), Arc::clone(&teller));
        let books = Self { journal, hand, turns, scribe, teller, vault, clock, trunks };
        Ok((books, First { in_flight, code_key, tag_key }))
    }

    /// What the control room writes before it answers.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.vault) as Arc<dyn Store>
    }

    /// What a shard writes before it calls. `ring`: what has it look at the answers.
    pub fn records(
        &self,
        verify: &Arc<Verify>,
        ring: impl Fn() + Send + Sync + 'static,
    ) -> Arc<dyn Records> {
        let (scribe, teller) = (Arc::clone(&self.scribe), Arc::clone(&self.teller));
        let flights = Flights::new(scribe, Arc::clone(verify), teller);
        // Nobody else sets it.
        let _ = flights.bell().set(Box::new(ring));
        Arc::new(flights)
    }

    /// Has `verify` take over from the process before this one, which left `calls` that may ring. The
    /// replies are those to requests with a key.
    ///
    /// # Errors
    ///
    /// Why no daemon would begin.
    pub fn take_over(
        &self,
        verify: &Verify,
        calls: &[CallId],
    ) -> Result<(Revival, Vec<KeptReply>), Refused> {
        let clock = || (self.clock)();
        let (revival, replies, _) =
            past::revive((&self.journal, &self.trunks, None), verify, calls, &clock)?;
        let clock = self.journal.clock();
        Ok((revival, replies.into_iter().map(|reply| vault::reply(reply, clock)).collect()))
    }

    /// How much waits to be told.
    pub fn untold(&mut self) -> usize {
        self.turns.waiting()
    }

    /// Tells the next thing.
    pub fn tell(&mut self) {
        self.turns.tell();
    }

    /// The hand that writes the journal.
    pub fn hand(&mut self) -> &mut Hand {
        &mut self.hand
    }

    /// The process is killed: nothing more is written.
    pub fn kill(self) {
        self.hand.kill();
    }
}
