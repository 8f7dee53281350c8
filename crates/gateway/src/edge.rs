//! The edge of the pure world: the only place that reads the clock or makes random ids.
#![allow(clippy::disallowed_methods)]
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in microseconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A fresh, time-ordered id for a resource or a request.
///
/// The generator is seeded by the system and lives in the thread: asking the system for each id
/// would cost more than all else about it.
pub fn new_id() -> String {
    let millis = u64::try_from(now() / 1000).unwrap_or_default();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &rand::random());
    id.into_uuid().to_string()
}

/// 256 unguessable bits, as text that needs no quoting anywhere.
pub fn secret() -> String {
    use base64::Engine;
    let bytes: [u8; 32] = rand::random();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Used once with a key that seals.
pub fn nonce() -> [u8; 12] {
    rand::random()
}

/// Bytes for a salt, or for a secret of its own form.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

/// A private key on P-256 for signing access tokens, in PKCS#8.
pub fn signing_key() -> Vec<u8> {
    use aws_lc_rs::{rand::SystemRandom, signature};
    let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    signature::EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
        .expect("the operating system's randomness works")
        .as_ref()
        .to_vec()
}

/// A private RSA key for signing id_tokens, in PKCS#8.
pub fn identity_key() -> Vec<u8> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("the operating system's randomness works");
    let der: Pkcs8V1Der = pair.as_der().expect("a fresh key can be written");
    der.as_ref().to_vec()
}
