//! Files in, a configuration or its problems out.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};

use super::document::Files;
use super::load::{Loaded, load};

const MINIMAL: &str = r#"
[control]
socket = "ringproof.sock"          # listen = "127.0.0.1:8580" adds TCP
[sip]
listen = ["udp:127.0.0.1:5070"]
profiles = ["sip-profiles/plain-rfc3261.toml"]
[[pool]]
name = "default"
numbers = ["+46876500[000-999]"]
"#;

#[test]
fn the_minimal_configuration_is_enough() {
    let trunk = "name = 'plain'\naddress = 'udp:127.0.0.1:5060'";
    let loaded =
        load_text(&[("ringproof.toml", MINIMAL), ("sip-profiles/plain-rfc3261.toml", trunk)]);
    expect![[r#"
        Config {
            control: Control {
                socket: "ringproof.sock",
                socket_mode: 432,
                listen: None,
                keys: [],
                starts_per_second: None,
                body_bytes_max: 16384,
                head_timeout: 10s,
                request_timeout: 30s,
                connections_max: 1024,
                streams_max: 64,
            },
            sip: Sip {
                listen: [
                    127.0.0.1:5070,
                ],
                shards: 1,
                receive_buffer: 8388608,
                user_agent: None,
            },
            trunks: [
                Profile {
                    name: "plain",
                    address: 127.0.0.1:5060,
                    sources: [
                        127.0.0.1/32,
                    ],
                    strict_source: true,
                    caller_id: CallerId {
                        header: From,
                        format: PlusE164,
                    },
                    dialled: Dialled {
                        format: PlusE164,
                        tech_prefix: "",
                        user_phone: false,
                    },
                    domain: None,
                    from_domain: None,
                    privacy: None,
                    ring: 5s,
                    ringing: Only180,
                    assume_ringing_after: None,
                    no_ringing_after: 20s,
                    t1: 500ms,
                    calls_per_second: 100,
                    in_flight_max: 1000,
                },
            ],
            pools: [
                Pool {
                    name: "default",
                    trunks: [
                        0,
                    ],
                },
            ],
            verify: Settings {
                pools: [
                    PoolSettings {
                        name: "default",
                        numbers: [
                            NumberRange {
                                first: +4687…00,
                                last: +4687…99,
                            },
                        ],
                    },
                ],
                shards: 1,
                attempts: 3,
                calls: 3,
                expires_in: 300s,
                expires_in_max: 600s,
                keep_ended: 600s,
                reuse_window: 86400s,
                max_guess_odds: 0.005,
                countries: [],
                refused: [],
                limits: Limits {
                    phone: [
                        Limit {
                            count: 3,
                            window: 600s,
                        },
                        Limit {
                            count: 5,
                            window: 3600s,
                        },
                        Limit {
                            count: 10,
                            window: 86400s,
                        },
                    ],
                    prefix: [
                        Limit {
                            count: 20,
                            window: 600s,
                        },
                    ],
                    wrong_codes_lock: 5,
                    lock: 3600s,
                    wrong_codes_stop: 10,
                    hard_lock: 86400s,
                },
                bounds: Bounds {
                    pending_max: 1000000,
                    ended_max: 200000,
                    phones_max: 4000000,
                    prefixes_max: 1000000,
                },
            },
            log: Log {
                format: Pretty,
                level: Info,
            },
            observe: Observe {
                events_kept: 10000,
                events_queued: 1024,
            },
        }
    "#]].assert_debug_eq(&loaded.config.unwrap());
}

struct Texts(BTreeMap<PathBuf, String>);

impl Files for Texts {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn load_text(texts: &[(&str, &str)]) -> Loaded {
    let texts = texts.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned()));
    load(Path::new("ringproof.toml"), &Texts(texts.collect()))
}
