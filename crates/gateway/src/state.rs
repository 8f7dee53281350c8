//! What every handler shares.
use crate::config::Config;
use store::Store;

#[derive(Clone)]
pub struct AppState {
    pub store: Store,
    pub config: std::sync::Arc<Config>,
}
