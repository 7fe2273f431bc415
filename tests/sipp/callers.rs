//! `sipp-scenarios/expected-callers.tsv`, and what its rows need of the daemon.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::daemon::{Daemon, text};

/// One behaviour and what it must give.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// The file in `sipp-scenarios/`, without `.xml`.
    pub(crate) scenario: String,
    /// Names in the scenario and the values that replace them.
    pub(crate) keys: Vec<(String, String)>,
    /// Lines of its DID.
    did: Vec<String>,
    /// What the control API must say.
    pub(crate) expected: Seen,
}

/// What the control API says when a call is over.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Seen {
    /// Its status and reason.
    verification: String,
    assurance: String,
    /// The final status code of the call that matched.
    sip_code: String,
    /// What became of the call, as the event of it says.
    outcome: String,
}

/// Who rings which number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person {
    /// Which row's DID.
    pub(crate) did: usize,
    /// Which phone.
    pub(crate) phone: usize,
}

impl Seen {
    /// Asks the daemon.
    pub(crate) fn look(daemon: &Daemon, events: &Path, id: &str, did: &str) -> Self {
        let outcome = outcome(events, did);
        let verification = daemon.get(&format!("/v1/verifications/{id}"));
        Self {
            verification: daemon.status(id),
            assurance: text(&verification, "/missed_call/assurance"),
            sip_code: text(&verification, "/missed_call/matched_call/sip_code"),
            outcome,
        }
    }
}

/// What became of the latest call to this DID. A call of which nothing comes back is told of when it is
/// given up, after 64 times the T1 of 100 ms; one that is never told of has no outcome.
fn outcome(events: &Path, did: &str) -> String {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let told = fs::read_to_string(events).unwrap_or_default();
        let mut told =
            told.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let is_it =
            |event: &Value| event["type"] == "missed_call.received" && event["data"]["did"] == did;
        if let Some(event) = told.find(is_it) {
            return text(&event, "/data/outcome");
        }
        if Instant::now() > until {
            return "-".to_owned();
        }
        thread::sleep(Duration::from_millis(50));
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verification, assurance, sip_code, outcome } = self;
        write!(f, "{verification}, assurance {assurance}, SIP {sip_code}, outcome {outcome}")
    }
}

impl Person {
    /// The person and the DID of one row.
    pub(crate) fn of_row(at: usize) -> Self {
        Self { did: at, phone: at }
    }

    /// Of different blocks, so that no limit for a block concerns them.
    pub(crate) fn phone(self) -> String {
        format!("+46701{:02}1234", self.phone)
    }

    /// The number that is rung.
    pub(crate) fn did(self) -> String {
        format!("+468123400{:02}", self.did)
    }

    /// The keys with this person in them.
    pub(crate) fn fill_in(self, keys: &[(String, String)]) -> Vec<(String, String)> {
        let phone = self.phone();
        let fill_in = |value: &str| {
            value
                .replace("[PHONE]", &format!("sip:{phone}@t.example"))
                .replace("[DIGITS]", &phone[1..])
                .replace("[NATIONAL]", &format!("0{}", &phone[3..]))
                .replace("[LOCAL]", "1042")
        };
        let did = ("did".to_owned(), self.did());
        let filled = keys.iter().map(|(name, value)| (name.clone(), fill_in(value)));
        filled.chain([did]).collect()
    }
}

/// Writes the configuration into `place`: one trunk, and a DID for each row.
pub(crate) fn configure(place: &Path, rows: &[Row], address: SocketAddr) {
    fs::create_dir_all(place).expect("a folder for the configuration");
    let mut config = format!(
        "[control]\nsocket = \"ringproof.sock\"\n[journal]\npath = \"journal\"\n\
         [sip]\nlisten = [\"udp:{address}\"]\n         profiles = [\"trunk.toml\"]\n[missed_calls]\nring = \"300ms\"\n"
    );
    for (at, row) in rows.iter().enumerate() {
        let number = Person::of_row(at).did();
        config += &format!("[[did]]\nnumber = \"{number}\"\n{}\n", row.did.join("\n"));
    }
    let profile = "name = \"sipp\"\naddress = \"udp:127.0.0.1:9\"\noptions_interval = \"0s\"\n\
                   country = \"SE\"\nt1 = \"100ms\"\n";
    fs::write(place.join("trunk.toml"), profile).expect("it is written");
    fs::write(place.join("ringproof.toml"), config).expect("it is written");
}

/// All rows, and every scenario of a caller in at least one of them.
pub(crate) fn read() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sipp-scenarios");
    let table = fs::read_to_string(folder.join("expected-callers.tsv")).expect("it is there");
    let rows: Vec<Row> = table.lines().filter(|line| !line.starts_with('#')).map(parse).collect();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let name = entry.expect("an entry can be read").file_name();
        let name = name.to_str().expect("names are UTF-8");
        let scenario = name.strip_suffix(".xml").filter(|name| name.starts_with("uac-"));
        let Some(scenario) = scenario else { continue };
        assert!(rows.iter().any(|row| row.scenario == scenario), "{name} is in no row");
    }
    rows
}

fn parse(line: &str) -> Row {
    let columns: Vec<&str> = line.split('\t').collect();
    let [name, scenario, keys, did, verification, assurance, sip_code, outcome] = columns[..]
    else {
        panic!("expected-callers.tsv: {} columns instead of 8 in: {line}", columns.len());
    };
    let key = |text: &str| {
        let (name, value) = text.split_once('=').expect("a key is name=value");
        (name.to_owned(), value.to_owned())
    };
    Row {
        name: name.to_owned(),
        scenario: scenario.to_owned(),
        keys: keys.split(' ').map(key).collect(),
        did: did.split(", ").map(str::to_owned).collect(),
        expected: Seen {
            verification: verification.to_owned(),
            assurance: assurance.to_owned(),
            sip_code: sip_code.to_owned(),
            outcome: outcome.to_owned(),
        },
    }
}
