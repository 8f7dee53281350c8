//! Rows by primary key: one, many, and many locked for a change.
use crate::body::{Body, unpack};
use crate::conn::{Conn, on_each};
use crate::pg::statement;
use crate::rows::{type_column, type_of};
use crate::schema::{resource, resource_history};
use crate::{StoreError, Stored};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, SmallInt, Text};
use fhir::TypeId;

/// Columns of `resource` in the order of [`Row`].
pub(crate) type Row = (i64, i16, String, i64, i64, bool, Body);
type SqlRow = (BigInt, SmallInt, Text, BigInt, BigInt, Bool, Binary);

/// A current version with its row key.
pub(crate) struct Current {
    pub(crate) key: i64,
    pub(crate) stored: Stored,
}

impl From<Row> for Current {
    fn from((key, type_id, id, version, updated, deleted, Body(body)): Row) -> Self {
        let type_id = type_of(type_id);
        Current {
            key,
            stored: Stored {
                type_id,
                id,
                version,
                updated,
                deleted,
                body,
            },
        }
    }
}

pub(crate) fn get(conn: &mut Conn, type_id: TypeId, id: &str) -> Result<Option<Current>, StoreError> {
    let wanted = resource::table
        .filter(resource::type_id.eq(type_column(type_id)))
        .filter(resource::id.eq(id));
    // Not through the enum, which writes the SQL anew each time; and without a bound LIMIT,
    // for which SQLite plans anew each time.
    let row: Option<Row> = on_each!(conn, |conn| wanted.get_result(conn)).optional()?;
    Ok(row.map(Current::from))
}

/// A current version whose body is as it is stored: who reads it unpacks it.
pub(crate) struct Packed {
    pub(crate) type_id: TypeId,
    pub(crate) id: String,
    pub(crate) key: i64,
    pub(crate) version: i64,
    pub(crate) updated: i64,
    pub(crate) deleted: bool,
    pub(crate) body: Vec<u8>,
}

impl Packed {
    pub(crate) fn text(&self) -> Result<String, StoreError> {
        unpack(&self.body).map_err(|error| {
            let name = self.type_id.name();
            StoreError::Database(format!("{name}/{} cannot be read: {error}", self.id))
        })
    }
}

/// One of them.
pub(crate) fn fetch_one(conn: &mut Conn, type_id: TypeId, id: &str) -> Result<Option<Packed>, StoreError> {
    use resource as r;
    let wanted = r::table
        .filter(r::type_id.eq(type_column(type_id)))
        .filter(r::id.eq(id))
        .select((r::key, r::version, r::updated, r::deleted, r::body));
    let row: Option<(i64, i64, i64, bool, Vec<u8>)> =
        on_each!(conn, |conn| wanted.get_result(conn)).optional()?;
    Ok(row.map(|(key, version, updated, deleted, body)| Packed {
        type_id,
        id: id.to_string(),
        key,
        version,
        updated,
        deleted,
        body,
    }))
}

/// A version that was replaced.
pub(crate) fn past(conn: &mut Conn, key: i64, version: i64) -> Result<Option<Stored>, StoreError> {
    use resource_history as h;
    let row: Option<Row> = h::table
        .filter(h::key.eq(key))
        .filter(h::version.eq(version))
        .select((
            h::key,
            h::type_id,
            h::id,
            h::version,
            h::updated,
            h::deleted,
            h::body,
        ))
        .get_result(conn)
        .optional()?;
    Ok(row.map(|row| Current::from(row).stored))
}

/// [`many`] or [`lock`].
pub(crate) type Read = fn(&mut Conn, &[(TypeId, &str)]) -> Result<Vec<Current>, StoreError>;

/// All that are there, in no particular order, each once per time it is asked for.
pub(crate) fn many(conn: &mut Conn, wanted: &[(TypeId, &str)]) -> Result<Vec<Current>, StoreError> {
    match (conn, wanted) {
        (_, []) => Ok(Vec::new()),
        (conn, [(type_id, id)]) => Ok(get(conn, *type_id, id)?.into_iter().collect()),
        (Conn::Postgres(conn), _) => rows(Many(Wanted::of(wanted)).load(conn)?),
        (conn, _) => one_by_one(conn, wanted),
    }
}

/// The same, locked until the transaction ends. SQLite's writer is alone anyway.
pub(crate) fn lock(conn: &mut Conn, wanted: &[(TypeId, &str)]) -> Result<Vec<Current>, StoreError> {
    match (conn, wanted) {
        (_, []) => Ok(Vec::new()),
        (Conn::Postgres(conn), _) => rows(Locked(Wanted::of(wanted)).load(conn)?),
        (conn, _) => one_by_one(conn, wanted),
    }
}

/// The same without reading them.
pub(crate) fn lock_only(conn: &mut Conn, wanted: &[(TypeId, &str)]) -> Result<(), StoreError> {
    if let (Conn::Postgres(conn), [_, ..]) = (conn, wanted) {
        let _locked: Vec<i64> = Keys(Wanted::of(wanted)).load(conn)?;
    }
    Ok(())
}

fn rows(rows: Vec<Row>) -> Result<Vec<Current>, StoreError> {
    Ok(rows.into_iter().map(Current::from).collect())
}

fn one_by_one(conn: &mut Conn, wanted: &[(TypeId, &str)]) -> Result<Vec<Current>, StoreError> {
    wanted
        .iter()
        .filter_map(|(type_id, id)| get(conn, *type_id, id).transpose())
        .collect()
}

pub(crate) struct Wanted<'a> {
    pub(crate) types: Vec<i16>,
    pub(crate) ids: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn of(wanted: &[(TypeId, &'a str)]) -> Self {
        let types = wanted.iter().map(|(type_id, _)| type_column(*type_id)).collect();
        Wanted {
            types,
            ids: wanted.iter().map(|(_, id)| *id).collect(),
        }
    }
}

struct Many<'a>(Wanted<'a>);
struct Locked<'a>(Wanted<'a>);
struct Keys<'a>(Wanted<'a>);

statement!(
    Many,
    "SELECT key, type_id, id, version, updated, deleted, body FROM baton_current(",
    ")",
    |self, binds| binds
        .add::<Array<SmallInt>, _>(&self.0.types)
        .and_then(|()| binds.add::<Array<Text>, _>(&self.0.ids))
);
statement!(
    Locked,
    "SELECT key, type_id, id, version, updated, deleted, body FROM baton_lock(",
    ")",
    |self, binds| binds
        .add::<Array<SmallInt>, _>(&self.0.types)
        .and_then(|()| binds.add::<Array<Text>, _>(&self.0.ids))
);
statement!(Keys, "SELECT key FROM baton_lock(", ")", |self, binds| binds
    .add::<Array<SmallInt>, _>(&self.0.types)
    .and_then(|()| binds.add::<Array<Text>, _>(&self.0.ids)));

impl diesel::query_builder::Query for Keys<'_> {
    type SqlType = BigInt;
}

impl diesel::query_builder::Query for Many<'_> {
    type SqlType = SqlRow;
}

impl diesel::query_builder::Query for Locked<'_> {
    type SqlType = SqlRow;
}
