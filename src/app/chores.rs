//! What is done again and again while the daemon serves.
#![expect(clippy::disallowed_methods, reason = "an edge: it reads the clock")]

use std::collections::BTreeMap;
use std::mem;
use std::time::{Duration, Instant, SystemTime};

use tracing::{debug, error, info, warn};

use super::books::outbox;
use super::books::scribe::Scribe;
use super::books::sweep::{self, Terms};
use super::files::Found;
use super::shards::Shards;
use super::trunks::Trunks;
use crate::notify::Notifier;
use crate::store::Journal;
use crate::store::settings::SILENCE_MAX;
use crate::time::WallClock;
use crate::trunk::Profile;
use crate::verify::Verify;

/// Deletes what the journal has kept for long enough, and looks whether its file is still where it was,
/// again and again. Never ends.
pub(super) async fn sweep(journal: &Journal, (terms, file): (Terms, &Found), hooks: &Notifier) {
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    let (mut was_there, mut said) = (true, Instant::now());
    loop {
        tick.tick().await;
        let is_there = file.is_there();
        match (mem::replace(&mut was_there, is_there), is_there) {
            (true, true) => {}
            (false, true) => warn!(path = %file.path.display(), "the journal is back"),
            (was_there, false) => {
                // Again and again: everything that is promised meanwhile is lost.
                if was_there || said.elapsed() >= SAY_AGAIN {
                    said = Instant::now();
                    error!(
                        path = %file.path.display(),
                        "the journal was moved or deleted: what is written from now on ends with \
                         this process, unless it is put back"
                    );
                }
            }
        }
        let swept = journal.clone();
        let sweep = move || {
            let mut untaken = vec![];
            let result = sweep::sweep(&swept, &terms, Instant::now(), &mut untaken);
            (result, untaken)
        };
        let Ok((result, untaken)) = tokio::task::spawn_blocking(sweep).await else { continue };
        if let Err(error) = result {
            // While the disk does not work that is known.
            debug!(%error, "the journal was not swept");
        }
        if !untaken.is_empty() {
            let count = untaken.len();
            warn!(count, "webhook messages that nobody took in seven days were deleted");
            let message = |row| outbox::message(row, journal.clock());
            hooks.forget(untaken.into_iter().map(message).collect()).await;
        }
    }
}

/// Tells of trunks that went up or down, follows a wall clock that is set, and has ended verifications
/// forgotten. Never ends.
pub(super) async fn watch(
    verify: &Verify,
    shards: &Shards,
    trunks: &Trunks,
    scribe: &Scribe,
    wall: &WallClock,
) {
    let mut was_up: BTreeMap<u16, bool> = BTreeMap::new();
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    loop {
        tick.tick().await;
        let now = Instant::now();
        wall.resample(now, SystemTime::now());
        verify.sweep(now);
        let layout = trunks.current();
        was_up.retain(|index, _| layout.listed.iter().any(|(listed, _)| listed == index));
        for (index, Profile { name, .. }) in &layout.listed {
            let is_up = shards.is_up(usize::from(*index));
            if was_up.insert(*index, is_up).unwrap_or(true) != is_up {
                match is_up {
                    true => info!(trunk = %name, "the trunk may be used"),
                    false => warn!(trunk = %name, "the trunk does not answer"),
                }
                scribe.on_trunk(name, is_up, now);
            }
        }
    }
}

/// Says when the disk does not answer any more, and when it does again. Never ends.
pub(super) async fn heed(journal: &Journal) {
    let mut tick = tokio::time::interval(SWEEP_EVERY);
    let mut was_silent = false;
    loop {
        tick.tick().await;
        let silence = journal.silence();
        match (mem::replace(&mut was_silent, silence >= SILENCE_MAX), silence >= SILENCE_MAX) {
            (false, true) => {
                error!(
                    ?silence,
                    "the journal's disk does not answer: nothing is accepted until it does"
                );
            }
            (true, false) => warn!("the journal's disk answers again"),
            (false, false) | (true, true) => {}
        }
    }
}

const SWEEP_EVERY: Duration = Duration::from_secs(1);
const SAY_AGAIN: Duration = Duration::from_secs(60);
