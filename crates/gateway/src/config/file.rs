//! The settings file (TOML). Unknown keys are refused: a misspelt limit must not pass in silence.
//!
//! ```toml
//! listen = "127.0.0.1:8080"
//! trusted_proxies = ["10.0.0.0/8"]
//! [tls]
//! cert = "/etc/baton/tls.crt"
//! key = "/etc/baton/tls.key"
//! [practice]
//! timezone = "America/Chicago"
//! holidays = ["2026-12-24"]
//! coordinator = "Practitioner/123"
//! [references]
//! enforce = ["Task", "CarePlan"]
//! [access]
//! Practitioner = ["general-practitioner=Practitioner/{id}"]
//! [limits]
//! conditional_delete = 10
//! requests_per_second = 200
//! ```
//! Tables with a file of their own: `limits.rs`, `practice.rs`, `tenant.rs` (several organisations), `issuer.rs`
//! (tokens of others), `provider.rs` (sign-in elsewhere), `privacy.rs` (consents and labels).
use super::issuer::{self, IssuerTable};
use super::limits::LimitsTable;
use super::practice::PracticeTable;
use super::privacy::PrivacyTable;
use super::provider::ProviderTable;
use super::tenant::TenantTable;
use super::{
    Admin, Audit, Auth, ClientAuth, Config, Log, References, Registering, SecretKey, Tls, Tokens, derived_url,
};
use crate::auth::account::PEOPLE;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The settings as written, before defaults; flags and environment are laid over this.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    pub listen: Option<String>,
    pub database: Option<String>,
    pub public_url: Option<String>,
    pub auth: Option<Auth>,
    pub secret_key_file: Option<PathBuf>,
    /// From the environment alone.
    #[serde(skip)]
    pub secret_key: Option<String>,
    pub mllp: Option<String>,
    pub tls: TlsTable,
    trusted_proxies: Vec<String>,
    cors_origins: Option<Vec<String>>,
    connections: Option<usize>,
    tokens: TokensTable,
    admin: AdminTable,
    issuers: Vec<IssuerTable>,
    provider: Option<ProviderTable>,
    pub practice: PracticeTable,
    references: ReferencesTable,
    /// By the type of `fhirUser`, the searches that find the patients of such a person.
    access: BTreeMap<String, Vec<String>>,
    limits: LimitsTable,
    audit: AuditTable,
    privacy: PrivacyTable,
    pub log: LogTable,
    tenants: Vec<TenantTable>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsTable {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub client_ca: Option<PathBuf>,
    pub client_auth: Option<ClientAuth>,
    pub mllp: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TokensTable {
    lifetime_seconds: Option<i64>,
    allow_private_jwks: Option<bool>,
    registration: Option<Registering>,
    introspection_clients: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AdminTable {
    scopes_at_most: Option<String>,
    people: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReferencesTable {
    enforce: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AuditTable {
    reads: Option<bool>,
    keep_days: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogTable {
    pub filter: Option<String>,
    pub json: Option<bool>,
}

impl File {
    /// Over the defaults. Errors name the key.
    pub fn settings(self) -> Result<Config, String> {
        let defaults = Config::default();
        let listen = self.listen.unwrap_or(defaults.listen);
        let tls = self.tls.settings()?;
        let derived = || derived_url(&listen, tls.is_some());
        let database = self.database.unwrap_or(defaults.database);
        let mut config = Config {
            secret_key: secret_key(self.secret_key, self.secret_key_file, &database)?,
            public_url: self.public_url.unwrap_or_else(derived),
            path: String::new(),
            listen,
            database,
            auth: self.auth.unwrap_or(defaults.auth),
            mllp: self.mllp,
            tls,
            cors_origins: self.cors_origins.map(origins).transpose()?,
            trusted_proxies: self
                .trusted_proxies
                .iter()
                .map(network)
                .collect::<Result<_, _>>()?,
            connections: positive("connections", self.connections, defaults.connections)?,
            tokens: self.tokens.settings()?,
            admin: self.admin.settings()?,
            issuers: issuer::settings(self.issuers)?,
            provider: self.provider.map(ProviderTable::settings).transpose()?,
            practice: self.practice.settings()?,
            references: self.references.settings()?,
            access: defaults.access.with(&self.access)?,
            limits: self.limits.settings()?,
            audit: self.audit.settings()?,
            privacy: self.privacy.settings()?,
            log: self.log.settings(),
            tenants: Vec::new(),
        };
        let tenants = self.tenants.into_iter().map(|table| table.settings(&config));
        config.tenants = tenants.collect::<Result<_, _>>()?;
        Ok(config)
    }
}

impl TlsTable {
    /// Half of it is not meant: who asks for TLS must not be served without.
    fn settings(self) -> Result<Option<Tls>, String> {
        let wanted = self.client_ca.is_some() || self.client_auth.is_some() || self.mllp == Some(true);
        match (self.cert, self.key) {
            (Some(cert), Some(key)) if self.client_ca.is_some() || self.client_auth.is_none() => {
                Ok(Some(Tls {
                    cert,
                    key,
                    client_ca: self.client_ca,
                    client_auth: self.client_auth.unwrap_or_default(),
                    mllp: self.mllp.unwrap_or(false),
                }))
            }
            (Some(_), Some(_)) => {
                Err("tls.client_auth asks for certificates: tls.client_ca must say from whom".into())
            }
            (None, None) if !wanted => Ok(None),
            _ => Err("tls.cert and tls.key must both be given".into()),
        }
    }
}

impl TokensTable {
    fn settings(self) -> Result<Tokens, String> {
        let defaults = Tokens::default();
        let lifetime_seconds = self.lifetime_seconds.unwrap_or(defaults.lifetime_seconds);
        if !(1..=3600).contains(&lifetime_seconds) {
            return Err("tokens.lifetime_seconds must be between 1 and 3600".into());
        }
        let allow_private_jwks = self.allow_private_jwks.unwrap_or(defaults.allow_private_jwks);
        Ok(Tokens {
            lifetime_seconds,
            allow_private_jwks,
            registration: self.registration.unwrap_or(defaults.registration),
            introspection_clients: self.introspection_clients,
        })
    }
}

impl AdminTable {
    fn settings(self) -> Result<Admin, String> {
        let given = self.scopes_at_most;
        let scopes = given
            .map(|text| issuer::data_scopes("admin.scopes_at_most", &text))
            .transpose()?;
        let known = |name: &String| PEOPLE.contains(&name.as_str());
        let people = self.people.unwrap_or_else(|| Admin::default().people);
        match people.iter().find(|name| !known(name)) {
            Some(name) => Err(format!("admin.people: `{name}` is none of {}", PEOPLE.join(", "))),
            None => Ok(Admin {
                scopes_at_most: scopes.unwrap_or_else(|| Admin::default().scopes_at_most),
                people,
            }),
        }
    }
}

impl ReferencesTable {
    /// `*` stands for every type.
    fn settings(self) -> Result<References, String> {
        if self.enforce.iter().any(|name| name == "*") {
            let enforced = fhir::registry().types().to_vec();
            return Ok(References { enforced });
        }
        let unknown =
            |name: &String| format!("references.enforce: `{name}` is not an R4 resource type, nor `*`");
        let each = self
            .enforce
            .iter()
            .map(|name| fhir::TypeId::of(name).ok_or_else(|| unknown(name)));
        let mut enforced: Vec<fhir::TypeId> = each.collect::<Result<_, _>>()?;
        enforced.sort_unstable();
        enforced.dedup();
        Ok(References { enforced })
    }
}

impl AuditTable {
    fn settings(self) -> Result<Audit, String> {
        let keep_days = self
            .keep_days
            .map(|days| positive("audit.keep_days", Some(days), days));
        Ok(Audit {
            reads: self.reads.unwrap_or(Audit::default().reads),
            keep_days: keep_days.transpose()?,
        })
    }
}

impl LogTable {
    fn settings(self) -> Log {
        let defaults = Log::default();
        Log {
            filter: self.filter.unwrap_or(defaults.filter),
            json: self.json.unwrap_or(defaults.json),
        }
    }
}

pub(super) fn positive<T: Default + PartialEq>(key: &str, given: Option<T>, default: T) -> Result<T, String> {
    match given {
        Some(zero) if zero == T::default() => Err(format!("{key} must be at least 1")),
        given => Ok(given.unwrap_or(default)),
    }
}

fn secret_key(given: Option<String>, file: Option<PathBuf>, database: &str) -> Result<SecretKey, String> {
    match (given, file, database.strip_prefix("sqlite://")) {
        (Some(_), Some(_), _) => {
            Err("secret_key_file and BATON_SECRET_KEY are both given; leave one out".into())
        }
        (Some(key), None, _) => Ok(SecretKey::Given(key)),
        (None, Some(path), _) => Ok(SecretKey::File(path)),
        (None, None, Some(path)) => Ok(SecretKey::Beside(format!("{path}.key").into())),
        (None, None, None) => Ok(SecretKey::None),
    }
}

/// As browsers write them: scheme, host and port, without a path.
fn origins(given: Vec<String>) -> Result<Vec<String>, String> {
    let is_origin = |text: &String| {
        reqwest::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == *text)
    };
    match given.iter().find(|text| !is_origin(text)) {
        Some(text) => Err(format!(
            "cors_origins: `{text}` is not an origin such as https://app.example"
        )),
        None => Ok(given),
    }
}

/// A network such as `10.0.0.0/8`, or one address.
fn network(text: &String) -> Result<ipnet::IpNet, String> {
    let one = || text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
    text.parse()
        .or_else(|_| one())
        .map_err(|_| format!("trusted_proxies: `{text}` is not an address or a network such as 10.0.0.0/8"))
}
