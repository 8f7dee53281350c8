//! The store as callers see it: queues in front of threads that own the connections.
use crate::conn::Engine;
use crate::keys::Sequence;
use crate::{Applied, Change, Context, Page, Reaction, StoreError, Stored, Tx};
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

/// What all transactions of a process share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) url: String,
    pub(crate) reaction: Arc<dyn Reaction>,
    pub(crate) sequence: Sequence,
}

/// Cheap to clone. All calls are async-friendly: work runs on the store's own threads and the
/// returned future only waits, so actix workers never block.
#[derive(Clone)]
pub struct Store {
    _private: Arc<()>,
}

impl Store {
    pub fn open(_config: &StoreConfig, _reaction: Arc<dyn Reaction>) -> Result<Store, StoreError> {
        unimplemented!()
    }
    pub async fn write<T, F>(&self, _work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        unimplemented!()
    }
    pub async fn read<T, F>(&self, _work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    {
        unimplemented!()
    }
    pub async fn fetch(&self, _type_id: TypeId, _id: String) -> Result<Option<Stored>, StoreError> {
        unimplemented!()
    }
    pub async fn commit(&self, _changes: Vec<Change>, _ctx: Context) -> Result<Vec<Applied>, StoreError> {
        unimplemented!()
    }
    pub async fn search(&self, _query: Query) -> Result<Page, StoreError> {
        unimplemented!()
    }
    pub fn is_ready(&self) -> bool {
        unimplemented!()
    }
    /// Finishes what was accepted, refuses what comes later, and ends the threads. Blocks.
    pub fn close(&self) {
        unimplemented!()
    }
}
