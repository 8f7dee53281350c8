//! The hot write, per engine side by side: what a commit stores, in as few steps as the engine
//! allows. Everything else in this crate is written once.
mod postgres;
mod sqlite;

use crate::conn::Conn;
use crate::rows::IndexRows;
use crate::{Context, StoreError};
use std::borrow::Cow;

/// One version to store. Version 1 is inserted; a later one moves its predecessor to the history.
pub(crate) struct Version<'a> {
    pub(crate) key: i64,
    pub(crate) type_id: i16,
    pub(crate) id: &'a str,
    pub(crate) version: i64,
    pub(crate) deleted: bool,
    pub(crate) body: Cow<'a, str>,
    /// Index rows that go and come.
    pub(crate) remove: IndexRows,
    pub(crate) add: Cow<'a, IndexRows>,
    pub(crate) updated: i64,
    /// Who and why, for the audit row.
    pub(crate) ctx: &'a Context,
}

impl Version<'_> {
    /// FHIR's interaction codes, as audit rows have them.
    /// <https://hl7.org/fhir/R4/valueset-type-restful-interaction.html>
    fn action(&self) -> &'static str {
        match (self.version, self.deleted) {
            (_, true) => "delete",
            (1, _) => "create",
            _ => "update",
        }
    }
}

/// Resource rows, history, index rows and audit of all versions.
pub(crate) fn write(conn: &mut Conn, versions: &[&Version]) -> Result<(), StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::write(conn, versions),
        Conn::Sqlite(conn) => sqlite::write(conn, versions),
    }
}

/// Index rows alone: for the rebuild after a new release finds other values.
pub(crate) fn index(conn: &mut Conn, rows: &[(i64, IndexRows)]) -> Result<(), StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::index(conn, rows),
        Conn::Sqlite(conn) => rows
            .iter()
            .try_for_each(|(key, rows)| sqlite::add(conn, *key, rows)),
    }
}
