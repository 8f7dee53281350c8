//! Clients' keys by URL: cached, bounded in size and time, and never a way into our own network.
use super::error::OAuthError;
use super::jwks;
use super::reach::{PublicOnly, check_url};
use jsonwebtoken::jwk::JwkSet;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 64 << 10;
/// Without a Cache-Control, and its bounds with one.
const DEFAULT_AGE: u64 = 300;
const AGES: std::ops::RangeInclusive<u64> = 30..=3_600;
/// An unknown `kid` asks again, but a hostile one not more often than this.
const MIN_RETRY: Duration = Duration::from_secs(10);

pub struct RemoteKeys {
    allow_private: bool,
    http: OnceLock<Result<reqwest::Client, String>>,
    /// One lock per URL: a slow partner keeps only its own clients waiting.
    sets: std::sync::Mutex<HashMap<String, Arc<Mutex<Option<Fetched>>>>>,
}

struct Fetched {
    keys: Arc<JwkSet>,
    at: Instant,
    fresh: Duration,
}

impl RemoteKeys {
    pub fn new(allow_private: bool) -> RemoteKeys {
        RemoteKeys {
            allow_private,
            http: OnceLock::new(),
            sets: std::sync::Mutex::default(),
        }
    }

    /// The keys behind the URL; asks again when they are stale or do not know the `kid`.
    pub async fn get(&self, url: &str, kid: &str) -> Result<Arc<JwkSet>, OAuthError> {
        let slot = self
            .sets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(url.into())
            .or_default()
            .clone();
        let mut slot = slot.lock().await;
        if let Some(held) = slot.as_ref()
            && held.serves(kid)
        {
            return Ok(held.keys.clone());
        }
        let fetched = self.fetch(url).await.map_err(|why| {
            OAuthError::client(format!(
                "the keys at the registered JWKS URL cannot be had: {why}"
            ))
        })?;
        let keys = fetched.keys.clone();
        *slot = Some(fetched);
        Ok(keys)
    }

    async fn fetch(&self, url: &str) -> Result<Fetched, String> {
        check_url(url, self.allow_private)?;
        let client = self
            .http
            .get_or_init(|| build(self.allow_private))
            .as_ref()
            .map_err(String::clone)?;
        let request = client
            .get(url)
            .header("Accept", "application/jwk-set+json, application/json");
        // The error's own text may hold addresses of our network: the kind must do.
        let mut response = request.send().await.map_err(|e| kind_of(&e).to_owned())?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("it answered {}", response.status().as_u16()));
        }
        let fresh = Duration::from_secs(max_age(&response));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| kind_of(&e).to_owned())? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err("it is larger than 64 KiB".into());
            }
            body.extend_from_slice(&chunk);
        }
        let text = std::str::from_utf8(&body).map_err(|_| "it is not UTF-8")?;
        // A parser's text would repeat what is there, and it may not be meant for the client.
        let keys = jwks::parse(text).map_err(|_| "it is not a JSON Web Key Set")?;
        Ok(Fetched {
            keys: Arc::new(keys),
            at: Instant::now(),
            fresh,
        })
    }
}

impl Fetched {
    fn serves(&self, kid: &str) -> bool {
        let age = self.at.elapsed();
        let known = self
            .keys
            .keys
            .iter()
            .any(|key| key.common.key_id.as_deref() == Some(kid));
        age < if known { self.fresh } else { MIN_RETRY }
    }
}

fn build(allow_private: bool) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0);
    if !allow_private {
        builder = builder.dns_resolver(Arc::new(PublicOnly));
    }
    builder
        .build()
        .map_err(|_| "the server's TLS set-up is broken".to_owned())
}

/// As the partner asks, within bounds: even `no-store` does not make us ask for every token.
fn max_age(response: &reqwest::Response) -> u64 {
    let lines = response.headers().get_all("cache-control").iter();
    let text: Vec<String> = lines
        .filter_map(|line| line.to_str().ok())
        .map(str::to_ascii_lowercase)
        .collect();
    let directives = || text.iter().flat_map(|line| line.split(',')).map(str::trim);
    if directives().any(|directive| directive == "no-store" || directive == "no-cache") {
        return *AGES.start();
    }
    let seconds = directives().find_map(|directive| directive.strip_prefix("max-age="));
    let seconds = seconds.and_then(|text| text.trim_matches('"').parse().ok());
    seconds.unwrap_or(DEFAULT_AGE).clamp(*AGES.start(), *AGES.end())
}

fn kind_of(error: &reqwest::Error) -> &'static str {
    match error {
        e if e.is_timeout() => "no answer within five seconds",
        e if e.is_connect() => "no connection, or the address is not a public one",
        _ => "the answer broke off",
    }
}
