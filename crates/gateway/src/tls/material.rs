//! Certificates and keys from PEM files.
use crate::config;
use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

pub fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// All that was in the files, fit for use.
#[derive(Debug)]
pub struct Material {
    pub certified: Arc<CertifiedKey>,
    /// Whom a client's certificate must come from, where one is asked for.
    pub clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl Material {
    pub fn read(files: &config::Tls) -> Result<Material, String> {
        let chain = certificates(&files.cert)?;
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|_| at(&files.key, "holds no private key in PEM that can be read"))?;
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|_| {
            at(
                &files.key,
                "is not the key of the certificate, or of a kind that is not served",
            )
        })?;
        Ok(Material {
            certified: Arc::new(certified),
            clients: files
                .client_ca
                .as_deref()
                .map(|path| verifier(path, files.client_auth))
                .transpose()?,
        })
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unreadable = |_| at(path, "holds no certificates in PEM that can be read");
    let chain: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    match chain.is_empty() {
        true => Err(at(path, "holds no certificate")),
        false => Ok(chain),
    }
}

fn verifier(path: &Path, auth: config::ClientAuth) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let mut roots = RootCertStore::empty();
    for root in certificates(path)? {
        roots
            .add(root)
            .map_err(|_| at(path, "holds a certificate that cannot be an authority"))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()));
    let builder = match auth {
        config::ClientAuth::Required => builder,
        config::ClientAuth::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|e| at(path, &e.to_string()))
}

fn at(path: &Path, why: &str) -> String {
    format!("tls: {} {why}", path.display())
}

/// By which a change of the files is noticed.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamp(Vec<Option<(SystemTime, u64)>>);

impl Stamp {
    pub fn of(files: &config::Tls) -> Stamp {
        let all = [Some(&files.cert), Some(&files.key), files.client_ca.as_ref()];
        let stamp = |path: &std::path::PathBuf| {
            let about = std::fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        Stamp(all.into_iter().flatten().map(stamp).collect())
    }
}
