//! The few that pass, where an index finds them: named, they are a place for others to start from.
use super::forms::flat;
use super::page::Window;
use super::sql::{Sql, Statement};
use super::start::{self, Size};
use super::{engine, keys};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::{Filter, Query, Reference, Test};

/// References to more than this are not named.
const MOST: usize = 2_000;
/// All that refers to so many is more than a page should put together.
const MANY: i64 = 2_001;

/// Their keys, where they are no more than `most`.
pub fn keys(
    conn: &mut Conn,
    on: TypeId,
    filter: &Filter,
    most: usize,
) -> Result<Option<Vec<i64>>, StoreError> {
    let mut sql = Sql::for_a_page();
    if !passing(conn, &mut sql, on, filter, most)? {
        return Ok(None);
    }
    let statement: Statement<(BigInt,)> = sql.returning();
    let found = on_each!(conn, |c| statement.load::<(i64,)>(c))?;
    let few = found.len() <= most;
    Ok(few.then(|| found.into_iter().map(|(key,)| key).collect()))
}

/// `SELECT key` of them, and of one more, so that too many are seen; false where an index tells that already.
fn passing(
    conn: &mut Conn,
    sql: &mut Sql,
    on: TypeId,
    filter: &Filter,
    most: usize,
) -> Result<bool, StoreError> {
    let query = Query::new(on, flat(vec![filter.clone()]), most);
    let start = start::choose(conn, &query)?;
    if start.size == Size::Many || start.is_wide() {
        return Ok(false);
    }
    let window = Window::new(None, i64::try_from(most + 1).unwrap_or(i64::MAX));
    keys::page(sql, on, &query.filters, start, engine(conn), &window)?;
    Ok(true)
}

/// Whether more pass than a look counts.
pub fn are_many(conn: &mut Conn, on: TypeId, filter: &Filter) -> Result<bool, StoreError> {
    let query = Query::new(on, flat(vec![filter.clone()]), 0);
    let start = start::choose(conn, &query)?;
    // Whom no index finds are asked one by one, which few candidates are for.
    if start.is_wide() {
        return Ok(true);
    }
    let mut sql = Sql::for_a_page();
    sql.push("SELECT count(*) FROM (");
    let window = Window::new(None, MANY);
    keys::page(&mut sql, on, &query.filters, start, engine(conn), &window)?;
    sql.push(") k");
    let statement: Statement<(BigInt,)> = sql.returning();
    let (found,) = on_each!(conn, |c| statement.get_result::<(i64,)>(c))?;
    Ok(found >= MANY)
}

/// Their ids.
pub fn ids(
    conn: &mut Conn,
    on: TypeId,
    filter: &Filter,
    most: usize,
) -> Result<Option<Vec<String>>, StoreError> {
    let mut sql = Sql::for_a_page();
    sql.push("SELECT r.id FROM (");
    if !passing(conn, &mut sql, on, filter, most)? {
        return Ok(None);
    }
    sql.push(") k JOIN resource r ON r.key = k.key ORDER BY r.key");
    let statement: Statement<(Text,)> = sql.returning();
    let found = on_each!(conn, |c| statement.load::<(String,)>(c))?;
    let few = found.len() <= most;
    Ok(few.then(|| found.into_iter().map(|(id,)| id).collect()))
}

/// One link of a chain: references to those for whom `inner` holds, by name where they are few.
pub fn link(
    conn: &mut Conn,
    param: &'static SearchParam,
    on: TypeId,
    inner: Filter,
) -> Result<Filter, StoreError> {
    let Some(ids) = ids(conn, on, &inner, MOST)? else {
        return Ok(Filter::Chain {
            param,
            target: vec![on],
            inner: Box::new(inner),
        });
    };
    if ids.is_empty() {
        return Ok(Filter::Nothing);
    }
    let reference = |id| Reference::Local {
        type_id: Some(on),
        id,
    };
    Ok(Filter::Param {
        param,
        test: Test::Reference(ids.into_iter().map(reference).collect()),
    })
}
