//! Files that are good, torn, flipped, foreign, newer and in use, and what is said of each.

use std::hash::Hasher;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use expect_test::{Expect, expect};
use siphasher::sip::SipHasher24;

use super::*;
use crate::entropy::Entropy;
use crate::number::E164;
use crate::store::clock::JournalTime;
use crate::store::record::{Event, Final, Verification, Webhook};
use crate::store::{Batch, Hidden, Key, Record};
use crate::time::Micros;
use crate::verify::id::VerificationId;
use crate::verify::snapshot::{Method, Reason, Status};

/// A folder with one journal, gone with its test.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ringproof-journal-tool-{}-{count}", std::process::id());
        let place = std::env::temp_dir().join(name);
        fs::create_dir_all(&place).unwrap();
        Self(place)
    }

    fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// What a command says of the journal, without the place and the moment.
    fn said(&self, work: impl FnOnce(&Path) -> Result<Said, Unreadable>) -> (String, u8) {
        let path = self.journal();
        let (text, exit) = match work(&path) {
            Ok(said) => (said.text, said.exit),
            Err(error) => {
                let failure = error.at(&path, Named::Path(&path));
                let mut terminal = Terminal::to_writers(io::sink(), io::sink());
                (format!("{failure}\n"), failure.tell(&mut terminal))
            }
        };
        (text.replace(&*self.0.to_string_lossy(), "…"), exit.code())
    }

    fn check(&self, work: impl FnOnce(&Path) -> Result<Said, Unreadable>, expected: Expect) {
        let (text, exit) = self.said(work);
        let lines = text.lines().filter(|line| !line.starts_with("last commit"));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        expected.assert_eq(&format!("{text}exit {exit}\n"));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A journal with two verifications, one of which has ended, twenty events and two messages, one of
/// them dead.
fn filled() -> Place {
    let place = Place::new();
    let settings = Settings { cache_bytes: 1 << 20, ..Settings::default() };
    let now = Reading::system();
    let mut opened = Opened::open(&place.journal(), settings, now).unwrap();
    for number in 1..=20 {
        let mut batch = Batch::new();
        batch.put(event(number));
        match number {
            1 | 2 => batch.put(verification(number)),
            3 => batch.put(ended(1)),
            4 => batch.put(webhook(1, Some(JournalTime(9)))),
            5 => batch.put(webhook(2, None)),
            _ => &mut batch,
        };
        opened = opened.commit(batch, &now).unwrap();
    }
    drop(opened);
    place
}

#[test]
fn stat_counts_what_a_journal_holds() {
    filled().check(
        stat,
        expect![[r#"
        journal                 …/journal
        size                    98304 bytes
        commits                 21
        lost commits            0
        oldest event            1 of 2025-11-20T12:00:00.000Z
        latest event            20 of 2025-11-20T12:00:00.000Z
        pending                 1
        dead webhook messages   1
        records of attempt      0
        records of call         0
        records of event        20
        records of final        1
        records of idempotency  0
        records of in_flight    0
        records of lease        0
        records of missed_call  0
        records of pause        0
        records of secret       0
        records of verification 2
        records of webhook      2
        exit 0
    "#]],
    );
}

#[test]
fn a_program_gets_the_same_in_one_document() {
    let place = filled();
    let Said { mut value, .. } = stat(&place.journal()).unwrap();
    value["path"] = "…".into();
    value["last_commit"] = "…".into();
    expect![[r#"
        {
          "bytes": 98304,
          "commits": 21,
          "dead_webhook_messages": 1,
          "events": {
            "latest": {
              "at": "2025-11-20T12:00:00.000Z",
              "sequence": 20
            },
            "oldest": {
              "at": "2025-11-20T12:00:00.000Z",
              "sequence": 1
            }
          },
          "last_commit": "…",
          "lost_commits": 0,
          "may_lack_commits": false,
          "path": "…",
          "pending": 1,
          "records": {
            "attempt": 0,
            "call": 0,
            "event": 20,
            "final": 1,
            "idempotency": 0,
            "in_flight": 0,
            "lease": 0,
            "missed_call": 0,
            "pause": 0,
            "secret": 0,
            "verification": 2,
            "webhook": 2
          }
        }"#]]
    .assert_eq(&format!("{value:#}"));
    let Said { value, .. } = verify(&place.journal()).unwrap();
    assert_eq!((&value["verdict"], &value["records"]), (&"good".into(), &25.into()), "{value}");
}

#[test]
fn verify_finds_a_good_journal_good() {
    filled().check(
        verify,
        expect![[r#"
        …/journal: the journal is good: 25 records, 21 commits
        exit 0
    "#]],
    );
}

#[test]
fn d06_verify_finds_what_is_torn_or_flipped_and_changes_nothing() {
    let place = filled();
    let whole = fs::read(place.journal()).unwrap();
    let good = place.said(verify);
    let mut dice = Entropy::seeded(3).stream();
    let mut bad = 0;
    for nth in 0..120 {
        let mut bytes = whole.clone();
        let at = dice.below(bytes.len() as u32) as usize;
        match nth % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at..].fill(0),
            _ => bytes[at] ^= 1 << (nth % 8),
        }
        fs::write(place.journal(), &bytes).unwrap();
        let (text, exit) = place.said(verify);
        assert_eq!(fs::read(place.journal()).unwrap(), bytes, "{nth} at {at}: it was written");
        match exit {
            0 => assert_eq!((text, exit), good, "{nth} at {at}"),
            1 => bad += 1,
            _ => panic!("{nth} at {at}: {text}"),
        }
    }
    // The witness of one more commit than there is.
    let mut bytes = whole;
    let mut witness = 22_u64.to_be_bytes().to_vec();
    witness.extend(checksum(&witness));
    bytes[512..528].copy_from_slice(&witness);
    fs::write(place.journal(), &bytes).unwrap();
    let (text, exit) = place.said(verify);
    assert!(text.contains("lacks commits: the last 1;") && exit == 1, "{text}");
    assert!(bad > 40, "{bad}");
}

#[test]
fn d13_a_newer_format_and_a_foreign_file_are_told_apart() {
    let place = filled();
    let mut bytes = fs::read(place.journal()).unwrap();
    bytes[16..20].copy_from_slice(&2_u32.to_be_bytes());
    let check = checksum(&bytes[..24]);
    bytes[24..32].copy_from_slice(&check);
    fs::write(place.journal(), &bytes).unwrap();
    place.check(
        verify,
        expect![[r#"
            …/journal: the journal is of format 2, this release reads up to 1
            hint: start the release that wrote it, or put the copy of before the upgrade there: docs/journal.md, "Upgrades"
            exit 1
        "#]],
    );
    place.check(
        stat,
        expect![[r#"
        …/journal: the journal is of format 2, this release reads up to 1
        exit 1
    "#]],
    );
    fs::write(place.journal(), "SQLite format 3\0").unwrap();
    place.check(
        verify,
        expect![[r#"
            …/journal: the file is no journal of ringproof, or its first block is damaged
            hint: if `journal.path` names the right file, treat it as damaged, else mend the path: docs/journal.md, "A journal that is refused"
            exit 1
        "#]],
    );
    let compact = |path: &Path| compact(path, Settings::default());
    place.check(
        compact,
        expect![[r#"
        …/journal: the file is no journal of ringproof, or its first block is damaged
        exit 1
    "#]],
    );
    assert_eq!(fs::read(place.journal()).unwrap(), b"SQLite format 3\0");
}

#[test]
fn a_journal_that_is_open_or_not_there_is_left_alone() {
    let place = filled();
    let held = Opened::open(&place.journal(), Settings::default(), Reading::system()).unwrap();
    place.check(
        stat,
        expect![[r#"
        …/journal: another process has the journal open
        exit 71
    "#]],
    );
    place.check(
        verify,
        expect![[r#"
        …/journal: another process has the journal open
        exit 71
    "#]],
    );
    place.check(
        |path| compact(path, Settings::default()),
        expect![[r#"
        …/journal: another process has the journal open
        exit 71
    "#]],
    );
    drop(held);
    let looks = Look::open(&place.journal(), Reading::system()).unwrap();
    assert_eq!(place.said(stat).1, 0, "any number may look");
    place.check(
        |path| compact(path, Settings::default()),
        expect![[r#"
        …/journal: another process has the journal open
        exit 71
    "#]],
    );
    drop(looks);
    fs::remove_file(place.journal()).unwrap();
    place.check(
        verify,
        expect![[r#"
            …/journal: there is no such file
            exit 71
        "#]],
    );
    place.check(
        |path| compact(path, Settings::default()),
        expect![[r#"
            …/journal: there is no such file
            exit 71
        "#]],
    );
    assert!(!place.journal().exists(), "none is made");
}

#[test]
fn a_file_that_is_not_there_is_said_with_where_its_path_comes_from() {
    let place = Place::new();
    let config = Path::new("ringproof.toml");
    let named = [Named::Config(config), Named::Path(config)].map(|named| {
        let missing = stat(&place.journal()).unwrap_err().at(&place.journal(), named);
        let Failure::Missing { hint, .. } = missing else { panic!("{missing}") };
        hint
    });
    expect![[r#"
        hint: `journal.path` of ringproof.toml, or its default, says so; `ringproof serve` makes the file when it starts, and `--config FILE` or `--path FILE` names another
        hint: `--path` says so; `journal.path` of a gateway's configuration says where its journal is, and `--config FILE` takes it from there
    "#]].assert_eq(&format!("{}\n", named.join("\n")));
}

/// An engine's words are a detail of ours.
#[test]
fn d06_what_is_said_of_a_damaged_file_begins_in_our_words() {
    let place = filled();
    let bytes = fs::read(place.journal()).unwrap();
    let mut seen = 0;
    for page in (1..bytes.len() / 4_096).map(|page| page * 4_096) {
        let mut damaged = bytes.clone();
        damaged[page..page + 64].fill(0xa5);
        fs::write(place.journal(), &damaged).unwrap();
        let (text, _) = place.said(verify);
        if let Some((_, why)) = text.split_once("the journal is damaged: ") {
            assert!(
                why.starts_with("parts of it that are in use are not")
                    || why.starts_with("a record"),
                "{why}"
            );
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen}");
}

#[test]
fn d08_compact_gives_room_back_and_keeps_what_lives() {
    let place = filled();
    let now = Reading::system();
    let mut opened = Opened::open(&place.journal(), Settings::default(), now).unwrap();
    for number in 100..1_500 {
        let mut batch = Batch::new();
        batch.put(event(number));
        opened = opened.commit(batch, &now).unwrap();
    }
    // Those that stay lie all over the file.
    let mut gone = Batch::new();
    for number in (100..1_500).filter(|number| number % 50 != 0) {
        gone.delete(&Key::Event(number));
    }
    opened = opened.commit(gone, &now).unwrap();
    drop(opened);
    let before = Survey::of(&Look::open(&place.journal(), now).unwrap()).unwrap();
    let Said { value, exit, .. } = compact(&place.journal(), Settings::default()).unwrap();
    let [large, small] = ["bytes_before", "bytes_after"].map(|key| value[key].as_u64().unwrap());
    assert!(small < large * 3 / 4, "{value}");
    assert_eq!((exit, fs::metadata(place.journal()).unwrap().len()), (Exit::Success, small));
    assert_eq!(Survey::of(&Look::open(&place.journal(), now).unwrap()).unwrap(), before);
}

#[test]
fn the_configuration_says_which_journal_it_is() {
    let place = filled();
    let main = "journal = { path = \"journal\", durability = \"process\" }\n\
                [sip]\nlisten = [\"udp:127.0.0.1:5070\"]\nprofiles = [\"trunk.toml\"]\n\
                [[pool]]\nname = \"default\"\nnumbers = [\"+46876500[000-999]\"]\n";
    let trunk = "name = \"plain\"\naddress = \"udp:127.0.0.1:5060\"\n";
    for (name, text) in [("ringproof.toml", main), ("trunk.toml", trunk)] {
        write!(fs::File::create(place.0.join(name)).unwrap(), "{text}").unwrap();
    }
    let (path, settings) = find(Named::Config(&place.0.join("ringproof.toml"))).unwrap();
    assert_eq!(path, place.journal());
    assert_eq!(settings.durability, crate::store::Durability::Process);
    let failure = find(Named::Config(&place.0.join("none.toml"))).unwrap_err();
    let mut terminal = Terminal::to_writers(io::sink(), io::sink());
    assert_eq!(failure.tell(&mut terminal), Exit::Configuration);
}

fn event(sequence: u64) -> Record {
    let body = Hidden(vec![sequence as u8; 700].into());
    let (at, written) = (Micros(1_763_640_000_000_000 + sequence), JournalTime(sequence));
    Event { sequence, at, written, name: "n".into(), about: None, body }.into()
}

fn verification(id: u64) -> Record {
    let record = Verification {
        id: VerificationId(id.into()),
        to: E164::parse("+46701234567").unwrap(),
        country: "SE".into(),
        method: Method::FlashCall,
        pool: Some("default".into()),
        did: None,
        ring_ms: None,
        confirm: false,
        recent_within_ms: None,
        attempts: 3,
        client_ref: None,
        callback_url: None,
        created_at: Micros(1),
        created: JournalTime(1),
        expires: JournalTime(2),
    };
    record.into()
}

fn ended(id: u64) -> Record {
    let record = Final {
        id: VerificationId(id.into()),
        status: Status::Verified,
        reason: Some(Reason::CodeMatched),
        ended_at: Micros(1),
        ended: JournalTime(1),
    };
    record.into()
}

fn webhook(id: u128, next: Option<JournalTime>) -> Record {
    let record = Webhook {
        id,
        endpoint: "app".into(),
        is_url: false,
        sequence: 3,
        name: "verification.verified".into(),
        body: Hidden(b"{}"[..].into()),
        created_at: Micros(1),
        created: JournalTime(1),
        matters_until: None,
        attempts: 1,
        next,
        status: Some(500),
        error: None,
    };
    record.into()
}

/// As the first block of the file has it.
fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut hasher = SipHasher24::new();
    hasher.write(bytes);
    hasher.finish().to_be_bytes()
}
