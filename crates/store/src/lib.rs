//! Versioned FHIR storage on SQLite and PostgreSQL. The only crate that knows diesel.
//!
//! Open `commit.rs` for what every write does, `search/` for how filters become SQL.
pub mod commit;
pub mod error;
pub mod tx;

pub use commit::{Applied, Change, Changed, Context, Expect, Op, Reaction};
pub use error::StoreError;
pub use tx::Tx;

use fhir::TypeId;
use fhir::search::Query;
use std::sync::Arc;

/// Where and how to store.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite://path`, `sqlite::memory:` is refused; `postgres://…`.
    pub url: String,
    /// Connections to PostgreSQL, or reader threads on SQLite.
    pub connections: usize,
}

/// Cheap to clone. All calls are async-friendly: work runs on the store's own threads and the
/// returned future only waits, so actix workers never block.
#[derive(Clone)]
pub struct Store {
    _private: Arc<()>,
}

/// A version as stored: `body` is served as it is.
#[derive(Clone, Debug)]
pub struct Stored {
    pub type_id: TypeId,
    pub id: String,
    pub version: i64,
    /// Microseconds.
    pub updated: i64,
    pub deleted: bool,
    /// Empty when deleted.
    pub body: String,
}

/// One page of a search.
#[derive(Debug)]
pub struct Page {
    pub matches: Vec<Stored>,
    pub included: Vec<Stored>,
    pub total: Option<i64>,
    /// Opaque tokens for paging links.
    pub next: Option<String>,
    pub prev: Option<String>,
}

/// One page of a history, newest first.
#[derive(Debug)]
pub struct HistoryPage {
    pub versions: Vec<Stored>,
    pub next: Option<String>,
}

/// Whose history.
#[derive(Clone, Debug)]
pub enum HistoryScope {
    Instance(TypeId, String),
    Type(TypeId),
    System,
}

impl Store {
    /// Connects, migrates an empty or older database, starts the threads.
    pub fn open(_config: &StoreConfig, _reaction: Arc<dyn Reaction>) -> Result<Store, StoreError> {
        unimplemented!()
    }

    /// One transaction; may be run again after a deadlock or serialization failure, so the
    /// closure must be repeatable. On SQLite all writes go through one thread that groups
    /// concurrent callers into one commit (a savepoint each). Resolves after the commit is durable.
    pub async fn write<T, F>(&self, _work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        unimplemented!()
    }

    /// Read-only work on a consistent connection.
    pub async fn read<T, F>(&self, _work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        unimplemented!()
    }

    /// The current version by primary key; concurrent calls may share one round trip.
    pub async fn fetch(&self, _type_id: TypeId, _id: String) -> Result<Option<Stored>, StoreError> {
        unimplemented!()
    }

    /// A commit without reads around it: the fast path for plain REST writes. A create whose
    /// type the reaction does not watch is one round trip on PostgreSQL.
    pub async fn commit(&self, _changes: Vec<Change>, _ctx: Context) -> Result<Vec<Applied>, StoreError> {
        unimplemented!()
    }

    pub async fn search(&self, _query: Query) -> Result<Page, StoreError> {
        unimplemented!()
    }

    pub fn is_ready(&self) -> bool {
        unimplemented!()
    }
}
