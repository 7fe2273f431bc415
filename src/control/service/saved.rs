//! Waiting until what is shown is on disk.

use std::time::Duration;

use tokio::time::timeout;

use super::super::clock;
use super::super::outside::Unavailable;
use super::Service;
use crate::verify::snapshot::Snapshot;

/// Whether a verification that was waited for can still be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Known {
    /// It was taken back, or forgotten.
    NoMore,
    /// It can, and what was seen of it is on disk.
    Yes,
}

impl Service {
    /// Waits until all that a snapshot shows is on disk.
    pub(super) async fn saved(&self, shown: &Snapshot) -> Result<Known, Unavailable> {
        let save = async {
            loop {
                if self.verify.is_saved(shown) {
                    return Ok(Known::Yes);
                }
                self.store.barrier().await?;
                if self.verify.get(shown.id, clock::now()).is_none() {
                    return Ok(Known::NoMore);
                }
                if self.verify.is_saved(shown) {
                    return Ok(Known::Yes);
                }
                // Another thread is about to say it, or to hand it over.
                clock::sleep(LOOK_AGAIN).await;
            }
        };
        timeout(self.save_timeout, save).await.unwrap_or(Err(Unavailable))
    }

    /// What `look` sees, once all of it is on disk. What was seen and is not may be taken back: it looks
    /// again.
    pub(super) async fn saved_now(
        &self,
        look: impl Fn() -> Option<Snapshot>,
    ) -> Result<Option<Snapshot>, Unavailable> {
        let save = async {
            while let Some(shown) = look() {
                if self.verify.is_saved(&shown) {
                    return Ok(Some(shown));
                }
                self.store.barrier().await?;
                if self.verify.is_saved(&shown) {
                    return Ok(Some(shown));
                }
                clock::sleep(LOOK_AGAIN).await;
            }
            Ok(None)
        };
        timeout(self.save_timeout, save).await.unwrap_or(Err(Unavailable))
    }

    /// Waits until everything that happened before is on disk.
    pub(super) async fn barrier(&self) -> Result<(), Unavailable> {
        timeout(self.save_timeout, self.store.barrier()).await.unwrap_or(Err(Unavailable))
    }
}

/// Between two looks whether something is on disk that the last barrier did not see.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
