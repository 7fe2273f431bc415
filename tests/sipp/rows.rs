//! `sipp-scenarios/expected.tsv`.

use std::fmt;
use std::fs;
use std::path::Path;

/// One behaviour and what it must give.
#[derive(Debug)]
pub(crate) struct Row {
    /// Also the name of its trunk and its pool.
    pub(crate) name: String,
    /// The file in `sipp-scenarios/`, without `.xml`.
    pub(crate) scenario: String,
    /// Names in the scenario and the values that replace them.
    pub(crate) keys: Vec<(String, String)>,
    /// Lines of the trunk's profile.
    pub(crate) profile: Vec<String>,
    /// What the control API must say.
    pub(crate) expected: Found,
}

/// What is said of a call that has ended.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) outcome: String,
    pub(crate) by: String,
    pub(crate) sip_code: String,
    pub(crate) verification: String,
}

impl Found {
    /// The call did not end.
    pub(crate) const NOTHING: Self = Self {
        outcome: String::new(),
        by: String::new(),
        sip_code: String::new(),
        verification: String::new(),
    };
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self == Self::NOTHING {
            true => f.write_str("no end"),
            false => {
                let Self { outcome, by, sip_code, verification } = self;
                write!(f, "{outcome} by {by}, SIP {sip_code}, verification {verification}")
            }
        }
    }
}

/// All rows, and every scenario in at least one of them.
pub(crate) fn read() -> Vec<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sipp-scenarios");
    let table = fs::read_to_string(folder.join("expected.tsv")).expect("expected.tsv is there");
    let rows: Vec<Row> = table.lines().filter(|line| !line.starts_with('#')).map(parse).collect();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let name = entry.expect("an entry can be read").file_name();
        let name = name.to_str().expect("names are UTF-8");
        // Those of the benchmarks check too little to be a row.
        let scenario = name.strip_suffix(".xml").filter(|name| name.starts_with("uas-"));
        let Some(scenario) = scenario else { continue };
        assert!(rows.iter().any(|row| row.scenario == scenario), "{name} is in no row");
    }
    rows
}

fn parse(line: &str) -> Row {
    let columns: Vec<&str> = line.split('\t').collect();
    let [name, scenario, keys, profile, outcome, by, sip_code, verification] = columns[..] else {
        panic!("expected.tsv: {} columns instead of 8 in: {line}", columns.len());
    };
    let list = |text: &str, separator: &str| -> Vec<String> {
        let parts = text.split(separator).filter(|part| *part != "-");
        parts.map(|part| part.trim().to_owned()).collect()
    };
    let key = |text: String| {
        let (name, value) = text.split_once('=').expect("a key is name=value");
        (name.to_owned(), value.to_owned())
    };
    Row {
        name: name.to_owned(),
        scenario: scenario.to_owned(),
        keys: list(keys, " ").into_iter().map(key).collect(),
        profile: list(profile, ", "),
        expected: Found {
            outcome: outcome.to_owned(),
            by: by.to_owned(),
            sip_code: sip_code.to_owned(),
            verification: verification.to_owned(),
        },
    }
}
