//! Registered clients: how one is made, and how it proves a shared secret.
use crate::edge;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use store::admin::Client;
use store::{Store, StoreError};

/// How a client will authenticate; exactly one way.
pub enum Credential {
    /// Its public keys, as JSON text.
    Jwks(String),
    JwksUrl(String),
    Secret,
}

/// A new client and, for [`Credential::Secret`], the secret that is shown this once.
pub fn register(name: &str, scope: &str, credential: Credential, now: i64) -> (Client, Option<String>) {
    let (name, scope) = (name.to_owned(), scope.to_owned());
    let (mut secret_hash, mut jwks, mut jwks_url, mut secret) = (None, None, None, None);
    match credential {
        Credential::Jwks(keys) => jwks = Some(keys),
        Credential::JwksUrl(url) => jwks_url = Some(url),
        Credential::Secret => {
            let fresh = edge::secret();
            secret_hash = Some(hash(&fresh));
            secret = Some(fresh);
        }
    }
    let id = edge::new_id();
    (
        Client {
            id,
            name,
            scope,
            secret_hash,
            jwks,
            jwks_url,
            created: now,
            disabled: None,
        },
        secret,
    )
}

/// Registers it in the store; the scope must have been parsed.
pub async fn add(
    store: &Store,
    name: &str,
    scope: &str,
    credential: Credential,
) -> Result<(Client, Option<String>), StoreError> {
    let (client, secret) = register(name, scope, credential, edge::now());
    let row = client.clone();
    store.write(move |tx| tx.insert_client(&row)).await?;
    Ok((client, secret))
}

/// Whether the secret is the client's, in time that does not depend on where they differ.
pub fn knows_secret(client: &Client, secret: &str) -> bool {
    let given = hash(secret);
    let stored = client.secret_hash.as_deref();
    stored.is_some_and(|stored| verify_slices_are_equal(stored.as_bytes(), given.as_bytes()).is_ok())
}

/// A secret of 256 random bits cannot be guessed, so a slow password hash would only cost us time.
fn hash(secret: &str) -> String {
    format!(
        "sha256:{}",
        URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_once_and_only_its_hash_is_kept() {
        let (client, secret) = register("EHR", "system/*.rs", Credential::Secret, 1);
        let secret = secret.unwrap();
        assert!(knows_secret(&client, &secret));
        assert!(!knows_secret(&client, &secret[1..]) && !knows_secret(&client, ""));
        assert!(!client.secret_hash.clone().unwrap().contains(&secret));
        assert_ne!(
            register("EHR", "system/*.rs", Credential::Secret, 1).1,
            Some(secret)
        );
    }

    #[test]
    fn a_client_with_keys_has_no_secret() {
        let (client, secret) = register("HIE", "system/*.rs", Credential::Jwks("{}".into()), 1);
        assert!(secret.is_none() && !knows_secret(&client, ""));
    }
}
