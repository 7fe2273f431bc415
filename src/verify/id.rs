//! Names of verifications and calls: a prefix and a ULID (48 bits of milliseconds, 80 random bits),
//! so that they sort by age and cannot be guessed.

use std::fmt;
use std::str::FromStr;

use crate::entropy::Entropy;
use crate::time::Micros;

/// Names one verification: `ver_` and a ULID.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct VerificationId(pub u128);

/// Names one call: `call_` and a ULID.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CallId(pub u128);

impl VerificationId {
    /// A new name for a verification that starts at `now`.
    pub fn new(now: Micros, entropy: &Entropy) -> Self {
        Self(ulid(now, entropy))
    }
}

impl CallId {
    /// A new name for a call that is placed at `now`.
    pub fn new(now: Micros, entropy: &Entropy) -> Self {
        Self(ulid(now, entropy))
    }
}

impl fmt::Display for VerificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ulid("ver_", self.0, f)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ulid("call_", self.0, f)
    }
}

impl FromStr for VerificationId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        read_ulid("ver_", text).map(Self)
    }
}

impl FromStr for CallId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        read_ulid("call_", text).map(Self)
    }
}

/// Why a text is not one of our names.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "an id is `ver_`, `call_` or `msg_` and 26 characters of 0-9 and A-Z without I, L, O and U"
)]
pub struct IdError;

fn ulid(now: Micros, entropy: &Entropy) -> u128 {
    let milliseconds = u128::from(now.0 / 1_000);
    milliseconds << 80 | entropy.u128() >> 48
}

pub(crate) fn write_ulid(prefix: &str, value: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0; LENGTH];
    for (place, byte) in text.iter_mut().enumerate() {
        let shift = 5 * (LENGTH - 1 - place);
        *byte = ALPHABET[(value >> shift) as usize & 31];
    }
    f.write_str(prefix)?;
    f.write_str(std::str::from_utf8(&text).unwrap_or_default())
}

pub(crate) fn read_ulid(prefix: &str, text: &str) -> Result<u128, IdError> {
    let body = text.strip_prefix(prefix).ok_or(IdError)?;
    // 26 characters of five bits hold 130: the first may use three of its five.
    if body.len() != LENGTH || body.as_bytes()[0] > b'7' {
        return Err(IdError);
    }
    body.bytes().try_fold(0, |value, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte).ok_or(IdError)?;
        Ok(value << 5 | digit as u128)
    })
}

/// Crockford's base 32: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_its_text() {
        let id = VerificationId::new(Micros(1_763_633_730_123_000), &Entropy::seeded(1));
        let text = id.to_string();
        assert!(text.starts_with("ver_01KA"), "{text}");
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(VerificationId(u128::MAX).to_string().parse(), Ok(VerificationId(u128::MAX)));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "ver_", "call_01JD8Q0R6T9W3K5X7Z2B4N6M8P", "ver_81JD8Q0R6T9W3K5X7Z2B4N6M8P"]
        {
            assert_eq!(text.parse::<VerificationId>(), Err(IdError), "{text}");
        }
        assert_eq!("ver_01JD8Q0R6T9W3K5X7Z2B4N6M8u".parse::<VerificationId>(), Err(IdError));
    }
}
