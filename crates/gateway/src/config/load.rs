//! Puts the three sources together and refuses what cannot be meant.
use super::file::File;
use super::{Auth, ClientAuth, Config};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};

/// What flags and environment said; clap fills the environment in where a flag is absent.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub config: Option<PathBuf>,
    pub listen: Option<String>,
    pub database: Option<String>,
    pub public_url: Option<String>,
    pub auth: Option<Auth>,
    pub mllp: Option<String>,
    pub log: Option<String>,
    pub log_json: bool,
    pub timezone: Option<String>,
    pub holidays: Option<String>,
    pub coordinator: Option<String>,
    pub secret_key: Option<String>,
    pub secret_key_file: Option<PathBuf>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub tls_client_ca: Option<PathBuf>,
    pub tls_client_auth: Option<ClientAuth>,
    pub mllp_tls: bool,
}

impl Overrides {
    fn lay_over(self, file: &mut File) {
        over(&mut file.listen, self.listen);
        over(&mut file.database, self.database);
        over(&mut file.public_url, self.public_url);
        over(&mut file.auth, self.auth);
        over(&mut file.mllp, self.mllp);
        over(&mut file.log.filter, self.log);
        over(&mut file.log.json, self.log_json.then_some(true));
        over(&mut file.secret_key, self.secret_key);
        over(&mut file.secret_key_file, self.secret_key_file);
        over(&mut file.tls.cert, self.tls_cert);
        over(&mut file.tls.key, self.tls_key);
        over(&mut file.tls.client_ca, self.tls_client_ca);
        over(&mut file.tls.client_auth, self.tls_client_auth);
        over(&mut file.tls.mllp, self.mllp_tls.then_some(true));
        over(&mut file.practice.timezone, self.timezone);
        over(&mut file.practice.coordinator, self.coordinator);
        if let Some(dates) = self.holidays {
            let dates = dates.split(',').map(str::trim).filter(|date| !date.is_empty());
            file.practice.holidays = dates.map(|date| toml::Value::String(date.to_owned())).collect();
        }
    }
}

fn over<T>(slot: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *slot = value;
    }
}

/// Names the setting, and the file if it came from there.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    pub fn load(mut over: Overrides) -> Result<Config, ConfigError> {
        let path = over.config.take();
        let mut file = match &path {
            Some(path) => read(path)?,
            None => File::default(),
        };
        over.lay_over(&mut file);
        let config = file.settings().map_err(|text| at_file(path.as_deref(), &text))?;
        config.checked()
    }

    fn checked(mut self) -> Result<Config, ConfigError> {
        self.public_url = self.public_url.trim_end_matches('/').to_owned();
        if !self.public_url.starts_with("http://") && !self.public_url.starts_with("https://") {
            return Err(refused(
                "public_url",
                &self.public_url,
                "must start with http:// or https://",
            ));
        }
        let mut databases = self.tenants.iter().map(|tenant| &tenant.database);
        let known = |url: &String| url.starts_with("sqlite://") || is_postgres(url);
        if !known(&self.database) || !databases.all(known) {
            // The URL may carry a password, so it is not repeated.
            return Err(ConfigError(
                "database: the URL must start with sqlite://, postgres:// or postgresql://".into(),
            ));
        }
        let listen = addresses("listen", &self.listen)?;
        self.others().map_err(ConfigError)?;
        self.apart().map_err(ConfigError)?;
        let mut mllp = Vec::new();
        for address in self
            .mllp
            .iter()
            .chain(self.tenants.iter().filter_map(|t| t.mllp.as_ref()))
        {
            mllp.extend(addresses("mllp", address)?);
        }
        let open = listen.iter().chain(&mllp).any(|addr| !addr.ip().is_loopback());
        if self.auth == Auth::Disabled && open {
            return Err(ConfigError(
                "auth: `disabled` lets everybody read and write everything, so it is refused unless listen \
                 and mllp are loopback addresses such as 127.0.0.1:8080"
                    .into(),
            ));
        }
        Ok(self)
    }
}

impl Config {
    /// Our own tokens are never proven by another's keys.
    fn others(&self) -> Result<(), String> {
        let tenants = self.tenants.iter().map(|tenant| self.of_tenant(tenant));
        for config in std::iter::once(self.clone()).chain(tenants) {
            if config
                .issuers
                .iter()
                .any(|issuer| issuer.url == config.public_url)
            {
                return Err(format!("issuers: {} is this server itself", config.public_url));
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<File, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| at_file(Some(path), &e.to_string()))?;
    toml::from_str(&text).map_err(|e| at_file(Some(path), e.to_string().trim_end()))
}

fn at_file(path: Option<&Path>, text: &str) -> ConfigError {
    match path {
        Some(path) => ConfigError(format!("{}: {text}", path.display())),
        None => ConfigError(text.to_owned()),
    }
}

fn addresses(key: &str, text: &str) -> Result<Vec<SocketAddr>, ConfigError> {
    text.to_socket_addrs()
        .map(Iterator::collect)
        .map_err(|_| refused(key, text, "is not an address such as 127.0.0.1:8080"))
}

fn refused(key: &str, value: &str, why: &str) -> ConfigError {
    ConfigError(format!("{key}: `{value}` {why}"))
}

pub(super) fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}
