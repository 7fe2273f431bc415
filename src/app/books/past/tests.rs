use std::fs;
use std::path::Path;

use super::*;
use crate::store::clock::{JournalTime, Reading};
use crate::store::{Batch, Hidden, Settings};
use crate::verify::id::VerificationId;

/// A journal of two commits, as a crash leaves it; with `is_damaged` the last one cannot be read.
fn journal(place: &Path, is_damaged: bool) -> Opened {
    let (written, left) = (place.join("written"), place.join("left"));
    let now = Reading::system();
    let mut opened = Opened::open(&written, Settings::default(), now).unwrap();
    for id in 1..=2 {
        let mut batch = Batch::new();
        batch.put(call(id));
        opened = opened.commit(batch, &now).unwrap();
    }
    let mut bytes = fs::read(&written).unwrap();
    if is_damaged {
        // The engine's header says at its tenth byte which of its two slots counts.
        let slot = HEADER + 64 + 128 * usize::from(bytes[HEADER + 9] & 1);
        bytes[slot + 8] ^= 1;
    }
    fs::write(&left, bytes).unwrap();
    Opened::open(&left, Settings::default(), now).unwrap()
}

fn call(id: u128) -> record::InFlight {
    record::InFlight {
        call: CallId(id),
        verification: VerificationId(id),
        trunk: "lab".into(),
        remote: ([127, 0, 0, 1], 5060).into(),
        local: ([127, 0, 0, 1], 5070).into(),
        invite: Hidden(Box::default()),
        invited: JournalTime(0),
    }
}

#[test]
fn d04_d06_what_a_lost_commit_said_of_a_call_that_rings_is_known_from_the_strips() {
    let place = std::env::temp_dir().join(format!("ringproof-past-{}", std::process::id()));
    fs::create_dir_all(&place).unwrap();
    for (is_damaged, expected) in [(true, vec![1, 2, 3]), (false, vec![1, 2])] {
        let opened = journal(&place, is_damaged);
        assert_eq!(opened.report().lost > 0, is_damaged, "{:?}", opened.report());
        let rang = (1..=3).map(call).collect();
        let trunks = TrunkNames::new(["lab".into()]);
        let found = in_flight(&opened, &trunks, rang, Reading::system().instant).unwrap();
        let mut ids: Vec<_> = found.iter().map(|call| call.call.0).collect();
        ids.sort_unstable();
        assert_eq!(ids, expected);
        drop(opened);
        fs::remove_file(place.join("written")).unwrap();
    }
    fs::remove_dir_all(place).unwrap();
}

const HEADER: usize = 4_096;
