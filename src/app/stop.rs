//! How a daemon stops: the first signal asks every call to end while the control socket is still
//! served, then ends the control socket; the second insists.
//!
//! Invariant: from the first signal to the end no more than [`STOP_MAX`] passes, whatever calls and
//! clients do, and from the second on nothing is waited for. Then what happened last has
//! [`LAST_WORDS_MAX`] to reach the disk, and what is left of the runtime [`LEFTOVERS_MAX`] to end: 33
//! seconds together.
#![expect(clippy::disallowed_methods, reason = "the clock of the stop is wound here")]

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

/// Serves until `stop`, then waits for `drain`, which ends every call, and tells `drained`, which
/// ends `serve`. `calls` says how many calls live.
pub(super) async fn run(
    (stop, stop_now): (impl Future<Output = ()>, impl Future<Output = ()>),
    (drain, drained): (impl Future<Output = ()>, &Notify),
    serve: impl Future<Output = ()>,
    calls: impl Fn() -> u64,
) {
    let stopping = Notify::new();
    let end = async {
        stop.await;
        stopping.notify_one();
        info!(calls = calls(), "stopping: no new calls, those that ring are hung up");
        match timeout(DRAIN_MAX, drain).await {
            Ok(()) => info!("every call has ended"),
            Err(_) => warn!(calls = calls(), "some calls did not end in time"),
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
        () = stop_now => warn!(calls = calls(), "stopped at once, by a second signal"),
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

    #[tokio::test(start_paused = true)]
    async fn r13_calls_and_clients_that_do_not_end_delay_a_stop_by_33_seconds_at_most() {
        let (begun, drained) = (Instant::now(), Notify::new());
        let stop = sleep(Duration::from_secs(100));
        run((stop, pending()), (pending(), &drained), pending(), || 1).await;
        let took = begun.elapsed() - Duration::from_secs(100);
        let took = took + LAST_WORDS_MAX + LEFTOVERS_MAX;
        assert!(took > Duration::from_secs(32) && took <= Duration::from_secs(33), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn r13_a_second_signal_waits_for_nothing() {
        let (begun, drained) = (Instant::now(), Notify::new());
        let second = sleep(Duration::from_secs(3));
        run((ready(()), second), (pending(), &drained), pending(), || 1).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn r13_the_api_is_served_until_the_last_call_has_ended() {
        let (begun, drained) = (Instant::now(), Notify::new());
        let drain = sleep(Duration::from_secs(2));
        run((ready(()), pending()), (drain, &drained), drained.notified(), || 1).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(2));
    }
}
