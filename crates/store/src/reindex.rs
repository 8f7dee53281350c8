//! Rebuilds the search index when a release finds other values in the same resources, or lays
//! index rows out in another way.
//!
//! At start, with nobody else writing: rows of two layouts cannot stand side by side, and the plans
//! of this release read its own. It goes on where a rebuild that was cut short had come to.
use crate::conn::{Conn, on_each};
use crate::custom;
use crate::families::FAMILIES;
use crate::plan::indexed;
use crate::point::{Current, Row};
use crate::schema::{resource, setting};
use crate::{StoreError, bases, write_sql};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use fhir::base::Bases;
use fhir::registry::CustomParams;
use fhir::search::index::VERSION;

const SETTING: &str = "index_version";
/// While a rebuild is under way: its version, and the row key up to which it is done.
const MARK: &str = "index_rebuild";
const BATCH: i64 = 500;
/// Parameters that were on their way out have no rows left.
const LEFT: &str = "DELETE FROM search_param WHERE state IN ('leaving', 'removing');";

/// Called at start with nobody else writing.
pub(crate) fn bring_up_to_date(conn: &mut Conn, own: &Bases) -> Result<(), StoreError> {
    bases::load(conn, own)?;
    let wanted = VERSION.to_string();
    if get(conn, SETTING)?.as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    rebuild(conn, own)?;
    together(conn, |conn| {
        set(conn, SETTING, &wanted)?;
        diesel::delete(setting::table.find(MARK)).execute(conn)?;
        Ok(())
    })
}

pub(crate) fn get(conn: &mut Conn, name: &str) -> Result<Option<String>, StoreError> {
    let value = setting::table.find(name).select(setting::value);
    Ok(value.get_result(conn).optional()?)
}

pub(crate) fn set(conn: &mut Conn, name: &str, value: &str) -> Result<(), StoreError> {
    on_each!(conn, |conn| {
        diesel::insert_into(setting::table)
            .values((setting::name.eq(name), setting::value.eq(value)))
            .on_conflict(setting::name)
            .do_update()
            .set(setting::value.eq(value))
            .execute(conn)?
    });
    Ok(())
}

/// All or nothing.
pub(crate) fn together(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    conn.batch_execute("BEGIN")?;
    let end = work(conn);
    conn.batch_execute(if end.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    end
}

fn mark(after: i64) -> String {
    format!("{VERSION} {after}")
}

/// How far a rebuild to this version had come.
fn begun(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let text = get(conn, MARK)?;
    let parts = text.as_deref().and_then(|text| text.split_once(' '));
    let same = parts.filter(|(version, _)| *version == VERSION.to_string());
    Ok(same.and_then(|(_, after)| after.parse().ok()))
}

fn empty() -> String {
    let tables = FAMILIES.map(|family| format!("DELETE FROM {};", family.table));
    tables.concat() + LEFT
}

pub(crate) fn rebuild(conn: &mut Conn, own: &Bases) -> Result<(), StoreError> {
    let (mut after, mut done) = match begun(conn)? {
        Some(after) => (after, 0),
        None => {
            together(conn, |conn| {
                conn.batch_execute(&empty())?;
                set(conn, MARK, &mark(0))
            })?;
            (0, 0)
        }
    };
    let params = custom::load(conn, own)?;
    loop {
        let rows: Vec<Row> = resource::table
            .filter(resource::key.gt(after))
            .order(resource::key)
            .limit(BATCH)
            .load(conn)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.0;
        done += rows.len();
        together(conn, |conn| {
            batch(conn, rows, &params)?;
            set(conn, MARK, &mark(after))
        })?;
        tracing::info!(resources = done, "search index being rebuilt");
    }
}

fn batch(conn: &mut Conn, rows: Vec<Row>, params: &CustomParams) -> Result<(), StoreError> {
    let mut indexes = Vec::with_capacity(rows.len());
    for row in rows {
        let current = Current::from(row);
        indexes.push((current.key, indexed(&current.stored, params)?));
    }
    write_sql::index(conn, &indexes)
}
