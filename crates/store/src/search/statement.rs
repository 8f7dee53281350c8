//! The three shapes of a page's statement: by key, sorted from candidates, and along an index.
use super::condition::{Subject, several};
use super::family::{self, scope};
use super::page::Window;
use super::sql::Sql;
use super::{COLUMNS, keys, keyset, order};
use crate::StoreError;
use crate::conn::Engine;
use fhir::search::Query;

pub fn page(query: &Query, engine: Engine, window: &Window, order: &[order::Key]) -> Result<Sql, StoreError> {
    let mut sql = Sql::default();
    if order.is_empty() {
        by_key(&mut sql, query, engine, window)?;
    } else {
        sorted(&mut sql, query, engine, window, order)?;
    }
    Ok(sql)
}

/// Where nothing narrows a search that is sorted by one date: along that date's index, whose
/// order is the answer's. Each resource counts where its first row (downwards: last) stands.
pub fn walk(
    query: &Query,
    engine: Engine,
    window: &Window,
    order: &[order::Key],
) -> Result<Option<Sql>, StoreError> {
    let [key] = order else { return Ok(None) };
    let Some(param) = key.along(window).filter(|_| keys::wide(&query.filters)) else {
        return Ok(None);
    };
    let mut sql = Sql::default();
    sql.push(COLUMNS)
        .push("idx_date x CROSS JOIN resource r WHERE r.key = x.key AND ");
    scope(&mut sql, param, "x")?;
    sql.go_on("x");
    let beyond = if key.descending() { ">" } else { "<" };
    sql.push(" AND NOT EXISTS (SELECT 1 FROM idx_date o WHERE o.param = x.param AND o.key = x.key AND ");
    sql.push(&format!(
        "(o.low {beyond} x.low OR (o.low = x.low AND o.high {beyond} x.high))) AND "
    ));
    // No range of keys here: SQLite would read by key instead, and sort.
    let subject = Subject {
        on: query.on,
        key: "r.key",
        engine,
    };
    several(&mut sql, &query.filters, " AND ", "1 = 1", subject)?;
    key.step(&mut sql, window);
    Ok(Some(sql))
}

fn by_key(sql: &mut Sql, query: &Query, engine: Engine, window: &Window) -> Result<(), StoreError> {
    sql.push(COLUMNS).push("(");
    keys::page(sql, query.on, &query.filters, engine, window)?;
    sql.push(") k JOIN resource r ON r.key = k.key ORDER BY r.key");
    sql.push(if window.backwards() { " DESC" } else { "" });
    Ok(())
}

fn sorted(
    sql: &mut Sql,
    query: &Query,
    engine: Engine,
    window: &Window,
    order: &[order::Key],
) -> Result<(), StoreError> {
    sql.push(COLUMNS);
    let from_rows = !matches!(keys::driver(&query.filters), keys::Driver::Resources);
    if from_rows {
        sql.push("(");
        keys::select(sql, query.on, &query.filters, engine)?;
        sql.push(") k JOIN resource r ON r.key = k.key");
    } else {
        sql.push("resource r");
    }
    order.iter().for_each(|key| key.join(sql));
    sql.push(" WHERE ");
    if from_rows {
        sql.push("r.deleted = FALSE");
    } else {
        // The type by its column, so that an order by `updated` can follow its index.
        sql.push("r.type_id = ")
            .bind(family::type_bind(query.on))
            .push(" AND ");
        keys::resources(sql, query.on, &query.filters, "r", engine)?;
    }
    if let Some(cursor) = &window.cursor {
        keyset::after(sql, order, cursor);
    }
    keyset::by(sql, order, window.backwards());
    window.end(sql);
    Ok(())
}
