//! `[control]`: where the API is served, and to whom.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address;
use super::kind::{self, Kind, Refusal};
use super::section::{Placed, Section};
use crate::control::{KeySettings, Limits, Right, SOCKET_PATH_BYTES_MAX, TokenHash};

/// Where the API is served, and to whom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Control {
    /// The Unix socket, which is always served.
    pub socket: PathBuf,
    /// The file mode of that socket.
    pub socket_mode: u32,
    /// The TCP listener, off by default.
    pub listen: Option<SocketAddr>,
    /// Who may use the TCP listener: at least one when there is one.
    pub keys: Vec<KeySettings>,
    /// The bounds, but for those of `[observe]`.
    pub limits: Limits,
}

/// Reads `[control]`.
pub(super) fn read(mut section: Section<'_>, base: &Path) -> Control {
    let socket = section.or("socket", &socket_path(base), base.join("ringproof.sock"));
    let listen = section.optional("listen", &address::tcp());
    let key_sections = section.sections("key");
    let keys_given = key_sections.len();
    section.at_most("key", KEYS_MAX);
    let keys: Vec<_> = key_sections.into_iter().filter_map(read_key).collect();
    if listen.is_some() && keys_given == 0 {
        let accepted = "with at least one `[[control.key]]` (`ringproof key new NAME` makes one)";
        section.refuse("listen", "without any key", accepted);
    }
    let control = Control {
        socket,
        socket_mode: section.or("socket_mode", &file_mode(), 0o660),
        listen,
        keys: distinct(&section, keys),
        limits: read_limits(&mut section),
    };
    section.finish();
    control
}

fn read_limits(section: &mut Section<'_>) -> Limits {
    let shipped = Limits::default();
    let seconds = |from, to| kind::duration(Duration::from_secs(from)..=Duration::from_secs(to));
    let many = |most: usize| kind::whole(1..=most);
    Limits {
        body_bytes_max: section.or(
            "body_max",
            &kind::size(1 << 10..=1 << 20),
            shipped.body_bytes_max,
        ),
        body_timeout: section.or("body_timeout", &seconds(1, 300), shipped.body_timeout),
        connections_max: section.or("connections_max", &many(65_536), shipped.connections_max),
        head_timeout: section.or("head_timeout", &seconds(1, 60), shipped.head_timeout),
        readers_max: section.or("streams_max", &many(65_536), shipped.readers_max),
        replies_kept: section.or("replies_max", &many(1_000_000), shipped.replies_kept),
        replies_kept_for: section.or(
            "keep_replies",
            &seconds(60, 86_400),
            shipped.replies_kept_for,
        ),
        scans_max: section.or("lists_max", &many(64), shipped.scans_max),
        wrong_tokens_per_minute: section.or(
            "wrong_keys_per_minute",
            &kind::whole(1..=100_000),
            shipped.wrong_tokens_per_minute,
        ),
        ..shipped
    }
}

fn read_key(mut section: Section<'_>) -> Option<Placed<KeySettings>> {
    let place = section.place("name");
    let name = section.required("name", &kind::name());
    let token = section.required("sha256", &hash());
    let right = kind::choice(&RIGHTS);
    let rights = section.values("rights", &right).unwrap_or_default();
    if !section.has_items("rights") {
        section.refuse("rights", "empty", &format!("a list of {}", right.accepted));
    }
    let starts_per_second = section.optional("starts_per_second", &kind::whole(1..=1_000_000));
    section.finish();
    let value = KeySettings { name: name?, token: token?, rights, starts_per_second };
    Some(Placed { value, place })
}

/// A name or a secret that two keys share makes logs and limits lie.
fn distinct(section: &Section<'_>, keys: Vec<Placed<KeySettings>>) -> Vec<KeySettings> {
    let mut seen: Vec<KeySettings> = Vec::new();
    for Placed { value: key, place } in keys {
        if let Some(twin) = seen.iter().find(|other| other.name == key.name) {
            let found = format!("\"{}\" for the second time", twin.name);
            section.refuse_at(place.clone(), &found, "a name of its own");
        } else if let Some(twin) = seen.iter().find(|other| other.token == key.token) {
            let found = format!("the same secret as \"{}\"", twin.name);
            section.refuse_at(place, &found, "a key of its own");
        }
        seen.push(key);
    }
    seen
}

fn socket_path(base: &Path) -> Kind<PathBuf> {
    let base = base.to_owned();
    let accepted = format!("a path of 1 to {SOCKET_PATH_BYTES_MAX} bytes");
    Kind::text(accepted, move |text| {
        let path = base.join(text);
        let fits = path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
        (fits && !text.is_empty()).then_some(path).ok_or(Refusal::Unlike)
    })
}

fn file_mode() -> Kind<u32> {
    Kind::text("a file mode between \"0600\" and \"0777\" that its owner can use", |text| {
        let mode = u32::from_str_radix(text, 8).ok().filter(|_| text.len() <= 4);
        mode.filter(|mode| (0o600..=0o777).contains(mode)).ok_or(Refusal::Unlike)
    })
}

fn hash() -> Kind<TokenHash> {
    let accepted =
        "the SHA-256 of the key, 64 hexadecimal digits, as `ringproof key new NAME` prints it";
    Kind::text(accepted, |text| {
        let mut hash = [0; 32];
        if text.len() != 64 || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return Err(Refusal::Unlike);
        }
        for (place, pair) in hash.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            // Two hexadecimal digits, as was just seen, are ASCII and fit into an octet.
            let pair = std::str::from_utf8(pair).map_err(|_| Refusal::Unlike)?;
            *place = u8::from_str_radix(pair, 16).map_err(|_| Refusal::Unlike)?;
        }
        Ok(TokenHash(hash))
    })
    .secret()
}

const RIGHTS: [(&str, Right); 3] = [
    (Right::Admin.as_str(), Right::Admin),
    (Right::Read.as_str(), Right::Read),
    (Right::Verify.as_str(), Right::Verify),
];
/// Each request compares with each key.
const KEYS_MAX: usize = 1_024;
