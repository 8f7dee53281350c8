//! What every command that touches data takes, and how it opens the database.
use super::Failure;
use crate::auth::seal::Sealer;
use crate::config::{Config, Limits, Overrides};
use crate::edge;
use std::path::PathBuf;
use std::sync::Arc;
use store::audit::Event;
use store::commit::NoReaction;
use store::{Store, StoreConfig, StoreError, Tx};

// Where the data is. (A doc comment here would become the help text of the commands.)
#[derive(clap::Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Source {
    /// sqlite://PATH or postgres://USER@HOST/NAME [default: sqlite://baton.db]
    #[arg(long, env = "BATON_DATABASE", hide_env_values = true, value_name = "URL")]
    pub database: Option<String>,
    /// Settings file (TOML); flags and environment override it
    #[arg(long, env = "BATON_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Key that seals secrets in the database, 32 bytes in base64, or BATON_SECRET_KEY with the key itself [default: beside a SQLite database]
    #[arg(long, env = "BATON_SECRET_KEY_FILE", value_name = "FILE")]
    pub secret_key_file: Option<PathBuf>,
}

/// From the environment alone: arguments are seen by everybody on the machine.
pub fn secret_key() -> Option<String> {
    std::env::var("BATON_SECRET_KEY")
        .ok()
        .filter(|key| !key.is_empty())
}

// Whose data. (No doc comment, as above.)
#[derive(clap::Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The organisation whose data it is, one of `[[tenants]]` in the settings file [default: the one at the root]
    #[arg(long, env = "BATON_TENANT", value_name = "NAME")]
    tenant: Option<String>,
}

impl Args {
    /// Whether it was said which database is meant.
    pub fn is_named(&self) -> bool {
        self.source.database.is_some() || self.source.config.is_some()
    }

    pub fn settings(&self) -> Result<Config, Failure> {
        let Source {
            database,
            config,
            secret_key_file,
        } = self.source.clone();
        let config = Config::load(Overrides {
            database,
            config,
            secret_key: secret_key(),
            secret_key_file,
            ..Overrides::default()
        })?;
        let Some(name) = &self.tenant else {
            return Ok(config);
        };
        let tenant = config.tenants.iter().find(|tenant| tenant.name == *name);
        let unknown = || Failure::usage(format!("tenant: the settings file has no tenant `{name}`"));
        Ok(config.of_tenant(tenant.ok_or_else(unknown)?))
    }

    /// Opens the store for the tables of administration, from which nothing follows.
    pub fn run<T>(&self, work: impl AsyncFnOnce(&Store) -> Result<T, StoreError>) -> Result<T, Failure> {
        let config = self.settings()?;
        let settings = StoreConfig {
            url: config.database,
            connections: 1,
            enforced: None,
            search_seconds: Limits::default().search_seconds,
            wait_seconds: Limits::default().wait_seconds,
        };
        let store = Store::open(&settings, Arc::new(NoReaction))?;
        store.seal_with(Sealer::new(&config.secret_key));
        let done = block_on(work(&store))?;
        store.close();
        Ok(done?)
    }

    /// One transaction.
    pub fn write<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.run(async |store| store.write(work).await)
    }

    /// The same for a change that the operator makes, which is recorded with it if it was made: then
    /// `changed` says what it was made to.
    pub fn change<T, F>(
        &self,
        action: &'static str,
        changed: impl Fn(&T) -> Option<String> + Send + 'static,
        mut work: F,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let event = Event {
            at: edge::now(),
            actor: "operator".into(),
            request: edge::new_id(),
            action: action.into(),
            status: 200,
            ..Event::default()
        };
        self.write(move |tx| {
            let done = work(tx)?;
            if let Some(id) = changed(&done) {
                let id = Some(id);
                tx.record(&[Event { id, ..event.clone() }])?;
            }
            Ok(done)
        })
    }

    pub fn read<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.run(async |store| store.read(work).await)
    }
}

pub fn block_on<F: Future>(work: F) -> Result<F::Output, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(work))
}

/// JSON on standard output, for people and for scripts.
pub fn print(value: &serde_json::Value) {
    println!("{value:#}");
}

/// An instant of the store as text.
pub fn instant(micros: Option<i64>) -> Option<String> {
    micros.map(fhir::datetime::instant)
}
