//! The documents of an issuer or OpenID provider: what it says of itself, and its keys, at the address of the
//! settings or where its discovery document says. <https://openid.net/specs/openid-connect-discovery-1_0.html>
use super::outbound::{Cached, Outbound};
use super::{jwks, remote};
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// What an OpenID provider says of itself, as far as we care.
#[derive(Clone, Debug, Deserialize)]
pub struct Discovered {
    pub issuer: String,
    pub jwks_uri: String,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Discovered {
    /// How a client with a secret is to show it; Basic is what holds where nothing is said.
    pub fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_ref();
        methods.is_none_or(|all| all.iter().any(|method| method == "client_secret_basic"))
    }
}

/// An issuer's documents, kept.
pub struct Source {
    url: String,
    jwks_url: Option<String>,
    pub outbound: Outbound,
    document: Cached<Discovered>,
    keys: Cached<JwkSet>,
}

impl Source {
    pub fn new(url: &str, jwks_url: Option<&str>, allow_private: bool) -> Source {
        Source {
            url: url.to_owned(),
            jwks_url: jwks_url.map(str::to_owned),
            outbound: Outbound::new(allow_private),
            document: Cached::default(),
            keys: Cached::default(),
        }
    }

    pub async fn discovered(&self) -> Result<Arc<Discovered>, String> {
        self.document.get(|_| true, async || self.discover().await).await
    }

    async fn discover(&self) -> Result<(Discovered, Duration), String> {
        let url = format!(
            "{}/.well-known/openid-configuration",
            self.url.trim_end_matches('/')
        );
        let answer = self
            .outbound
            .get("its discovery document", &url, "application/json")
            .await?;
        let said: Discovered = serde_json::from_str(&answer.text)
            .map_err(|_| "its discovery document is none, or names no jwks_uri")?;
        match said.issuer == self.url {
            true => Ok((said, answer.fresh)),
            false => Err("its discovery document is of another issuer".into()),
        }
    }

    /// Asks again when they are stale or do not know the `kid`.
    pub async fn keys(&self, kid: &str) -> Result<Arc<JwkSet>, String> {
        let fetch = async || {
            let url = match &self.jwks_url {
                Some(url) => url.clone(),
                None => self.discovered().await?.jwks_uri.clone(),
            };
            remote::fetch(&self.outbound, &url).await
        };
        self.keys.get(|set| jwks::knows(set, kid), fetch).await
    }
}
