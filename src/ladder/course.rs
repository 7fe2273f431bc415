//! The ladder of a call that is shown only when it is over: plain words, kept in their place.
//!
//! A trunk may bring thousands of calls a second, most of which nobody asks about: a message costs one
//! store, and nothing is allocated.

use super::{Rung, pack, unpack};

/// The messages of one call in the order in which they passed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Course {
    rungs: [u64; RUNGS_MAX],
    seen: u32,
}

impl Course {
    /// Adds a message.
    pub fn push(&mut self, rung: Rung) {
        if let Some(place) = self.rungs.get_mut(self.seen as usize) {
            *place = pack(rung);
        }
        self.seen = self.seen.saturating_add(1);
    }

    /// The messages so far.
    pub fn rungs(&self) -> Vec<Rung> {
        let kept = &self.rungs[..(self.seen as usize).min(RUNGS_MAX)];
        kept.iter().map(|word| unpack(*word)).collect()
    }

    /// How many messages passed after the ladder was full.
    pub fn left_out(&self) -> u32 {
        self.seen.saturating_sub(RUNGS_MAX as u32)
    }
}

/// A missed call is five messages, one that is hung up seven, one that nobody acknowledges fourteen.
/// Each costs eight octets in every call that lives.
const RUNGS_MAX: usize = 14;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Direction, Verb, draw};
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut course = Course::default();
        for second in 0..20 {
            course.push(rung(second, false));
        }
        assert_eq!((course.rungs().len(), course.left_out()), (RUNGS_MAX, 6));
        assert_eq!(course.rungs()[13], rung(13, false));
    }

    #[test]
    fn an_ack_that_was_not_believed_is_drawn_so() {
        let mut course = Course::default();
        course.push(rung(0, true));
        course.push(rung(1, false));
        expect_test::expect![[r#"
            seconds   gateway                            trunk
            0.000       │✗───────────── ACK ──────────────│  ignored: without our tag, or not from the trunk
            1.000       │◀───────────── ACK ──────────────│
        "#]]
        .assert_eq(&draw("gateway", "trunk", &course.rungs()));
    }

    fn rung(second: u64, is_ignored: bool) -> Rung {
        Rung {
            at: Duration::from_secs(second),
            direction: Direction::In,
            is_again: false,
            is_ignored,
            method: Verb::Ack,
            status: None,
            undelivered: None,
        }
    }
}
