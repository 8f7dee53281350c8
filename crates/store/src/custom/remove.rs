//! Removes the index rows of a form that no longer serves, a few at a time.
use crate::StoreError;
use crate::conn::Conn;
use crate::families::{FAMILIES, Family};
use crate::schema::search_param;
use diesel::prelude::*;
use diesel::sql_types::Integer;

/// Rows of one family in one turn.
const ROWS: usize = 1_000;

/// Removes some; the parameter itself with its last.
pub(super) fn some(conn: &mut Conn, id: i32) -> Result<(), StoreError> {
    for family in FAMILIES.iter().filter(|family| family.is_by_param()) {
        if from(conn, id, family)? == ROWS {
            return Ok(());
        }
    }
    diesel::delete(search_param::table.find(id)).execute(conn)?;
    Ok(())
}

fn from(conn: &mut Conn, id: i32, family: &Family) -> Result<usize, StoreError> {
    let (table, columns) = (family.table, family.identity());
    Ok(match conn {
        Conn::Sqlite(conn) => diesel::sql_query(format!(
            "DELETE FROM {table} WHERE param = ?1 AND ({columns}) IN \
             (SELECT {columns} FROM {table} WHERE param = ?1 LIMIT {ROWS})"
        ))
        .bind::<Integer, _>(id)
        .execute(conn)?,
        Conn::Postgres(conn) => diesel::sql_query(format!(
            "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE param = $1 LIMIT {ROWS}))"
        ))
        .bind::<Integer, _>(id)
        .execute(conn)?,
    })
}
