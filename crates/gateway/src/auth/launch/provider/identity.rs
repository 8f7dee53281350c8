//! What a provider says of a person, once its signature and its claims are found to be sound.
//! <https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation>
use super::Provider;
use super::errand::Errand;
use crate::auth::account::PEOPLE;
use crate::auth::jwks;
use crate::auth::jwt::Jwt;
use crate::auth::trust::reference;
use aws_lc_rs::constant_time::verify_slices_are_equal;

/// How far its clock may be ahead of ours, in seconds.
const SKEW: i64 = 30;
/// OpenID's own bound.
const LONGEST_SUBJECT: usize = 255;

#[derive(Clone, Debug)]
pub struct Identity {
    pub subject: String,
    /// Whom a claim says that it is here, where the settings name one.
    pub person: Option<String>,
    /// What people call themselves there.
    pub name: Option<String>,
    /// When they proved who they are, in seconds, where it is told.
    pub auth_time: Option<i64>,
}

impl Provider {
    pub(super) async fn judged(&self, text: &str, errand: &Errand, now: i64) -> Result<Identity, String> {
        let jwt = Jwt::parse(text).ok_or("its id_token is malformed")?;
        let algorithm = jwt
            .algorithm(&self.settings.algorithms)
            .ok_or("its id_token is signed by an algorithm that is not allowed")?;
        let kid = jwt.header.kid.as_deref().ok_or("its id_token names no key")?;
        let keys = self.source.keys(kid).await?;
        if !jwks::knows(&keys, kid) || !jwt.is_signed_by(&keys, kid, algorithm) {
            return Err("the signature of its id_token does not verify".into());
        }
        self.believed(&jwt, errand, now)
    }

    fn believed(&self, jwt: &Jwt, errand: &Errand, now: i64) -> Result<Identity, String> {
        let ours = [self.settings.client_id.clone()];
        if jwt.text("iss") != Some(&self.settings.issuer) || !jwt.is_for(&ours) {
            return Err("its id_token is not one for us".into());
        }
        if jwt.claims.contains_key("azp") && jwt.text("azp") != Some(&self.settings.client_id) {
            return Err("its id_token was given to another app".into());
        }
        if jwt.seconds("exp").is_none_or(|exp| exp <= now) {
            return Err("its id_token has expired".into());
        }
        if jwt.seconds("iat").is_none_or(|iat| iat > now + SKEW) {
            return Err("its id_token is of the future".into());
        }
        let nonce = jwt.text("nonce").unwrap_or_default();
        if verify_slices_are_equal(nonce.as_bytes(), errand.nonce.as_bytes()).is_err() {
            return Err("its id_token is not the answer to what was asked".into());
        }
        let subject = jwt.text("sub").unwrap_or_default();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.contains(char::is_control) {
            return Err("its id_token names nobody".into());
        }
        let claim = self.settings.person_claim.as_deref();
        Ok(Identity {
            subject: subject.to_owned(),
            person: claim.and_then(|claim| reference(&jwt.claims, claim, &PEOPLE, &self.base)),
            name: jwt.text("preferred_username").map(str::to_owned),
            auth_time: jwt.seconds("auth_time"),
        })
    }
}
