//! Queries to SQL, one compiler for both engines. <https://hl7.org/fhir/R4/search.html>
//!
//! Open `keys.rs` first: it decides where a search starts. `condition.rs` turns each filter into
//! a condition, `order.rs` sorts and pages, `include.rs` fetches what belongs to the page.
mod checked;
mod condition;
mod cursor;
mod explain;
mod extreme;
mod family;
mod include;
mod keys;
mod keyset;
mod order;
mod page;
mod ranges;
mod sql;
mod statement;
mod terminology;
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
use std::ops::ControlFlow;

/// The columns of a stored resource, after its key.
type Columns = (BigInt, SmallInt, Text, BigInt, BigInt, Text);
type Row = (i64, i16, String, i64, i64, String);
const COLUMNS: &str = "SELECT r.key, r.type_id, r.id, r.version, r.updated, r.body FROM ";

/// A match with its row key.
#[derive(Clone)]
struct Found {
    key: i64,
    stored: Stored,
}

pub(crate) fn run(conn: &mut Conn, query: &Query) -> Result<Page, StoreError> {
    let cursor = Cursor::of(query)?;
    let settled = Query {
        filters: checked::settle_all(conn, query.on, &query.filters)?,
        ..query.clone()
    };
    let query = &settled;
    let total = match (query.summary, query.total) {
        (Summary::False, Total::None) => None,
        (Summary::False, Total::Estimate) => Some(count(conn, query)?),
        _ if checked::of(&query.filters).is_empty() => Some(count(conn, query)?),
        _ => Some(checked::count(conn, query)?),
    };
    let plan = if query.explain {
        explain::plan(conn, query)?
    } else {
        Vec::new()
    };
    if query.summary == Summary::Count {
        return Ok(Page {
            matches: Vec::new(),
            included: Vec::new(),
            truncated: false,
            cut: false,
            plan,
            total,
            next: None,
            prev: None,
        });
    }
    let Links {
        found,
        next,
        prev,
        cut,
    } = matches(conn, query, cursor)?;
    let matches: Vec<_> = found.into_iter().map(|found| found.stored).collect();
    let (included, truncated) = include::resolve(conn, query, &matches)?;
    Ok(Page {
        matches,
        included,
        truncated,
        cut,
        plan,
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

/// The page and its neighbours' cursors.
struct Links {
    found: Vec<Found>,
    next: Option<String>,
    prev: Option<String>,
    cut: bool,
}

fn matches(conn: &mut Conn, query: &Query, cursor: Option<Cursor>) -> Result<Links, StoreError> {
    let (started, backwards) = (cursor.is_some(), cursor.as_ref().is_some_and(|c| c.backwards));
    let keys = order::keys(&query.sort)?;
    let (mut found, beyond, cut) = fill(conn, query, &keys, cursor)?;
    if backwards {
        found.reverse();
    }
    let link = |row: Option<&Found>, back: bool| {
        row.map(|row| cursor_at(query, &keys, row, back)?.encode())
            .transpose()
    };
    let (next, prev) = if backwards {
        (link(found.last(), false)?, beyond)
    } else {
        let prev = if started { link(found.first(), true)? } else { None };
        (beyond, prev)
    };
    Ok(Links {
        found,
        next,
        prev,
        cut,
    })
}

/// As many matches as the page holds, where more of them would be, and whether that is because
/// enough was looked at.
fn fill(
    conn: &mut Conn,
    query: &Query,
    keys: &[order::Key],
    cursor: Option<Cursor>,
) -> Result<(Vec<Found>, Option<String>, bool), StoreError> {
    let checks = checked::of(&query.filters);
    let backwards = cursor.as_ref().is_some_and(|c| c.backwards);
    let limit = checked::limit(query.count, &checks);
    let (mut found, mut beyond): (Vec<Found>, _) = (Vec::new(), None);
    let (mut looked, mut cut) = (0, false);
    checked::scan(conn, query, keys, Window { cursor, limit }, &mut |row| {
        let full = found.len() == query.count;
        looked += 1;
        if checked::holds(&checks, &row) {
            if full {
                let last = found.last().unwrap_or(&row);
                beyond = Some(cursor_at(query, keys, last, backwards)?.encode()?);
                return Ok(ControlFlow::Break(()));
            }
            found.push(row);
        } else if looked >= checked::MOST_PER_PAGE {
            cut = !full;
            beyond = Some(cursor_at(query, keys, &row, backwards)?.encode()?);
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((found, beyond, cut))
}

/// A walk along the sort value's index is the answer when it fills the page; what has no value is
/// not on it, so a short one proves nothing.
fn window_of(
    conn: &mut Conn,
    query: &Query,
    window: &Window,
    keys: &[order::Key],
) -> Result<Vec<Found>, StoreError> {
    if let Some(sql) = statement::walk(query, engine(conn), window, keys)? {
        let found = load(conn, sql)?;
        if i64::try_from(found.len()) == Ok(window.limit) {
            return Ok(found);
        }
    }
    load(conn, statement::page(query, engine(conn), window, keys)?)
}

/// Where this row stands.
fn cursor_at(query: &Query, keys: &[order::Key], row: &Found, backwards: bool) -> Result<Cursor, StoreError> {
    let entries = match keys.is_empty() {
        true => Vec::new(),
        false => Resource::parse(row.stored.body.as_bytes())
            .map(|resource| fhir::search::index::entries(&resource))
            .map_err(|_| StoreError::Database("a stored resource does not parse".to_string()))?,
    };
    let values = keys.iter().map(|key| key.read(&row.stored, &entries)).collect();
    Ok(Cursor::new(query, backwards, row.key, values))
}
