//! The one thread that commits.
//!
//! ```text
//!   Working ──a commit fails──▶ Broken ──every RETRY: put back, open, commit──▶ Working
//! ```
//!
//! Here is when it commits and when it tries again; what that is stands in `committer`.

#![expect(clippy::disallowed_methods, reason = "the writer is an edge: it reads the clock")]

use std::convert::Infallible;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::clock::Reading;
use super::committer::{Committer, Group, Submission};
use super::engine::{Engine, Rest};
use super::settings::RETRY;

/// The state of the thread.
pub(super) struct Writer {
    pub(super) queue: Receiver<Submission>,
    pub(super) committer: Committer,
    /// The least time from the end of one commit to the next.
    pub(super) window: Duration,
    pub(super) started: Reading,
    /// It begins when the other end is gone.
    pub(super) held: Receiver<Infallible>,
}

impl Writer {
    /// Commits until every handle is gone and nothing waits.
    pub(super) fn run(mut self, mut engine: Engine) {
        let Err(_) = self.held.recv();
        let mut free_at = Instant::now();
        while let Some(group) = self.gather(free_at) {
            engine = match self.committer.commit(engine, group, &|| self.started.again()) {
                Ok(engine) => engine,
                Err(rest) => match self.wait_for_disk(rest) {
                    Some(engine) => engine,
                    None => return,
                },
            };
            free_at = Instant::now() + self.window;
        }
        // Readers first: the engine is closed in order when nobody else holds it.
        self.committer.shared.tables.store(None);
    }

    /// The next group; `None` when there will be none.
    fn gather(&self, free_at: Instant) -> Option<Group> {
        let mut group = Group::default();
        group.add(self.committer.admit(self.queue.recv().ok()?));
        while !group.is_full() {
            let wait = free_at.saturating_duration_since(Instant::now());
            match self.queue.recv_timeout(wait) {
                Ok(submission) => group.add(self.committer.admit(submission)),
                // Those that are left are gone for good only at the next `recv`.
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break,
            }
        }
        Some(group)
    }

    /// Refuses and holds, and tries the disk again and again; `None` when every handle is gone.
    fn wait_for_disk(&mut self, mut rest: Rest) -> Option<Engine> {
        let mut again_at = Instant::now() + RETRY;
        loop {
            match self.queue.recv_timeout(again_at.saturating_duration_since(Instant::now())) {
                Ok(submission) => {
                    if let Some(part) = self.committer.admit(submission) {
                        self.committer.refuse(part);
                    }
                    // However many come, the disk is tried.
                    if Instant::now() < again_at {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return self.committer.last_try(rest, &|| self.started.again());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let began = Instant::now();
            match self.committer.try_disk(rest, &|| self.started.again()) {
                Ok(engine) => return Some(engine),
                Err(still) => rest = still,
            }
            // A large journal takes seconds to be opened: a fifth of a core at most goes into that.
            again_at = Instant::now() + RETRY.max(began.elapsed() * 4);
        }
    }
}
