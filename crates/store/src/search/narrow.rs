//! Whether a range is a place to start from: it may hold for three resources or for nearly all.
//!
//! Starting from the rows of a range reads and sorts all of them. Where they are many, a page is
//! full sooner when resources are taken in their order and asked one by one. Nothing but the
//! index knows, so it is asked, as far as it matters.
use super::condition::row_matches;
use super::family::{Source, sources};
use super::keys::{Driver, driver};
use super::sql::{Sql, Statement};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fhir::registry::SearchParam;
use fhir::search::{Filter, Query, Test};

/// Rows that are read and sorted in no time; what holds for more is met often along the way.
const FEW: i64 = 500;

/// Puts a range that holds for many where no search starts ([`Filter::And`]).
pub fn narrow(conn: &mut Conn, query: &mut Query) -> Result<(), StoreError> {
    if let Driver::Rows { at, param, test } = driver(&query.filters)
        && matches!(test, Test::Quantity(_))
        && many(conn, param, test)?
        && let Some(range) = query.filters.get_mut(at)
    {
        *range = Filter::And(vec![range.clone()]);
    }
    Ok(())
}

fn many(conn: &mut Conn, param: &SearchParam, test: &Test) -> Result<bool, StoreError> {
    let mut rows = 0;
    for source in sources(param, Some(test))? {
        rows += count(conn, param, test, &source)?;
    }
    Ok(rows > FEW)
}

fn count(conn: &mut Conn, param: &SearchParam, test: &Test, source: &Source) -> Result<i64, StoreError> {
    let mut sql = Sql::default();
    sql.push(&format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} d WHERE ",
        source.table()
    ));
    row_matches(&mut sql, param, test, source, "d");
    sql.push(" LIMIT +").big(FEW + 1).push(") k");
    let statement: Statement<(BigInt,)> = sql.returning();
    Ok(on_each!(conn, |c| statement.get_result::<(i64,)>(c))?.0)
}
