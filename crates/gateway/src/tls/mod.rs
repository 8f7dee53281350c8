//! TLS in the process: what clients connect to, with certificates that are exchanged while it runs.
//! <https://docs.rs/rustls>
//!
//! `material.rs` reads the files, `clients.rs` asks callers for certificates (mutual TLS). TLS 1.2 and
//! 1.3 with the algorithms that rustls holds for safe; there is nothing else to choose.
mod clients;
mod material;

use crate::config;
use clients::Clients;
use material::{Material, Stamp};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// How soon a new certificate is noticed.
const GLANCE: Duration = Duration::from_secs(2);

/// What connections that begin now are served with.
#[derive(Debug)]
pub struct Tls {
    files: config::Tls,
    seen: Mutex<Stamp>,
    material: RwLock<Arc<Material>>,
}

impl Tls {
    /// Errors name the file and say nothing of what is in it.
    pub fn open(files: &config::Tls) -> Result<Arc<Tls>, String> {
        let seen = Stamp::of(files);
        Ok(Arc::new(Tls {
            files: files.clone(),
            seen: Mutex::new(seen),
            material: RwLock::new(Arc::new(Material::read(files)?)),
        }))
    }

    /// The same for every listener.
    pub fn server(self: &Arc<Self>) -> Result<ServerConfig, String> {
        let provider = Arc::new(material::provider());
        let versions = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|e| format!("tls: {e}"))?;
        Ok(self.with_clients(versions))
    }

    fn with_clients(self: &Arc<Self>, builder: ConfigBuilder<ServerConfig, WantsVerifier>) -> ServerConfig {
        if self.files.client_ca.is_none() {
            return builder.with_no_client_auth().with_cert_resolver(self.clone());
        }
        let mut config = builder
            .with_client_cert_verifier(Arc::new(Clients(self.clone())))
            .with_cert_resolver(self.clone());
        // A session that is taken up again is not asked for its certificate, which may be void by then.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config
    }

    fn material(&self) -> Arc<Material> {
        self.material
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Runs until dropped. What cannot be used is told once, and what is in use stays.
    pub async fn follow_files(self: Arc<Self>) {
        loop {
            tokio::time::sleep(GLANCE).await;
            match self.read_again() {
                Ok(false) => {}
                Ok(true) => tracing::info!("new TLS certificates are in use"),
                Err(error) => {
                    tracing::error!(error, "new TLS files cannot be used; the ones before stay in use");
                }
            }
        }
    }

    /// Whether they changed.
    fn read_again(&self) -> Result<bool, String> {
        let now = Stamp::of(&self.files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(false);
        }
        *seen = now;
        let fresh = Arc::new(Material::read(&self.files)?);
        *self.material.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }
}

impl ResolvesServerCert for Tls {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.material().certified.clone())
    }
}
