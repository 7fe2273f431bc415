//! Daemons die at any moment, and others take over from what is on disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ringproof::gateway::inflight::InFlight;
use ringproof::gateway::{Command, Input};
use ringproof::lab::Entry;
use ringproof::verify::Task;
use ringproof::verify::id::VerificationId;
use ringproof::verify::recover::Revival;
use ringproof::verify::snapshot::Status;

use crate::broken::{Rule, Verdict, ensure};
use crate::checks::memory::is_old;
use crate::checks::rest::{HeldUp, Rest};
use crate::crashes::Kill;
use crate::disk::Begun;
use crate::hosts::Life;
use crate::kept::daemon_shard;
use crate::machine::Death;
use crate::world::{Happening, World};

/// What happens to daemons that have a journal.
pub(crate) enum Crash {
    /// The client of a start hears that it is on disk.
    Answers { daemon: usize, begun: Box<Begun> },
    /// The kill with this index.
    Dies(usize),
    /// The failure with this index begins.
    DiskFails(usize),
    /// A disk may work again.
    DiskMends(usize),
    /// A disk may have written something.
    DiskTurns(usize),
    /// A daemon begins again.
    Revives(usize),
}

/// A time in which a daemon was not there.
pub(crate) struct Down {
    daemon: usize,
    from: Instant,
    until: Instant,
}

impl World {
    pub(crate) fn file_crashes(&mut self) {
        let Some(crashes) = &self.plan.crashes else { return };
        for (index, kill) in crashes.kills.iter().enumerate() {
            self.agenda.add(self.start + kill.at, Happening::Crash(Crash::Dies(index)));
        }
        for (index, failure) in crashes.failures.iter().enumerate() {
            let Self { agenda, start, .. } = self;
            agenda.add(*start + failure.from, Happening::Crash(Crash::DiskFails(index)));
            let mends = Crash::DiskMends(failure.daemon);
            agenda.add(*start + failure.until, Happening::Crash(mends));
        }
    }

    pub(crate) fn crash(&mut self, crash: Crash) -> Verdict {
        let now = self.now;
        let daemon = match crash {
            Crash::Answers { daemon, begun } => return self.answer(daemon, &begun),
            Crash::Dies(kill) => return self.kill(kill),
            Crash::Revives(daemon) => return self.revive(daemon),
            Crash::DiskFails(index) => {
                let Some(crashes) = &self.plan.crashes else { return Ok(()) };
                let failure = &crashes.failures[index];
                let (daemon, until) = (failure.daemon, self.start + failure.until);
                if self.daemons[daemon].is_away() {
                    return Ok(());
                }
                self.story.record(now - self.start, &format!("the disk of {daemon} fails"));
                if let Some(disk) = self.daemons[daemon].disk() {
                    disk.fail(until);
                }
                daemon
            }
            Crash::DiskMends(daemon) => {
                if let Some(disk) = self.daemons[daemon].disk() {
                    disk.mend(now);
                }
                daemon
            }
            Crash::DiskTurns(daemon) => daemon,
        };
        let Some(disk) = self.daemons[daemon].disk() else { return Ok(()) };
        let (done, looks) = disk.turn(now)?;
        self.file_looks(daemon, looks);
        self.on_disk_turned(daemon, done)
    }

    fn kill(&mut self, index: usize) -> Verdict {
        let Some(crashes) = &self.plan.crashes else { return Ok(()) };
        let Kill { daemon, pause, death, ahead, is_flipped, .. } = crashes.kills[index];
        if self.daemons[daemon].is_away() {
            return Ok(());
        }
        if self.daemons[daemon].disk().is_some_and(|disk| disk.is_torn()) {
            // The one case that is open is not for a simulation to find again.
            self.agenda.add(self.now + LATER, Happening::Crash(Crash::Dies(index)));
            return Ok(());
        }
        self.meet(match death {
            Death::Power => "a loss of power",
            Death::Process => "a kill",
        });
        let what = format!("daemon {daemon} dies for {pause:?}: {death:?}, clock at {ahead}");
        self.story.record(self.now - self.start, &what);
        self.hear(daemon)?;
        let now = self.now;
        if let Some(disk) = self.daemons[daemon].disk() {
            disk.die(death, now);
            disk.machine().set_ahead(ahead);
            if is_flipped {
                disk.machine().check_flip(now)?;
                self.meet("a bit wrong");
            }
        }
        self.daemons[daemon].is_down = true;
        self.daemons[daemon].was_cut |= death == Death::Power;
        for host in self.shards.iter_mut().filter(|host| host.daemon == daemon) {
            (host.gateway, host.wake) = (None, None);
            (host.rest, host.held_up) = (Rest::default(), HeldUp::default());
        }
        let first = self.daemons[daemon].first_shard;
        let count = usize::from(self.plan.daemons[daemon].settings.shards);
        let its = first..first + count;
        self.agenda.retain(|happening| {
            let is_told =
                matches!(happening, Happening::Commanded { shard, .. } if its.contains(shard));
            let is_answered = matches!(
                happening,
                Happening::Crash(Crash::Answers { daemon: owner, .. }) if *owner == daemon
            );
            !is_told && !is_answered
        });
        self.owed.retain(|(owner, _)| *owner != daemon);
        self.answers.on_killed(daemon);
        self.invites.on_killed(daemon);
        let orders = &self.orders;
        let is_its = |id| orders.iter().any(|(owner, o)| *owner == daemon && o.verification == id);
        self.verifications.on_killed(is_its);
        let until = self.now + pause;
        self.downs.push(Down { daemon, from: self.now, until });
        self.agenda.add(until, Happening::Crash(Crash::Revives(daemon)));
        Ok(())
    }

    fn revive(&mut self, daemon: usize) -> Verdict {
        self.story.record(self.now - self.start, &format!("daemon {daemon} begins again"));
        let host = &mut self.daemons[daemon];
        host.is_down = false;
        host.lives += 1;
        let life = Life {
            plan: &self.plan,
            seed: self.seed,
            index: daemon,
            nth: host.lives,
            first_shard: host.first_shard,
            start: self.start,
        };
        let (verify, gateways, in_flight) = life.begin(&mut host.heard, self.now)?;
        host.verify = verify;
        for (host, (gateway, tally)) in
            self.shards.iter_mut().filter(|host| host.daemon == daemon).zip(gateways)
        {
            (host.gateway, host.tally, host.commanded) = (Some(gateway), tally, self.now);
        }
        self.forget_orders(daemon);
        // What nobody had heard of.
        self.hear(daemon)?;
        let calls: Vec<_> = in_flight.iter().map(|record| record.call).collect();
        let verify = Arc::clone(&self.daemons[daemon].verify);
        let Some(disk) = self.daemons[daemon].disk() else { return Ok(()) };
        let orphans = std::mem::take(&mut disk.orphans);
        let (revival, replies) = disk.take_over(&verify, &calls)?;
        let leaps = disk.machine().leaps();
        let before = std::mem::replace(&mut self.daemons[daemon].leaps, leaps);
        self.check_clocks(daemon, before)?;
        // Nobody has a timer for what has ended: it is forgotten by the daemon's tick.
        let Revival { tasks, pending, ended, .. } = revival;
        self.daemons[daemon].unwatched = pending + ended - tasks.len();
        self.orphans.extend(orphans);
        self.haunt(daemon, in_flight)?;
        for task in tasks {
            let shard = daemon_shard(self, daemon, task.shard());
            match task {
                Task::Call(order) => {
                    self.meet("a call that had not left at a kill");
                    self.orders.push((daemon, order.clone()));
                    self.command(shard, Command::Place(order));
                }
                Task::Watch(watch) => drop(self.command(shard, Command::Watch(watch))),
            }
        }
        self.hear(daemon)?;
        self.repeat_starts(daemon, &replies)?;
        self.check_memory(daemon)
    }

    /// Clients that had no answer to a start ask again, with the same key.
    fn repeat_starts(&mut self, daemon: usize, replies: &[(usize, VerificationId)]) -> Verdict {
        for (visit, id) in replies {
            let Some(shown) = self.daemons[daemon].verify.get(*id, self.now) else { continue };
            if self.visits[*visit].is_none() && self.dice.chance(50) {
                self.meet("a start that was answered by the next process");
                self.on_answered(daemon, *visit, *id);
                if shown.status != Status::Pending {
                    self.memory.on_ended(*id, (&shown).into(), self.now)?;
                }
            }
        }
        Ok(())
    }

    /// For how long nobody was there who could hang up a phone that rang; `None`: somebody always was.
    pub(crate) fn pause(&self, daemon: usize, rang: &Entry) -> Option<Duration> {
        // It begins to ring, and hears of the end, when the daemon may be gone already.
        let (from, until) = (rang.at - WAY, rang.at + rang.rang_for + WAY);
        let its = self.downs.iter().filter(|down| down.daemon == daemon);
        let overlap = its.filter(|down| down.from <= until && from <= down.until);
        overlap.map(|down| down.until - down.from).reduce(|all, pause| all + pause)
    }

    /// What is not on disk was never placed.
    fn forget_orders(&mut self, daemon: usize) {
        let host = &mut self.daemons[daemon];
        let (leases, Some(disk)) = (
            &mut host.leases,
            match &mut host.heard {
                crate::hosts::Heard::OnceSaved(disk) => Some(disk),
                crate::hosts::Heard::AtOnce(..) => None,
            },
        ) else {
            return;
        };
        self.orders.retain(|(owner, order)| {
            let is_known = *owner != daemon || disk.calls_ever.contains(&order.call.id);
            if !is_known {
                leases.on_undone(order.call.id);
            }
            is_known
        });
    }

    fn haunt(&mut self, daemon: usize, in_flight: Vec<InFlight>) -> Verdict {
        for _ in &in_flight {
            self.meet("a call in flight at a kill");
        }
        for record in &in_flight {
            if let Some(names) = record.names() {
                let branch = String::from_utf8_lossy(names.branch).into_owned();
                let order = self.orders.iter().find(|(_, order)| order.call.id == record.call);
                let phone = order.map(|(_, order)| order.to.as_u64());
                self.invites.on_haunted(branch, phone.unwrap_or_default());
            }
        }
        let first = self.daemons[daemon].first_shard;
        let count = usize::from(self.plan.daemons[daemon].settings.shards);
        for shard in first..first + count {
            let address = self.shards[shard].address;
            let its = in_flight.iter().filter(|record| record.local == address);
            let its: Vec<_> = its.cloned().collect();
            if !its.is_empty() {
                if let Some(gateway) = &mut self.shards[shard].gateway {
                    gateway.haunt(its, self.now);
                }
                self.tell_shard(shard, Input::Timeout)?;
            }
        }
        Ok(())
    }

    /// S8: what was told is known.
    fn check_memory(&self, daemon: usize) -> Verdict {
        let host = &self.daemons[daemon];
        let settings = &self.plan.daemons[daemon].settings;
        let (keep, now) = (settings.keep_ended, self.now);
        // Only so many that have ended are remembered, whatever their age; and none that seems to have
        // ended an hour ago.
        let is_full = self.memory.count() > settings.bounds.ended_max || host.leaps > 0;
        let found = |id| host.verify.get(id, now).as_ref().map(Into::into);
        self.memory.after_crash(daemon, found, |ended| is_full || is_old(ended, keep, now))
    }

    /// D10: whatever the wall clock says, nothing has expired before its time; but who lost an hour to a
    /// clock has only been given some time.
    fn check_clocks(&mut self, daemon: usize, before: usize) -> Verdict {
        if self.daemons[daemon].leaps > before {
            self.meet("a clock put forward while its machine was off");
            self.daemons[daemon].leases.on_leapt();
        }
        if before > 0 {
            return Ok(());
        }
        let verify = Arc::clone(&self.daemons[daemon].verify);
        for id in self.visits.iter().flatten() {
            let Some(shown) = verify.get(*id, self.now) else { continue };
            let is_early = shown.status == Status::Expired
                && !self.verifications.has_ended(*id)
                && self.expires(*id).is_some_and(|at| self.now < at);
            ensure(!is_early, Rule::Memory, || format!("{id} has expired before its time"))?;
        }
        Ok(())
    }
}

const LATER: Duration = Duration::from_secs(1);
/// Longer than the way of a datagram in calm weather and of a command.
const WAY: Duration = Duration::from_millis(100);
