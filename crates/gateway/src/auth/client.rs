//! Registered clients: how one is made, where it may send people, and how it proves a shared secret.
use super::scope::{Context, Scope, Scopes};
use crate::config::is_organization;
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
    /// Not at all: it runs where nothing can be kept secret.
    Public,
}

/// What a client may do, besides how it proves who it is.
#[derive(Clone, Debug)]
pub struct Registration {
    pub name: String,
    /// Scopes it may ask for; they must have been parsed.
    pub scope: String,
    /// Separated by spaces, as the URIs are.
    pub grant_types: String,
    pub redirect_uris: String,
    pub launch_url: Option<String>,
    /// The organisation it is of, such as `Organization/x`.
    pub organization: Option<String>,
}

impl Registration {
    /// What the grants need is there, and nothing that they make no use of.
    pub fn check(&self, public: bool) -> Result<(), String> {
        let may = |grant: &str| self.grant_types.split(' ').any(|allowed| allowed == grant);
        let unknown = self
            .grant_types
            .split(' ')
            .find(|grant| !GRANT_TYPES.contains(grant));
        if let Some(grant) = unknown {
            return Err(format!(
                "`{grant}` is none of the grant types {}",
                GRANT_TYPES.join(", ")
            ));
        }
        let scopes = Scopes::parse(&self.scope)?;
        if public && may(BACKEND) {
            return Err("a client that proves nothing cannot have client_credentials".into());
        }
        match (may("authorization_code"), self.redirect_uris.is_empty()) {
            (true, true) => return Err("an app needs a redirect URI".into()),
            (false, false) => return Err("redirect URIs are for the grant authorization_code only".into()),
            (false, true) if may("refresh_token") => {
                return Err("refresh_token needs authorization_code".into());
            }
            _ => {}
        }
        if scopes.iter().any(Scope::is_of_system) && !may(BACKEND) {
            return Err("system/ and admin/ scopes are for the grant client_credentials only".into());
        }
        let of_person = [Context::Patient, Context::User]
            .iter()
            .any(|on| scopes.has_context(*on));
        if of_person && !may("authorization_code") {
            return Err("a patient/ or user/ scope needs a user, and so the client a redirect URI".into());
        }
        self.redirect_uris
            .split(' ')
            .filter(|uri| !uri.is_empty())
            .try_for_each(check_redirect_uri)?;
        if let Some(text) = self.organization.as_ref().filter(|text| !is_organization(text)) {
            return Err(format!("`{text}` is not a reference such as Organization/123"));
        }
        match self.launch_url.as_deref().map(check_launch_url) {
            Some(Err(why)) => Err(why),
            _ => Ok(()),
        }
    }
}

fn check_launch_url(url: &str) -> Result<(), String> {
    match url.starts_with("https://") || url.starts_with("http://") {
        true => check_redirect_uri(url).map_err(|why| why.replace("redirect URI", "launch URL")),
        false => Err(format!("launch URL `{url}` must be https")),
    }
}

impl Default for Registration {
    fn default() -> Self {
        Registration {
            name: String::new(),
            scope: String::new(),
            grant_types: BACKEND.to_owned(),
            redirect_uris: String::new(),
            launch_url: None,
            organization: None,
        }
    }
}

/// What an app may ask for when nothing is said of it.
pub const APP_SCOPE: &str = "openid fhirUser launch/patient patient/*.rs";

/// The grant of clients without a user, and those of apps.
pub const BACKEND: &str = "client_credentials";
pub const APP: &str = "authorization_code refresh_token";
pub const GRANT_TYPES: [&str; 3] = ["authorization_code", "refresh_token", BACKEND];

/// A new client and, for [`Credential::Secret`], the secret that is shown this once.
pub fn register(registration: Registration, credential: Credential, now: i64) -> (Client, Option<String>) {
    let (mut secret_hash, mut jwks, mut jwks_url, mut secret) = (None, None, None, None);
    let public = matches!(credential, Credential::Public);
    match credential {
        Credential::Jwks(keys) => jwks = Some(keys),
        Credential::JwksUrl(url) => jwks_url = Some(url),
        Credential::Secret => {
            let fresh = edge::secret();
            secret_hash = Some(hash(&fresh));
            secret = Some(fresh);
        }
        Credential::Public => {}
    }
    let client = Client {
        id: edge::new_id(),
        name: registration.name,
        scope: registration.scope,
        secret_hash,
        jwks,
        jwks_url,
        created: now,
        disabled: None,
        public,
        grant_types: registration.grant_types,
        redirect_uris: registration.redirect_uris,
        launch_url: registration.launch_url,
        organization: registration.organization,
    };
    (client, secret)
}

/// Registers it in the store.
pub async fn add(
    store: &Store,
    registration: Registration,
    credential: Credential,
) -> Result<(Client, Option<String>), StoreError> {
    let (client, secret) = register(registration, credential, edge::now());
    let row = client.clone();
    store.write(move |tx| tx.insert_client(&row)).await?;
    Ok((client, secret))
}

/// Where browsers may be sent: a whole address, compared as it is. What browsers would run instead
/// of opening, and what anybody on the way could read, is refused.
/// <https://www.rfc-editor.org/rfc/rfc8252#section-7>
pub fn check_redirect_uri(uri: &str) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("redirect URI `{uri}` {why}"));
    let Ok(url) = reqwest::Url::parse(uri) else {
        return refuse("is not an absolute address");
    };
    if uri.contains(|c: char| c.is_whitespace() || c.is_control()) || uri.len() > 2_000 {
        return refuse("has spaces or is too long");
    }
    if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return refuse("must have no fragment and no user name");
    }
    let here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match url.scheme() {
        "https" => Ok(()),
        "http" if here => Ok(()),
        "http" => refuse("must be https, or http on the app's own machine"),
        // Only those with a dot can belong to somebody.
        private if private.contains('.') => Ok(()),
        _ => refuse("must be https, or have a scheme such as com.example.app"),
    }
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

    fn registration() -> Registration {
        Registration {
            name: "EHR".into(),
            scope: "system/*.rs".into(),
            ..Registration::default()
        }
    }

    #[test]
    fn a_secret_is_shown_once_and_only_its_hash_is_kept() {
        let (client, secret) = register(registration(), Credential::Secret, 1);
        let secret = secret.unwrap();
        assert!(knows_secret(&client, &secret));
        assert!(!knows_secret(&client, &secret[1..]) && !knows_secret(&client, ""));
        assert!(!client.secret_hash.clone().unwrap().contains(&secret));
        assert_ne!(register(registration(), Credential::Secret, 1).1, Some(secret));
    }

    #[test]
    fn a_client_with_keys_or_without_has_no_secret() {
        for credential in [Credential::Jwks("{}".into()), Credential::Public] {
            let (client, secret) = register(registration(), credential, 1);
            assert!(secret.is_none() && !knows_secret(&client, ""));
        }
    }

    #[test]
    fn what_is_registered_fits_together() {
        let app = |scope: &str, grant_types: &str, redirect_uris: &str| Registration {
            scope: scope.into(),
            grant_types: grant_types.into(),
            redirect_uris: redirect_uris.into(),
            ..registration()
        };
        let (back, all) = (
            "https://app.example/back",
            "authorization_code client_credentials",
        );
        assert_eq!(registration().check(false), Ok(()));
        assert_eq!(app("patient/*.rs", APP, back).check(true), Ok(()));
        assert_eq!(app("patient/*.rs system/*.rs", all, back).check(false), Ok(()));
        for (registration, public, words) in [
            (registration(), true, "proves nothing"),
            (app("patient/*.rs", APP, ""), true, "needs a redirect URI"),
            (
                app("patient/*.rs", BACKEND, back),
                false,
                "authorization_code only",
            ),
            (
                app("patient/*.rs", "refresh_token", ""),
                false,
                "needs authorization_code",
            ),
            (app("patient/*.rs", "implicit", back), false, "implicit"),
            (app("system/*.rs", APP, back), false, "client_credentials only"),
            (app("nonsense", APP, back), false, "nonsense"),
            (
                app("patient/*.rs", APP, "https://a.example http://b.example"),
                false,
                "b.example",
            ),
        ] {
            assert!(registration.check(public).unwrap_err().contains(words), "{words}");
        }
        let launched = |url: &str| Registration {
            launch_url: Some(url.into()),
            ..app("launch", APP, back)
        };
        assert_eq!(launched("https://app.example/launch").check(true), Ok(()));
        assert!(
            launched("com.example.app:/launch")
                .check(true)
                .unwrap_err()
                .contains("launch URL")
        );
    }

    #[test]
    fn browsers_are_sent_to_whole_and_safe_addresses_only() {
        for good in [
            "https://app.example/back?x=1",
            "http://127.0.0.1:4000/",
            "com.example.app:/back",
        ] {
            assert_eq!(check_redirect_uri(good), Ok(()), "{good}");
        }
        let bad = [
            "/back",
            "app.example",
            "http://app.example/back",
            "https://app.example/#x",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user@app.example/",
            "https://app.example/a b",
            "file:///etc/passwd",
        ];
        for bad in bad {
            assert!(check_redirect_uri(bad).is_err(), "{bad}");
        }
    }
}
