//! Our branches: where a client transaction lives, and proof that we wrote it.
//!
//! `z9hG4bK`, eight hexadecimal digits of the slot, eight of its generation, sixteen of a keyed check
//! over both. A response finds its transaction by index, without a hash table, and a forged one
//! must guess 64 bits. Lower case, because tokens compare without case (RFC 3261 §7.3.1).

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use super::slab::Handle;
use crate::entropy::Stream;

/// Length of a branch of ours in bytes.
pub const BRANCH_LENGTH: usize = MAGIC_COOKIE.len() + 32;

/// A branch of ours as text.
pub type BranchText = [u8; BRANCH_LENGTH];

/// Writes and reads branches under a secret key.
#[derive(Clone)]
pub struct BranchKey {
    hasher: SipHasher24,
}

impl BranchKey {
    /// A fresh key.
    pub fn new(entropy: &mut Stream) -> Self {
        Self { hasher: SipHasher24::new_with_keys(entropy.u64(), entropy.u64()) }
    }

    /// The branch of the transaction at `handle`.
    pub fn write(&self, handle: Handle) -> BranchText {
        let mut text = [0; BRANCH_LENGTH];
        let (cookie, rest) = text.split_at_mut(MAGIC_COOKIE.len());
        cookie.copy_from_slice(MAGIC_COOKIE);
        write_hex(u64::from(handle.slot) << 32 | u64::from(handle.generation), &mut rest[..16]);
        write_hex(self.check(handle), &mut rest[16..]);
        text
    }

    /// The transaction that `branch` names, if we wrote it.
    pub fn read(&self, branch: &[u8]) -> Option<Handle> {
        if branch.len() != BRANCH_LENGTH {
            return None;
        }
        let (cookie, rest) = branch.split_at(MAGIC_COOKIE.len());
        if !cookie.eq_ignore_ascii_case(MAGIC_COOKIE) {
            return None;
        }
        let place = read_hex(&rest[..16])?;
        let handle = Handle { slot: (place >> 32) as u32, generation: place as u32 };
        (read_hex(&rest[16..])? == self.check(handle)).then_some(handle)
    }

    fn check(&self, handle: Handle) -> u64 {
        let mut hasher = self.hasher;
        hasher.write_u32(handle.slot);
        hasher.write_u32(handle.generation);
        hasher.finish()
    }
}

impl std::fmt::Debug for BranchKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BranchKey(…)")
    }
}

/// Writes `value` as lower-case hexadecimal digits, as many as `out` is long (at most 16).
pub fn write_hex(value: u64, out: &mut [u8]) {
    let digits = out.len();
    for (place, byte) in out.iter_mut().enumerate() {
        let nibble = value >> (4 * (digits - 1 - place)) & 15;
        *byte = b"0123456789abcdef"[nibble as usize];
    }
}

/// Reads up to 16 hexadecimal digits of either case.
pub fn read_hex(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |value, byte| {
        let digit = char::from(*byte).to_digit(16)?;
        Some(value << 4 | u64::from(digit))
    })
}

/// RFC 3261 §8.1.1.7: "The branch ID inserted by an element compliant with this specification MUST
/// always begin with the characters z9hG4bK".
pub const MAGIC_COOKIE: &[u8; 7] = b"z9hG4bK";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn a_branch_survives_a_peer_that_shouts() {
        let key = key(1);
        let handle = Handle { slot: 7, generation: 0xffff_fffe };
        let text = key.write(handle);
        assert_eq!(&text[..23], b"z9hG4bK00000007fffffffe");
        assert_eq!(key.read(&text), Some(handle));
        assert_eq!(key.read(&text.to_ascii_uppercase()), Some(handle));
    }

    #[test]
    fn x03_a_branch_that_we_did_not_write_is_nobody() {
        let key = key(1);
        let text = key.write(Handle { slot: 7, generation: 3 });
        for place in 0..text.len() {
            let mut forged = text;
            forged[place] ^= 1;
            assert_eq!(key.read(&forged), None, "byte {place}");
        }
        assert_eq!(key.read(&text[..38]), None);
        assert_eq!(key.read(b"z9hG4bK"), None);
        assert_eq!(key.read(&tests::key(2).write(Handle { slot: 7, generation: 3 })), None);
    }

    pub(super) fn key(seed: u64) -> BranchKey {
        BranchKey::new(&mut Entropy::seeded(seed).stream())
    }
}
