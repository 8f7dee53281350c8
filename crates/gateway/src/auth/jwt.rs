//! A signed token that somebody else made: taken apart, not believed. <https://www.rfc-editor.org/rfc/rfc7519>
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};

const MAX_LENGTH: usize = 16 << 10;

#[derive(Deserialize)]
pub struct Header {
    pub alg: String,
    pub kid: Option<String>,
    pub typ: Option<String>,
    pub crit: Option<Value>,
}

pub struct Jwt<'a> {
    pub header: Header,
    pub claims: Map<String, Value>,
    signed: &'a str,
    signature: &'a str,
}

impl<'a> Jwt<'a> {
    /// None for what has not the form.
    pub fn parse(text: &'a str) -> Option<Jwt<'a>> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let whole = text.len() <= MAX_LENGTH && !claims.contains('.');
        whole.then_some(Jwt {
            header: part(header)?,
            claims: part(claims)?,
            signed,
            signature,
        })
    }

    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// Seconds since 1970; parts of a second do not count.
    pub fn seconds(&self, claim: &str) -> Option<i64> {
        let value = self.claims.get(claim)?;
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }

    /// Whether it is meant for one of these, by `aud`.
    pub fn is_for(&self, audiences: &[String]) -> bool {
        let named = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| audiences.iter().any(|ours| ours == text))
        };
        match self.claims.get("aud") {
            Some(Value::Array(many)) => many.iter().any(named),
            Some(one) => named(one),
            None => false,
        }
    }

    /// One of `allowed`, by name: `none` and HMAC are never among them.
    pub fn algorithm(&self, allowed: &[Algorithm]) -> Option<Algorithm> {
        let mut all = allowed.iter().copied();
        all.find(|algorithm| format!("{algorithm:?}") == self.header.alg)
    }

    /// Whether it is signed by the key of that `kid`, which must be one for the algorithm.
    pub fn is_signed_by(&self, keys: &JwkSet, kid: &str, algorithm: Algorithm) -> bool {
        let key = super::jwks::select(keys, kid, algorithm).ok();
        key.is_some_and(|key: DecodingKey| {
            let signed = self.signed.as_bytes();
            jsonwebtoken::crypto::verify(self.signature, signed, &key, algorithm).unwrap_or(false)
        })
    }
}

fn part<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.AA", part(&json!({"alg": "RS256"})), part(claims))
    }

    #[test]
    fn only_three_parts_of_json_are_a_token() {
        let good = made(&json!({"iss": "x"}));
        assert_eq!(
            Jwt::parse(&good).and_then(|jwt| jwt.text("iss").map(str::to_owned)),
            Some("x".into())
        );
        for bad in [
            "",
            "a.b.c",
            &good[..good.len() - 3],
            &format!("{good}.AA"),
            &made(&json!([])),
        ] {
            assert!(Jwt::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn audiences_are_one_or_many_and_times_may_be_broken() {
        let ours = ["us".to_owned()];
        for (aud, good) in [
            (json!("us"), true),
            (json!(["them", "us"]), true),
            (json!(["them"]), false),
            (json!({"us": 1}), false),
        ] {
            let token = made(&json!({"aud": aud, "exp": 7.9, "nbf": "7"}));
            let jwt = Jwt::parse(&token).unwrap();
            assert_eq!(jwt.is_for(&ours), good, "{aud}");
            assert_eq!((jwt.seconds("exp"), jwt.seconds("nbf")), (Some(7), None));
        }
        assert!(!Jwt::parse(&made(&json!({}))).unwrap().is_for(&ours));
    }

    #[test]
    fn algorithms_are_those_allowed_to_the_letter() {
        let token = made(&json!({}));
        let jwt = Jwt::parse(&token).unwrap();
        assert_eq!(
            jwt.algorithm(&[Algorithm::ES256, Algorithm::RS256]),
            Some(Algorithm::RS256)
        );
        assert_eq!(jwt.algorithm(&[Algorithm::RS384]), None);
    }
}
