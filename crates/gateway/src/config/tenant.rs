//! Organisations that share a process and nothing else: each has a database, clients, keys,
//! protocols and numbers of its own, and is served below `/t/NAME` as if it stood alone.
//!
//! ```toml
//! [[tenants]]
//! name = "riverside"
//! mllp = "127.0.0.1:2576"
//! [tenants.practice]
//! timezone = "America/Chicago"
//! ```
//! Separation is by construction: what serves a tenant holds no handle to another's database.
use super::issuer::{self, Issuer, IssuerTable};
use super::load::is_postgres;
use super::practice::PracticeTable;
use super::privacy::PrivacyTable;
use super::provider::{Provider, ProviderTable};
use super::{Config, Practice, Privacy};
use serde::Deserialize;

const LONGEST: usize = 32;

/// One organisation besides the one at the root.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Lower-case letters, digits and hyphens: part of its URLs.
    pub name: String,
    pub database: String,
    pub mllp: Option<String>,
    pub connections: usize,
    pub practice: Practice,
    pub issuers: Vec<Issuer>,
    pub provider: Option<Provider>,
    pub privacy: Privacy,
}

/// As written. What is not said about a practice has the general default, never what holds for
/// the organisation at the root: its coordinator is nobody here, and whom it trusts nobody trusts here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantTable {
    name: String,
    database: Option<String>,
    mllp: Option<String>,
    connections: Option<usize>,
    #[serde(default)]
    practice: PracticeTable,
    #[serde(default)]
    issuers: Vec<IssuerTable>,
    provider: Option<ProviderTable>,
    #[serde(default)]
    privacy: PrivacyTable,
}

impl TenantTable {
    pub fn settings(self, config: &Config) -> Result<Tenant, String> {
        let name = checked(self.name)?;
        let named = |text: String| format!("tenants: {name}: {text}");
        let database = match self.database {
            Some(url) => url,
            None => beside(&config.database, &name).map_err(named)?,
        };
        if self.connections == Some(0) {
            return Err(named("connections must be at least 1".into()));
        }
        Ok(Tenant {
            practice: self.practice.settings().map_err(named)?,
            issuers: issuer::settings(self.issuers).map_err(named)?,
            provider: self
                .provider
                .map(ProviderTable::settings)
                .transpose()
                .map_err(named)?,
            privacy: self.privacy.settings().map_err(named)?,
            connections: self.connections.unwrap_or(config.connections),
            mllp: self.mllp,
            database,
            name,
        })
    }
}

fn checked(name: String) -> Result<String, String> {
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match starts && name.len() <= LONGEST && name.bytes().all(plain) {
        true => Ok(name),
        false => Err(format!(
            "tenants: `{name}` is no name for a tenant; use up to {LONGEST} of a-z, 0-9 and -, beginning with a letter"
        )),
    }
}

/// A file beside the root's on SQLite, a schema in its database on PostgreSQL.
fn beside(root: &str, name: &str) -> Result<String, String> {
    if !is_postgres(root) {
        return Ok(match root.strip_suffix(".db") {
            Some(stem) => format!("{stem}.{name}.db"),
            None => format!("{root}.{name}"),
        });
    }
    if root.contains("options=") {
        return Err("the database URL has options of its own; give the tenant a database".into());
    }
    let joint = if root.contains('?') { '&' } else { '?' };
    let schema = name.replace('-', "_");
    Ok(format!("{root}{joint}options=-csearch_path%3Dtenant_{schema}"))
}

impl Config {
    /// What holds for one tenant: everything but what is its own.
    pub fn of_tenant(&self, tenant: &Tenant) -> Config {
        Config {
            database: tenant.database.clone(),
            public_url: format!("{}{}", self.public_url, tenant.path()),
            path: tenant.path(),
            mllp: tenant.mllp.clone(),
            connections: tenant.connections,
            practice: tenant.practice.clone(),
            issuers: tenant.issuers.clone(),
            provider: tenant.provider.clone(),
            privacy: tenant.privacy.clone(),
            tenants: Vec::new(),
            ..self.clone()
        }
    }

    /// Two organisations with one name or one database would see each other.
    pub(super) fn apart(&self) -> Result<(), String> {
        for (at, tenant) in self.tenants.iter().enumerate() {
            let others = &self.tenants[..at];
            if others.iter().any(|other| other.name == tenant.name) {
                return Err(format!("tenants: {} is there twice", tenant.name));
            }
            let taken = others.iter().any(|other| other.database == tenant.database);
            if taken || self.database == tenant.database {
                return Err(format!(
                    "tenants: {} has the database of another organisation",
                    tenant.name
                ));
            }
        }
        Ok(())
    }
}

impl Tenant {
    /// Where it is served.
    fn path(&self) -> String {
        format!("/t/{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_a_database_beside_the_root() {
        assert_eq!(
            beside("sqlite:///data/baton.db", "a").unwrap(),
            "sqlite:///data/baton.a.db"
        );
        assert_eq!(
            beside("sqlite:///data/file", "a").unwrap(),
            "sqlite:///data/file.a"
        );
        let schema = "options=-csearch_path%3Dtenant_a_b";
        let plain = beside("postgres://u@h/n", "a-b").unwrap();
        assert_eq!(plain, format!("postgres://u@h/n?{schema}"));
        let more = beside("postgres://u@h/n?sslmode=require", "a-b").unwrap();
        assert_eq!(more, format!("postgres://u@h/n?sslmode=require&{schema}"));
        assert!(beside("postgres://u@h/n?options=-cjit%3Doff", "a").is_err());
    }

    #[test]
    fn names_are_parts_of_urls_and_schemas() {
        assert!(
            ["a", "river-side", "clinic2"]
                .iter()
                .all(|name| checked((*name).into()).is_ok())
        );
        let bad = ["", "A", "2a", "-a", "a_b", "a/b", "a.b", "ä"];
        assert!(bad.iter().all(|name| checked((*name).into()).is_err()));
        assert!(checked("a".repeat(LONGEST + 1)).is_err());
    }
}
