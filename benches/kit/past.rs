//! The journal of a daemon that has worked: verifications whose phone has rung and whose code nobody
//! has typed yet, with all that is kept beside them.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use ringproof::entropy::Entropy;
use ringproof::outcome::Outcome;
use ringproof::store::clock::Reading;
use ringproof::store::record::Verification;
use ringproof::store::{Batch, Durability, Opened, Settings};
use ringproof::verify::id::VerificationId;

use crate::records::{self, Moment};

/// Makes a journal with so many pending verifications, a multiple of 1,000, each with its call and its
/// lease; with the events and the replies of the latest, as many as a daemon keeps by default.
pub(crate) fn make(path: &Path, pending: u64) -> Result<(), Box<dyn Error>> {
    let now = Reading::system();
    let settings = Settings { durability: Durability::Process, ..Settings::default() };
    let mut opened = Opened::open(path, settings, now)?;
    let at = Moment { wall: now.wall, time: opened.clock().at(now.instant) };
    let mut dice = Entropy::seeded(1).stream();
    for thousand in 0..pending / 1_000 {
        let mut batch = Batch::new();
        for nth in thousand * 1_000..(thousand + 1) * 1_000 {
            // As a ULID: time, then chance.
            let id = VerificationId(u128::from(nth) << 80 | dice.u128() >> 48);
            batch.put(Verification {
                expires: at.time.after(LIFE),
                ..records::verification(id, at)
            });
            batch.put(records::call(id, at, Some(Outcome::Completed))).put(records::lease(id, at));
            let later = pending - nth;
            if later <= REPLIES {
                batch.put(records::reply(id, nth, at));
            }
            if later * EVENTS.len() as u64 <= EVENTS_KEPT {
                for name in EVENTS {
                    batch.tell(records::event(name, id, at));
                }
            }
        }
        opened = opened.commit(batch, &now)?;
    }
    Ok(())
}

/// Nothing expires while it is measured.
const LIFE: Duration = Duration::from_secs(3_000);
/// `control.replies_max`.
const REPLIES: u64 = 50_000;
/// `journal.events_kept`.
const EVENTS_KEPT: u64 = 100_000;
const EVENTS: [&str; 4] = ["verification.created", "call.placed", "call.ringing", "call.ended"];
