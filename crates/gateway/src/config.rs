//! Settings: flags override environment, environment overrides the file.
//!
//! Every setting has a sound default, so `baton serve` runs without any. `load.rs` reads them;
//! the shape of the file is `file.rs`.
mod file;
pub mod issuer;
mod limits;
mod load;
mod practice;
mod privacy;
mod provider;
mod tenant;
#[cfg(test)]
mod tests;

pub use issuer::{Claims, Issuer, Mapping};
pub use load::{ConfigError, Overrides};
pub use privacy::{Privacy, Unaffiliated, is_organization};
pub use provider::Provider;
pub use tenant::Tenant;

use crate::auth::account;
use crate::auth::policy::Policy;
use crate::auth::scope::Scopes;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Config {
    pub listen: String,
    pub database: String,
    /// Without a trailing slash, such as `http://127.0.0.1:8080`; the FHIR base is `{public_url}/fhir`.
    pub public_url: String,
    /// What stands before `/fhir` in the paths this process answers: nothing, or a tenant's `/t/NAME`.
    pub path: String,
    pub auth: Auth,
    pub secret_key: SecretKey,
    pub mllp: Option<String>,
    /// Plain HTTP without.
    pub tls: Option<Tls>,
    /// Proxies whose `X-Forwarded-For` tells who calls.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Origins whose pages may call; None is every one, since access rests on tokens, never on cookies.
    pub cors_origins: Option<Vec<String>>,
    /// Connections to PostgreSQL, beside one for reads by id, or reader threads on SQLite.
    pub connections: usize,
    pub tokens: Tokens,
    pub admin: Admin,
    /// Others whose access tokens are taken.
    pub issuers: Vec<Issuer>,
    /// Where people sign in, beside or instead of here.
    pub provider: Option<Provider>,
    pub practice: Practice,
    pub references: References,
    /// Whose records a person may use.
    pub access: Policy,
    pub limits: Limits,
    pub audit: Audit,
    pub privacy: Privacy,
    pub log: Log,
    /// Organisations besides the one at the root.
    pub tenants: Vec<Tenant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    Required,
    /// For sandboxes and benchmarks: everybody may do everything. Loopback only.
    Disabled,
}

/// Where the key is that seals secrets in the database.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretKey {
    /// Nowhere: secrets lie open, which only PostgreSQL without a key does.
    None,
    /// 32 bytes in base64.
    Given(String),
    File(PathBuf),
    /// Beside a SQLite database, made when it is first needed.
    Beside(PathBuf),
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretKey::None => f.write_str("None"),
            SecretKey::Given(_) => f.write_str("Given"),
            SecretKey::File(path) => write!(f, "File({})", path.display()),
            SecretKey::Beside(path) => write!(f, "Beside({})", path.display()),
        }
    }
}

/// PEM files, read again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The server's certificate, then those between it and its authority.
    pub cert: PathBuf,
    pub key: PathBuf,
    /// Authorities of clients' certificates; without, none is asked for.
    pub client_ca: Option<PathBuf>,
    pub client_auth: ClientAuth,
    /// Whether MLLP speaks TLS too.
    pub mllp: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// Without a certificate there is no connection.
    #[default]
    Required,
    /// A certificate that is shown must be good.
    Optional,
}

/// What the authorization server hands out and trusts.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// How long an access token lives; SMART Backend Services recommends at most 300.
    pub lifetime_seconds: i64,
    /// Whether a client's JWKS URL may be plain http or point into a private network.
    pub allow_private_jwks: bool,
    /// Ids of clients that may introspect the tokens of others.
    pub introspection_clients: Vec<String>,
    /// Whether apps may register themselves at `/oauth/register`.
    pub registration: Registering,
}

/// What programs of the operator's may do at `/admin`.
#[derive(Clone, Debug)]
pub struct Admin {
    /// No client is given more there.
    pub scopes_at_most: Scopes,
    /// Types of persons whose accounts are kept there.
    pub people: Vec<String>,
}

impl Default for Admin {
    fn default() -> Self {
        let all = Scopes::parse("patient/*.cruds user/*.cruds system/*.cruds");
        Admin {
            scopes_at_most: all.unwrap_or_default(),
            people: account::PEOPLE.map(str::to_owned).into(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registering {
    #[default]
    Off,
    /// With a token of `baton client initial-token`.
    InitialToken,
    /// Anybody, for what needs a person's consent.
    Open,
}

/// The practice that follows up discharges.
#[derive(Clone, Debug)]
pub struct Practice {
    pub timezone: chrono_tz::Tz,
    /// Besides the US federal ones.
    pub holidays: Vec<chrono::NaiveDate>,
    /// Reference such as `Practitioner/123`: owner of outreach tasks, member of each care team.
    pub coordinator: Option<String>,
}

/// What becomes of references that lead to nothing.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// Types whose references must lead to something; of the others they may lead anywhere, since
    /// exchanged data comes in any order.
    pub enforced: Vec<fhir::TypeId>,
}

#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one request body, Bundles posted to the base apart.
    pub body: usize,
    /// Bytes of a batch or transaction, and of all large ones that are worked off at a time.
    pub bundle: usize,
    /// Bytes of one HL7 v2 message.
    pub message: usize,
    pub bundle_entries: usize,
    /// Resources that one conditional delete may remove; 1 refuses several matches.
    pub conditional_delete: usize,
    /// Seconds that one search may take.
    pub search_seconds: u64,
    /// Seconds that a read, search or write may wait for its turn, and then again for a lock.
    pub wait_seconds: u64,
    pub default_count: usize,
    pub max_count: usize,
    /// Seconds a client may take to send its request head; a body may take three times as long.
    pub client_seconds: u64,
    /// HTTP connections at a time.
    pub connections: usize,
    pub mllp_connections: usize,
    /// Seconds without a whole message after which an MLLP connection is closed.
    pub mllp_idle_seconds: u64,
    /// Requests of one client in a second; 0 is no limit. Each gateway counts for itself, as it does below.
    pub requests_per_second: u32,
    /// How many of them at once.
    pub burst: u32,
    /// Requests without a token from one address in a second, ten times as many at once; 0 is no limit.
    pub anonymous_per_second: u32,
    /// Credentials and tokens that are none, from one address in a minute; 0 is no limit.
    pub login_failures: u32,
}

/// What is recorded of who did what.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Reads, searches and refusals too; off is for measuring what that costs.
    pub reads: bool,
    /// After so many days rows are removed, and that is recorded; None: they are kept.
    pub keep_days: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Log {
    /// A `tracing` filter such as `info` or `gateway=debug`.
    pub filter: String,
    /// One JSON object per line instead of text.
    pub json: bool,
}

impl Config {
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir", self.public_url)
    }

    /// Port 0 was asked for, or the name resolved: from here on the real address counts.
    pub fn bound(&mut self, address: std::net::SocketAddr) {
        let tls = self.tls.is_some();
        if self.public_url == derived_url(&self.listen, tls) {
            self.public_url = derived_url(&address.to_string(), tls);
        }
        self.listen = address.to_string();
    }

    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.public_url)
    }

    pub fn authorize_url(&self) -> String {
        format!("{}/oauth/authorize", self.public_url)
    }

    /// None where apps cannot register themselves.
    pub fn registration_url(&self) -> Option<String> {
        let open = self.tokens.registration != Registering::Off;
        open.then(|| format!("{}/oauth/register", self.public_url))
    }
}

/// The base URL when none is given: right for a client on the same machine.
fn derived_url(listen: &str, tls: bool) -> String {
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{listen}")
}

impl Default for Tokens {
    fn default() -> Self {
        Tokens {
            lifetime_seconds: 300,
            allow_private_jwks: false,
            registration: Registering::Off,
            introspection_clients: Vec::new(),
        }
    }
}

impl Default for Practice {
    fn default() -> Self {
        Practice {
            timezone: chrono_tz::America::New_York,
            holidays: Vec::new(),
            coordinator: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 16 << 20,
            bundle: 128 << 20,
            message: 1 << 20,
            bundle_entries: 50_000,
            conditional_delete: 1,
            search_seconds: 30,
            wait_seconds: 15,
            default_count: 50,
            max_count: 1_000,
            client_seconds: 10,
            connections: 4_096,
            mllp_connections: 256,
            mllp_idle_seconds: 300,
            requests_per_second: 0,
            burst: 0,
            anonymous_per_second: 0,
            login_failures: 30,
        }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Audit {
            reads: true,
            keep_days: None,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log {
            filter: "info".into(),
            json: false,
        }
    }
}

/// No more than keep the processors busy, with the database beside them: on two, six messages at a time are a
/// tenth slower than four. And no more than a PostgreSQL of a hundred connections has for a dozen tenants. A
/// database that is far away wants more (setting `connections`).
fn connections() -> usize {
    match std::thread::available_parallelism().map_or(1, usize::from) {
        ..=2 => 6,
        _ => 8,
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: "127.0.0.1:8080".into(),
            database: "sqlite://baton.db".into(),
            public_url: "http://127.0.0.1:8080".into(),
            path: String::new(),
            auth: Auth::Required,
            secret_key: SecretKey::None,
            mllp: None,
            tls: None,
            trusted_proxies: Vec::new(),
            cors_origins: None,
            connections: connections(),
            tokens: Tokens::default(),
            admin: Admin::default(),
            issuers: Vec::new(),
            provider: None,
            practice: Practice::default(),
            references: References::default(),
            access: Policy::built_in().clone(),
            limits: Limits::default(),
            audit: Audit::default(),
            privacy: Privacy::default(),
            log: Log::default(),
            tenants: Vec::new(),
        }
    }
}
