//! Queries to SQL, one compiler for both engines. <https://hl7.org/fhir/R4/search.html>
//!
//! Open `start.rs` first: it decides where a search starts. `matches.rs` says which ways are tried
//! then, `keys.rs` writes the start, `condition.rs` turns each filter into a condition, `order.rs`
//! sorts and pages, `include.rs` fetches what belongs to the page.
mod checked;
mod codes;
mod condition;
mod cursor;
mod explain;
mod extreme;
mod family;
mod few;
mod forms;
mod gathered;
mod include;
mod keys;
mod keyset;
mod linked;
mod look;
mod matches;
mod merged;
mod met;
mod named;
mod once;
mod order;
mod page;
mod panel;
mod ranges;
mod rank;
mod referrers;
mod shown;
pub(crate) mod sql;
mod start;
mod statement;
mod stepped;
mod terminology;
mod text;
pub(crate) mod together;
mod total;
mod units;
mod values;
mod walk;

use crate::body::Body;
use crate::conn::{Conn, Engine, on_each};
use crate::{Page, StoreError, Stored};
use cursor::Cursor;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, SmallInt, Text};
use fhir::TypeId;
use fhir::base::Bases;
use fhir::search::{Filter, Query, Summary, Total};
use matches::Links;
use sql::{Sql, Statement};
use start::Start;

/// The columns of a stored resource, after its key.
type Columns = (BigInt, SmallInt, Text, BigInt, BigInt, Binary);
type Row = (i64, i16, String, i64, i64, Body);
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
        filters: forms::flat(checked::settle_all(conn, query.on, &query.filters, &query.bases)?),
        ..query.clone()
    };
    let query = &settled;
    let total = match (query.summary, query.total) {
        (Summary::False, Total::None) => None,
        (_, Total::Estimate) => Some(total::estimate(conn, query)?),
        _ => Some(total::accurate(conn, query)?),
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
    } = matches::find(conn, query, cursor)?;
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

/// `SELECT key` of the resources of a type that pass.
pub(crate) fn keys_of(
    conn: &mut Conn,
    on: TypeId,
    filter: &Filter,
    bases: &Bases,
) -> Result<Sql, StoreError> {
    let filters = checked::settle_all(conn, on, std::slice::from_ref(filter), bases)?;
    let mut sql = Sql::default();
    let start = Start::ranked(&filters);
    keys::select(&mut sql, on, &filters, start, engine(conn))?;
    Ok(sql)
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

fn found((key, type_id, id, version, updated, Body(body)): Row) -> Found {
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

#[cfg(test)]
mod tests;
