//! The authorization server's memory: keys, refusals and checked tokens, so that the hot path
//! touches no database. Other gateways and the command line change these through the database;
//! one small row (the epoch) tells every two seconds whether to read them again.
use super::holder::Holder;
use super::keys::{self, KeyRing};
use super::launch::provider::Provider;
use super::policy::Policy;
use super::remote::RemoteKeys;
use super::scope::Scopes;
use super::token::{self, Claims, Refusal, Signer, Verified};
use super::trust::Issuers;
use super::verified::{VerifiedTokens, digest};
use crate::config::{Auth, Config, Privacy};
use crate::edge;
use crate::rates::Rates;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use store::admin::EPOCH_AUTH;
use store::{Store, StoreError, Tx};

const REFRESH: Duration = Duration::from_secs(2);
const SECOND: i64 = 1_000_000;

pub struct Authority {
    pub(super) store: Store,
    /// Whether tokens are asked for at all.
    pub(super) required: bool,
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) token_url: String,
    pub(super) lifetime: i64,
    pub(super) remote: RemoteKeys,
    /// Others whose tokens are taken.
    pub(super) issuers: Issuers,
    /// Where people sign in, beside or instead of here.
    pub(super) provider: Option<Provider>,
    /// Whose records a person may use.
    pub(super) policy: Policy,
    pub(crate) rates: Rates,
    pub(super) privacy: Privacy,
    standing: RwLock<Arc<Standing>>,
    verified: VerifiedTokens,
}

/// What the database said last.
#[derive(Default)]
pub(super) struct Standing {
    epoch: i64,
    pub(super) keys: KeyRing,
    disabled: HashSet<String>,
    /// Of which organisation clients are.
    organizations: HashMap<String, Option<String>>,
    revoked: HashSet<String>,
}

impl Standing {
    fn read(tx: &mut Tx, now: i64) -> Result<Standing, StoreError> {
        Ok(Standing {
            epoch: tx.epoch(EPOCH_AUTH)?,
            keys: KeyRing::open(&tx.signing_keys()?, now)?,
            disabled: tx.disabled_clients()?.into_iter().collect(),
            organizations: tx.organizations_of_clients()?.into_iter().collect(),
            revoked: tx.used_jtis(REVOKED, now / SECOND)?.into_iter().collect(),
        })
    }
}

/// What nobody can use, replay or ask for any more.
fn forget(tx: &mut Tx, now: i64) -> Result<(), StoreError> {
    tx.forget_jtis(now / SECOND)?;
    tx.forget_attempts(now)?;
    tx.forget_handles(now)?;
    tx.forget_granted(now)?;
    Ok(())
}

/// The issuer under which a revoked token's `jti`, or a revoked grant's `sid`, counts as used up.
pub(super) const REVOKED: &str = "urn:baton:revoked";

impl Authority {
    /// `config.public_url` must be final: it is the issuer of tokens.
    pub async fn open(store: &Store, config: &Config) -> Result<Arc<Authority>, StoreError> {
        let now = edge::now();
        let mut standing = store.read(move |tx| Standing::read(tx, now)).await?;
        if standing.keys.signer(now).is_none() {
            standing = store
                .write(move |tx| {
                    keys::ensure(tx, now)?;
                    Standing::read(tx, now)
                })
                .await?;
        }
        Ok(Arc::new(Authority {
            store: store.clone(),
            required: config.auth == Auth::Required,
            issuer: config.public_url.clone(),
            audience: config.fhir_base(),
            token_url: config.token_url(),
            lifetime: config.tokens.lifetime_seconds,
            remote: RemoteKeys::new(config.tokens.allow_private_jwks),
            policy: config.access.clone(),
            issuers: Issuers::of(&config.issuers, &[config.fhir_base()], &config.fhir_base()),
            provider: config
                .provider
                .as_ref()
                .map(|provider| Provider::of(provider, &config.public_url)),
            rates: Rates::new(&config.limits),
            privacy: config.privacy.clone(),
            standing: RwLock::new(Arc::new(standing)),
            verified: VerifiedTokens::default(),
        }))
    }

    pub(super) fn standing(&self) -> Arc<Standing> {
        self.standing
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads again what changed elsewhere; cheap when nothing did.
    pub async fn refresh(&self, now: i64) -> Result<(), StoreError> {
        let known = self.standing().epoch;
        let news = move |tx: &mut Tx| match tx.epoch(EPOCH_AUTH)? == known {
            true => Ok(None),
            false => Standing::read(tx, now).map(Some),
        };
        if let Some(standing) = self.store.read(news).await? {
            *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(standing);
        }
        Ok(())
    }

    /// Runs until dropped: refreshes, and once a minute forgets what nobody can replay any more.
    pub async fn keep_fresh(self: Arc<Self>) {
        for round in 1u64.. {
            tokio::time::sleep(REFRESH).await;
            let now = edge::now();
            if let Err(error) = self.refresh(now).await {
                tracing::warn!(%error, "keys and clients could not be read; the last known ones stay in force");
            }
            if round.is_multiple_of(30)
                && let Err(error) = self.store.write(move |tx| forget(tx, now)).await
            {
                tracing::warn!(%error, "what has expired could not be deleted");
            }
        }
    }

    /// A token for a person (`subject`) who uses the client, or for the client itself; the scopes have been
    /// granted already.
    pub fn issue_to(
        &self,
        client_id: &str,
        subject: &str,
        scopes: &Scopes,
        holder: Holder,
        now: i64,
    ) -> Option<String> {
        let seconds = now / SECOND;
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: subject.to_owned(),
            client_id: client_id.to_owned(),
            aud: self.audience.clone(),
            iat: seconds,
            exp: seconds + self.lifetime,
            jti: edge::new_id(),
            scope: scopes.to_string(),
            holder,
        };
        token::sign(&self.standing().keys, &claims, now)
    }

    /// A token of our own.
    pub fn check(&self, token: &str, now: i64) -> Result<Arc<Verified>, Refusal> {
        let checked = self.check_if(token, now, || Ok(()))?;
        match checked.is_own() {
            true => Ok(checked),
            false => Err(Refusal::Foreign),
        }
    }

    /// The hot path: a hash, two look-ups, and a signature only the first time. `may_try` decides whether a
    /// token that was never seen is looked at.
    pub fn check_if(
        &self,
        token: &str,
        now: i64,
        may_try: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<Arc<Verified>, Refusal> {
        let seconds = now / SECOND;
        let standing = self.standing();
        let digest = digest(token);
        let known = self.verified.get(&digest).filter(|held| held.is_fresh(seconds));
        let verified = match &known {
            Some(verified) => verified.clone(),
            None => {
                may_try()?;
                Arc::new(self.verify(&standing, token, now)?)
            }
        };
        if let Signer::Own(kid) = &verified.signer
            && standing.keys.find(kid).is_none()
        {
            return Err(Refusal::UnknownKey);
        }
        let claims = &verified.claims;
        if claims.exp <= seconds {
            return Err(Refusal::Expired);
        }
        if standing.disabled.contains(&claims.client_id) {
            return Err(Refusal::Disabled);
        }
        // A client that is no more ends with its id.
        let ids = [
            Some(&claims.jti),
            claims.holder.sid.as_ref(),
            Some(&claims.client_id),
        ];
        if ids.into_iter().flatten().any(|id| standing.revoked.contains(id)) {
            return Err(Refusal::Revoked);
        }
        if known.is_none() {
            self.verified.keep(digest, verified.clone(), seconds);
        }
        Ok(verified)
    }

    /// The organisation that a client is of, such as `Organization/x`: by its token where it came a
    /// moment ago.
    pub(super) fn organization(&self, client: &str, holder: &Holder) -> Option<String> {
        match self.standing().organizations.get(client) {
            Some(known) => known.clone(),
            None => holder.organization.clone(),
        }
    }

    /// Whether the token was good when it was last seen, and is not over since, nor will be in a moment.
    pub fn knows(&self, token: &str, now: i64) -> bool {
        let (held, soon) = (self.verified.get(&digest(token)), now / SECOND + 2);
        held.is_some_and(|verified| verified.claims.exp > now / SECOND && verified.is_fresh(soon))
    }

    /// One of another issuer, checked a moment ago.
    pub(super) fn keep(&self, token: &str, mut verified: Verified, now: i64) -> Arc<Verified> {
        verified.pace = self.rates.of_client(&verified.claims.client_id, now);
        let verified = Arc::new(verified);
        self.verified.keep(digest(token), verified.clone(), now / SECOND);
        verified
    }

    fn verify(&self, standing: &Standing, token: &str, now: i64) -> Result<Verified, Refusal> {
        let (issuer, audience) = (&self.issuer, &self.audience);
        let mut verified = token::verify(
            &standing.keys,
            token,
            (issuer, audience),
            &self.policy,
            now / SECOND,
        )?;
        verified.pace = self.rates.of_client(&verified.claims.client_id, now);
        Ok(verified)
    }
}
