//! Clients' keys by URL, kept as `outbound` says.
use super::jwks;
use super::outbound::{Cached, Outbound};
use jsonwebtoken::jwk::JwkSet;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

const WHAT: &str = "the JWKS URL";

pub struct RemoteKeys {
    outbound: Outbound,
    /// One lock per URL: a slow partner keeps only its own clients waiting.
    sets: std::sync::Mutex<HashMap<String, Arc<Cached<JwkSet>>>>,
}

impl RemoteKeys {
    pub fn new(allow_private: bool) -> RemoteKeys {
        RemoteKeys {
            outbound: Outbound::new(allow_private),
            sets: std::sync::Mutex::default(),
        }
    }

    /// The keys behind the URL; asks again when they are stale or do not know the `kid`.
    pub async fn get(&self, url: &str, kid: &str) -> Result<Arc<JwkSet>, String> {
        let cached = {
            let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
            sets.entry(url.into()).or_default().clone()
        };
        cached
            .get(
                |set| jwks::knows(set, kid),
                async || fetch(&self.outbound, url).await,
            )
            .await
    }
}

/// A key set, and for how long it may be kept.
pub async fn fetch(outbound: &Outbound, url: &str) -> Result<(JwkSet, Duration), String> {
    let accept = "application/jwk-set+json, application/json";
    let answer = outbound.get(WHAT, url, accept).await?;
    // A parser's text would repeat what is there, and it may not be meant for the client.
    let keys = jwks::parse(&answer.text).map_err(|_| "it is not a JSON Web Key Set")?;
    Ok((keys, answer.fresh))
}
