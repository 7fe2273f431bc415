//! The shards as the rest of the daemon sees them: where orders go, and what can be read of them.
#![expect(clippy::disallowed_methods, reason = "who has a word for a full shard waits a moment")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use super::trunks::Trunks;
use crate::control::service::NotPlaced;
use crate::control::{Calls, Place};
use crate::gateway::Command;
use crate::gateway::board::Board;
use crate::gateway::inflight::InFlight;
use crate::gateway::reload::Reload;
use crate::gateway::state::{Reply, ShardState};
use crate::net::{Busy, NotSent, Remote, Reserved};
use crate::tally::{Shed, Table, Tally};
use crate::verify::Task;
use crate::verify::id::CallId;
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
    trunks: Arc<Trunks>,
    is_stopping: AtomicBool,
}

impl Shards {
    pub(super) fn new(shards: Vec<Shard>, trunks: Arc<Trunks>) -> Self {
        Self { shards, trunks, is_stopping: AtomicBool::new(false) }
    }

    /// No new calls; hang up those that live.
    pub(super) async fn drain(&self) {
        self.is_stopping.store(true, Ordering::Release);
        for shard in &self.shards {
            tell(shard, Command::Drain).await;
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    pub(super) fn tallies(&self) -> Vec<Arc<Tally>> {
        self.shards.iter().map(|shard| Arc::clone(&shard.tally)).collect()
    }

    /// Calls that live, all shards together.
    pub(super) fn calls(&self) -> u64 {
        self.shards.iter().map(|shard| shard.tally.table(Table::Calls).0).sum()
    }

    /// Gives one shard other trunks. Waits until its queue has a place.
    pub(super) async fn reload(&self, shard: usize, reload: Reload) {
        if let Some(shard) = self.shards.get(shard) {
            tell(shard, Command::Reload(Box::new(reload))).await;
        }
    }

    /// Has calls of the process before this one hung up: each by the shard that has the socket which
    /// its INVITE left from or, where there is none any more, by one that can reach the trunk. For a
    /// start: the queues are empty. Returns their names.
    pub(super) fn haunt(&self, calls: Vec<InFlight>, locals: &[Vec<SocketAddr>]) -> Vec<CallId> {
        let names = calls.iter().map(|call| call.call).collect();
        let mut each: Vec<Vec<InFlight>> = self.shards.iter().map(|_| vec![]).collect();
        for call in calls {
            let has = |ask: &dyn Fn(&SocketAddr) -> bool| {
                locals.iter().position(|locals| locals.iter().any(ask))
            };
            let same = has(&|local| *local == call.local);
            let reaches = || has(&|local| local.is_ipv4() == call.remote.is_ipv4());
            if let Some(calls) = same.or_else(reaches).and_then(|shard| each.get_mut(shard)) {
                calls.push(call);
            }
        }
        for (shard, calls) in self.shards.iter().zip(each).filter(|(_, calls)| !calls.is_empty()) {
            // The queue of a shard that has just begun has room.
            let _ = shard.remote.send(Command::Haunt(calls));
        }
        names
    }

    /// Has the shards go on with what the process before this one was asked for: behind what clients
    /// ask for meanwhile, since it may be a million.
    pub(super) async fn resume(&self, tasks: Vec<Task>) {
        for task in tasks {
            if let Some(shard) = self.shards.get(usize::from(task.shard())) {
                patiently(command(task), |command| shard.remote.offer_behind(command)).await;
            }
        }
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
    fn reserve(&self, task: &Task) -> Result<Box<dyn Place>, NotPlaced> {
        if self.is_stopping() {
            return Err(NotPlaced::Stopping);
        }
        let shard = self.shards.get(usize::from(task.shard())).ok_or(NotPlaced::QueueFull)?;
        if let Task::Call(order) = task {
            let layout = self.trunks.current();
            let route = layout.routes.get(usize::from(order.pool)).map_or(&[][..], AsRef::as_ref);
            if !route.iter().any(|trunk| shard.board.takes_calls(usize::from(*trunk))) {
                return Err(NotPlaced::NoTrunk);
            }
        }
        let place = shard.remote.reserve().map_err(|_| {
            shard.tally.on_shed(Shed::Call);
            NotPlaced::QueueFull
        })?;
        Ok(Box::new(ShardPlace(place)))
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

/// A place in the queue of a shard.
struct ShardPlace(Reserved<Command>);

impl Place for ShardPlace {
    fn hand_over(self: Box<Self>, task: Task) {
        // A shard that has stopped has nothing left to do.
        let _ = self.0.send(command(task));
    }
}

fn command(task: Task) -> Command {
    match task {
        Task::Call(order) => Command::Place(order),
        Task::Watch(watch) => Command::Watch(watch),
    }
}

/// A shard that has more orders than it can take gets the word when it has room.
async fn tell(shard: &Shard, command: Command) {
    patiently(command, |command| shard.remote.offer(command)).await;
}

/// Until it is taken. A shard that has stopped needs none.
async fn patiently(mut command: Command, offer: impl Fn(Command) -> Result<(), NotSent<Command>>) {
    while let Err(NotSent { command: back, why: Busy::Full }) = offer(command) {
        command = back;
        tokio::time::sleep(TELL_AGAIN).await;
    }
}

/// A shard empties its queue in far less, unless it is out of breath.
const TELL_AGAIN: Duration = Duration::from_millis(1);
const DESCRIBE_TIMEOUT: Duration = Duration::from_millis(500);
