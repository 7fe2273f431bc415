//! S2: every table within its limit. S6: when the last call of a shard has ended, its transactions
//! follow within the time that RFC 3261 gives them.

use std::time::{Duration, Instant};

use crate::broken::{Rule, Verdict, ensure};

/// Holds when a table holds as many entries as it may.
pub(crate) fn within(name: &str, size: usize, limit: usize) -> Verdict {
    ensure(size <= limit, Rule::TableLimits, || format!("{name}: {size} of {limit}"))
}

/// Holds when a table is empty.
pub(crate) fn empty(name: &str, size: usize) -> Verdict {
    ensure(size == 0, Rule::Quiet, || format!("{name}: {size} left"))
}

/// Since when a shard has nothing to do.
#[derive(Default)]
pub(crate) struct Rest {
    since: Option<Instant>,
}

impl Rest {
    /// The shard after a step. `has_work`: it has a call, or was just told something about one.
    pub(crate) fn on_step(&mut self, has_work: bool, is_quiet: bool, now: Instant) -> Verdict {
        if has_work || is_quiet {
            self.since = None;
            return Ok(());
        }
        let since = *self.since.get_or_insert(now);
        ensure(now - since <= TRANSACTIONS_LAST, Rule::Quiet, || {
            format!("transactions are left {:?} after the last call", now - since)
        })
    }
}

/// Since when an order waits although a trunk would take it.
#[derive(Default)]
pub(crate) struct HeldUp {
    since: Option<Instant>,
}

impl HeldUp {
    /// The shard after a step.
    pub(crate) fn on_step(&mut self, is_held_up: bool, now: Instant) -> Verdict {
        if !is_held_up {
            self.since = None;
            return Ok(());
        }
        let since = *self.since.get_or_insert(now);
        ensure(now - since <= LOOK_AGAIN, Rule::Progress, || {
            format!("an order has waited {:?} for a trunk with room", now - since)
        })
    }
}

/// Room in the tables is looked for every 20 ms.
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// 64*T1 and T4, for the BYE of the last moment, and a wake that is a slot late.
const TRANSACTIONS_LAST: Duration = Duration::from_millis(37_000 + 10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::origin;

    #[test]
    fn s02_a_table_over_its_limit_is_noticed() {
        assert_eq!(within("calls", 3, 3), Ok(()));
        assert!(within("calls", 4, 3).is_err());
    }

    #[test]
    fn an_order_that_waits_for_a_trunk_with_room_is_noticed() {
        let (mut held_up, start) = (HeldUp::default(), origin());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(held_up.on_step(true, at(0)), Ok(()));
        assert_eq!(held_up.on_step(true, at(20)), Ok(()));
        assert_eq!(held_up.on_step(false, at(21)), Ok(()));
        assert_eq!(held_up.on_step(true, at(40)), Ok(()));
        assert!(held_up.on_step(true, at(70)).is_err());
    }

    #[test]
    fn s06_a_table_that_is_not_empty_is_noticed() {
        assert_eq!(empty("calls", 0), Ok(()));
        assert!(empty("calls", 1).is_err());
    }

    #[test]
    fn s06_a_transaction_that_lives_too_long_is_noticed() {
        let (mut rest, start) = (Rest::default(), origin());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(rest.on_step(false, false, at(0)), Ok(()));
        assert_eq!(rest.on_step(false, false, at(37)), Ok(()));
        assert_eq!(rest.on_step(true, false, at(38)), Ok(()));
        assert_eq!(rest.on_step(false, false, at(39)), Ok(()));
        assert_eq!(rest.on_step(false, false, at(76)), Ok(()));
        assert!(rest.on_step(false, false, at(77)).is_err());
    }
}
