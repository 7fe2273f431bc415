//! SIGTERM and SIGINT: the first asks for a stop, the second insists.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What ends with the first signal from now on, and what ends with the second.
///
/// # Errors
///
/// The system refuses. Must be called inside a tokio runtime.
pub(super) fn listen() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)> {
    // Both listen from now on, so each sees the first signal.
    let (mut first, mut second) = (Either::new()?, Either::new()?);
    let insisted = async move {
        second.next().await;
        second.next().await;
    };
    Ok((async move { first.next().await }, insisted))
}

struct Either {
    interrupt: Signal,
    terminate: Signal,
}

impl Either {
    fn new() -> io::Result<Self> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Self { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
