//! Issuers of access tokens besides this server. Their keys prove a token, and the operator says what its
//! claims are worth here.
//!
//! ```toml
//! [[issuers]]
//! issuer = "https://login.example.org/realms/health"
//! at_most = "system/*.rs user/*.rs"
//! claims = { client = "azp", fhir_user = "fhirUser" }
//! [[issuers.scopes]]
//! claim = "realm_access.roles"
//! value = "nurse"
//! gives = "user/*.rs"
//! ```
use crate::auth::reach::check_address;
use crate::auth::scope::{Scope, Scopes};
use jsonwebtoken::Algorithm;
use serde::Deserialize;

/// Asymmetric ones alone: whoever could check a token of a shared secret could make one.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

#[derive(Clone, Debug)]
pub struct Issuer {
    /// As tokens name it in `iss`, to the letter.
    pub url: String,
    /// None: the FHIR base.
    pub audience: Option<String>,
    /// None: as its discovery document says.
    pub jwks_url: Option<String>,
    pub algorithms: Vec<Algorithm>,
    /// Whether it may be plain http or stand in a private network.
    pub allow_private: bool,
    /// Whatever its tokens say, they open no more.
    pub at_most: Scopes,
    /// Whether the SMART scopes of its tokens are taken for what they say.
    pub smart_scopes: bool,
    pub claims: Claims,
    pub scopes: Vec<Mapping>,
}

/// Which claims say what; a dot leads into an object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Claims {
    pub client: String,
    pub patient: String,
    pub fhir_user: String,
    pub organization: String,
}

impl Default for Claims {
    fn default() -> Self {
        Claims {
            client: "client_id".into(),
            patient: "patient".into(),
            fhir_user: "fhirUser".into(),
            organization: "organization".into(),
        }
    }
}

/// A value of a claim, and the scopes it stands for.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub claim: String,
    pub value: String,
    pub gives: Scopes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerTable {
    issuer: String,
    audience: Option<String>,
    jwks_url: Option<String>,
    algorithms: Option<Vec<String>>,
    #[serde(default)]
    allow_private: bool,
    at_most: String,
    smart_scopes: Option<bool>,
    #[serde(default)]
    claims: Claims,
    #[serde(default)]
    scopes: Vec<MappingTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingTable {
    claim: String,
    value: String,
    gives: String,
}

/// All of one organisation; none is there twice.
pub fn settings(tables: Vec<IssuerTable>) -> Result<Vec<Issuer>, String> {
    let mut all: Vec<Issuer> = Vec::new();
    for table in tables {
        let url = table.issuer.clone();
        let issuer = table.settings().map_err(|why| format!("issuers: {url}: {why}"))?;
        if all.iter().any(|other| other.url == issuer.url) {
            return Err(format!("issuers: {url} is there twice"));
        }
        all.push(issuer);
    }
    Ok(all)
}

impl IssuerTable {
    fn settings(self) -> Result<Issuer, String> {
        check_issuer(&self.issuer, self.allow_private)?;
        if let Some(url) = &self.jwks_url {
            check_address("jwks_url", url, self.allow_private)?;
        }
        let at_most = data_scopes("at_most", &self.at_most)?;
        let scopes = self.scopes.into_iter().map(|row| row.settings(&at_most));
        let issuer = Issuer {
            url: self.issuer,
            audience: self.audience,
            jwks_url: self.jwks_url,
            algorithms: algorithms(self.algorithms)?,
            allow_private: self.allow_private,
            smart_scopes: self.smart_scopes.unwrap_or(true),
            claims: self.claims,
            scopes: scopes.collect::<Result<_, _>>()?,
            at_most,
        };
        match issuer.smart_scopes || !issuer.scopes.is_empty() {
            true => Ok(issuer),
            false => {
                Err("without smart_scopes it needs [[issuers.scopes]], or its tokens open nothing".into())
            }
        }
    }
}

impl MappingTable {
    /// What a row promises and `at_most` does not keep would only be noticed by people who are refused.
    fn settings(self, at_most: &Scopes) -> Result<Mapping, String> {
        let gives = data_scopes("gives", &self.gives)?;
        gives
            .within(at_most)
            .map_err(|scope| format!("scopes: `{scope}` goes beyond at_most"))?;
        Ok(Mapping {
            claim: self.claim,
            value: self.value,
            gives,
        })
    }
}

/// `|` stands between issuer and client in the audit.
pub fn check_issuer(url: &str, allow_private: bool) -> Result<(), String> {
    check_address("issuer", url, allow_private)?;
    match url.contains(['|', '?', '#', ' ']) {
        true => Err("issuer must be an address without query, fragment, spaces and `|`".into()),
        false => Ok(()),
    }
}

/// RS256 is what every OpenID provider knows.
pub fn algorithms(names: Option<Vec<String>>) -> Result<Vec<Algorithm>, String> {
    let names = names.unwrap_or_else(|| vec!["RS256".into(), "ES256".into()]);
    let known = |name: &String| {
        let found = ALGORITHMS.iter().find(|(known, _)| known == name);
        found.map(|(_, algorithm)| *algorithm).ok_or_else(|| {
            let all = ALGORITHMS.map(|(name, _)| name).join(", ");
            format!("algorithms: `{name}` is none of {all}")
        })
    };
    match names.is_empty() {
        true => Err("algorithms must name one".into()),
        false => names.iter().map(known).collect(),
    }
}

pub fn data_scopes(key: &str, text: &str) -> Result<Scopes, String> {
    let scopes = Scopes::parse(text).map_err(|why| format!("{key}: {why}"))?;
    let other = scopes.only(|scope| !matches!(scope, Scope::Data(_)));
    match other.is_empty() {
        true => Ok(scopes),
        false => Err(format!("{key}: `{other}` opens no data")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Vec<Issuer>, String> {
        #[derive(Deserialize)]
        struct File {
            issuers: Vec<IssuerTable>,
        }
        let file: File = toml::from_str(toml).map_err(|e| e.to_string())?;
        settings(file.issuers)
    }

    #[test]
    fn an_issuer_needs_an_address_and_a_bound() {
        let one = "[[issuers]]\nissuer = \"https://a.example/x\"\nat_most = \"system/*.rs\"\n";
        let issuer = read(one).unwrap().remove(0);
        assert_eq!(issuer.algorithms, [Algorithm::RS256, Algorithm::ES256]);
        assert!(issuer.smart_scopes && issuer.audience.is_none());
        for (toml, words) in [
            (format!("{one}{one}"), "twice"),
            (one.replace("https", "http"), "https"),
            (one.replace("a.example", "10.0.0.1"), "private"),
            (one.replace("/x", "/x|y"), "without query"),
            (one.replace("system/*.rs", "openid"), "opens no data"),
            (one.replace("system/*.rs", "nonsense"), "at_most"),
            (format!("{one}algorithms = [\"HS256\"]\n"), "HS256"),
            (format!("{one}algorithms = [\"none\"]\n"), "none"),
            (format!("{one}algorithms = []\n"), "must name one"),
            (format!("{one}smart_scopes = false\n"), "open nothing"),
            (format!("{one}nonsense = 1\n"), "nonsense"),
            (
                format!(
                    "{one}[[issuers.scopes]]\nclaim = \"r\"\nvalue = \"x\"\ngives = \"system/*.cruds\"\n"
                ),
                "beyond at_most",
            ),
        ] {
            let refused = read(&toml).unwrap_err();
            assert!(refused.contains(words), "{words} in {refused}");
        }
    }
}
