//! Names on the wire that we can recognise later without keeping them.
//!
//! A 2xx can come when its transaction is long gone (a phone that was answered while the network
//! was cut off). It must still be acknowledged and hung up, but only if the call was ours: the From
//! tag is a keyed hash of the Call-ID, so it tells.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use crate::entropy::Stream;
use crate::transaction::branch::{BRANCH_LENGTH, BranchText, MAGIC_COOKIE, read_hex, write_hex};

/// Makes and recognises Call-IDs, tags and branches that belong to no transaction.
#[derive(Clone)]
pub(crate) struct Identities {
    hasher: SipHasher24,
}

impl Identities {
    /// Those of `key`, or of a fresh one.
    pub(crate) fn new(key: Option<[u8; 16]>, entropy: &mut Stream) -> Self {
        let key = key.unwrap_or_else(|| entropy.u128().to_be_bytes());
        Self { hasher: SipHasher24::new_with_key(&key) }
    }

    /// The From tag of the call with this Call-ID.
    pub(crate) fn tag_of(&self, call_id: u128) -> u64 {
        let mut hasher = self.hasher;
        hasher.write_u128(call_id);
        hasher.finish()
    }

    /// Whether a From tag and a Call-ID were made by us, together.
    pub(crate) fn is_ours(&self, call_id: &[u8], from_tag: &[u8]) -> bool {
        let Some(call_id) = read_call_id(call_id) else { return false };
        from_tag.len() == TAG_DIGITS && read_hex(from_tag) == Some(self.tag_of(call_id))
    }

    /// A To tag for a response that is made without keeping state: the same request gets the same
    /// tag, RFC 3261 §8.2.6.2.
    pub(crate) fn stateless_tag(&self, branch: &[u8], call_id: &[u8]) -> [u8; TAG_DIGITS] {
        let mut hasher = self.hasher;
        hasher.write(b"stateless");
        hasher.write_usize(branch.len());
        hasher.write(branch);
        hasher.write(call_id);
        let mut text = [0; TAG_DIGITS];
        write_hex(hasher.finish(), &mut text);
        text
    }
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identities(…)")
    }
}

/// Reads the 32 hexadecimal digits of a Call-ID of ours, with or without `@host`.
pub(crate) fn read_call_id(text: &[u8]) -> Option<u128> {
    let digits = text.split(|byte| *byte == b'@').next()?;
    let (high, low) = digits.split_at_checked(16).filter(|(_, low)| low.len() == 16)?;
    Some(u128::from(read_hex(high)?) << 64 | u128::from(read_hex(low)?))
}

/// A branch for the ACK of a 2xx, which is no transaction (RFC 3261 §13.2.2.4).
pub(crate) fn lone_branch(entropy: &mut Stream) -> BranchText {
    let mut text = [0; BRANCH_LENGTH];
    text[..MAGIC_COOKIE.len()].copy_from_slice(MAGIC_COOKIE);
    let (high, low) = text[MAGIC_COOKIE.len()..].split_at_mut(16);
    write_hex(entropy.u64(), high);
    write_hex(entropy.u64(), low);
    text
}

/// Sixteen hexadecimal digits: 64 bits.
const TAG_DIGITS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn r05_a_late_2xx_is_recognised_by_its_tag() {
        let ours = Identities::new(None, &mut Entropy::seeded(1).stream());
        let other = Identities::new(None, &mut Entropy::seeded(2).stream());
        let call_id = 0x0123_4567_89ab_cdef_0011_2233_4455_6677_u128;
        let text = format!("{call_id:032x}");
        let tag = format!("{:016x}", ours.tag_of(call_id));
        assert!(ours.is_ours(text.as_bytes(), tag.as_bytes()));
        assert!(ours.is_ours(format!("{text}@192.0.2.1").as_bytes(), tag.as_bytes()));
        let again = Identities::new(Some(*b"a key of 16 byte"), &mut Entropy::seeded(3).stream());
        let kept = Identities::new(Some(*b"a key of 16 byte"), &mut Entropy::seeded(4).stream());
        assert_eq!(again.tag_of(call_id), kept.tag_of(call_id), "a key that outlives us");
        assert!(!other.is_ours(text.as_bytes(), tag.as_bytes()));
        assert!(!ours.is_ours(b"0123", tag.as_bytes()));
        assert!(!ours.is_ours(text.as_bytes(), &tag.as_bytes()[1..]));
    }
}
