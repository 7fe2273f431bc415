//! What a process that was killed leaves on its strips.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::clock::{JournalTime, Reading};
use crate::store::{Batch, Hidden, Key, Opened, Settings};
use crate::verify::id::CallId;
use crate::verify::id::VerificationId;

#[test]
fn d03_strips_show_the_calls_in_flight_and_no_other() {
    let place = Place::new();
    let path = place.0.join("journal");
    assert_eq!(read(&path).unwrap(), []);
    let mut strips = Strips::create(&path).unwrap();
    let mut change = |batch: Batch| batch.changes().iter().for_each(|it| strips.on_change(it));
    change(put(1));
    change(put(2));
    change(put(3));
    assert_eq!(found(&path), [1, 2, 3]);
    change(delete(2));
    change(delete(2));
    change(delete(9));
    assert_eq!(found(&path), [1, 3]);
    change(put(4));
    change(put(3));
    assert_eq!(found(&path), [1, 4, 3], "a free place is used again, and a call has one");
    assert_eq!(fs::metadata(beside(&path)).unwrap().len() / STRIP_BYTES as u64, 2);
    let longest = InFlight { invite: Hidden(vec![b'x'; STRIP_BYTES].into()), ..call(5) };
    change(Batch::new().put(longest).clone());
    assert_eq!(found(&path), [1, 4, 3], "what does not fit is left out");
}

#[test]
fn d06_a_strip_that_is_torn_is_passed_over() {
    let place = Place::new();
    let path = place.0.join("journal");
    let mut strips = Strips::create(&path).unwrap();
    put(1).changes().iter().chain(put(2).changes()).for_each(|it| strips.on_change(it));
    let whole = fs::read(beside(&path)).unwrap();
    for cut in 0..whole.len() {
        fs::write(beside(&path), &whole[..cut]).unwrap();
        assert!([&[][..], &[1]].contains(&&*found(&path)), "{cut}");
    }
    for flipped in 0..64 {
        let mut bytes = whole.clone();
        bytes[flipped] ^= 0xff;
        fs::write(beside(&path), &bytes).unwrap();
        read(&path).unwrap();
    }
}

#[tokio::test]
async fn d03_who_writes_a_journal_makes_strips_anew_and_who_compacts_it_makes_none() {
    let place = Place::new();
    let path = place.0.join("journal");
    let open = || Opened::open(&path, Settings::default(), Reading::system()).unwrap();
    let (journal, thread) = open().start(Box::new(|_| {})).unwrap();
    journal.submit(put(1)).unwrap().await.unwrap();
    journal.submit(put(2)).unwrap().await.unwrap();
    journal.submit(delete(1)).unwrap().await.unwrap();
    assert_eq!(found(&path), [2]);
    drop(journal);
    thread.join();
    fs::remove_file(beside(&path)).unwrap();
    // By root, perhaps, whose file the gateway could not write.
    drop(open().compact().unwrap());
    assert!(!fs::exists(beside(&path)).unwrap());
    let (journal, thread) = open().start(Box::new(|_| {})).unwrap();
    assert_eq!(found(&path), [2]);
    drop(journal);
    thread.join();
}

#[test]
fn d03_strips_that_may_not_be_written_are_replaced() {
    let place = Place::new();
    let path = place.0.join("journal");
    fs::write(beside(&path), "another user's").unwrap();
    fs::set_permissions(beside(&path), Permissions::from_mode(0o400)).unwrap();
    let mut strips = Strips::create(&path).unwrap();
    put(1).changes().iter().for_each(|it| strips.on_change(it));
    assert_eq!(found(&path), [1]);
}

fn found(path: &Path) -> Vec<u128> {
    read(path).unwrap().iter().map(|call| call.call.0).collect()
}

fn put(id: u128) -> Batch {
    Batch::new().put(call(id)).clone()
}

fn delete(id: u128) -> Batch {
    Batch::new().delete(&Key::InFlight(CallId(id))).clone()
}

fn call(id: u128) -> InFlight {
    InFlight {
        call: CallId(id),
        verification: VerificationId(id),
        trunk: "asterisk".into(),
        remote: ([127, 0, 0, 1], 5060).into(),
        local: ([127, 0, 0, 1], 5061).into(),
        invite: Hidden(b"INVITE sip:+46701234567@192.0.2.1 SIP/2.0"[..].into()),
        invited: JournalTime(5),
    }
}

/// A folder of its own, which goes with the test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let id = format!("{:?}", std::thread::current().id());
        let name = format!("ringproof-strips-{}-{id}", std::process::id());
        let place = std::env::temp_dir().join(name);
        fs::create_dir(&place).unwrap();
        Self(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
