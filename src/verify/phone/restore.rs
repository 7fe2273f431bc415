//! What another process remembered of phones.

use std::num::NonZeroU128;

use super::{Phone, Phones};
use crate::number::E164;
use crate::verify::id::VerificationId;
use crate::verify::lease::Lease;
use crate::verify::moment::Moment;

impl Phones {
    /// A call, or a start without one, that another process placed. `is_up`: it has no end yet.
    pub(in super::super) fn restore(
        &self,
        phone: E164,
        (mark, now): (Moment, Moment),
        suffix: Option<(u32, u16)>,
        is_start: bool,
        is_up: bool,
    ) {
        let lease = match suffix {
            Some((suffix, pool)) => Lease::new(mark, suffix, pool, is_start),
            None if is_start => Lease::start_alone(mark),
            // Of a pool that is gone.
            None => return,
        };
        let act = |phone: &mut Phone| {
            if lease.is_call() {
                let pool = self.rules.pool(lease);
                pool.on_leased();
                phone.is_called |= is_up;
                if !is_up {
                    pool.on_released();
                }
            }
            phone.leases.push(lease);
        };
        // A table that is full remembers no further phone, as it would not have.
        let _ = self.table.upsert(phone.as_u64(), now, act);
    }

    /// A wrong code that another process counted, the phone's `count`th. Called in the order in
    /// which they came. Those before it need not be there any more.
    pub(in super::super) fn restore_wrong(&self, phone: E164, mark: Moment, count: u8) {
        let limits = &self.rules.limits;
        let act = |phone: &mut Phone| {
            phone.forget_wrong_codes(limits, mark);
            phone.wrong = phone.wrong.max(count);
            phone.wrong_at = mark;
        };
        let _ = self.table.upsert(phone.as_u64(), mark, act);
    }

    /// The pending verification by flash call of a phone, which another process started.
    pub(in super::super) fn restore_pending(&self, phone: E164, verification: VerificationId) {
        let act = |phone: &mut Phone| phone.pending = NonZeroU128::new(verification.0);
        let _ = self.table.upsert(phone.as_u64(), Moment::default(), act);
    }

    /// One more that waits for a call from this phone, which another process started.
    pub(in super::super) fn restore_waiting(&self, phone: E164) {
        let act = |phone: &mut Phone| phone.waiting = phone.waiting.saturating_add(1);
        let _ = self.table.upsert(phone.as_u64(), Moment::default(), act);
    }
}
