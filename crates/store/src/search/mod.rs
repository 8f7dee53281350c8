//! Queries to SQL, one compiler for both engines. <https://hl7.org/fhir/R4/search.html>
//!
//! Open `keys.rs` first: it decides where a search starts. `condition.rs` turns each filter into
//! a condition, `order.rs` sorts and pages, `include.rs` fetches what belongs to the page.
mod condition;
mod cursor;
mod family;
mod include;
mod keys;
mod order;
mod page;
mod ranges;
mod sql;
mod values;

use crate::conn::{Conn, Engine, on_each};
use crate::{Page, StoreError, Stored};
use cursor::Cursor;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Text};
use fhir::search::{Query, Summary, Total};
use fhir::{Resource, TypeId};
use page::Window;
use sql::{Sql, Statement};

/// The columns of a stored resource, after its key.
type Columns = (BigInt, SmallInt, Text, BigInt, BigInt, Text);
type Row = (i64, i16, String, i64, i64, String);
const COLUMNS: &str = "SELECT r.key, r.type_id, r.id, r.version, r.updated, r.body FROM ";

/// A match with its row key.
struct Found {
    key: i64,
    stored: Stored,
}

pub(crate) fn run(conn: &mut Conn, query: &Query) -> Result<Page, StoreError> {
    let cursor = Cursor::of(query)?;
    let total = match (query.summary, query.total) {
        (Summary::False, Total::None) => None,
        _ => Some(count(conn, query)?),
    };
    if query.summary == Summary::Count {
        return Ok(Page {
            matches: Vec::new(),
            included: Vec::new(),
            total,
            next: None,
            prev: None,
        });
    }
    let (found, next, prev) = matches(conn, query, cursor)?;
    let matches: Vec<_> = found.into_iter().map(|found| found.stored).collect();
    let included = include::resolve(conn, query, &matches)?;
    Ok(Page {
        matches,
        included,
        total,
        next,
        prev,
    })
}

fn engine(conn: &Conn) -> Engine {
    match conn {
        Conn::Postgres(_) => Engine::Postgres,
        Conn::Sqlite(_) => Engine::Sqlite,
    }
}

fn load(conn: &mut Conn, sql: Sql) -> Result<Vec<Found>, StoreError> {
    let statement: Statement<Columns> = sql.returning();
    let rows = on_each!(conn, |c| statement.load::<Row>(c))?;
    Ok(rows.into_iter().map(found).collect())
}

fn found((key, type_id, id, version, updated, body): Row) -> Found {
    let type_id = TypeId(u16::try_from(type_id).unwrap_or(u16::MAX));
    Found {
        key,
        stored: Stored {
            type_id,
            id,
            version,
            updated,
            deleted: false,
            body,
        },
    }
}

fn count(conn: &mut Conn, query: &Query) -> Result<i64, StoreError> {
    let mut sql = Sql::default();
    sql.push("SELECT count(*) FROM (");
    keys::select(&mut sql, query.on, &query.filters, engine(conn))?;
    sql.push(") k");
    let statement: Statement<(BigInt,)> = sql.returning();
    Ok(on_each!(conn, |c| statement.get_result::<(i64,)>(c))?.0)
}

#[cfg(test)]
mod tests;

type Links = (Vec<Found>, Option<String>, Option<String>);

/// The page and its neighbours' cursors.
fn matches(conn: &mut Conn, query: &Query, cursor: Option<Cursor>) -> Result<Links, StoreError> {
    let (started, backwards) = (cursor.is_some(), cursor.as_ref().is_some_and(|c| c.backwards));
    let limit = i64::try_from(query.count).unwrap_or(i64::MAX).saturating_add(1);
    let window = Window { cursor, limit };
    let mut sql = Sql::default();
    let keys = order::keys(&mut sql, &query.sort)?;
    if keys.is_empty() {
        by_key(&mut sql, query, engine(conn), &window)?;
    } else {
        sorted(&mut sql, query, engine(conn), &window, &keys)?;
    }
    let mut found = load(conn, sql)?;
    let more = found.len() > query.count;
    found.truncate(query.count);
    if backwards {
        found.reverse();
    }
    let link = |row: Option<&Found>, back: bool| row.map(|row| token(query, &keys, row, back)).transpose();
    let next = if more || backwards {
        link(found.last(), false)?
    } else {
        None
    };
    let prev = if if backwards { more } else { started } {
        link(found.first(), true)?
    } else {
        None
    };
    Ok((found, next, prev))
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
    let from_rows = matches!(keys::driver(&query.filters), keys::Driver::Rows { .. });
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
        order::after(sql, order, cursor);
    }
    sql.push(" ORDER BY ");
    order.iter().for_each(|key| key.order(sql, window.backwards()));
    sql.push(if window.backwards() {
        "r.key DESC LIMIT "
    } else {
        "r.key LIMIT "
    })
    .big(window.limit);
    Ok(())
}

fn token(query: &Query, keys: &[order::Key], row: &Found, backwards: bool) -> Result<String, StoreError> {
    let entries = match keys.is_empty() {
        true => Vec::new(),
        false => Resource::parse(row.stored.body.as_bytes())
            .map(|resource| fhir::search::index::entries(&resource))
            .map_err(|_| StoreError::Database("a stored resource does not parse".to_string()))?,
    };
    let values = keys.iter().map(|key| key.read(&row.stored, &entries)).collect();
    Cursor::new(query, backwards, row.key, values).encode()
}
