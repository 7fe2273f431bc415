//! What the rows of trunks need of the daemon: a pool and a trunk for each, and how a call ended.

use std::fs;
use std::path::Path;

use crate::daemon::{Daemon, text};
use crate::rows::{Found, Row};

/// Writes the configuration into `place`. The last port is the daemon's own, the others are those of
/// the rows' trunks.
pub(crate) fn configure(place: &Path, rows: &[Row], ports: &[u16]) {
    fs::create_dir_all(place.join("trunks")).expect("a folder for the configuration");
    let profiles: Vec<String> =
        rows.iter().map(|row| format!("\"trunks/{}.toml\"", row.name)).collect();
    let mut config = format!(
        "[control]\nsocket = \"ringproof.sock\"\n[journal]\npath = \"journal\"\n\
         [sip]\nlisten = [\"udp:127.0.0.1:{}\"]\nprofiles = [{}]\n",
        ports[rows.len()],
        profiles.join(", ")
    );
    for (at, row) in rows.iter().enumerate() {
        config += &format!(
            "[[pool]]\nname = \"{0}\"\nnumbers = [\"+468765{at:02}[000-999]\"]\ntrunks = [\"{0}\"]\n",
            row.name
        );
        let mut profile =
            format!("name = \"{}\"\naddress = \"udp:127.0.0.1:{}\"\n", row.name, ports[at]);
        if !row.profile.iter().any(|line| line.starts_with("ring =")) {
            profile += "ring = \"1s\"\n";
        }
        profile += &row.profile.join("\n");
        fs::write(place.join(format!("trunks/{}.toml", row.name)), profile).expect("it is written");
    }
    fs::write(place.join("ringproof.toml"), config).expect("it is written");
}

/// How the verification's call ended; `None` while it lives.
pub(crate) fn found(daemon: &Daemon, id: &str) -> Option<Found> {
    let verification = daemon.get(&format!("/v1/verifications/{id}"));
    let call = daemon.get(&format!("/v1/calls/{}", text(&verification, "/flash_call/call/id")));
    // The verification is asked after the call: the call's end may have changed it.
    let verification = daemon.status(id);
    (text(&call, "/state") == "ended").then(|| Found {
        outcome: text(&call, "/outcome"),
        by: text(&call, "/ended_by"),
        sip_code: text(&call, "/sip_code"),
        verification,
    })
}

/// The SIP ladder of the verification's call, drawn.
pub(crate) fn ladder(daemon: &Daemon, id: &str) -> String {
    let verification = daemon.get(&format!("/v1/verifications/{id}"));
    let call = text(&verification, "/flash_call/call/id");
    let ladder = daemon.ask("GET", &format!("/v1/calls/{call}/trace"), "");
    ladder.map_or_else(|error| error.to_string(), |(_, ladder)| ladder)
}
