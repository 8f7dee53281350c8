//! private_key_jwt: a client proves its key by a signed assertion.
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html>
//!
//! Pure: the clock and the keys are arguments. Whether the `jti` was used before is the store's to say.
use super::error::OAuthError;
use super::jwks;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// How far an assertion may reach into the future, in seconds.
const MAX_AHEAD: i64 = 300;
/// How far a partner's clock may be ahead of ours, in seconds.
const SKEW: i64 = 30;
const MAX_LENGTH: usize = 16 << 10;
const MAX_JTI: usize = 256;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    jku: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Read but not believed: only good for finding the client and its keys.
pub struct Assertion<'a> {
    header: Header,
    claims: Claims,
    signed: &'a str,
    signature: &'a str,
}

/// What the store must remember so that the assertion works only once.
#[derive(Debug, PartialEq, Eq)]
pub struct Once {
    pub jti: String,
    /// Seconds since 1970; later nobody accepts it anyway.
    pub expires: i64,
}

impl<'a> Assertion<'a> {
    pub fn parse(text: &'a str) -> Result<Assertion<'a>, OAuthError> {
        if text.len() > MAX_LENGTH {
            return Err(refuse("is too long"));
        }
        let (signed, signature) = text
            .rsplit_once('.')
            .ok_or_else(|| refuse("is not a signed JWT"))?;
        let (header, claims) = signed
            .split_once('.')
            .ok_or_else(|| refuse("is not a signed JWT"))?;
        Ok(Assertion {
            header: part(header, "header")?,
            claims: part(claims, "claims")?,
            signed,
            signature,
        })
    }

    /// Who says to have made it.
    pub fn client_id(&self) -> &str {
        &self.claims.iss
    }

    /// The registered URL of the keys, if the client repeats it.
    pub fn check_jku(&self, registered: Option<&str>) -> Result<(), OAuthError> {
        match &self.header.jku {
            Some(jku) if Some(jku.as_str()) != registered => {
                Err(refuse("has a `jku` that is not the registered JWKS URL"))
            }
            _ => Ok(()),
        }
    }

    pub fn kid(&self) -> Result<&str, OAuthError> {
        self.header
            .kid
            .as_deref()
            .ok_or_else(|| refuse("has no `kid` in its header"))
    }

    /// Signature and claims; `now` in seconds. `audiences` are the URLs by which we are known.
    pub fn verify(&self, keys: &JwkSet, audiences: &[&str], now: i64) -> Result<Once, OAuthError> {
        let algorithm = jwks::algorithm(&self.header.alg)
            .ok_or_else(|| refuse("must be signed with RS384 or ES384; its `alg` is another"))?;
        self.check_header()?;
        let key =
            jwks::select(keys, self.kid()?, algorithm).map_err(|why| refuse(&format!("fails: {why}")))?;
        match jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), &key, algorithm) {
            Ok(true) => self.check_claims(audiences, now),
            _ => Err(refuse("has a signature that does not verify")),
        }
    }

    fn check_header(&self) -> Result<(), OAuthError> {
        if self.header.crit.is_some() {
            return Err(refuse("has a `crit` header, none of which is understood"));
        }
        match self.header.typ.as_deref() {
            Some(typ) if !typ.eq_ignore_ascii_case("JWT") => Err(refuse("has a `typ` other than `JWT`")),
            _ => Ok(()),
        }
    }

    fn check_claims(&self, audiences: &[&str], now: i64) -> Result<Once, OAuthError> {
        let claims = &self.claims;
        if claims.sub != claims.iss {
            return Err(refuse("must have the client id as both `iss` and `sub`"));
        }
        if !claims.aud.names(audiences) {
            return Err(refuse(&format!("must have the `aud` {}", audiences[0])));
        }
        let now_seconds = now as f64;
        if claims.exp <= now_seconds {
            return Err(refuse("has expired"));
        }
        if claims.exp > now_seconds + (MAX_AHEAD + SKEW) as f64 {
            return Err(refuse("has an `exp` more than five minutes ahead"));
        }
        let latest = now_seconds + SKEW as f64;
        if claims.nbf.is_some_and(|nbf| nbf > latest) || claims.iat.is_some_and(|iat| iat > latest) {
            return Err(refuse("is not yet valid by its `nbf` or `iat`"));
        }
        if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
            return Err(refuse("must have a `jti` of 1 to 256 bytes"));
        }
        // Other gateways' clocks may be behind: remember a little longer than `exp`.
        Ok(Once {
            jti: claims.jti.clone(),
            expires: now + MAX_AHEAD + 2 * SKEW,
        })
    }
}

impl Audience {
    fn names(&self, audiences: &[&str]) -> bool {
        match self {
            Audience::One(one) => audiences.contains(&one.as_str()),
            Audience::Many(many) => many.iter().any(|one| audiences.contains(&one.as_str())),
        }
    }
}

fn part<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, OAuthError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| refuse("is not base64url"))?;
    // serde's text would repeat values; the position and the missing member are enough.
    serde_json::from_slice(&bytes).map_err(|_| match what {
        "header" => refuse("has a header without `alg`, or one that is not JSON"),
        _ => refuse("lacks one of the claims iss, sub, aud, exp, jti, or has one of the wrong type"),
    })
}

fn refuse(why: &str) -> OAuthError {
    OAuthError::client(format!("the client_assertion {why}"))
}
