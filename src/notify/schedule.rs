//! When a message is tried again: quickly while somebody may wait for it, then ever more seldom, then
//! never.

use std::time::Duration;

use crate::entropy::Stream;

/// How long after its `failures`th failure a message is tried again, before jitter; `None`: it is a
/// dead letter. `matters` is how long after its event somebody may wait for it.
pub(super) fn delay(failures: u16, matters: Duration) -> Option<Duration> {
    let nth = usize::from(failures).saturating_sub(1);
    let quick = QUICK.len() + repeats(matters);
    let delay = match (QUICK.get(nth), nth.checked_sub(quick)) {
        (Some(delay), _) => *delay,
        (None, None) => LAST_QUICK,
        (None, Some(late)) => *LATE.get(late)?,
    };
    Some(delay)
}

/// Tries two minutes apart beyond [`QUICK`], so that all together cover the time that matters. Counted
/// from the event, not from now: so each restart comes to the same number.
fn repeats(matters: Duration) -> usize {
    let covered: Duration = QUICK.iter().sum();
    let beyond = matters.saturating_sub(covered).as_secs();
    usize::try_from(beyond.div_ceil(LAST_QUICK.as_secs()))
        .map_or(REPEATS_MAX, |n| n.min(REPEATS_MAX))
}

/// `delay` with a fifth more or less: receivers that came back are not met by everybody at once.
pub(super) fn jittered(delay: Duration, stream: &mut Stream) -> Duration {
    delay.mul_f64(f64::from(800 + stream.below(401)) / 1_000.0)
}

/// A receiver's own wish, never earlier and up to a fifth later.
pub(super) fn after(wish: Duration, stream: &mut Stream) -> Duration {
    wish.mul_f64(f64::from(1_000 + stream.below(201)) / 1_000.0)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const QUICK: [Duration; 6] =
    [seconds(1), seconds(5), seconds(15), seconds(30), seconds(60), LAST_QUICK];
const LAST_QUICK: Duration = seconds(120);
const LATE: [Duration; 5] =
    [seconds(300), seconds(1_800), seconds(7_200), seconds(18_000), seconds(36_000)];
/// An hour: no verification lives longer.
const REPEATS_MAX: usize = 30;
