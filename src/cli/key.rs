//! `ringproof key new`: a bearer key for the API on TCP. Only its hash goes into the configuration.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::arguments::KeyNew;
use crate::entropy::Entropy;

/// A fresh key and its lines for the configuration.
pub(super) fn new(arguments: &KeyNew, entropy: &Entropy, is_json: bool) -> String {
    let mut secret = [0; SECRET_BYTES];
    entropy.fill(&mut secret);
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
    let sha256: String =
        Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let KeyNew { name, rights } = arguments;
    if is_json {
        let object = json!({ "key": key, "name": name, "sha256": sha256, "rights": rights });
        return format!("{object}\n");
    }
    let rights: Vec<_> = rights.iter().map(|right| format!("\"{right}\"")).collect();
    format!(
        "The key, which is shown only now:\n\n{key}\n\n\
         Its lines for ringproof.toml, which do not tell it:\n\n\
         [[control.key]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\nrights = [{}]\n",
        rights.join(", ")
    )
}

/// A guess has to hit one of 2^256.
const SECRET_BYTES: usize = 32;
/// So that a secret scanner can tell what it found.
const PREFIX: &str = "ringproof_";

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_key_is_shown_once_with_its_hash() {
        let arguments = KeyNew {
            name: "signup-app".to_owned(),
            rights: vec!["verify".to_owned(), "read".to_owned()],
        };
        expect![[r#"
            The key, which is shown only now:

            ringproof_mjdEUEVgY57GcLehfUkrJz4HewqWvvWLp3YHeeVEVG4

            Its lines for ringproof.toml, which do not tell it:

            [[control.key]]
            name = "signup-app"
            sha256 = "ce03fc8574ca8cce8d17155c4bd03fd7be7493dc53b7a025d8c8dc68ad189c69"
            rights = ["verify", "read"]
        "#]]
        .assert_eq(&new(&arguments, &Entropy::seeded(1), false));
        expect![[r#"
            {"key":"ringproof_mjdEUEVgY57GcLehfUkrJz4HewqWvvWLp3YHeeVEVG4","name":"signup-app","rights":["verify","read"],"sha256":"ce03fc8574ca8cce8d17155c4bd03fd7be7493dc53b7a025d8c8dc68ad189c69"}
        "#]].assert_eq(&new(&arguments, &Entropy::seeded(1), true));
    }

    #[test]
    fn two_keys_differ() {
        let arguments = KeyNew { name: "a".to_owned(), rights: Vec::new() };
        let entropy = Entropy::system();
        assert_ne!(new(&arguments, &entropy, false), new(&arguments, &entropy, false));
    }
}
