//! The shards as the rest of the daemon sees them: where orders go, and what can be read of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::control::Calls;
use crate::control::service::NotPlaced;
use crate::gateway::Command;
use crate::gateway::board::Board;
use crate::gateway::state::{Reply, ShardState};
use crate::net::Remote;
use crate::tally::{Shed, Tally};
use crate::verify::Order;
use crate::verify::record::CallRecord;

/// One running shard.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) remote: Remote<Command>,
    pub(super) board: Arc<Board>,
    pub(super) tally: Arc<Tally>,
}

/// Every shard, and the trunks of each pool.
#[derive(Debug)]
pub(super) struct Shards {
    shards: Vec<Shard>,
    /// For each pool the indices of its trunks.
    routes: Vec<Box<[u16]>>,
    is_stopping: AtomicBool,
}

impl Shards {
    pub(super) fn new(shards: Vec<Shard>, routes: Vec<Box<[u16]>>) -> Self {
        Self { shards, routes, is_stopping: AtomicBool::new(false) }
    }

    /// No new calls; hang up those that live. Says whether every shard has been told: one that has
    /// more orders than it can take has not, and is to be told again a little later. Orders are
    /// refused from now on, so it soon has room.
    pub(super) fn drain(&self) -> bool {
        self.is_stopping.store(true, Ordering::Release);
        let tell = |shard: &Shard| shard.remote.send(Command::Drain) != Err(crate::net::Busy::Full);
        // Each of them, whatever the others say; to be told twice changes nothing.
        self.shards.iter().filter(|shard| !tell(shard)).count() == 0
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    pub(super) fn tallies(&self) -> Vec<Arc<Tally>> {
        self.shards.iter().map(|shard| Arc::clone(&shard.tally)).collect()
    }

    /// Calls on a trunk, all shards together.
    pub(super) fn in_flight(&self, trunk: usize) -> u32 {
        self.shards.iter().map(|shard| shard.board.in_flight(trunk)).sum()
    }

    /// Whether any shard would send a call to the trunk.
    pub(super) fn takes_calls(&self, trunk: usize) -> bool {
        self.shards.iter().any(|shard| shard.board.takes_calls(trunk))
    }

    /// Whether the trunk answers any shard.
    pub(super) fn is_up(&self, trunk: usize) -> bool {
        self.shards.iter().any(|shard| shard.board.is_up(trunk))
    }

    /// Asks every shard to describe itself. Waits for the answers, so it must not be called from an
    /// asynchronous task.
    pub(super) fn describe(&self) -> Vec<Option<ShardState>> {
        let ask = |shard: &Shard| {
            let (answer, answers) = sync_channel(1);
            // The reply comes from the shard's thread: a full channel means that nobody waits.
            let reply = Reply::new(move |state| drop(answer.try_send(state)));
            shard.remote.send(Command::Describe(reply)).ok()?;
            answers.recv_timeout(DESCRIBE_TIMEOUT).ok()
        };
        self.shards.iter().map(ask).collect()
    }
}

impl Calls for Shards {
    fn place(&self, order: &Order) -> Result<(), NotPlaced> {
        if self.is_stopping() {
            return Err(NotPlaced::Stopping);
        }
        let Some(shard) = self.shards.get(usize::from(order.shard)) else {
            return Err(NotPlaced::QueueFull);
        };
        let route = self.routes.get(usize::from(order.pool)).map_or(&[][..], AsRef::as_ref);
        if !route.iter().any(|trunk| shard.board.takes_calls(usize::from(*trunk))) {
            return Err(NotPlaced::NoTrunk);
        }
        shard.remote.send(Command::Place(order.clone())).map_err(|_| {
            shard.tally.on_shed(Shed::Call);
            NotPlaced::QueueFull
        })
    }

    fn hang_up(&self, call: &Arc<CallRecord>, shard: u16) {
        if let Some(shard) = self.shards.get(usize::from(shard))
            && shard.remote.send(Command::HangUp(call.id)).is_err()
        {
            // The ring time of the profile ends the call instead.
            shard.tally.on_shed(Shed::Call);
        }
    }
}

const DESCRIBE_TIMEOUT: Duration = Duration::from_millis(500);
