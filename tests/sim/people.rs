//! What people and their apps do, and what the daemon must answer.

use ringproof::gateway::Command;
use ringproof::verify::id::VerificationId;
use ringproof::verify::snapshot::{Snapshot, Status};
use ringproof::verify::{
    CallAgainError, CancelError, CheckError, Evidence, FlashCall, How, Order, Start,
};

use crate::broken::{Broken, Rule, Verdict, ensure};
use crate::checks::verifications::Verifications;
use crate::visit::Deed;
use crate::world::World;

impl World {
    /// An app starts a verification.
    pub(crate) fn visit(&mut self, index: usize) -> Verdict {
        let visit = &self.plan.visits[index];
        let daemon = visit.daemon;
        let verify = &self.daemons[daemon].verify;
        if self.daemons[daemon].is_gone {
            return Ok(());
        }
        let start = Start {
            to: visit.phone,
            how: How::FlashCall(FlashCall { pool: visit.pool.map(Into::into), ring: visit.ring }),
            expires_in: visit.expires_in,
            client_ref: None,
        };
        let is_turned_away = visit.is_turned_away;
        let started = match verify.start(start, self.now) {
            Ok(started) => started,
            Err(why) => {
                self.story.record(self.now - self.start, &format!("visit {index}: {why}"));
                return self.hear(daemon);
            }
        };
        let id = started.snapshot.id;
        self.story.record(self.now - self.start, &format!("visit {index}: {id}"));
        self.visits[index] = Some(id);
        let order = started.task.call();
        let is_placed = match &order {
            Some(order) => self.order(daemon, order, is_turned_away)?,
            None => true,
        };
        if !is_placed {
            let is_gone = self.daemons[daemon].verify.get(id, self.now).is_none();
            ensure(is_gone, Rule::RightCode, || format!("{id} was undone and is still there"))?;
        }
        self.hear(daemon)
    }

    /// Hands an order to its shard, unless that has no room for it. Says whether it could.
    fn order(
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

    /// A person does something, if there is anything to do it about.
    pub(crate) fn act(&mut self, visit: usize, deed: usize) -> Verdict {
        let daemon = self.plan.visits[visit].daemon;
        let (Some(id), false) = (self.visits[visit], self.daemons[daemon].is_gone) else {
            return Ok(());
        };
        let phone = self.plan.visits[visit].phone.as_u64();
        let log = self.logs.get(&phone).cloned().unwrap_or_default();
        let (_, deed) = self.plan.visits[visit].deeds[deed];
        self.story.record(self.now - self.start, &format!("visit {visit}: {deed:?}"));
        match (deed, log.last()) {
            (Deed::TypeLatest, Some(last)) => self.type_code(daemon, id, last % 100_000)?,
            (Deed::TypeOlder, Some(_)) => self.type_code(daemon, id, log[0] % 100_000)?,
            (Deed::Mistype, Some(last)) => {
                let digit = 10_u64.pow(self.dice.between(0, 4));
                self.type_code(daemon, id, (last + digit) % 100_000)?;
            }
            (Deed::ReportCallerId, Some(last)) => {
                let number = format!("+{last}");
                self.check(daemon, id, Evidence::CallerId(&number), |order| {
                    order.caller_id.as_u64() == *last
                })?;
            }
            (Deed::Guess, _) => {
                // A guesser knows the pool.
                let code = self.dice.one_of(&[10_000, 0]) + self.dice.between(0, 7);
                self.type_code(daemon, id, code.into())?;
            }
            (Deed::TypeNonsense, _) => self.type_nonsense(daemon, id)?,
            (Deed::CallAgain, _) => self.call_again(daemon, id, false)?,
            (Deed::CallAgainInVain, _) => self.call_again(daemon, id, true)?,
            (Deed::Cancel, _) => self.cancel(daemon, id)?,
            // Nothing in the call log yet.
            (Deed::Mistype | Deed::ReportCallerId | Deed::TypeLatest | Deed::TypeOlder, None) => {}
        }
        self.hear(daemon)
    }

    fn type_code(&mut self, daemon: usize, id: VerificationId, code: u64) -> Verdict {
        let text = format!("{code:05}");
        self.check(daemon, id, Evidence::Code(&text), |order| {
            u64::from(order.caller_id.suffix()) == code
        })
    }

    fn type_nonsense(&mut self, daemon: usize, id: VerificationId) -> Verdict {
        let verify = &self.daemons[daemon].verify;
        let left = |snapshot: Option<Snapshot>| snapshot.map(|snapshot| snapshot.attempts_left);
        let before = left(verify.get(id, self.now));
        for nonsense in ["", "1234", "123456", "12 45", "１２３４５"] {
            let found = verify.check(id, Evidence::Code(nonsense), self.now);
            let is_refused = matches!(found, Err(CheckError::NotACode | CheckError::NotFound));
            ensure(is_refused, Rule::RightCode, || format!("{nonsense:?} gave {found:?}"))?;
        }
        let after = left(verify.get(id, self.now));
        ensure(before == after, Rule::RightCode, || format!("{before:?} attempts became {after:?}"))
    }

    /// Gives evidence, and compares the answer with what the wire tap knows.
    fn check(
        &mut self,
        daemon: usize,
        id: VerificationId,
        evidence: Evidence<'_>,
        is_code_of: impl Fn(&Order) -> bool,
    ) -> Verdict {
        let latest = self.orders.iter().rev().find(|(_, order)| order.verification == id);
        let is_right = latest.is_some_and(|(_, order)| is_code_of(order));
        let verify = &self.daemons[daemon].verify;
        let before = verify.get(id, self.now);
        let expires = self.expires(id);
        let is_late = expires.is_some_and(|at| self.now >= at);
        if is_right && !is_late {
            self.verifications.on_right_code(id);
        }
        let found = verify.check(id, evidence, self.now);
        match (before, found) {
            (Some(before), Ok(after)) => {
                ensure(!is_late, Rule::RightCode, || format!("{id}: compared although expired"))?;
                Verifications::on_compared(is_right, &before, &after)
            }
            (Some(before), Err(CheckError::AlreadyEnded(after))) => {
                let is_over = before.status != Status::Pending || is_late;
                ensure(is_over && after.status != Status::Pending, Rule::RightCode, || {
                    format!("{id}: {:?} although {:?}", after.status, before.status)
                })
            }
            (None, Err(CheckError::NotFound)) => Ok(()),
            (before, found) => {
                let before = before.map(|before| before.status);
                Self::broken(Rule::RightCode, format!("{id}: {found:?}, was {before:?}"))
            }
        }
    }

    /// When a verification expires, by the plan.
    fn expires(&self, id: VerificationId) -> Option<std::time::Instant> {
        let index = self.visits.iter().position(|visit| *visit == Some(id))?;
        let visit = &self.plan.visits[index];
        let usual = self.plan.daemons[visit.daemon].settings.expires_in;
        Some(self.start + visit.at + visit.expires_in.unwrap_or(usual))
    }

    fn call_again(&mut self, daemon: usize, id: VerificationId, in_vain: bool) -> Verdict {
        let verify = &self.daemons[daemon].verify;
        let before = verify.get(id, self.now);
        match verify.call_again(id, self.now) {
            Ok(order) => {
                let was = before.as_ref().map(|before| before.calls_left).unwrap_or_default();
                let is_placed = self.order(daemon, &order, in_vain)?;
                let is =
                    self.daemons[daemon].verify.get(id, self.now).map(|after| after.calls_left);
                let is_right = is == Some(was - u8::from(is_placed));
                ensure(is_right, Rule::RightCode, || {
                    format!("{id}: {was} calls left became {is:?}")
                })
            }
            Err(CallAgainError::NotFound) => {
                let is_known = before.is_some();
                ensure(!is_known, Rule::RightCode, || format!("{id} is known and not found"))
            }
            Err(why) => {
                self.story.record(self.now - self.start, &format!("{id}: {why}"));
                Ok(())
            }
        }
    }

    fn cancel(&mut self, daemon: usize, id: VerificationId) -> Verdict {
        let host = &self.daemons[daemon];
        match host.verify.cancel(id, self.now) {
            Ok(canceled) => {
                if let Some((call, shard)) = canceled.call {
                    let shard = host.first_shard + usize::from(shard);
                    self.command(shard, Command::HangUp(call.id));
                }
                Ok(())
            }
            Err(CancelError::AlreadyEnded(_) | CancelError::NotFound) => Ok(()),
        }
    }
}
