//! Access tokens: signed, short-lived, readable by any gateway. <https://www.rfc-editor.org/rfc/rfc9068>
use super::holder::Holder;
use super::keys::{ALGORITHM, KeyRing};
use super::policy::Policy;
use super::rights::Rights;
use super::scope::Scopes;
use crate::rates::{Pace, Wait};
use jsonwebtoken::{Header, decode_header};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const TYPE: &str = "at+jwt";
/// How far another gateway's clock may be ahead, in seconds.
const SKEW: i64 = 30;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub client_id: String,
    pub aud: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
    pub scope: String,
    #[serde(flatten)]
    pub holder: Holder,
}

/// A token whose signature and claims have been checked once.
#[derive(Debug)]
pub struct Verified {
    pub claims: Claims,
    /// Of the key that signed it: without the key it counts no more.
    pub kid: String,
    pub scopes: Arc<Scopes>,
    pub holder: Arc<Holder>,
    pub rights: Arc<Rights>,
    /// How fast its client may call, where that is limited.
    pub pace: Option<Arc<Pace>>,
}

/// Why a token is refused; becomes `error_description`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Malformed,
    UnknownKey,
    Signature,
    Foreign,
    Expired,
    NotYet,
    Revoked,
    Disabled,
    /// Too many that were none have come from the same address.
    Throttled(Wait),
}

impl Refusal {
    pub const ALL: [Refusal; 9] = [
        Refusal::Malformed,
        Refusal::UnknownKey,
        Refusal::Signature,
        Refusal::Foreign,
        Refusal::Expired,
        Refusal::NotYet,
        Refusal::Revoked,
        Refusal::Disabled,
        Refusal::Throttled(Wait(0)),
    ];

    /// What has happened, for the catalogue.
    pub fn when(self) -> &'static str {
        match self {
            Refusal::Malformed => {
                "It is not one of this server's tokens: cut off, changed, or of another kind"
            }
            Refusal::UnknownKey => {
                "Its `kid` is none of `/oauth/jwks`: of another server, or of keys that were replaced"
            }
            Refusal::Signature => "It was changed, or signed by somebody else",
            Refusal::Foreign => "Its `iss` or `aud` is another server, or another address of this one",
            Refusal::Expired => "It has lived its time (`expires_in`)",
            Refusal::NotYet => "It was issued in the future: the clocks of two gateways differ",
            Refusal::Revoked => "It, or the grant it comes from, was revoked",
            Refusal::Disabled => "The operator has disabled the client",
            Refusal::Throttled(_) => {
                "`limits.login_failures` of this address are used up; tokens that were good before still work"
            }
        }
    }

    pub fn then(self) -> &'static str {
        match self {
            Refusal::Malformed | Refusal::Signature => "Send the token as it was given",
            Refusal::UnknownKey | Refusal::Expired | Refusal::Revoked => "Get a new token",
            Refusal::Foreign => "Use the address under which the token was issued",
            Refusal::NotYet => "Set the clocks; half a minute is forgiven",
            Refusal::Disabled => "Ask the operator",
            Refusal::Throttled(_) => "Wait as `Retry-After` says, and check what is sent",
        }
    }

    /// Whether it looks like guessing; a token that is over was a good one.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Refusal::Malformed | Refusal::UnknownKey | Refusal::Signature | Refusal::Foreign
        )
    }

    pub fn text(self) -> &'static str {
        match self {
            Refusal::Malformed => "The access token is malformed",
            Refusal::UnknownKey => "The access token is signed with a key that is not, or no longer, in use",
            Refusal::Signature => "The signature of the access token does not verify",
            Refusal::Foreign => "The access token is not one for this server",
            Refusal::Expired => "The access token has expired",
            Refusal::NotYet => "The access token is not yet valid",
            Refusal::Revoked => "The access token was revoked",
            Refusal::Disabled => "The client is disabled",
            Refusal::Throttled(_) => TOO_MANY_FAILURES,
        }
    }
}

/// What is said before a new credential is looked at.
pub const TOO_MANY_FAILURES: &str =
    "Too many tokens or credentials from this address were refused; wait, and check what is sent";

/// None when there is no key to sign with.
pub fn sign(keys: &KeyRing, claims: &Claims, now_micros: i64) -> Option<String> {
    let key = keys.signer(now_micros)?;
    let mut header = Header::new(ALGORITHM);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, claims, &key.encoding).ok()
}

/// Everything that does not change while the token lives. `now` in seconds.
pub fn verify(
    keys: &KeyRing,
    text: &str,
    issuer: &str,
    audience: &str,
    now: i64,
) -> Result<Verified, Refusal> {
    let header = decode_header(text).map_err(|_| Refusal::Malformed)?;
    if header.alg != ALGORITHM || header.typ.as_deref() != Some(TYPE) {
        return Err(Refusal::Malformed);
    }
    let kid = header.kid.as_deref().ok_or(Refusal::Malformed)?;
    let key = keys.find(kid).ok_or(Refusal::UnknownKey)?;
    let (signed, signature) = text.rsplit_once('.').ok_or(Refusal::Malformed)?;
    match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.decoding, ALGORITHM) {
        Ok(true) => {}
        _ => return Err(Refusal::Signature),
    }
    // The signature is proven; lifetime and audience are checked below against our own clock.
    let claims: Claims =
        jsonwebtoken::dangerous::insecure_decode_claims(text).map_err(|_| Refusal::Malformed)?;
    if claims.iss != issuer || claims.aud != audience {
        return Err(Refusal::Foreign);
    }
    if claims.iat > now + SKEW {
        return Err(Refusal::NotYet);
    }
    let scopes = Scopes::parse(&claims.scope).map_err(|_| Refusal::Malformed)?;
    if !claims.holder.is_sound() {
        return Err(Refusal::Malformed);
    }
    let (scopes, holder) = (Arc::new(scopes), Arc::new(claims.holder.clone()));
    Ok(Verified {
        kid: key.kid.clone(),
        rights: Arc::new(Rights::of(scopes.clone(), &holder, Policy::built_in())),
        claims,
        holder,
        scopes,
        pace: None,
    })
}
