//! What every handler shares.
use crate::audit::Trail;
use crate::auth::Authority;
use crate::config::Config;
use crate::ingest::senders::Senders;
use crate::routes::bundle::Gate;
use actix_web::HttpRequest;
use actix_web::web::Data;
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

/// All that one process serves: the organisation at the root, and tenants at `/t/NAME`. No state
/// holds anything of another's but the place for large bundles in memory.
#[derive(Clone)]
pub struct Hosts {
    pub root: AppState,
    pub tenants: Vec<AppState>,
}

impl Hosts {
    /// Whose a path is, and what follows its `/t/NAME`; a tenant that is not there is nobody's.
    fn of<'a, 'b>(&'a self, path: &'b str) -> Option<(&'a AppState, &'b str)> {
        let Some(below) = path.strip_prefix("/t/") else {
            return Some((&self.root, path));
        };
        let (name, _) = below.split_once('/')?;
        let mut tenants = self.tenants.iter();
        let state = tenants.find(|state| state.config.path[3..] == *name)?;
        Some((state, &path[state.config.path.len()..]))
    }

    pub fn all(&self) -> impl Iterator<Item = &AppState> {
        std::iter::once(&self.root).chain(&self.tenants)
    }
}

/// The organisation that a request is for, before a route is chosen.
pub fn asked(request: &HttpRequest) -> Option<&AppState> {
    of(request).map(|(state, _)| state)
}

/// The path as its organisation sees it.
pub fn path(request: &HttpRequest) -> &str {
    of(request).map_or("", |(_, path)| path)
}

fn of(request: &HttpRequest) -> Option<(&AppState, &str)> {
    request.app_data::<Data<Hosts>>()?.of(request.path())
}

/// One organisation alone.
impl From<AppState> for Hosts {
    fn from(root: AppState) -> Hosts {
        let tenants = Vec::new();
        Hosts { root, tenants }
    }
}

impl AppState {
    /// Memory is the machine's, so its limit is shared.
    pub fn beside(self, root: &AppState) -> AppState {
        AppState {
            bundles: root.bundles.clone(),
            ..self
        }
    }

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
