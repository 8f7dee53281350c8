//! One transaction: reads, the write door, and the tables around the resources.
use crate::conn::Conn;
use crate::store::Shared;
use crate::{Applied, Change, Context, HistoryPage, HistoryScope, Page, StoreError, Stored};
use fhir::TypeId;
use fhir::search::Query;

/// An open transaction on one connection. What goes wrong in it must reach the caller of
/// `Store::write`: an error that is swallowed still rolls everything back.
pub struct Tx<'c> {
    pub(crate) conn: &'c mut Conn,
    pub(crate) shared: &'c Shared,
}

impl Tx<'_> {
    pub fn get(&mut self, _type_id: TypeId, _id: &str) -> Result<Option<Stored>, StoreError> {
        unimplemented!()
    }
    /// In one round trip; absent ones are left out.
    pub fn get_many(&mut self, _keys: &[(TypeId, String)]) -> Result<Vec<Stored>, StoreError> {
        unimplemented!()
    }
    pub fn version(
        &mut self,
        _type_id: TypeId,
        _id: &str,
        _version: i64,
    ) -> Result<Option<Stored>, StoreError> {
        unimplemented!()
    }
    pub fn history(
        &mut self,
        _scope: &HistoryScope,
        _since: Option<i64>,
        _count: usize,
        _cursor: Option<&str>,
    ) -> Result<HistoryPage, StoreError> {
        unimplemented!()
    }
    pub fn search(&mut self, _query: &Query) -> Result<Page, StoreError> {
        unimplemented!()
    }
    /// Serialises all who use the same text, until the transaction ends (an advisory lock on
    /// PostgreSQL, nothing on SQLite's single writer): for conditional writes and stays.
    pub fn lock(&mut self, _what: &str) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// The door.
    pub fn apply(&mut self, _changes: Vec<Change>, _ctx: &Context) -> Result<Vec<Applied>, StoreError> {
        unimplemented!()
    }
}
