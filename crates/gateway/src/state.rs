//! What every handler shares.
use crate::audit::Trail;
use crate::auth::Authority;
use crate::config::Config;
use crate::ingest::senders::Senders;
use crate::routes::bundle::Gate;
use std::sync::{Arc, Mutex};
use store::Store;

#[derive(Clone)]
pub struct AppState {
    pub store: Store,
    pub config: Arc<Config>,
    pub auth: Arc<Authority>,
    pub senders: Arc<Senders>,
    pub bundles: Arc<Gate>,
    pub audit: Trail,
    /// The CapabilityStatement, and of which generation of search parameters it is.
    pub capabilities: Arc<Mutex<Option<(i64, String)>>>,
}

impl AppState {
    /// Within a runtime, which records what is read.
    pub fn new(store: Store, config: Arc<Config>, auth: Arc<Authority>) -> AppState {
        let bundles = Arc::new(Gate::new(config.limits.bundle));
        let audit = Trail::start(store.clone(), config.audit.reads);
        AppState {
            store,
            config,
            auth,
            senders: Arc::default(),
            bundles,
            audit,
            capabilities: Arc::default(),
        }
    }
}
