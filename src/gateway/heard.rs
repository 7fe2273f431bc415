//! The responses that a client transaction has heard, to tell one that comes again from a new one.
//!
//! The same are those with the same method, status and To tag: a 180 of another fork is not the 180 of
//! the first. Bounded: of more than [`KINDS_MAX`] kinds the oldest is forgotten, and then new again.

use crate::sip::{Message, Status};

/// The last kinds of responses.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    kinds: [u32; KINDS_MAX],
    next: u8,
}

impl Heard {
    /// Notes a response. Says whether the same has come before.
    pub(crate) fn note(&mut self, message: &Message<'_>, status: Status) -> bool {
        let method = message.cseq().map_or("", |cseq| cseq.method.as_str());
        let to = message.to().ok();
        let tag = to.as_ref().and_then(|to| to.tag()).unwrap_or_default();
        let kind = digest([method.as_bytes(), &status.code().to_be_bytes(), tag]);
        if self.kinds.contains(&kind) {
            return true;
        }
        self.kinds[usize::from(self.next) % KINDS_MAX] = kind;
        self.next = self.next.wrapping_add(1);
        false
    }
}

/// FNV-1a, never 0. Who makes two kinds collide has one of them counted wrongly, and no more.
fn digest(parts: [&[u8]; 3]) -> u32 {
    let mix = |hash: u32, octet: &u8| (hash ^ u32::from(*octet)).wrapping_mul(16_777_619);
    parts.into_iter().flatten().fold(2_166_136_261, mix).max(1)
}

/// 100, 183 and 180 of two forks, their finals, and those of a CANCEL.
const KINDS_MAX: usize = 8;
