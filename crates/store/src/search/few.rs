//! The few that pass, where an index finds them: named, they are a place for others to start from.
use super::forms::flat;
use super::page::Window;
use super::sql::{Sql, Statement};
use super::start::{self, Size};
use super::{engine, keys};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::{Filter, Query, Reference, Test};

/// References to more than this are not named before anything else was tried.
pub const MOST: usize = 2_000;

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
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    if (start.size == Size::Many && most <= start::FEW) || start.is_wide() {
        return Ok(false);
    }
    let window = Window::new(None, most.saturating_add(1));
    keys::page(sql, on, &query.filters, start, engine(conn), &window)?;
    Ok(true)
}

/// Their ids.
pub fn ids(
    conn: &mut Conn,
    on: TypeId,
    filter: &Filter,
    most: usize,
) -> Result<Option<Vec<String>>, StoreError> {
    let mut sql = Sql::for_a_page();
    sql.push("WITH k AS MATERIALIZED (");
    if !passing(conn, &mut sql, on, filter, most)? {
        return Ok(None);
    }
    // Too many are not looked up: one row without an id says so.
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    sql.push("), n AS MATERIALIZED (SELECT count(*) AS n FROM k) ")
        .push("SELECT r.id FROM n CROSS JOIN k CROSS JOIN resource r WHERE r.key = k.key AND n.n <= ")
        .big(most)
        .push(" UNION ALL SELECT NULL FROM n WHERE n.n > ")
        .big(most);
    let statement: Statement<(Nullable<Text>,)> = sql.returning();
    let found = on_each!(conn, |c| statement.load::<(Option<String>,)>(c))?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// One link of a chain: references to those for whom `inner` holds, by name where they are no more than `most`.
pub fn link(
    conn: &mut Conn,
    param: &'static SearchParam,
    on: TypeId,
    inner: Filter,
    most: usize,
) -> Result<Filter, StoreError> {
    let Some(ids) = ids(conn, on, &inner, most)? else {
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
