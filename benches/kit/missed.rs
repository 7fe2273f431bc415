//! Missed calls as a capture shows them.

use std::collections::BTreeMap;

use crate::capture::Datagram;

/// What passed for one caller, in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard {
    /// The first INVITE.
    pub(crate) invited: Option<u64>,
    /// The first final response.
    pub(crate) refused: Option<u64>,
    /// The first ACK.
    pub(crate) acknowledged: Option<u64>,
}

impl Heard {
    /// From the INVITE to the refusal, in milliseconds.
    pub(crate) fn to_refusal(self) -> Option<f64> {
        Some(self.refused?.checked_sub(self.invited?)? as f64 / 1e3)
    }
}

/// Reads a capture: what each phone heard, by the last seven digits of its number.
pub(crate) fn hear(datagrams: &[Datagram]) -> BTreeMap<u32, Heard> {
    let mut all: BTreeMap<u32, Heard> = BTreeMap::new();
    for datagram in datagrams {
        let Some(phone) = phone(&datagram.payload) else { continue };
        let heard = all.entry(phone).or_default();
        let moment = match &datagram.payload {
            payload if payload.starts_with(b"INVITE ") => &mut heard.invited,
            payload if payload.starts_with(b"ACK ") => &mut heard.acknowledged,
            payload if payload.starts_with(b"SIP/2.0 1") => continue,
            _ => &mut heard.refused,
        };
        moment.get_or_insert(datagram.at);
    }
    all
}

/// The number in From, which every message of a call repeats.
fn phone(message: &[u8]) -> Option<u32> {
    const FROM: &[u8] = b"\r\nFrom: <sip:+4670";
    let at = message.windows(FROM.len()).position(|window| window == FROM)? + FROM.len();
    std::str::from_utf8(message.get(at..at + 7)?).ok()?.parse().ok()
}
