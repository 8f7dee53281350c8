//! A client's public keys, and the one that must have signed. <https://www.rfc-editor.org/rfc/rfc7517>
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

/// The algorithms SMART names; anything else, `none` and HMAC above all, is refused.
pub const ALGORITHMS: [&str; 2] = ["RS384", "ES384"];

/// `None` for every algorithm but the two.
pub fn algorithm(name: &str) -> Option<Algorithm> {
    match name {
        "RS384" => Some(Algorithm::RS384),
        "ES384" => Some(Algorithm::ES384),
        _ => None,
    }
}

/// Reads a set for registration: at least one usable key, unique `kid`s, nothing private.
pub fn check(text: &str) -> Result<(), String> {
    let set = parse(text)?;
    let raw: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let members = raw["keys"].as_array().into_iter().flatten();
    if members
        .clone()
        .any(|key| key.get("d").is_some() || key.get("k").is_some())
    {
        return Err("the key set holds a private or symmetric key; register public keys only".into());
    }
    let mut kids: Vec<&str> = set
        .keys
        .iter()
        .filter_map(|key| key.common.key_id.as_deref())
        .collect();
    let (usable, all) = (set.keys.iter().filter(|key| is_usable(key)).count(), kids.len());
    kids.sort_unstable();
    kids.dedup();
    match (usable, kids.len() == all) {
        (0, _) => Err("no key of the set has a `kid` and is RSA of 2048 bits or more, or EC on P-384".into()),
        (_, false) => Err("two keys of the set have the same `kid`".into()),
        _ => Ok(()),
    }
}

/// Whether a key of the set has that `kid`.
pub fn knows(set: &JwkSet, kid: &str) -> bool {
    set.keys
        .iter()
        .any(|key| key.common.key_id.as_deref() == Some(kid))
}

pub fn parse(text: &str) -> Result<JwkSet, String> {
    serde_json::from_str(text).map_err(|e| format!("not a JSON Web Key Set: {e}"))
}

/// The key of that `kid`, fit for the algorithm.
pub fn select(set: &JwkSet, kid: &str, algorithm: Algorithm) -> Result<DecodingKey, &'static str> {
    let mut named = set
        .keys
        .iter()
        .filter(|key| key.common.key_id.as_deref() == Some(kid));
    let key = named.next().ok_or("no registered key has this `kid`")?;
    if named.next().is_some() {
        return Err("more than one registered key has this `kid`");
    }
    if !fits(key, algorithm) {
        return Err("the key of this `kid` is not one for this `alg`");
    }
    DecodingKey::from_jwk(key).map_err(|_| "the key of this `kid` is malformed")
}

fn is_usable(key: &Jwk) -> bool {
    let fits_one = fits(key, Algorithm::RS384) || fits(key, Algorithm::ES384);
    key.common.key_id.is_some() && fits_one && DecodingKey::from_jwk(key).is_ok()
}

/// Key type, curve, size, declared algorithm and use all agree: the guard against algorithm confusion.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    use Algorithm as A;
    let shape = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(rsa), A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512) => {
            rsa.n.len() >= RSA_2048_CHARS
        }
        (AlgorithmParameters::EllipticCurve(ec), A::ES256) => ec.curve == EllipticCurve::P256,
        (AlgorithmParameters::EllipticCurve(ec), A::ES384) => ec.curve == EllipticCurve::P384,
        (AlgorithmParameters::OctetKeyPair(pair), A::EdDSA) => pair.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    let declared = key
        .common
        .key_algorithm
        .is_none_or(|alg| alg == KeyAlgorithm::from(algorithm));
    let signing = key
        .common
        .public_key_use
        .as_ref()
        .is_none_or(|u| *u == PublicKeyUse::Signature);
    shape && declared && signing
}

/// 256 bytes in unpadded base64url.
const RSA_2048_CHARS: usize = 342;
