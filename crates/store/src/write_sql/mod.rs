//! The hot write, per engine side by side: what a commit stores, in as few steps as the engine
//! allows. Everything else in this crate is written once.
pub(crate) mod functions;
mod postgres;
mod sqlite;

use crate::audit::of_write;
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
    /// The body as it is stored.
    pub(crate) packed: Cow<'a, [u8]>,
    /// Index rows that go and come.
    pub(crate) remove: IndexRows,
    pub(crate) add: Cow<'a, IndexRows>,
    pub(crate) updated: i64,
    /// Whom it concerns, for the audit row.
    pub(crate) patient: Option<Cow<'a, str>>,
    /// Who and why, for the audit row.
    pub(crate) ctx: &'a Context,
}

impl Version<'_> {
    /// What the audit row says beside its columns.
    fn detail(&self) -> Option<Vec<u8>> {
        of_write(self.ctx.origin.as_deref(), self.patient.as_deref())
    }
}

/// A request id in the audit: most are UUIDs, which are shorter in binary.
pub(crate) fn request_bytes(request: &str) -> Cow<'_, [u8]> {
    match uuid::Uuid::try_parse(request) {
        Ok(id) if request.len() == 36 => Cow::Owned(id.into_bytes().to_vec()),
        _ => Cow::Borrowed(request.as_bytes()),
    }
}

/// Resource rows, history, index rows and audit of all versions, unless the index rows are of
/// another generation of search parameters. SQLite's writer has seen to that at its `BEGIN`.
pub(crate) fn write(conn: &mut Conn, versions: &[&Version], generation: i64) -> Result<(), StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::write(conn, versions, generation),
        Conn::Sqlite(conn) => sqlite::write(conn, versions),
    }
}

/// The same outside of a transaction that has locked what is replaced: nothing is written unless each
/// version replaces the one before it.
pub(crate) fn write_over(conn: &mut Conn, versions: &[&Version], generation: i64) -> Result<(), StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::write_over(conn, versions, generation),
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

/// The same where some of them may be there already.
pub(crate) fn reindex(conn: &mut Conn, rows: &[(i64, &IndexRows)]) -> Result<(), StoreError> {
    match conn {
        Conn::Postgres(conn) => postgres::reindex(conn, rows),
        Conn::Sqlite(conn) => rows.iter().try_for_each(|(key, rows)| {
            sqlite::remove(conn, *key, rows)?;
            sqlite::add(conn, *key, rows)
        }),
    }
}
