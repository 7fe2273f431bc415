//! Apps start verifications: by a call to the phone, or by waiting for one from it.

use ringproof::evidence::Assurance;
use ringproof::gateway::Command;
use ringproof::verify::snapshot::{Reason, Snapshot, Status};
use ringproof::verify::{
    Awaited, FlashCall, How, MissedCallRecord, Order, Start, Started, Task, Watch,
};

use crate::broken::{Broken, Rule, Verdict, ensure};
use crate::checks::missed::{self, Proof};
use crate::visit::Visit;
use crate::world::World;

impl World {
    /// An app starts a verification.
    pub(crate) fn visit(&mut self, index: usize) -> Verdict {
        let daemon = self.plan.visits[index].daemon;
        if !self.is_writable(daemon) {
            return Ok(());
        }
        let visit = &self.plan.visits[index];
        let verify = &self.daemons[daemon].verify;
        if self.daemons[daemon].is_away() {
            return Ok(());
        }
        let started = match verify.start(self.wish(visit), self.now) {
            Ok(started) => started,
            Err(why) => {
                self.story.record(self.now - self.start, &format!("visit {index}: {why}"));
                return self.hear(daemon);
            }
        };
        let (id, is_turned_away) = (started.snapshot.id, visit.is_turned_away);
        self.story.record(self.now - self.start, &format!("visit {index}: {id}"));
        if self.plan.crashes.is_some() && !is_turned_away {
            self.begin(index, &started)?;
            return self.hear(daemon);
        }
        self.visits[index] = Some(id);
        self.await_call(index, &started.snapshot)?;
        let is_placed = self.hand_over(daemon, &started, is_turned_away)?;
        if !is_placed {
            let is_gone = self.daemons[daemon].verify.get(id, self.now).is_none();
            ensure(is_gone, Rule::RightCode, || format!("{id} was undone and is still there"))?;
            self.missed.on_undone(id);
        }
        self.hear(daemon)
    }

    fn wish(&self, visit: &Visit) -> Start {
        let flash = FlashCall { pool: visit.pool.map(Into::into), ring: visit.ring };
        let dids = &self.plan.daemons[visit.daemon].inbound.dids;
        let how = match visit.asked {
            None => How::FlashCall(flash),
            Some(asked) => How::MissedCall(Awaited {
                did: asked.did.map(|did| dids[did].number),
                confirm: asked.is_confirmed.then_some(flash),
                recent_within: asked.within,
            }),
        };
        Start {
            to: visit.phone,
            how,
            expires_in: visit.expires_in,
            client_ref: None,
            callback_url: None,
        }
    }

    /// Shows a verification that waits for a call to the checks.
    fn await_call(&mut self, index: usize, snapshot: &Snapshot) -> Verdict {
        let visit = &self.plan.visits[index];
        let (Some(asked), Some(awaited)) = (visit.asked, &snapshot.missed_call) else {
            return Ok(());
        };
        let plan = &self.plan.daemons[visit.daemon];
        let rules = &plan.inbound.rules;
        let is_confirmed =
            asked.is_confirmed || rules.min_assurance == Assurance::ChallengeConfirmed;
        let start = missed::Start {
            id: snapshot.id,
            daemon: visit.daemon,
            phone: visit.phone.as_u64(),
            did: awaited.did.as_u64(),
            is_named: asked.did.is_some(),
            within: asked.within.unwrap_or(rules.recent_window),
            is_confirmed,
            at: self.now,
            expires: self.now + visit.expires_in.unwrap_or(plan.settings.expires_in),
        };
        ensure(awaited.is_confirmed == is_confirmed, Rule::MissedCalls, || {
            format!("{} has forgotten that its caller is called back", snapshot.id)
        })?;
        let has_all = self.daemons[visit.daemon].verify.census().recent.shed == 0;
        let is_owed = has_all && self.missed.is_rich(&start);
        self.missed.on_started(start);
        let Some(matched) = &awaited.matched else {
            return ensure(!is_owed, Rule::MissedCalls, || {
                format!("{} does not get the call that came before it", snapshot.id)
            });
        };
        let call_id = matched.sip_call_id.clone();
        self.meet("before the start");
        self.missed.on_matched(snapshot.id, &call_id, self.now)
    }

    /// Says whether the shard had room for it, or needs to know nothing.
    fn hand_over(
        &mut self,
        daemon: usize,
        started: &Started,
        is_turned_away: bool,
    ) -> Result<bool, Broken> {
        match &started.task {
            Task::Call(order) => self.order(daemon, order, is_turned_away),
            Task::Watch(watch) => Ok(self.watch(daemon, watch, is_turned_away)),
        }
    }

    fn watch(&mut self, daemon: usize, watch: &Watch, is_turned_away: bool) -> bool {
        let host = &self.daemons[daemon];
        let shard = host.first_shard + usize::from(watch.shard);
        if is_turned_away || self.shards[shard].gateway.is_none() {
            let is_undone = host.verify.undo_watch(watch, self.now);
            self.daemons[daemon].unwatched += usize::from(!is_undone);
            return !is_undone;
        }
        host.verify.announce(&Task::Watch(*watch));
        self.command(shard, Command::Watch(*watch));
        true
    }

    /// Hands an order to its shard, unless that has no room for it. Says whether it could.
    pub(crate) fn order(
        &mut self,
        daemon: usize,
        order: &Order,
        is_turned_away: bool,
    ) -> Result<bool, Broken> {
        let lease = (order.to.as_u64(), order.caller_id.suffix());
        let host = &mut self.daemons[daemon];
        host.leases.on_leased(lease, order.call.id, self.now)?;
        let shard = host.first_shard + usize::from(order.shard);
        if is_turned_away || self.shards[shard].gateway.is_none() {
            host.verify.undo(order, self.now);
            host.leases.on_undone(order.call.id);
            return Ok(false);
        }
        host.verify.confirm(order);
        self.orders.push((daemon, order.clone()));
        self.command(shard, Command::Place(order.clone()));
        Ok(true)
    }

    /// Somebody was told of a call to one of our numbers.
    pub(crate) fn on_missed_call(&mut self, call: &MissedCallRecord) -> Verdict {
        self.meet(&format!("fate {}", call.fate.as_str()));
        let caller = call.caller.ok().map(|caller| caller.as_u64());
        self.missed.on_told(&call.sip_call_id, (caller, call.fate), self.now)
    }

    /// Somebody was told of the end of a verification.
    pub(crate) fn on_awaited_ended(&mut self, end: &Snapshot) -> Verdict {
        let is_verified = end.status == Status::Verified;
        let proof = match end.reason {
            _ if !is_verified => None,
            Some(Reason::MissedCallMatched) => Some(Proof::Call),
            _ => Some(Proof::Code),
        };
        if let Some(awaited) = &end.missed_call {
            if let Some(matched) = &awaited.matched {
                self.missed.on_matched(end.id, &matched.sip_call_id, self.now)?;
            }
            let expected = proof.map(|proof| match proof {
                Proof::Call => Assurance::ReturnRouted,
                Proof::Code => Assurance::ChallengeConfirmed,
            });
            ensure(!is_verified || end.assurance() == expected, Rule::MissedCalls, || {
                format!("{} says that it is {:?}", end.id, end.assurance())
            })?;
            let (status, reason) = (end.status.as_str(), end.reason.map_or("", Reason::as_str));
            self.meet(&format!("{status}: {reason}"));
        }
        if proof == Some(Proof::Call) {
            self.verifications.on_proof(end.id);
        }
        self.missed.on_ended(end.id, proof)
    }
}
