//! An OpenID provider at which people sign in, beside local accounts or in their place.
//!
//! ```toml
//! [provider]
//! issuer = "https://login.example.org/realms/health"
//! name = "Riverside Login"
//! client_id = "baton"
//! client_secret_file = "/etc/baton/provider.secret"
//! person_claim = "fhirUser"
//! local_accounts = false
//! ```
use super::issuer::{algorithms, check_issuer};
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Provider {
    /// As its tokens name it, to the letter.
    pub issuer: String,
    /// What people call it.
    pub name: String,
    pub client_id: String,
    /// None: a public client, by PKCE alone.
    pub secret: Option<Secret>,
    pub scope: String,
    /// The claim that says who somebody is here; None: only linked accounts are let in.
    pub person_claim: Option<String>,
    pub local_accounts: bool,
    pub algorithms: Vec<Algorithm>,
    pub allow_private: bool,
}

/// Never shown by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderTable {
    issuer: String,
    name: Option<String>,
    client_id: String,
    client_secret_file: Option<PathBuf>,
    scope: Option<String>,
    person_claim: Option<String>,
    local_accounts: Option<bool>,
    algorithms: Option<Vec<String>>,
    #[serde(default)]
    allow_private: bool,
}

impl ProviderTable {
    pub fn settings(self) -> Result<Provider, String> {
        let named = |why: String| format!("provider: {why}");
        check_issuer(&self.issuer, self.allow_private).map_err(named)?;
        let scope = self.scope.unwrap_or_else(|| "openid profile".into());
        if !scope.split_whitespace().any(|word| word == "openid") {
            return Err(named("scope must hold `openid`".into()));
        }
        Ok(Provider {
            name: self.name.unwrap_or_else(|| self.issuer.clone()),
            issuer: self.issuer,
            client_id: self.client_id,
            secret: self.client_secret_file.map(read).transpose().map_err(named)?,
            scope,
            person_claim: self.person_claim,
            local_accounts: self.local_accounts.unwrap_or(true),
            algorithms: algorithms(self.algorithms).map_err(named)?,
            allow_private: self.allow_private,
        })
    }
}

fn read(path: PathBuf) -> Result<Secret, String> {
    let named = |why: String| format!("client_secret_file: {}: {why}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|e| named(e.to_string()))?;
    match text.trim() {
        "" => Err(named("it is empty".into())),
        secret => Ok(Secret(secret.to_owned())),
    }
}
