//! What daemons with a journal say, and when: nothing that is not on disk.

use std::sync::Arc;
use std::time::Instant;

use ringproof::control::Saving;
use ringproof::gateway::{Command, Input};
use ringproof::verify::Started;
use ringproof::verify::id::VerificationId;
use ringproof::verify::snapshot::{Snapshot, Status};

use crate::broken::{Rule, Verdict, ensure};
use crate::checks::memory::{Known, Seen};
use crate::checks::rest::empty;
use crate::disk::{Begun, Done, poll};
use crate::lives::Crash;
use crate::world::{Happening, World};

/// A reply that waits until what it shows is on disk.
pub(crate) struct Owed {
    snapshot: Snapshot,
    /// What its client knew when it asked.
    asked: Option<Known>,
    /// It says that a code was wrong.
    is_wrong: bool,
    /// What happened before it is on disk.
    barrier: Saving,
}

impl World {
    /// Whether a daemon can write; one without a journal has nothing to write.
    pub(crate) fn is_writable(&mut self, daemon: usize) -> bool {
        self.daemons[daemon].disk().is_none_or(|disk| disk.is_writable())
    }

    /// A start that a shard has room for: it gets it at once, and its client hears when it is on disk.
    pub(crate) fn begin(&mut self, visit: usize, started: &Started) -> Verdict {
        let daemon = self.plan.visits[visit].daemon;
        let beginning = self.daemons[daemon].verify.beginning(&started.task);
        let (Some(beginning), Some(order)) = (beginning, started.task.clone().call()) else {
            return Self::broken(Rule::Memory, format!("nothing to be kept of visit {visit}"));
        };
        let lease = (order.to.as_u64(), order.caller_id.suffix());
        self.daemons[daemon].leases.on_leased(lease, order.call.id, self.now)?;
        let begun = Begun { visit, id: started.snapshot.id, task: started.task.clone() };
        let now = self.now;
        let looks = self.daemons[daemon].disk().map(|disk| disk.begin(begun, beginning, now));
        self.file_looks(daemon, looks.into_iter().flatten());
        self.orders.push((daemon, order.clone()));
        self.command(daemon_shard(self, daemon, order.shard), Command::Place(order));
        Ok(())
    }

    /// Gives the disk what the rooms of a daemon want to be kept.
    pub(crate) fn hand_to_disk(&mut self, daemon: usize) {
        let now = self.now;
        let looks = self.daemons[daemon].disk().map(|disk| disk.schedule(now));
        self.file_looks(daemon, looks.into_iter().flatten());
    }

    pub(crate) fn file_looks(&mut self, daemon: usize, looks: impl IntoIterator<Item = Instant>) {
        for at in looks {
            self.agenda.add(at, Happening::Crash(Crash::DiskTurns(daemon)));
        }
    }

    /// What became of what a daemon had written.
    pub(crate) fn on_disk_turned(&mut self, daemon: usize, done: Vec<Done>) -> Verdict {
        for done in done {
            match done {
                Done::Begun(begun) => {
                    // Whoever waited for the disk is not there at once.
                    let at = self.now + self.dice.millis(0, ANSWERED_MS);
                    let announced = Crash::Answers { daemon, begun: Box::new(begun) };
                    self.agenda.add(at, Happening::Crash(announced));
                }
                Done::Recorded(shard) => self.tell_shard(shard, Input::Recorded)?,
                Done::Refused(begun) => self.take_back(daemon, &begun)?,
            }
        }
        self.hear(daemon)?;
        self.pay(daemon)
    }

    /// The client of a start hears that it is on disk.
    pub(crate) fn answer(&mut self, daemon: usize, begun: &Begun) -> Verdict {
        let verify = &self.daemons[daemon].verify;
        verify.announce(&begun.task);
        let Some(order) = begun.task.clone().call() else { return Ok(()) };
        let (visit, id) = (begun.visit, order.verification);
        self.on_answered(daemon, visit, id);
        self.hear(daemon)
    }

    /// A client is told that its verification was started.
    pub(crate) fn on_answered(&mut self, daemon: usize, visit: usize, id: VerificationId) {
        self.story.record(self.now - self.start, &format!("visit {visit}: 201 {id}"));
        self.visits[visit] = Some(id);
        let attempts_left = self.plan.daemons[daemon].settings.attempts;
        let seen = Seen { attempts_left, calls: 1, status: Status::Pending };
        self.memory.on_started(id, daemon, seen);
    }

    /// The disk has refused a start: it has never been.
    fn take_back(&mut self, daemon: usize, begun: &Begun) -> Verdict {
        let Some(order) = begun.task.clone().call() else { return Ok(()) };
        self.meet("a start that the disk refused");
        let visit = begun.visit;
        self.story.record(self.now - self.start, &format!("visit {visit}: 503"));
        self.command(daemon_shard(self, daemon, order.shard), Command::HangUp(order.call.id));
        let host = &mut self.daemons[daemon];
        host.verify.undo(&order, self.now);
        host.leases.on_undone(order.call.id);
        let is_gone = host.verify.get(order.verification, self.now).is_none();
        ensure(is_gone, Rule::Memory, || format!("{} was refused and is there", order.verification))
    }

    /// A reply is to leave once what it shows is on disk. Of a daemon without a journal it has left.
    pub(crate) fn owe(&mut self, daemon: usize, snapshot: Snapshot, is_wrong: bool) -> Verdict {
        if self.daemons[daemon].disk().is_none() {
            return Ok(());
        }
        let (asked, now) = (self.memory.known(snapshot.id), self.now);
        let Some(barrier) = self.daemons[daemon].disk().and_then(|disk| disk.barrier(now)) else {
            return Ok(());
        };
        self.owed.push((daemon, Owed { snapshot, asked, is_wrong, barrier }));
        self.hear(daemon)?;
        self.pay(daemon)
    }

    /// Replies leave.
    fn pay(&mut self, daemon: usize) -> Verdict {
        let verify = Arc::clone(&self.daemons[daemon].verify);
        for (owner, mut owed) in std::mem::take(&mut self.owed) {
            if owner != daemon {
                self.owed.push((owner, owed));
                continue;
            }
            let is_saved = verify.is_saved(&owed.snapshot);
            match poll(&mut owed.barrier) {
                _ if is_saved => self.reply(&owed)?,
                None => self.owed.push((owner, owed)),
                Some(Err(_)) => self.meet("a reply that waited in vain for the disk"),
                Some(Ok(())) => {
                    // Forgotten, or taken back.
                    let is_gone = verify.get(owed.snapshot.id, self.now).is_none();
                    ensure(is_gone, Rule::Memory, || {
                        format!("{} is not saved behind a barrier", owed.snapshot.id)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn reply(&mut self, owed: &Owed) -> Verdict {
        let Owed { snapshot, asked, is_wrong, .. } = owed;
        let (id, status) = (snapshot.id, snapshot.status.as_str());
        self.story.record(self.now - self.start, &format!("  <- {id} {status}"));
        self.memory.on_told(id, (*asked, snapshot.into()), *is_wrong, self.now)
    }

    /// S6 of the disks: no record of a call is left, and no reply waits.
    pub(crate) fn check_disks(&mut self) -> Verdict {
        empty("replies that never left", self.owed.len())?;
        for daemon in &mut self.daemons {
            if let Some(disk) = daemon.disk() {
                empty("records of calls that may ring", disk.check_end()?)?;
                ensure(disk.is_idle(), Rule::Quiet, || "the disk has work left".to_owned())?;
            }
        }
        Ok(())
    }
}

/// Where a shard of a daemon is among all.
pub(crate) fn daemon_shard(world: &World, daemon: usize, shard: u16) -> usize {
    world.daemons[daemon].first_shard + usize::from(shard)
}

/// How long a task takes at most to go on once its batch is on disk.
const ANSWERED_MS: u32 = 3;
