//! Secrets and signatures of [Standard Webhooks 1.0](https://www.standardwebhooks.com): `v1`,
//! HMAC-SHA256 with a shared secret (`whsec_`), and `v1a`, Ed25519 with a key of ours (`whsk_`).
//!
//! Signed is `id.timestamp.body`. While a secret is replaced, both sign.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use ring::signature::Ed25519KeyPair;
use sha2::Sha256;

use crate::entropy::Entropy;

/// What one receiver's messages are signed with. Its `Debug` does not tell it.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret {
    scheme: Scheme,
    bytes: Arc<[u8]>,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Scheme {
    /// `v1a`: the bytes are the 32 of an Ed25519 seed.
    Asymmetric,
    /// `v1`
    Symmetric,
}

/// Why a text is no secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretError {
    /// It begins otherwise.
    #[error("it does not begin with `whsec_` or `whsk_`")]
    Prefix,
    /// It is not base64 behind that.
    #[error("what follows is not base64 with its padding")]
    Base64,
    /// It is too short to be secret, or longer than the standard allows.
    #[error("it holds {0} bytes, where a shared secret has 24 to 64 and an Ed25519 seed 32")]
    Length(usize),
    /// Both halves of a 64-byte Ed25519 key are there, and do not belong together.
    #[error("its halves, a seed and a public key, do not belong together")]
    Halves,
}

impl Secret {
    /// A new shared secret as text: 32 random bytes.
    pub fn generate(entropy: &Entropy) -> String {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        format!("{SYMMETRIC}{}", STANDARD.encode(bytes))
    }

    /// What receivers check `v1a` signatures with, as `whpk_…`; `None` for a shared secret.
    pub fn public_key(&self) -> Option<String> {
        match Signing::new(self) {
            Signing::Asymmetric(pair) => {
                use ring::signature::KeyPair;
                Some(format!("whpk_{}", STANDARD.encode(pair.public_key())))
            }
            Signing::Symmetric(_) => None,
        }
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let (scheme, text) = match (text.strip_prefix(SYMMETRIC), text.strip_prefix(ASYMMETRIC)) {
            (Some(text), _) => (Scheme::Symmetric, text),
            (None, Some(text)) => (Scheme::Asymmetric, text),
            (None, None) => return Err(SecretError::Prefix),
        };
        let bytes = STANDARD.decode(text).map_err(|_| SecretError::Base64)?;
        match (scheme, bytes.len()) {
            (Scheme::Symmetric, 24..=64) => Ok(Self { scheme, bytes: bytes.into() }),
            (Scheme::Asymmetric, 32) => Ok(Self { scheme, bytes: bytes.into() }),
            // Some tools keep the public key behind the seed (RFC 8032 calls neither "the key").
            (Scheme::Asymmetric, 64) => {
                let (seed, public) = bytes.split_at(32);
                Ed25519KeyPair::from_seed_and_public_key(seed, public)
                    .map_err(|_| SecretError::Halves)?;
                Ok(Self { scheme, bytes: seed.into() })
            }
            (Scheme::Asymmetric | Scheme::Symmetric, length) => Err(SecretError::Length(length)),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Signs the messages of one receiver.
pub(super) struct Signer(Vec<Signing>);

enum Signing {
    Asymmetric(Box<Ed25519KeyPair>),
    Symmetric(Box<Hmac<Sha256>>),
}

impl Signer {
    /// Signs with each of `secrets`.
    pub(super) fn new(secrets: &[Secret]) -> Self {
        Self(secrets.iter().map(Signing::new).collect())
    }

    /// The value of `webhook-signature`.
    pub(super) fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let signatures: Vec<_> =
            self.0.iter().map(|signing| signing.sign(id, timestamp, body)).collect();
        signatures.join(" ")
    }
}

impl Signing {
    #[expect(clippy::expect_used, reason = "both lengths were checked when the secret was read")]
    fn new(secret: &Secret) -> Self {
        match secret.scheme {
            Scheme::Asymmetric => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&secret.bytes);
                Self::Asymmetric(Box::new(pair.expect("a seed has 32 bytes")))
            }
            Scheme::Symmetric => {
                let mac = Hmac::new_from_slice(&secret.bytes);
                Self::Symmetric(Box::new(mac.expect("a key may have any length")))
            }
        }
    }

    fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let head = format!("{id}.{timestamp}.");
        match self {
            Self::Asymmetric(pair) => {
                let signature = pair.sign(&[head.as_bytes(), body].concat());
                format!("v1a,{}", STANDARD.encode(signature))
            }
            Self::Symmetric(mac) => {
                let mac = mac.as_ref().clone().chain_update(head).chain_update(body);
                format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
            }
        }
    }
}

const ASYMMETRIC: &str = "whsk_";
const SYMMETRIC: &str = "whsec_";
