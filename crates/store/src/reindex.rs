//! Rebuilds the search index when a release finds other values in the same resources.
use crate::conn::{Conn, on_each};
use crate::families::FAMILIES;
use crate::plan::indexed;
use crate::point::{Current, Row};
use crate::schema::{resource, setting};
use crate::{StoreError, bases, write_sql};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fhir::search::index::VERSION;

const SETTING: &str = "index_version";
const BATCH: i64 = 500;

/// Called at start with nobody else writing. A rebuild that is cut short begins again.
pub(crate) fn bring_up_to_date(conn: &mut Conn) -> Result<(), StoreError> {
    bases::load(conn)?;
    let wanted = VERSION.to_string();
    let found: Option<String> = setting::table
        .find(SETTING)
        .select(setting::value)
        .get_result(conn)
        .optional()?;
    if found.as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    rebuild(conn)?;
    on_each!(conn, |conn| {
        diesel::insert_into(setting::table)
            .values((setting::name.eq(SETTING), setting::value.eq(&wanted)))
            .on_conflict(setting::name)
            .do_update()
            .set(setting::value.eq(&wanted))
            .execute(conn)?
    });
    Ok(())
}

pub(crate) fn rebuild(conn: &mut Conn) -> Result<(), StoreError> {
    let empty = FAMILIES.map(|family| format!("DELETE FROM {};", family.table));
    conn.batch_execute(&empty.concat())?;
    let (mut after, mut done) = (0, 0);
    loop {
        let rows: Vec<Row> = resource::table
            .filter(resource::key.gt(after))
            .order(resource::key)
            .limit(BATCH)
            .load(conn)?;
        let Some(last) = rows.last() else { break };
        after = last.0;
        done += rows.len();
        conn.batch_execute("BEGIN")?;
        let end = batch(conn, rows);
        conn.batch_execute(if end.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        end?;
        tracing::info!(resources = done, "search index being rebuilt");
    }
    Ok(())
}

fn batch(conn: &mut Conn, rows: Vec<Row>) -> Result<(), StoreError> {
    let mut indexes = Vec::with_capacity(rows.len());
    for row in rows {
        let current = Current::from(row);
        indexes.push((current.key, indexed(&current.stored)?));
    }
    write_sql::index(conn, &indexes)
}
