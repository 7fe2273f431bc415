//! Whether the machine itself keeps up: a small write to the disk of the journal, again and again.
//!
//! A disk that answers after seconds, or a processor that others have, is no fault of the daemon's, which
//! may not ring a phone, nor hang up what it finds in its journal, before the disk has answered. It must
//! be known, though, how long that was.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::crowd::Crowd;

/// Feels it until the run is over.
pub(crate) fn start(crowd: &Arc<Crowd>, place: &Path) -> JoinHandle<()> {
    let crowd = Arc::clone(crowd);
    let file = File::create(place.join("pulse")).expect("a file can be made");
    thread::spawn(move || {
        while !crowd.is_over() {
            let from = crowd.clock.now();
            file.write_all_at(&[7; 4096], 0).expect("there is room");
            file.sync_data().expect("the disk works");
            let to = crowd.clock.now();
            if to - from > STANDSTILL {
                crowd.ledger().lives.on_standstill(from, to);
            }
            thread::sleep(PAUSE);
        }
    })
}

/// Shorter ones are the daemon's own load.
const STANDSTILL: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(50);
