//! A partner's side of OAuth: its keys, its assertions, its requests for tokens.
use crate::support::{Baton, Client, Database, Options, Reply};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::{rand::SystemRandom, rsa, signature};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::LazyLock;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// jsonwebtoken takes RSA keys in PKCS#1, which PKCS#8 wraps in a head of fixed size.
const PKCS8_HEAD: usize = 26;

pub struct Keys {
    rsa: EncodingKey,
    ec: EncodingKey,
}

/// Making keys takes a moment, so there is one pair for all scenes.
pub static KEYS: LazyLock<Keys> = LazyLock::new(Keys::generate);

impl Keys {
    pub fn generate() -> Keys {
        let rsa = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("an RSA key");
        let der: Pkcs8V1Der = rsa.as_der().expect("PKCS#8");
        let algorithm = &signature::ECDSA_P384_SHA384_FIXED_SIGNING;
        let ec = signature::EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).expect("an EC key");
        Keys {
            rsa: EncodingKey::from_rsa_der(&der.as_ref()[PKCS8_HEAD..]),
            ec: EncodingKey::from_ec_der(ec.as_ref()),
        }
    }

    fn key(&self, algorithm: Algorithm) -> &EncodingKey {
        match algorithm {
            Algorithm::ES384 => &self.ec,
            _ => &self.rsa,
        }
    }

    /// The public key; its `kid` is the algorithm's name.
    pub fn jwk(&self, algorithm: Algorithm) -> Value {
        let mut jwk = Jwk::from_encoding_key(self.key(algorithm), algorithm).expect("a public key");
        jwk.common.key_id = Some(format!("{algorithm:?}"));
        serde_json::to_value(jwk).expect("JSON")
    }

    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk(Algorithm::RS384), self.jwk(Algorithm::ES384)] })
    }

    pub fn sign(&self, algorithm: Algorithm, kid: &str, claims: &Value) -> String {
        let header = Header {
            kid: Some(kid.to_owned()),
            ..Header::new(algorithm)
        };
        jsonwebtoken::encode(&header, claims, self.key(algorithm)).expect("a JWT")
    }
}

/// Registers a client that proves itself with `keys`.
pub fn register(database: &Database, keys: &Keys, scope: &str) -> String {
    let file = database.folder().join("jwks.json");
    std::fs::write(&file, keys.jwks().to_string()).expect("a writable folder");
    let file = file.to_str().expect("UTF-8");
    let added = database.run_json(&["client", "add", "--name", "HIE", "--scope", scope, "--jwks", file]);
    text(&added, "client_id")
}

/// Registers a client with a secret: its id and the secret.
pub fn register_secret(database: &Database, scope: &str) -> (String, String) {
    let added = database.run_json(&["client", "add", "--name", "EHR", "--scope", scope, "--secret"]);
    (text(&added, "client_id"), text(&added, "client_secret"))
}

/// Claims right in every respect; scenes spoil one.
pub fn claims(baton: &Baton, client_id: &str) -> Value {
    let (now, audience) = (seconds(), format!("{}/oauth/token", baton.base));
    let jti = format!("{client_id}-{}", crate::support::messages::unique("jti"));
    json!({ "iss": client_id, "sub": client_id, "aud": audience, "exp": now + 240, "iat": now, "jti": jti })
}

#[allow(clippy::disallowed_methods)]
pub fn seconds() -> i64 {
    chrono::Utc::now().timestamp()
}

/// Asks for a token with an assertion.
pub fn present(client: &Client, assertion: &str) -> Reply {
    client.form(
        "/oauth/token",
        &[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ],
    )
}

/// A token narrower than the registration.
pub fn narrowed(baton: &Baton, (id, secret): &(String, String), scope: &str) -> Client {
    let mut client = baton.anonymous();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
        ("scope", scope),
    ];
    let granted = client.form("/oauth/token", &fields).ok();
    assert_eq!(granted["scope"], scope);
    client.token = Some(text(&granted, "access_token"));
    client
}

pub fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
        .to_string()
}

/// Asserts an OAuth error (RFC 6749 §5.2) whose description holds the words.
pub fn fails(reply: &Reply, status: u16, error: &str, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.text);
    let body = reply.json();
    assert_eq!(body["error"], error, "{body}");
    assert!(
        text(&body, "error_description").contains(words),
        "{words:?} in {body}"
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(body.get("access_token").is_none());
}

/// Options with a settings file of this content.
pub fn settings(database: &Database, toml: &str) -> Options {
    let file = database.folder().join("baton.toml");
    std::fs::write(&file, toml).expect("a writable folder");
    let args = vec!["--config".into(), file.display().to_string()];
    Options {
        args,
        ..Options::default()
    }
}
