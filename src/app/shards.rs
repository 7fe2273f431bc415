//! The shards as the rest of the daemon sees them: where orders go, and what can be read of them.
#![expect(clippy::disallowed_methods, reason = "who has a word for a full shard waits a moment")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use tracing::warn;

use super::stop::Up;
use super::trunks::Trunks;
use crate::control::service::NotPlaced;
use crate::control::{Calls, Place};
use crate::gateway::Command;
use crate::gateway::board::Board;
use crate::gateway::inflight::InFlight;
use crate::gateway::reload::Reload;
use crate::gateway::state::{Reply, ShardState};
use crate::net::{Busy, NotSent, Remote, Reserved};
use crate::store::{Batch, Journal, Key};
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

    /// What a stop waits for, all shards together.
    pub(super) fn up(&self) -> Up {
        let rest = self.shards.iter().map(|shard| shard.tally.left_behind());
        let (left_behind, byes) = rest.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        Up { calls: self.calls(), left_behind, byes }
    }

    /// Gives one shard other trunks. Waits until its queue has a place.
    pub(super) async fn reload(&self, shard: usize, reload: Reload) {
        if let Some(shard) = self.shards.get(shard) {
            tell(shard, Command::Reload(Box::new(reload))).await;
        }
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

/// Which shard hangs up which calls of the process before this one: each the one with the socket that
/// its INVITE left from or, where there is none any more, one that can reach the trunk; and the names
/// of all. Records of calls that nobody can hang up and that must be over by now are deleted from the
/// journal.
pub(super) fn haunts(
    calls: Vec<InFlight>,
    locals: &[Vec<SocketAddr>],
    journal: &Journal,
) -> (Vec<Vec<InFlight>>, Vec<CallId>) {
    let names = calls.iter().map(|call| call.call).collect();
    let (each, stranded) = assign(calls, locals);
    let (over, stranded) = over_by_now(stranded, Instant::now());
    if !over.is_empty() {
        let mut batch = Batch::new();
        for call in &over {
            batch.delete(&Key::InFlight(call.call));
        }
        journal.keep(batch, || {});
        warn!(
            calls = over.len(),
            "calls of a process before this one, which no address in `sip.listen` could hang up, \
             are given up: they have been over for long"
        );
    }
    for InFlight { call, local, remote, .. } in stranded {
        // Neither is a phone's: a socket of ours, and the trunk's.
        warn!(
            %call, %local, %remote,
            "a call of the process before this one may ring and is not hung up: `sip.listen` has \
             no address any more from which its trunk can be reached"
        );
    }
    (each, names)
}

/// Which calls each shard hangs up, and those that none can: a shard is its sockets' addresses.
fn assign(calls: Vec<InFlight>, locals: &[Vec<SocketAddr>]) -> (Vec<Vec<InFlight>>, Vec<InFlight>) {
    let (mut each, mut stranded) = (vec![vec![]; locals.len()], vec![]);
    for call in calls {
        let has = |ask: &dyn Fn(&SocketAddr) -> bool| {
            locals.iter().position(|locals| locals.iter().any(ask))
        };
        let same = has(&|local| *local == call.local);
        let reaches = || has(&|local| local.is_ipv4() == call.remote.is_ipv4());
        match same.or_else(reaches) {
            Some(shard) => each[shard].push(call),
            None => stranded.push(call),
        }
    }
    (each, stranded)
}

/// Those that are over whatever became of them, and the others.
fn over_by_now(stranded: Vec<InFlight>, now: Instant) -> (Vec<InFlight>, Vec<InFlight>) {
    stranded.into_iter().partition(|call| now.saturating_duration_since(call.invited) > CALL_MAX)
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

/// No phone rings for so long: the longest plan and 64*T1 (RFC 3261 §17.1.1.2) are a minute, and a proxy
/// that heard no CANCEL gives up an INVITE in little more than the three minutes of its timer C (§16.6).
const CALL_MAX: Duration = Duration::from_secs(300);
/// A shard empties its queue in far less, unless it is out of breath.
const TELL_AGAIN: Duration = Duration::from_millis(1);
const DESCRIBE_TIMEOUT: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::id::VerificationId;

    #[test]
    fn d03_a_call_is_hung_up_where_it_left_else_where_its_trunk_is_reached_else_it_is_told() {
        let locals = [vec!["192.0.2.9:5070"], vec!["192.0.2.9:5071", "[2001:db8::9]:5071"]];
        let locals = locals.map(|shard| shard.iter().map(|it| it.parse().unwrap()).collect());
        let calls = vec![
            call(1, "192.0.2.9:5071", "192.0.2.1:5060"),
            call(2, "192.0.2.9:5075", "192.0.2.1:5060"),
            call(3, "[2001:db8::9]:5075", "[2001:db8::1]:5060"),
        ];
        let named = |calls: &[InFlight]| calls.iter().map(|it| it.call.0).collect::<Vec<_>>();
        let (each, stranded) = assign(calls.clone(), &locals);
        assert_eq!(each.iter().map(|it| named(it)).collect::<Vec<_>>(), [vec![2], vec![1, 3]]);
        assert!(stranded.is_empty());
        // Nobody has IPv6 any more.
        let (each, stranded) = assign(calls, &locals[..1]);
        assert_eq!((named(&each[0]), named(&stranded)), (vec![1, 2], vec![3]));
    }

    #[test]
    fn d03_a_record_that_nobody_can_use_goes_when_its_call_must_be_over() {
        let now = Instant::now();
        let old = |name, age| {
            let call = call(name, "[2001:db8::9]:5075", "[2001:db8::1]:5060");
            InFlight { invited: now - Duration::from_secs(age), ..call }
        };
        let (over, rest) = over_by_now(vec![old(1, 301), old(2, 299), old(3, 0)], now);
        let named = |calls: &[InFlight]| calls.iter().map(|it| it.call.0).collect::<Vec<_>>();
        assert_eq!((named(&over), named(&rest)), (vec![1], vec![2, 3]));
    }

    fn call(name: u128, local: &str, remote: &str) -> InFlight {
        InFlight {
            call: CallId(name),
            verification: VerificationId(name),
            trunk: "lab".into(),
            remote: remote.parse().unwrap(),
            local: local.parse().unwrap(),
            invite: Box::default(),
            invited: Instant::now(),
        }
    }
}
