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
    pub signer: Signer,
    pub scopes: Arc<Scopes>,
    pub holder: Arc<Holder>,
    pub rights: Arc<Rights>,
    /// How fast its client may call, where that is limited.
    pub pace: Option<Arc<Pace>>,
}

/// Who signed a token, and until when that counts as checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// One of our keys, by `kid`: without it the token counts no more.
    Own(String),
    /// Another issuer, whose keys are looked at again after this, in seconds.
    Issuer { until: i64 },
}

impl Verified {
    pub fn is_own(&self) -> bool {
        matches!(self.signer, Signer::Own(_))
    }

    /// Whether what was found out about it still counts; `now` in seconds.
    pub fn is_fresh(&self, now: i64) -> bool {
        match self.signer {
            Signer::Own(_) => true,
            Signer::Issuer { until } => until > now,
        }
    }
}

/// Why a token is refused; becomes `error_description`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Malformed,
    /// Of another issuer, and signed in a way that was not agreed on.
    Algorithm,
    UnknownKey,
    Signature,
    Foreign,
    Expired,
    NotYet,
    Revoked,
    Disabled,
    /// The keys of its issuer cannot be had.
    Unreachable,
    /// Too many that were none have come from the same address.
    Throttled(Wait),
}

impl Refusal {
    pub const ALL: [Refusal; 11] = [
        Refusal::Malformed,
        Refusal::Algorithm,
        Refusal::UnknownKey,
        Refusal::Signature,
        Refusal::Foreign,
        Refusal::Expired,
        Refusal::NotYet,
        Refusal::Revoked,
        Refusal::Disabled,
        Refusal::Unreachable,
        Refusal::Throttled(Wait(0)),
    ];

    /// What has happened, for the catalogue.
    pub fn when(self) -> &'static str {
        match self {
            Refusal::Malformed => {
                "It is not one of this server's tokens: cut off, changed, or of another kind"
            }
            Refusal::Algorithm => {
                "It is of an issuer in `[[issuers]]`, whose `algorithms` do not name its `alg`"
            }
            Refusal::UnknownKey => {
                "Its `kid` is none of `/oauth/jwks`, or of its issuer's keys: of another server, or of keys that were replaced"
            }
            Refusal::Signature => "It was changed, or signed by somebody else",
            Refusal::Foreign => "Its `iss` or `aud` is another server, or another address of this one",
            Refusal::Expired => "It has lived its time (`expires_in`)",
            Refusal::NotYet => "It was issued in the future: the clocks of two gateways differ",
            Refusal::Revoked => "It, or the grant it comes from, was revoked",
            Refusal::Disabled => "The operator has disabled the client",
            Refusal::Unreachable => {
                "Its issuer's key server, or discovery document, does not answer as it must"
            }
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
            Refusal::Disabled | Refusal::Algorithm => "Ask the operator",
            Refusal::Unreachable => "Send the same request again after `Retry-After`",
            Refusal::Throttled(_) => "Wait as `Retry-After` says, and check what is sent",
        }
    }

    /// Whether it looks like guessing; a token that is over was a good one.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Refusal::Malformed
                | Refusal::Algorithm
                | Refusal::UnknownKey
                | Refusal::Signature
                | Refusal::Foreign
        )
    }

    pub fn text(self) -> &'static str {
        match self {
            Refusal::Malformed => "The access token is malformed",
            Refusal::Algorithm => {
                "The access token is signed by an algorithm that its issuer is not trusted with"
            }
            Refusal::UnknownKey => "The access token is signed with a key that is not, or no longer, in use",
            Refusal::Signature => "The signature of the access token does not verify",
            Refusal::Foreign => "The access token is not one for this server",
            Refusal::Expired => "The access token has expired",
            Refusal::NotYet => "The access token is not yet valid",
            Refusal::Revoked => "The access token was revoked",
            Refusal::Disabled => "The client is disabled",
            Refusal::Unreachable => "The keys of the access token's issuer cannot be had at the moment",
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

/// Everything that does not change while the token lives. `policy` says whose records a person may
/// use; `now` in seconds.
pub fn verify(
    keys: &KeyRing,
    text: &str,
    (issuer, audience): (&str, &str),
    policy: &Policy,
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
        signer: Signer::Own(key.kid.clone()),
        rights: Arc::new(Rights::of(scopes.clone(), &holder, policy)),
        claims,
        holder,
        scopes,
        pace: None,
    })
}
