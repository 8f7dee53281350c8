//! How many rows a filter has, counted no further than it matters.
use super::condition::rows_match;
use super::family::{Source, sources, type_bind};
use super::sql::{Sql, Statement};
use super::start::FEW;
use super::{ranges, units};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::{Filter, Test};

/// The rows of the filters at these places, in their order, in one statement.
pub fn count(
    conn: &mut Conn,
    on: TypeId,
    filters: &[Filter],
    places: &[usize],
) -> Result<Vec<i64>, StoreError> {
    let mut sql = Sql::default();
    for (nth, at) in places.iter().enumerate() {
        sql.push(if nth > 0 { " UNION ALL " } else { "" });
        sql.push(&format!("SELECT {nth}, "));
        one(&mut sql, on, &filters[*at])?;
    }
    let statement: Statement<(Integer, BigInt)> = sql.returning();
    let mut rows = on_each!(conn, |c| statement.load::<(i32, i64)>(c))?;
    rows.sort_unstable();
    Ok(rows.into_iter().map(|(_, count)| count).collect())
}

/// A sum of counts, each of which stops.
fn one(sql: &mut Sql, on: TypeId, filter: &Filter) -> Result<(), StoreError> {
    match filter {
        Filter::LastUpdated(tests) => {
            let row = begin(sql, "resource");
            sql.push(&format!("{row}.type_id = "))
                .bind(type_bind(on))
                .push(" AND (");
            let updated = format!("{row}.updated");
            sql.any(tests, &mut |sql, test| {
                ranges::instant(sql, test, &updated, &updated)
            });
            sql.push(")");
            end(sql);
        }
        Filter::Or(parts) => {
            for (at, part) in parts.iter().enumerate() {
                sql.push(if at > 0 { " + " } else { "" });
                one(sql, on, part)?;
            }
        }
        Filter::Param { param, test } => {
            for (at, source) in sources(param, Some(test))?.iter().enumerate() {
                sql.push(if at > 0 { " + " } else { "" });
                rows(sql, param, test, source);
            }
        }
        _ => {
            sql.push("0");
        }
    }
    Ok(())
}

fn rows(sql: &mut Sql, param: &SearchParam, test: &Test, source: &Source) {
    if let Test::Quantity(tests) = test {
        sql.push("(SELECT count(*) FROM (");
        units::keys(sql, source, tests);
        return end(sql);
    }
    let row = begin(sql, source.table());
    match test {
        // The quantity beside a code narrows what is read of that code's rows, not how many are read.
        Test::Paired(pairs) => {
            let codes = pairs.iter().flat_map(|(codes, _)| codes.clone()).collect();
            rows_match(sql, param, &Test::Token(codes), source, &row);
        }
        _ => rows_match(sql, param, test, source, &row),
    }
    end(sql);
}

fn begin(sql: &mut Sql, table: &str) -> String {
    let row = sql.alias();
    sql.push(&format!(
        "(SELECT count(*) FROM (SELECT 1 FROM {table} {row} WHERE "
    ));
    row
}

fn end(sql: &mut Sql) {
    let all = sql.alias();
    sql.push(" LIMIT +").big(FEW + 1).push(&format!(") {all})"));
}
