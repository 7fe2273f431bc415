//! SIGTERM and SIGINT: the first asks for a stop, the second insists. SIGXFSZ: nobody is killed by a
//! limit on the size of files.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// What ends with the first signal from now on, and what ends with the second.
///
/// # Errors
///
/// The system refuses. Must be called inside a tokio runtime.
pub(super) fn listen() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)> {
    let mut signals = Either::new()?;
    let ((first, asked), (second, insisted)) = (oneshot::channel(), oneshot::channel());
    // One listens for both: signals that come while nobody looks are one, so the first must have been
    // taken before anything shows that it was.
    tokio::spawn(async move {
        for signal in [first, second] {
            signals.next().await;
            // Who does not wait for it any more is stopping already.
            let _ = signal.send(());
        }
    });
    let come = async |signal: oneshot::Receiver<()>| drop(signal.await);
    Ok((come(asked), come(insisted)))
}

/// A write beyond the limit on the size of files (`ulimit -f`) is an error from now on, as one on a full
/// disk is, and not the end of the process.
///
/// # Errors
///
/// The system refuses. Must be called inside a tokio runtime.
pub(super) fn outlive_file_limit() -> io::Result<()> {
    // A handler is enough, and it stays.
    signal(SignalKind::from_raw(nix::libc::SIGXFSZ)).map(drop)
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
