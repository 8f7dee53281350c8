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
//! [limits]
//! conditional_delete = 10
//! requests_per_second = 200
//! ```
//! Tenants: `tenant.rs`.
use super::tenant::TenantTable;
use super::{
    Audit, Auth, ClientAuth, Config, Limits, Log, Practice, References, Registering, SecretKey, Tls, Tokens,
    derived_url,
};
use serde::Deserialize;
use std::path::PathBuf;
use toml::Value;

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
    pub practice: PracticeTable,
    references: ReferencesTable,
    limits: LimitsTable,
    audit: AuditTable,
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
pub struct PracticeTable {
    pub timezone: Option<String>,
    pub holidays: Vec<Value>,
    pub coordinator: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReferencesTable {
    enforce: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsTable {
    body: Option<usize>,
    bundle: Option<usize>,
    message: Option<usize>,
    bundle_entries: Option<usize>,
    conditional_delete: Option<usize>,
    search_seconds: Option<u64>,
    default_count: Option<usize>,
    max_count: Option<usize>,
    client_seconds: Option<u64>,
    connections: Option<usize>,
    mllp_connections: Option<usize>,
    mllp_idle_seconds: Option<u64>,
    requests_per_second: Option<u32>,
    burst: Option<u32>,
    anonymous_per_second: Option<u32>,
    login_failures: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AuditTable {
    reads: Option<bool>,
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
            practice: self.practice.settings()?,
            references: self.references.settings()?,
            limits: self.limits.settings()?,
            audit: self.audit.settings(),
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

impl PracticeTable {
    pub fn settings(self) -> Result<Practice, String> {
        let defaults = Practice::default();
        let timezone = match self.timezone {
            None => defaults.timezone,
            Some(name) => name
                .parse()
                .map_err(|_| format!("practice.timezone: `{name}` is not an IANA time zone"))?,
        };
        let holidays = self.holidays.iter().map(holiday).collect::<Result<_, _>>()?;
        if let Some(reference) = &self.coordinator
            && !is_reference(reference)
        {
            return Err(format!(
                "practice.coordinator: `{reference}` is not a reference such as `Practitioner/123`"
            ));
        }
        Ok(Practice {
            timezone,
            holidays,
            coordinator: self.coordinator,
        })
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

impl LimitsTable {
    fn settings(self) -> Result<Limits, String> {
        let d = Limits::default();
        let requests_per_second = self.requests_per_second.unwrap_or(d.requests_per_second);
        let limits = Limits {
            requests_per_second,
            burst: self.burst.unwrap_or(requests_per_second.saturating_mul(2)),
            anonymous_per_second: self.anonymous_per_second.unwrap_or(d.anonymous_per_second),
            login_failures: self.login_failures.unwrap_or(d.login_failures),
            body: positive("limits.body", self.body, d.body)?,
            bundle: positive("limits.bundle", self.bundle, d.bundle)?,
            message: positive("limits.message", self.message, d.message)?,
            bundle_entries: positive("limits.bundle_entries", self.bundle_entries, d.bundle_entries)?,
            conditional_delete: positive(
                "limits.conditional_delete",
                self.conditional_delete,
                d.conditional_delete,
            )?,
            search_seconds: positive("limits.search_seconds", self.search_seconds, d.search_seconds)?,
            default_count: positive("limits.default_count", self.default_count, d.default_count)?,
            max_count: positive("limits.max_count", self.max_count, d.max_count)?,
            client_seconds: positive("limits.client_seconds", self.client_seconds, d.client_seconds)?,
            connections: positive("limits.connections", self.connections, d.connections)?,
            mllp_connections: positive(
                "limits.mllp_connections",
                self.mllp_connections,
                d.mllp_connections,
            )?,
            mllp_idle_seconds: positive(
                "limits.mllp_idle_seconds",
                self.mllp_idle_seconds,
                d.mllp_idle_seconds,
            )?,
        };
        if limits.conditional_delete > limits.max_count {
            return Err("limits.conditional_delete must not be above limits.max_count".into());
        }
        if limits.default_count > limits.max_count {
            return Err("limits.default_count must not be above limits.max_count".into());
        }
        Ok(limits)
    }
}

impl AuditTable {
    fn settings(self) -> Audit {
        Audit {
            reads: self.reads.unwrap_or(Audit::default().reads),
        }
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

fn positive<T: Default + PartialEq>(key: &str, given: Option<T>, default: T) -> Result<T, String> {
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

/// A date, quoted or as TOML's own date.
fn holiday(value: &Value) -> Result<chrono::NaiveDate, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse()
        .map_err(|_| format!("practice.holidays: `{text}` is not a date such as 2026-12-24"))
}

fn is_reference(text: &str) -> bool {
    let Some((kind, id)) = text.split_once('/') else {
        return false;
    };
    matches!(
        kind,
        "Practitioner" | "PractitionerRole" | "Organization" | "CareTeam"
    ) && !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}
