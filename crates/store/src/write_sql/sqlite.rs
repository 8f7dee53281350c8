//! SQLite: a call costs no round trip, so single rows through cached prepared statements.
use super::Version;
use crate::StoreError;
use crate::rows::IndexRows;
use crate::schema::{
    audit, idx_date, idx_number, idx_quantity, idx_reference, idx_string, idx_token, resource,
    resource_history,
};
use diesel::prelude::*;

pub(super) fn write(conn: &mut SqliteConnection, versions: &[&Version]) -> Result<(), StoreError> {
    for version in versions {
        match version.version {
            1 => insert(conn, version)?,
            _ => replace(conn, version)?,
        }
        remove(conn, version.key, &version.remove)?;
        add(conn, version.key, &version.add)?;
        record(conn, version)?;
    }
    Ok(())
}

fn insert(conn: &mut SqliteConnection, version: &Version) -> Result<(), StoreError> {
    diesel::insert_into(resource::table)
        .values((
            resource::key.eq(version.key),
            resource::type_id.eq(version.type_id),
            resource::id.eq(version.id),
            resource::version.eq(version.version),
            resource::updated.eq(version.updated),
            resource::deleted.eq(version.deleted),
            resource::body.eq(&*version.body),
        ))
        .execute(conn)?;
    Ok(())
}

fn replace(conn: &mut SqliteConnection, version: &Version) -> Result<(), StoreError> {
    let current = resource::table.filter(resource::key.eq(version.key));
    diesel::insert_into(resource_history::table)
        .values(current.select((
            resource::key,
            resource::version,
            resource::type_id,
            resource::id,
            resource::updated,
            resource::deleted,
            resource::body,
        )))
        .execute(conn)?;
    diesel::update(current)
        .set((
            resource::version.eq(version.version),
            resource::updated.eq(version.updated),
            resource::deleted.eq(version.deleted),
            resource::body.eq(&*version.body),
        ))
        .execute(conn)?;
    Ok(())
}

fn record(conn: &mut SqliteConnection, version: &Version) -> Result<(), StoreError> {
    diesel::insert_into(audit::table)
        .values((
            audit::at.eq(version.ctx.now),
            audit::actor.eq(&version.ctx.actor),
            audit::request.eq(&version.ctx.request_id),
            audit::action.eq(version.action()),
            audit::type_id.eq(version.type_id),
            audit::resource_id.eq(version.id),
            audit::version.eq(version.version),
        ))
        .execute(conn)?;
    Ok(())
}

/// One insert per row into a table whose columns are named in the order of the tuple.
macro_rules! insert_rows {
    ($conn:expr, $key:expr, $rows:expr, $table:ident, |$($name:ident),+| $($column:ident = $value:expr),+) => {
        for ($($name),+) in $rows {
            diesel::insert_into($table::table)
                .values(($($table::$column.eq($value)),+, $table::key.eq($key)))
                .execute($conn)?;
        }
    };
}

pub(super) fn add(conn: &mut SqliteConnection, key: i64, rows: &IndexRows) -> Result<(), StoreError> {
    insert_rows!(
        conn,
        key,
        &rows.token,
        idx_token,
        |p, c, s| param = p,
        code = c,
        system = s
    );
    insert_rows!(
        conn,
        key,
        &rows.reference,
        idx_reference,
        |p, t, y| param = p,
        target = t,
        target_type = y
    );
    insert_rows!(
        conn,
        key,
        &rows.date,
        idx_date,
        |p, l, h| param = p,
        low = l,
        high = h
    );
    insert_rows!(
        conn,
        key,
        &rows.string,
        idx_string,
        |p, n, e| param = p,
        norm = n,
        exact = e
    );
    insert_rows!(
        conn,
        key,
        &rows.number,
        idx_number,
        |p, l, h| param = p,
        low = l.0,
        high = h.0
    );
    insert_rows!(
        conn,
        key,
        &rows.quantity,
        idx_quantity,
        |p, v, c, s| param = p,
        value = v.0,
        code = c,
        system = s
    );
    Ok(())
}

/// One delete per row, by all columns, which are the primary key.
macro_rules! delete_rows {
    ($conn:expr, $key:expr, $rows:expr, $table:ident, |$($name:ident),+| $($column:ident = $value:expr),+) => {
        for ($($name),+) in $rows {
            diesel::delete($table::table.filter($table::key.eq($key))$(.filter($table::$column.eq($value)))+)
                .execute($conn)?;
        }
    };
}

fn remove(conn: &mut SqliteConnection, key: i64, rows: &IndexRows) -> Result<(), StoreError> {
    delete_rows!(
        conn,
        key,
        &rows.token,
        idx_token,
        |p, c, s| param = p,
        code = c,
        system = s
    );
    delete_rows!(
        conn,
        key,
        &rows.reference,
        idx_reference,
        |p, t, y| param = p,
        target = t,
        target_type = y
    );
    delete_rows!(
        conn,
        key,
        &rows.date,
        idx_date,
        |p, l, h| param = p,
        low = l,
        high = h
    );
    delete_rows!(
        conn,
        key,
        &rows.string,
        idx_string,
        |p, n, e| param = p,
        norm = n,
        exact = e
    );
    delete_rows!(
        conn,
        key,
        &rows.number,
        idx_number,
        |p, l, h| param = p,
        low = l.0,
        high = h.0
    );
    delete_rows!(
        conn,
        key,
        &rows.quantity,
        idx_quantity,
        |p, v, c, s| param = p,
        value = v.0,
        code = c,
        system = s
    );
    Ok(())
}
