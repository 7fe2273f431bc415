//! S3: a caller ID is never leased twice at once to one phone, nor again inside the window.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ringproof::verify::id::CallId;

use crate::broken::{Rule, Verdict, ensure};

/// What one daemon has leased.
pub(crate) struct Leases {
    window: Duration,
    /// The last lease of each suffix to each phone.
    last: BTreeMap<(u64, u32), Lease>,
}

struct Lease {
    call: CallId,
    at: Instant,
    is_up: bool,
}

impl Leases {
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, last: BTreeMap::new() }
    }

    /// A phone is going to be called from a number with this suffix.
    pub(crate) fn on_leased(
        &mut self,
        (phone, suffix): (u64, u32),
        call: CallId,
        now: Instant,
    ) -> Verdict {
        if let Some(last) = self.last.insert((phone, suffix), Lease { call, at: now, is_up: true })
        {
            let since = now - last.at;
            ensure(!last.is_up, Rule::Leases, || {
                format!("{suffix:05} is leased to {phone} twice")
            })?;
            ensure(since >= self.window, Rule::Leases, || {
                format!("{suffix:05} is leased to {phone} again after {since:?}")
            })?;
        }
        Ok(())
    }

    /// A call is over.
    pub(crate) fn on_ended(&mut self, call: CallId) {
        for lease in self.last.values_mut().filter(|lease| lease.call == call) {
            lease.is_up = false;
        }
    }

    /// Their daemon believes that an hour has passed: what is over may be leased again.
    pub(crate) fn on_leapt(&mut self) {
        self.last.retain(|_, lease| lease.is_up);
    }

    /// A call was never placed: its lease does not count.
    pub(crate) fn on_undone(&mut self, call: CallId) {
        self.last.retain(|_, lease| lease.call != call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::origin;

    const PHONE: (u64, u32) = (46_701_740_605, 12_345);

    fn leased() -> (Leases, Instant) {
        let (mut leases, now) = (Leases::new(Duration::from_secs(60)), origin());
        assert_eq!(leases.on_leased(PHONE, CallId(1), now), Ok(()));
        (leases, now)
    }

    #[test]
    fn s03_a_second_lease_at_once_is_noticed() {
        let (mut leases, now) = leased();
        assert!(leases.on_leased(PHONE, CallId(2), now + Duration::from_secs(99)).is_err());
    }

    #[test]
    fn s03_r14_a_lease_inside_the_window_is_noticed() {
        let (mut leases, now) = leased();
        leases.on_ended(CallId(1));
        assert!(leases.on_leased(PHONE, CallId(2), now + Duration::from_secs(59)).is_err());
    }

    #[test]
    fn s03_other_leases_are_fine() {
        let (mut leases, now) = leased();
        assert_eq!(leases.on_leased((PHONE.0, 1), CallId(2), now), Ok(()));
        leases.on_ended(CallId(1));
        let later = now + Duration::from_secs(60);
        assert_eq!(leases.on_leased(PHONE, CallId(3), later), Ok(()));
        leases.on_undone(CallId(3));
        assert_eq!(leases.on_leased(PHONE, CallId(4), later), Ok(()));
    }
}
