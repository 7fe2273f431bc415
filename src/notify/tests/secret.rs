//! What is a secret, and the signatures that are made with it.

use std::time::UNIX_EPOCH;

use hyper::HeaderMap;

use super::super::secret::{Secret, SecretError, Signer};
use crate::entropy::Entropy;

#[test]
fn a_secret_has_24_to_64_bytes_and_is_never_shown() {
    let parse = |text: &str| text.parse::<Secret>().map(|secret| format!("{secret:?}"));
    assert_eq!(parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), Ok("Secret(…)".to_owned()));
    for (text, error) in [
        ("", SecretError::Prefix),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SecretError::Prefix),
        ("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SecretError::Prefix),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", SecretError::Base64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", SecretError::Base64),
        ("whsec_AAAA", SecretError::Length(3)),
        ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SecretError::Length(24)),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
    let long = |count: usize| format!("whsec_{}", "A".repeat(4 * count));
    assert_eq!(parse(&long(22)), Err(SecretError::Length(66)));
}

#[test]
fn a_new_secret_is_one_and_no_two_are_the_same() {
    let entropy = Entropy::system();
    let (one, other) = (Secret::generate(&entropy), Secret::generate(&entropy));
    assert!(one.parse::<Secret>().is_ok());
    assert_ne!(one, other);
}

#[test]
fn w01_six_golden_vectors_are_what_we_sign_and_the_official_rust_library_signs_with_whsec() {
    // Those of Python and JavaScript verify the same file: `make webhooks`.
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/webhooks/vectors.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 6);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap();
        let (id, body, signature) = (text("id"), text("body"), text("signature"));
        let timestamp = vector["timestamp"].as_u64().unwrap();
        let secrets: Vec<&str> =
            vector["secrets"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        let ours: Vec<Secret> = secrets.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(Signer::new(&ours).sign(id, timestamp, body.as_bytes()), signature);
        let public = ours.iter().find_map(Secret::public_key);
        assert_eq!(public.as_deref(), vector["public"].as_str());
        for secret in secrets.iter().filter(|secret| secret.starts_with("whsec_")) {
            let theirs = standardwebhooks::Webhook::new(secret).unwrap();
            let theirs = theirs.sign(id, timestamp as i64, body.as_bytes()).unwrap();
            assert!(signature.split(' ').any(|one| one == theirs), "{id}");
        }
    }
}

#[test]
fn w01_the_official_rust_library_verifies_what_we_sign() {
    let entropy = Entropy::system();
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    let (first, second) = (Secret::generate(&entropy), Secret::generate(&entropy));
    // An Ed25519 seed: its signature is not one of those that the library reads.
    let seed = format!("whsk_{}AQI=", "AQID".repeat(10));
    let (id, body) = ("msg_01MCC5RM000000000000000001", "{\"to\":\"+46701234567\",\"ü\":1}");
    for texts in [vec![&first], vec![&second, &first], vec![&seed, &first]] {
        let secrets: Vec<Secret> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let signature = Signer::new(&secrets).sign(id, now, body.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", now.into());
        headers.insert("webhook-signature", signature.parse().unwrap());
        let verifies = |secret: &String, body: &[u8]| {
            let library = standardwebhooks::Webhook::new(secret).unwrap();
            library.verify(body, &headers).is_ok()
        };
        assert!(verifies(&first, body.as_bytes()), "{signature}");
        assert!(!verifies(&first, b"{}"), "another body");
        assert_eq!(verifies(&second, body.as_bytes()), texts.contains(&&second));
    }
}

#[test]
fn a_key_pair_of_64_bytes_is_one_only_if_its_halves_belong_together() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let seed: Secret = format!("whsk_{}", STANDARD.encode([7; 32])).parse().unwrap();
    let public = seed.public_key().unwrap();
    let public = STANDARD.decode(public.strip_prefix("whpk_").unwrap()).unwrap();
    let pair = |public: &[u8]| {
        format!("whsk_{}", STANDARD.encode([&[7; 32], public].concat())).parse::<Secret>()
    };
    assert_eq!(pair(&public), Ok(seed));
    assert_eq!(pair(&[1; 32]), Err(SecretError::Halves));
}
