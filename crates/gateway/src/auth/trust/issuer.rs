//! One issuer of the settings.
use crate::auth::source::Source;
use crate::config;
use jsonwebtoken::jwk::JwkSet;
use std::sync::Arc;

pub struct Issuer {
    pub(super) settings: config::Issuer,
    pub(super) audiences: Vec<String>,
    /// Of the FHIR service.
    pub(super) base: String,
    source: Source,
}

impl Issuer {
    pub fn new(settings: config::Issuer, audiences: &[String], base: &str) -> Issuer {
        let source = Source::new(
            &settings.url,
            settings.jwks_url.as_deref(),
            settings.allow_private,
        );
        let audiences = match &settings.audience {
            Some(audience) => vec![audience.clone()],
            None => audiences.to_vec(),
        };
        Issuer {
            base: base.to_owned(),
            audiences,
            source,
            settings,
        }
    }

    pub(super) async fn keys(&self, kid: &str) -> Result<Arc<JwkSet>, String> {
        self.source.keys(kid).await
    }
}
