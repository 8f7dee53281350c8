//! Tokens of other issuers: proven by their keys, worth what the operator's mapping says.
//! <https://www.rfc-editor.org/rfc/rfc9068> <https://openid.net/specs/openid-connect-discovery-1_0.html>
//!
//! `admit.rs` stands before the routes, `mapping.rs` says what claims are worth. A token that was
//! checked is kept like ours, but only for a few minutes: then its key is looked for again.
mod admit;
mod issuer;
mod mapping;

pub use admit::{Seen, admit};
pub use issuer::Issuer;
pub use mapping::reference;

use super::jwt::Jwt;
use super::policy::Policy;
use super::rights::Rights;
use super::token::{Claims, Refusal, Signer, Verified};
use crate::config;
use std::sync::Arc;

/// How far their clocks may be ahead of ours, in seconds.
const SKEW: i64 = 30;
/// For so long a key counts as it was seen last, in seconds.
const TRUSTED: i64 = 300;

/// Those of one organisation.
#[derive(Default)]
pub struct Issuers {
    all: Vec<Issuer>,
}

impl Issuers {
    /// `audiences` are ours, where the settings name none; `base` is what people's URLs begin with.
    pub fn of(settings: &[config::Issuer], audiences: &[String], base: &str) -> Issuers {
        let issuer = |settings: &config::Issuer| Issuer::new(settings.clone(), audiences, base);
        Issuers {
            all: settings.iter().map(issuer).collect(),
        }
    }

    pub fn are_none(&self) -> bool {
        self.all.is_empty()
    }

    /// The issuer that the token names, which nothing proves yet.
    pub fn named_by(&self, jwt: &Jwt) -> Option<&Issuer> {
        let named = jwt.text("iss")?;
        self.all.iter().find(|issuer| issuer.settings.url == named)
    }
}

impl Issuer {
    /// `policy` says whose records a person may use; `now` in seconds.
    pub async fn verify(&self, jwt: &Jwt<'_>, policy: &Policy, now: i64) -> Result<Verified, Refusal> {
        let algorithm = jwt
            .algorithm(&self.settings.algorithms)
            .ok_or(Refusal::Algorithm)?;
        if jwt.header.crit.is_some() || !is_for_access(jwt.header.typ.as_deref()) {
            return Err(Refusal::Malformed);
        }
        let kid = jwt.header.kid.as_deref().ok_or(Refusal::Malformed)?;
        let keys = self.keys(kid).await.map_err(|why| {
            tracing::warn!(
                issuer = self.settings.url,
                why,
                "the keys of an issuer cannot be had"
            );
            Refusal::Unreachable
        })?;
        if !super::jwks::knows(&keys, kid) {
            return Err(Refusal::UnknownKey);
        }
        match jwt.is_signed_by(&keys, kid, algorithm) {
            true => self.believed(jwt, policy, now),
            false => Err(Refusal::Signature),
        }
    }

    /// After the signature is proven.
    fn believed(&self, jwt: &Jwt, policy: &Policy, now: i64) -> Result<Verified, Refusal> {
        if !jwt.is_for(&self.audiences) {
            return Err(Refusal::Foreign);
        }
        let expires = jwt.seconds("exp").ok_or(Refusal::Malformed)?;
        if expires <= now {
            return Err(Refusal::Expired);
        }
        let early = ["nbf", "iat"]
            .iter()
            .filter_map(|name| jwt.seconds(name))
            .any(|at| at > now + SKEW);
        if early {
            return Err(Refusal::NotYet);
        }
        let subject = jwt
            .text("sub")
            .filter(|text| !text.is_empty())
            .ok_or(Refusal::Malformed)?;
        let (url, claims) = (&self.settings.url, &jwt.claims);
        let mut holder = mapping::holder(&self.settings, claims, &self.base);
        holder.subject = Some(format!("{url}|{subject}"));
        let scopes = Arc::new(mapping::scopes(&self.settings, claims, &holder));
        let client = mapping::client(&self.settings, claims);
        let claims = Claims {
            iss: url.clone(),
            sub: subject.to_owned(),
            client_id: client.map_or_else(|| url.clone(), |client| format!("{url}|{client}")),
            aud: self.audiences.first().cloned().unwrap_or_default(),
            iat: jwt.seconds("iat").unwrap_or_default(),
            exp: expires,
            jti: jwt.text("jti").unwrap_or_default().to_owned(),
            scope: scopes.to_string(),
            holder,
        };
        let holder = Arc::new(claims.holder.clone());
        Ok(Verified {
            signer: Signer::Issuer { until: now + TRUSTED },
            rights: Arc::new(Rights::of(scopes.clone(), &holder, policy)),
            claims,
            holder,
            scopes,
            pace: None,
        })
    }
}

/// What is meant for other uses says so, where it says anything.
fn is_for_access(typ: Option<&str>) -> bool {
    let Some(typ) = typ else { return true };
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "at+jwt" | "jwt")
}
