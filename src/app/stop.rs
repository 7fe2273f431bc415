//! How a daemon stops: the first signal asks every call to end while the control socket is still
//! served, then ends the control socket; the second insists.
//!
//! Invariant: from the first signal to the end no more than [`STOP_MAX`] passes, whatever calls and
//! clients do, and from the second on nothing is waited for. Then what happened last has
//! [`LAST_WORDS_MAX`] to reach the disk, and what is left of the runtime [`LEFTOVERS_MAX`] to end: 33
//! seconds together.
#![expect(clippy::disallowed_methods, reason = "the clock of the stop is wound here")]

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

/// Calls that may be up.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Up {
    /// Of this process.
    pub(super) calls: u64,
    /// Of the one before it, CANCELled again and again until their trunk answers.
    pub(super) left_behind: u64,
    /// That were answered, and whose BYE has not been heard.
    pub(super) byes: u64,
}

impl Up {
    /// Whether nothing is.
    pub(super) fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Up {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, left_behind, byes } = self;
        let plural = if *calls == 1 { "" } else { "s" };
        write!(
            f,
            "{calls} call{plural}, {left_behind} of the process before it and {byes} without an answer to their BYE"
        )
    }
}

/// Serves until `stop`, then waits for `drain`, which ends every call, and tells `drained`, which
/// ends `serve`. `up` says what is waited for. Returns what is left.
pub(super) async fn run(
    (stop, stop_now): (impl Future<Output = ()>, impl Future<Output = ()>),
    (drain, drained): (impl Future<Output = ()>, &Notify),
    serve: impl Future<Output = ()>,
    up: impl Fn() -> Up,
) -> Up {
    let (stopping, has_ended) = (Notify::new(), AtomicBool::new(false));
    let end = async {
        stop.await;
        stopping.notify_one();
        let Up { calls, left_behind, byes } = up();
        let at_most = DRAIN_MAX;
        info!(
            calls,
            left_behind,
            byes,
            ?at_most,
            "stopping: no new calls, those that ring are hung up, and every end is waited for"
        );
        if left_behind > 0 {
            info!(
                left_behind,
                "the trunk has not confirmed yet that these calls of the process before this one \
                 are over"
            );
        }
        match timeout(DRAIN_MAX, drain).await {
            Ok(()) => {
                has_ended.store(true, Ordering::Relaxed);
                info!("every call has ended");
            }
            Err(_) => {
                let Up { calls, left_behind, byes } = up();
                warn!(calls, left_behind, byes, "some calls did not end in time");
            }
        }
        drained.notify_one();
    };
    let late = async {
        stopping.notified().await;
        sleep(STOP_MAX).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(serve, end) } => {}
        () = late => warn!("some connections did not end in time"),
        () = stop_now => {
            let Up { calls, left_behind, byes } = up();
            warn!(calls, left_behind, byes, "stopped at once, by a second signal");
        }
    }
    match has_ended.load(Ordering::Relaxed) {
        true => Up::default(),
        false => up(),
    }
}

/// 64*T1 after the last CANCEL every call is over (RFC 3261 §9.1).
const DRAIN_MAX: Duration = Duration::from_millis(32_250);
/// The clients of the last calls get a third of a second to read their replies.
const STOP_MAX: Duration = Duration::from_millis(32_550);
/// What is left of the runtime then ends in so much.
pub(super) const LEFTOVERS_MAX: Duration = Duration::from_millis(200);
/// A few commits of a busy disk.
pub(super) const LAST_WORDS_MAX: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::time::Instant;

    use super::*;

    fn up() -> Up {
        Up { calls: 1, left_behind: 0, byes: 0 }
    }

    #[tokio::test(start_paused = true)]
    async fn r13_calls_and_clients_that_do_not_end_delay_a_stop_by_33_seconds_at_most() {
        let (begun, drained) = (Instant::now(), Notify::new());
        let stop = sleep(Duration::from_secs(100));
        let left = run((stop, pending()), (pending(), &drained), pending(), up).await;
        assert_eq!(left, up());
        let took = begun.elapsed() - Duration::from_secs(100);
        let took = took + LAST_WORDS_MAX + LEFTOVERS_MAX;
        assert!(took > Duration::from_secs(32) && took <= Duration::from_secs(33), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn r13_a_second_signal_waits_for_nothing() {
        let (begun, drained) = (Instant::now(), Notify::new());
        let second = sleep(Duration::from_secs(3));
        let left = run((ready(()), second), (pending(), &drained), pending(), up).await;
        assert_eq!((begun.elapsed(), left), (Duration::from_secs(3), up()));
    }

    #[tokio::test(start_paused = true)]
    async fn r13_the_api_is_served_until_the_last_call_has_ended() {
        let (begun, drained) = (Instant::now(), Notify::new());
        let drain = sleep(Duration::from_secs(2));
        let left = run((ready(()), pending()), (drain, &drained), drained.notified(), up).await;
        assert_eq!((begun.elapsed(), left), (Duration::from_secs(2), Up::default()));
    }
}
