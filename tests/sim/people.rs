//! What people and their apps do about a verification, and what the daemon must answer.

use std::time::Duration;

use ringproof::gateway::Command;
use ringproof::verify::id::VerificationId;
use ringproof::verify::snapshot::{Snapshot, Status};
use ringproof::verify::{CallAgainError, CancelError, CheckError, Evidence, Order};

use crate::broken::{Rule, Verdict, ensure};
use crate::checks::verifications::Verifications;
use crate::visit::Deed;
use crate::world::World;

impl World {
    /// A person does something, if there is anything to do it about.
    pub(crate) fn act(&mut self, visit: usize, deed: usize) -> Verdict {
        let daemon = self.plan.visits[visit].daemon;
        let (Some(id), false) = (self.visits[visit], self.daemons[daemon].is_away()) else {
            return Ok(());
        };
        if !self.is_writable(daemon) {
            return Ok(());
        }
        let phone = self.plan.visits[visit].phone.as_u64();
        let log = self.logs.get(&phone).cloned().unwrap_or_default();
        let (_, deed) = self.plan.visits[visit].deeds[deed];
        self.story.record(self.now - self.start, &format!("visit {visit}: {deed:?}"));
        // A loss of power gives what was pending some time more: how much, people do not know.
        let is_over = self.expires(id).is_some_and(|at| (at..at + GRACE_MAX).contains(&self.now));
        if is_over && self.daemons[daemon].was_cut {
            return Ok(());
        }
        // Of a call back that nobody has seen the world cannot say what its code is.
        let is_unseen = self.is_unseen(id);
        match (deed, log.last()) {
            (Deed::Guess | Deed::ReportCallerId | Deed::TypeLatest | Deed::TypeOlder, _)
            | (Deed::Mistype, _)
                if is_unseen => {}
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
        let is_open = before.as_ref().is_some_and(|before| before.status == Status::Pending);
        if is_right && is_open && !is_late {
            self.verifications.on_proof(id);
        }
        let found = verify.check(id, evidence, self.now);
        match (before, found) {
            (Some(before), Ok(after)) => {
                ensure(!is_late, Rule::RightCode, || format!("{id}: compared although expired"))?;
                Verifications::on_compared(is_right, &before, &after)?;
                self.owe(daemon, after, !is_right)
            }
            (Some(before), Err(CheckError::AlreadyEnded(after))) => {
                let is_over = before.status != Status::Pending || is_late;
                ensure(is_over && after.status != Status::Pending, Rule::RightCode, || {
                    format!("{id}: {:?} although {:?}", after.status, before.status)
                })?;
                self.owe(daemon, *after, false)
            }
            (None, Err(CheckError::NotFound)) => Ok(()),
            // No code was shown yet.
            (Some(before), Err(CheckError::NotCalled)) => {
                let is_awaited = before.missed_call.is_some() && before.calls.is_empty();
                let is_pending = before.status == Status::Pending && !is_late;
                ensure(is_awaited && is_pending, Rule::RightCode, || format!("{id} was called"))
            }
            (before, found) => {
                let before = before.map(|before| before.status);
                Self::broken(Rule::RightCode, format!("{id}: {found:?}, was {before:?}"))
            }
        }
    }

    /// When a verification expires, by the plan.
    pub(crate) fn expires(&self, id: VerificationId) -> Option<std::time::Instant> {
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
                })?;
                let shown = self.daemons[daemon].verify.get(id, self.now);
                shown.map_or(Ok(()), |shown| self.owe(daemon, shown, false))
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
                self.owe(daemon, canceled.snapshot, false)
            }
            Err(CancelError::AlreadyEnded(ended)) => self.owe(daemon, *ended, false),
            Err(CancelError::NotFound) => Ok(()),
        }
    }
}

/// What a loss of power gives at most, as often as it happens.
const GRACE_MAX: Duration = Duration::from_secs(300);
