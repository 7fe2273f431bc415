//! Somebody who has seen a response and sends it again from elsewhere, or a little different: nothing
//! may come of it. And answers that come again when everybody has forgotten them.

use std::net::SocketAddr;

use ringproof::gateway::Input;

use crate::broken::{Rule, Verdict, ensure};
use crate::dice::Dice;
use crate::wire::Seen;
use crate::world::{Happening, World};

/// What is not right about a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Forgery {
    /// Another branch.
    Branch,
    /// Another Call-ID.
    CallId,
    /// Another CSeq number.
    CSeq,
    /// A second Via.
    ExtraVia,
    /// It is a BYE, of a stranger.
    Request,
    /// Our Via with another port.
    SentBy,
    /// It comes from a stranger.
    Source,
    /// It is a request of a stranger about a call to one of our numbers, or the beginning of one.
    Stranger,
    /// It is the ACK of such a call, from its trunk, with a tag that was guessed.
    Tag,
}

impl Forgery {
    /// Draws one for a response. `is_strict`: every trunk is believed from its own address alone.
    fn draw(response: &str, is_strict: bool, dice: &mut Dice) -> Self {
        let of = [
            Self::Branch,
            Self::CallId,
            Self::CSeq,
            Self::ExtraVia,
            Self::Request,
            Self::SentBy,
            Self::Source,
        ];
        // A 2xx to an INVITE of ours is acknowledged and hung up when its transaction is forgotten,
        // whatever its branch says: Call-ID and tag prove that it is ours.
        let is_answer = is_answer(response);
        let forgery = dice.one_of(&of);
        let is_ours = is_answer && matches!(forgery, Self::Branch | Self::CSeq | Self::SentBy);
        let is_trusted = forgery == Self::Source && !is_strict;
        if is_ours || is_trusted { Self::CallId } else { forgery }
    }

    /// The forged datagram; `None` when there is nothing to forge.
    fn apply(self, response: &str) -> Option<String> {
        let forged = match self {
            Self::Branch => flip_after(response, "branch=z9hG4bK")?,
            Self::CallId => flip_after(response, "Call-ID: ")?,
            Self::CSeq => response.replacen("CSeq: ", "CSeq: 7", 1),
            Self::ExtraVia => {
                let via = "Via: SIP/2.0/UDP 203.0.113.66;branch=z9hG4bK1\r\nVia: ";
                response.replacen("Via: ", via, 1)
            }
            Self::Request => {
                let (_, rest) = response.split_once("\r\n")?;
                return Some(format!("BYE sip:ringproof@192.0.2.10 SIP/2.0\r\n{rest}"));
            }
            Self::SentBy => response.replacen(":507", ":517", 1),
            Self::Source => return Some(response.to_owned()),
            Self::Stranger | Self::Tag => return None,
        };
        (forged != response).then_some(forged)
    }

    fn source(self, trunk: SocketAddr) -> SocketAddr {
        match self {
            Self::Request | Self::Source | Self::Stranger => ([203, 0, 113, 66], 5060).into(),
            Self::Branch
            | Self::CallId
            | Self::CSeq
            | Self::ExtraVia
            | Self::SentBy
            | Self::Tag => trunk,
        }
    }
}

fn is_answer(response: &str) -> bool {
    response.starts_with("SIP/2.0 2") && response.contains(" INVITE\r\n")
}

/// Replaces the first hexadecimal digit after `key` by another.
fn flip_after(text: &str, key: &str) -> Option<String> {
    let at = text.find(key)? + key.len();
    let digit = text.get(at..=at)?;
    let other = if digit == "0" { "1" } else { "0" };
    Some(format!("{}{other}{}", &text[..at], &text[at + 1..]))
}

impl World {
    /// A trunk has sent a response, and somebody may have seen it.
    pub(crate) fn overhear(&mut self, trunk: SocketAddr, to: SocketAddr, payload: &[u8]) {
        let Some(shard) = self.shards.iter().position(|host| host.address == to) else { return };
        let Ok(response) = std::str::from_utf8(payload) else { return };
        // A 2xx that comes again when everybody has forgotten it is hung up all the same.
        if is_answer(response) && self.forger.chance(AGAIN_PER_CENT) {
            let at = self.now + self.forger.millis(33_000, 90_000);
            if let Some(seen) = Seen::read(payload) {
                let first = self.answered_again.entry(seen.to).or_insert(at);
                *first = at.min(*first);
            }
            self.agenda.add(at, Happening::Arrives { from: trunk, to, payload: payload.to_vec() });
        }
        if !response.starts_with("SIP/2.0 ") || !self.forger.chance(SEEN_PER_CENT) {
            return;
        }
        let is_strict = self.plan.trunks.iter().all(|trunk| trunk.profile.strict_source);
        let forgery = Forgery::draw(response, is_strict, &mut self.forger);
        let Some(forged) = forgery.apply(response) else { return };
        let (from, payload) = (forgery.source(trunk), forged.into_bytes());
        let at = self.now + self.forger.millis(0, 200);
        self.agenda.add(at, Happening::Forged { shard, from, payload, forgery });
    }

    /// A forged datagram arrives: nothing is sent and nobody is told of anything.
    pub(crate) fn refuse(
        &mut self,
        shard: usize,
        from: SocketAddr,
        payload: &[u8],
        forgery: Forgery,
    ) -> Verdict {
        let since = self.now - self.start;
        self.story.record(since, &format!("    -> shard {shard}: forged, {forgery:?}"));
        let host = &mut self.shards[shard];
        let Some(gateway) = &mut host.gateway else { return Ok(()) };
        self.forged += 1;
        let before = (gateway.calls(), gateway.next_wake());
        gateway.handle(Input::Datagram { from, payload }, self.now);
        let is_quiet = gateway.poll_transmit().is_none()
            && (gateway.calls(), gateway.next_wake()) == before
            && self.daemons[host.daemon].next_event().is_none();
        ensure(is_quiet, Rule::Forgery, || {
            format!("{forgery:?} was believed: {}", String::from_utf8_lossy(payload))
        })
    }
}

/// Of a hundred answers.
const AGAIN_PER_CENT: u32 = 50;
/// Of a hundred responses.
const SEEN_PER_CENT: u32 = 5;
