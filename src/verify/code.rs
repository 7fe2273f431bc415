//! Codes as keyed hashes: what a verification keeps of its code is an HMAC-SHA256 (RFC 2104) under a
//! key of this gateway, compared in constant time.
//!
//! Five digits are no secret to somebody who has the key and the hash; the hash keeps codes out of
//! whatever is printed, copied or stored from a verification.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::id::CallId;
use crate::entropy::Entropy;

/// Makes and compares hashes.
pub(super) struct Codes {
    /// The state after the key: hashing a code costs two blocks, not four.
    keyed: Hmac<Sha256>,
}

/// The hash of one call's code.
#[derive(Clone, Copy)]
pub(super) struct CodeHash([u8; 32]);

impl Codes {
    /// Draws a key that lives and dies with the process.
    pub(super) fn new(entropy: &Entropy) -> Self {
        let mut key = [0; 32];
        entropy.fill(&mut key);
        Self::keyed(&key)
    }

    /// With a key that outlives the process.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length: RFC 2104 §2")]
    pub(super) fn keyed(key: &[u8; 32]) -> Self {
        Self { keyed: Hmac::new_from_slice(key).expect("a key of any length is accepted") }
    }

    /// The hash of the code `suffix` of `call`.
    pub(super) fn hash(&self, call: CallId, suffix: u32) -> CodeHash {
        let mut mac = self.keyed.clone();
        mac.update(&call.0.to_be_bytes());
        mac.update(&suffix.to_be_bytes());
        CodeHash(mac.finalize().into_bytes().into())
    }

    /// Whether `suffix` is the code of `call`. Takes the same time whatever the answer.
    pub(super) fn is_right(&self, call: CallId, suffix: u32, hash: CodeHash) -> bool {
        self.hash(call, suffix).0.ct_eq(&hash.0).into()
    }
}

impl CodeHash {
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_belongs_to_one_call_one_code_and_one_key() {
        let codes = Codes::new(&Entropy::seeded(1));
        let hash = codes.hash(CallId(1), 20_085);
        assert!(codes.is_right(CallId(1), 20_085, hash));
        assert!(!codes.is_right(CallId(1), 20_086, hash));
        assert!(!codes.is_right(CallId(2), 20_085, hash));
        let other = Codes::new(&Entropy::seeded(2));
        assert!(!other.is_right(CallId(1), 20_085, hash));
        assert_eq!(format!("{hash:?}"), "CodeHash(…)");
    }
}
