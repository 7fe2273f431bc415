//! What the event stream says, and the checks of every step and of the end.

use std::time::Duration;

use ringproof::lab::Entry;
use ringproof::outcome::Outcome;
use ringproof::verify::event::Event;
use ringproof::verify::id::{CallId, VerificationId};

use crate::broken::{Rule, Verdict, ensure};
use crate::checks::phones::{self, Rang};
use crate::checks::rest::{empty, within};
use crate::traffic::digits;
use crate::world::World;

impl World {
    /// Takes the events of a daemon.
    pub(crate) fn hear(&mut self, daemon: usize) -> Verdict {
        self.hand_to_disk(daemon);
        while let Some(event) = self.daemons[daemon].next_event() {
            self.story.record(self.now - self.start, &format!("  == {}", words(&event)));
            match event {
                Event::CallPlaced(call) => {
                    self.outcomes.on_placed(call.id)?;
                    if !self.orders.iter().any(|(_, order)| order.call.id == call.id) {
                        self.unseen.push((daemon, call));
                    }
                }
                Event::CallRinging(call) => self.outcomes.on_ringing(call.id)?,
                Event::CallEnded(call) => {
                    self.outcomes.on_ended(call.id)?;
                    self.daemons[daemon].leases.on_ended(call.id);
                    self.unseen.retain(|(_, unseen)| unseen.id != call.id);
                    let outcome = call.ending().map(|ending| ending.outcome);
                    ensure(outcome.is_some(), Rule::OneOutcome, || {
                        format!("{} ended without an outcome", call.id)
                    })?;
                    if outcome == Some(Outcome::Restarted) {
                        self.meet("a call that a restart ended");
                    }
                }
                Event::VerificationCreated(created) => self.verifications.on_created(created.id)?,
                Event::MissedCall(call) => self.on_missed_call(&call)?,
                Event::VerificationEnded(end) => {
                    self.on_awaited_ended(&end)?;
                    self.memory.on_ended(end.id, (&*end).into(), self.now)?;
                    self.verifications.on_ended(end.id, end.status)?;
                }
                Event::PhoneReported { .. } | Event::WrongCode(_) => {}
            }
        }
        Ok(())
    }

    /// S2 of every daemon.
    pub(crate) fn check_step(&self) -> Verdict {
        for daemon in &self.daemons {
            let census = daemon.verify.census();
            let tables = [
                ("pending", census.pending),
                ("ended", census.ended),
                ("calls", census.calls),
                ("phones", census.phones),
                ("prefixes", census.prefixes),
                ("waiting", census.waiting),
                ("recent", census.recent),
            ];
            for (name, level) in tables {
                within(name, level.size, level.limit)?;
            }
        }
        Ok(())
    }

    /// S6, and everything that can only be told at the end.
    pub(crate) fn check_end(&mut self) -> Verdict {
        for host in &self.shards {
            let Some(gateway) = &host.gateway else { continue };
            for (name, size, _) in gateway.describe(self.now).tables {
                // Late answers are remembered so that they are hung up once; the oldest make room. Of
                // the others, looks at trunks and their probes are left: `Gateway::is_at_rest` has
                // counted them.
                if !["client transactions", "deadlines", "late answers"].contains(&name) {
                    empty(name, size)?;
                }
            }
        }
        for daemon in self.daemons.iter().filter(|daemon| !daemon.is_gone) {
            let census = daemon.verify.census();
            empty("pending", census.pending.size)?;
            within("ended", census.ended.size, daemon.unwatched)?;
            // Those that are unwatched have theirs.
            ensure(daemon.unwatched > 0 || census.calls.size == 0, Rule::Quiet, || {
                format!("{} calls left", census.calls.size)
            })?;
            empty("waiting", census.waiting.size)?;
            // What nobody has a timer for.
            daemon.verify.sweep(self.now + KEPT_MAX);
            let census = daemon.verify.census();
            empty("ended", census.ended.size)?;
            ensure(census.calls.size == 0, Rule::Quiet, || {
                let calls = self.orders.iter().map(|(_, order)| &order.call);
                let left = calls.filter(|call| daemon.verify.call(call.id).is_some());
                let left: Vec<_> =
                    left.map(|call| format!("{} of {}", call.id, call.verification)).collect();
                format!("calls of what is forgotten are left: {left:?}")
            })?;
            empty("recent", census.recent.size)?;
        }
        for (index, host) in self.trunks.iter().enumerate() {
            ensure(host.trunk.has_no_call(), Rule::AnswersHungUp, || {
                format!("trunk {index} still has a call")
            })?;
        }
        self.check_callers()?;
        self.check_disks()?;
        self.outcomes.at_end(|call| self.is_call_lost(call))?;
        self.verifications.at_end(|id| self.is_lost(id))?;
        self.rung.iter().try_for_each(|(trunk, entry)| self.check_ring(*trunk, entry))
    }

    fn check_ring(&self, trunk: usize, entry: &Entry) -> Verdict {
        if !self.plan.is_calm() {
            return Ok(());
        }
        let names = (digits(entry.phone), entry.caller_id.map(digits).unwrap_or_default());
        // The last order before it rang: numbers may be leased again after their window.
        let order = self.orders.iter().rev().find(|(_, order)| {
            let is_it = (order.to.as_u64(), order.caller_id.as_u64()) == names;
            is_it && order.call.placed <= entry.at
        });
        let Some((daemon, order)) = order else {
            return Self::broken(Rule::OneCall, format!("{names:?} rang and nobody wanted it"));
        };
        let plan = &self.plan.trunks[trunk];
        // A reload may have another trunk of the configuration where this one was.
        let called = order.call.facts().trunk.map_or(trunk, usize::from);
        let profile = &self.plan.trunks[called].profile;
        phones::check(&Rang {
            behaviour: plan.settings.behaviour_of(entry.phone),
            ending: entry.ending,
            rang_for: entry.rang_for,
            planned: order.ring.unwrap_or(profile.ring),
            is_guessed: profile.assume_ringing_after.is_some(),
            pause: self.pause(*daemon, entry),
            outcome: order.call.ending().map(|ending| ending.outcome),
        })
    }

    fn is_call_lost(&self, call: CallId) -> bool {
        let order = self.orders.iter().find(|(_, order)| order.call.id == call);
        self.orphans.contains(&call)
            || order.is_some_and(|(daemon, _)| self.daemons[*daemon].is_gone)
    }

    fn is_lost(&self, id: VerificationId) -> bool {
        let visit = self.visits.iter().position(|visit| *visit == Some(id));
        visit.is_some_and(|visit| self.daemons[self.plan.visits[visit].daemon].is_gone)
    }
}

/// Longer than any daemon remembers anything.
const KEPT_MAX: Duration = Duration::from_secs(120);

/// One line for one event.
fn words(event: &Event) -> String {
    match event {
        Event::CallEnded(call) => {
            let ending = call.ending();
            let outcome = ending.map_or("nothing", |ending| ending.outcome.as_str());
            let code = ending.and_then(|ending| ending.sip_code);
            format!("{} {outcome} {}", call.id, code.unwrap_or_default())
        }
        Event::CallPlaced(call) => format!("{} placed", call.id),
        Event::CallRinging(call) => format!("{} rings", call.id),
        Event::MissedCall(call) => format!("{} {}", call.id, call.fate.as_str()),
        Event::PhoneReported { call, .. } => format!("{} reported", call.id),
        Event::VerificationCreated(created) => format!("{} created", created.id),
        Event::VerificationEnded(end) => {
            let reason = end.reason.map_or("nothing", |reason| reason.as_str());
            format!("{} {} {reason}", end.id, end.status.as_str())
        }
        Event::WrongCode(wrong) => format!("{}: {} attempts left", wrong.id, wrong.attempts_left),
    }
}
