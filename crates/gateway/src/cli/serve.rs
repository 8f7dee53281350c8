//! `baton serve`: puts the parts together, says when it is ready, and takes them down in order.
mod clocks;
mod listen;
mod signals;

use super::{Failure, data, log};
use crate::audit;
use crate::auth::Authority;
use crate::auth::seal::Sealer;
use crate::config::{Auth, ClientAuth, Config, Overrides};
use crate::reaction::{self, Coordination};
use crate::state::{AppState, Hosts};
use crate::tls::Tls;
use crate::{app, edge, mllp};
use listen::{Mllp, bind};
use signals::Signals;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use store::{Store, StoreConfig, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(clap::Args, Clone, Default)]
#[group(skip)]
pub struct Args {
    /// Address of the HTTP server; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "BATON_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,
    /// URL under which clients reach the server [default: http://LISTEN, https://LISTEN with TLS]
    #[arg(long, env = "BATON_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Whether tokens are asked for; disabled is for sandboxes, on loopback only [default: required]
    #[arg(long, env = "BATON_AUTH", value_name = "MODE")]
    pub auth: Option<Auth>,
    /// Address of the HL7 v2 (MLLP) listener; off unless given
    #[arg(long, env = "BATON_MLLP", value_name = "ADDR")]
    pub mllp: Option<String>,
    /// Certificate (PEM, with its chain) to speak TLS with; read again when the file changes
    #[arg(long, env = "BATON_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, env = "BATON_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Authorities (PEM) that clients' certificates must come from; off unless given
    #[arg(long, env = "BATON_TLS_CLIENT_CA", value_name = "FILE")]
    pub tls_client_ca: Option<PathBuf>,
    /// Whether a client needs a certificate [default: required, where --tls-client-ca is given]
    #[arg(long, env = "BATON_TLS_CLIENT_AUTH", value_name = "MODE")]
    pub tls_client_auth: Option<ClientAuth>,
    /// MLLP speaks TLS too, with the same files
    #[arg(long, env = "BATON_MLLP_TLS")]
    pub mllp_tls: bool,
    /// IANA time zone of the practice; deadlines are counted in it [default: America/New_York]
    #[arg(long, env = "BATON_PRACTICE_TIMEZONE", value_name = "IANA")]
    pub practice_timezone: Option<String>,
    /// Days the practice is closed besides US federal holidays, separated by commas
    #[arg(long, env = "BATON_PRACTICE_HOLIDAYS", value_name = "DATES")]
    pub practice_holidays: Option<String>,
    /// Who owns outreach tasks, such as Practitioner/123
    #[arg(long, env = "BATON_PRACTICE_COORDINATOR", value_name = "REFERENCE")]
    pub practice_coordinator: Option<String>,
    /// What to log, such as info or gateway=debug [default: info]
    #[arg(long, env = "BATON_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// Log one JSON object per line
    #[arg(long, env = "BATON_LOG_JSON")]
    pub log_json: bool,
    #[command(flatten)]
    pub data: super::data::Source,
}

impl Args {
    pub fn settings(self) -> Result<Config, Failure> {
        Ok(Config::load(Overrides {
            config: self.data.config,
            listen: self.listen,
            database: self.data.database,
            public_url: self.public_url,
            auth: self.auth,
            mllp: self.mllp,
            log: self.log,
            log_json: self.log_json,
            timezone: self.practice_timezone,
            holidays: self.practice_holidays,
            coordinator: self.practice_coordinator,
            secret_key: data::secret_key(),
            secret_key_file: self.data.secret_key_file,
            tls_cert: self.tls_cert,
            tls_key: self.tls_key,
            tls_client_ca: self.tls_client_ca,
            tls_client_auth: self.tls_client_auth,
            mllp_tls: self.mllp_tls,
        })?)
    }
}

pub fn run(args: Args) -> Result<(), Failure> {
    let config = args.settings()?;
    log::start(&config.log)?;
    actix_web::rt::System::new().block_on(async {
        let server = Server::prepare(config).await?;
        // A closed standard output is no reason not to serve.
        let _ = writeln!(std::io::stdout(), "{}", server.ready_line());
        server.run().await
    })
}

/// Everything opened and bound: connections made from now on are answered.
pub struct Server {
    pub state: AppState,
    hosts: Hosts,
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    mllp: Vec<Mllp>,
    signals: Signals,
}

impl Server {
    pub async fn prepare(mut config: Config) -> Result<Server, Failure> {
        // Before anything is opened: certificates that cannot be used must not leave a port behind.
        let tls = config
            .tls
            .as_ref()
            .map(Tls::open)
            .transpose()
            .map_err(Failure::of)?;
        let listener = bind("listen", &config.listen).await?.into_std()?;
        config.bound(listener.local_addr()?);
        warn(&config);
        let hosts = hosts(config).await?;
        let mut mllp = Vec::new();
        for state in hosts.all() {
            let base = state.config.fhir_base();
            state.store.serve_under(&base, edge::now()).await?;
            state.store.enforce_consents(state.config.privacy.is_on()).await?;
            mllp.extend(Mllp::bind(state).await?);
        }
        Ok(Server {
            state: hosts.root.clone(),
            hosts,
            listener,
            tls,
            mllp,
            signals: Signals::listen()?,
        })
    }

    /// Where MLLP listens for the root, when it does; the HTTP address is in `state.config`.
    pub fn mllp(&self) -> Option<SocketAddr> {
        let of_root = |mllp: &&Mllp| Arc::ptr_eq(&mllp.state.config, &self.state.config);
        self.mllp.iter().find(of_root).map(|mllp| mllp.bound)
    }

    /// One line on standard output, for people and for scripts that wait for it.
    pub fn ready_line(&self) -> String {
        let base = &self.state.config.public_url;
        let mllp = self
            .mllp()
            .map(|bound| format!(" mllp={bound}"))
            .unwrap_or_default();
        let listen = &self.state.config.listen;
        let tenants: String = self
            .hosts
            .tenants
            .iter()
            .map(|state| self.tenant(state))
            .collect();
        format!(
            "baton ready fhir={base}/fhir hl7v2={base}/hl7v2 docs={base}/docs listen={listen}{mllp}{tenants}"
        )
    }

    /// Its base, and where it listens for MLLP.
    fn tenant(&self, state: &AppState) -> String {
        let of_it = |mllp: &&Mllp| Arc::ptr_eq(&mllp.state.config, &state.config);
        let mllp = self.mllp.iter().find(of_it);
        let mllp = mllp
            .map(|mllp| format!(",mllp={}", mllp.bound))
            .unwrap_or_default();
        format!(" tenant={}{mllp}", state.config.public_url)
    }

    /// Until SIGTERM or SIGINT; then requests and messages in flight are finished first.
    pub async fn run(self) -> Result<(), Failure> {
        let (stop, stopped) = watch::channel(false);
        let clocks: Vec<_> = self.hosts.all().flat_map(clocks::start).collect();
        // Built on first use; the first request should not be the one to wait for it.
        tokio::task::spawn_blocking(fhir::registry);
        let followed = self
            .tls
            .clone()
            .map(|tls| actix_web::rt::spawn(tls.follow_files()));
        let (https, of_mllp) = servers(self.tls.as_ref(), &self.state.config)?;
        let mllp = self.mllp.into_iter().map(|mllp| {
            let served = mllp::serve(mllp.listener, of_mllp.clone(), mllp.state, stopped.clone());
            actix_web::rt::spawn(async move {
                if let Err(error) = served.await {
                    tracing::error!(%error, "the MLLP listener failed; HTTP goes on");
                }
            })
        });
        let mllp: Vec<_> = mllp.collect();
        let server = app::start(self.hosts.clone(), self.listener, https)?;
        let ending = actix_web::rt::spawn(self.signals.end(server.handle()));
        let served = server.await;
        let beside = clocks.iter().chain(&followed).chain([&ending]);
        beside.for_each(JoinHandle::abort);
        // Nobody listens any more when MLLP is off.
        let _ = stop.send(true);
        for listener in mllp {
            listener.await.map_err(|e| Failure::of(format!("mllp: {e}")))?;
        }
        for state in self.hosts.all() {
            audit::seal::finish(state).await;
            state.store.close();
        }
        tracing::info!("stopped");
        Ok(served?)
    }
}

/// How HTTP and MLLP speak TLS, where they do.
fn servers(
    tls: Option<&Arc<Tls>>,
    config: &Config,
) -> Result<(Option<rustls::ServerConfig>, Option<rustls::ServerConfig>), Failure> {
    let server = || tls.map(Tls::server).transpose().map_err(Failure::of);
    let mllp = config.tls.as_ref().is_some_and(|tls| tls.mllp);
    Ok((server()?, if mllp { server()? } else { None }))
}

/// The root and the tenants, each with a database of its own.
async fn hosts(config: Config) -> Result<Hosts, Failure> {
    let root = open(config).await?;
    let mut tenants = Vec::new();
    for tenant in &root.config.tenants {
        let named = |Failure { code, text }| Failure {
            code,
            text: format!("tenant {}: {text}", tenant.name),
        };
        let state = open(root.config.of_tenant(tenant)).await.map_err(named)?;
        tenants.push(state.beside(&root));
    }
    Ok(Hosts { root, tenants })
}

/// Everything but the listeners, which `import` does without.
pub async fn open(config: Config) -> Result<AppState, Failure> {
    let settings = StoreConfig {
        url: config.database.clone(),
        connections: config.connections,
        enforced: Some(config.references.enforced.clone()),
        search_seconds: config.limits.search_seconds,
        wait_seconds: config.limits.wait_seconds,
    };
    let store = Store::open(&settings, Arc::new(Coordination::new(&config.practice)))?;
    store.seal_with(Sealer::new(&config.secret_key));
    reaction::seed(&store, edge::now()).await?;
    let auth = Authority::open(&store, &config).await?;
    seal_what_lies_open(&store).await?;
    Ok(AppState::new(store, Arc::new(config), auth))
}

/// Databases of earlier releases, and those that had no key yet.
async fn seal_what_lies_open(store: &Store) -> Result<(), StoreError> {
    if !store.read(|tx| tx.signing_keys_lie_open()).await? {
        return Ok(());
    }
    match store.write(|tx| tx.seal_signing_keys()).await? {
        0 => tracing::warn!("signing keys lie unsealed in the database; set BATON_SECRET_KEY to seal them"),
        sealed => tracing::info!(sealed, "signing keys were sealed"),
    }
    Ok(())
}

fn warn(config: &Config) {
    if config.auth == Auth::Disabled {
        tracing::warn!("auth is disabled: everybody on this machine can read and write everything");
    }
    if !config.audit.reads {
        tracing::warn!("audit.reads is off: who reads or searches, and who is refused, is not recorded");
    }
    if config.public_url.contains("//0.0.0.0") || config.public_url.contains("//[::]") {
        tracing::warn!("public_url is not reachable by clients; set --public-url");
    }
}
