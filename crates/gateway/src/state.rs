//! What every handler shares.
use crate::auth::Authority;
use crate::config::Config;
use crate::ingest::senders::Senders;
use std::sync::Arc;
use store::Store;

#[derive(Clone)]
pub struct AppState {
    pub store: Store,
    pub config: Arc<Config>,
    pub auth: Arc<Authority>,
    pub senders: Arc<Senders>,
}

impl AppState {
    pub fn new(store: Store, config: Arc<Config>, auth: Arc<Authority>) -> AppState {
        AppState {
            store,
            config,
            auth,
            senders: Arc::default(),
        }
    }
}
