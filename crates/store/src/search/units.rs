//! A value in each unit it can be written in. <https://hl7.org/fhir/R4/search.html#quantity>
//!
//! To start from, the rows of each unit that pass are one stretch of the index.
use super::family::{Family, Source};
use super::ranges;
use super::sql::{Sql, Statement};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fhir::search::index::hash;
use fhir::search::{Prefixed, QuantityTest};

/// More are a list that somebody wrote: no quantity can be written in as many units.
const UNITS: usize = 16;
/// Units of a parameter that are looked at.
const MOST: i64 = 64;

/// Those of the tests whose unit is there at all, as of many that convert only few are in use.
pub fn in_use(
    conn: &mut Conn,
    source: &Source,
    tests: &[Prefixed<QuantityTest>],
) -> Result<Vec<Prefixed<QuantityTest>>, StoreError> {
    let mut sql = Sql::default();
    sql.push("SELECT n.code FROM ");
    let all = tests.len() < 3 || source.family != Family::Quantity || !each_unit(&mut sql, source, "n");
    if all {
        return Ok(tests.to_vec());
    }
    sql.push(" LIMIT ").big(MOST);
    let statement: Statement<(BigInt,)> = sql.returning();
    let there: Vec<i64> = on_each!(conn, |c| statement.load::<(i64,)>(c))?
        .into_iter()
        .map(|(unit,)| unit)
        .collect();
    let many = i64::try_from(there.len()).is_ok_and(|units| units >= MOST);
    let is_there = |test: &&Prefixed<QuantityTest>| {
        let unit = test.value.code.as_deref();
        many || unit.is_none() || there.contains(&hash(unit))
    };
    Ok(tests.iter().filter(is_there).cloned().collect())
}

/// `write` for each of the tests.
fn each(
    sql: &mut Sql,
    tests: &[Prefixed<QuantityTest>],
    write: impl FnOnce(&mut Sql, &[Prefixed<QuantityTest>]),
) {
    match tests.len() {
        2..=UNITS => sql.recurring(|sql| write(sql, tests)),
        _ => write(sql, tests),
    }
}

/// Any of them, as a condition on the row: `named` are its columns of the unit and its system.
pub fn any(sql: &mut Sql, tests: &[Prefixed<QuantityTest>], row: &str, named: &[String; 2]) {
    each(sql, tests, |sql, tests| {
        sql.any(tests, &mut |sql, test| ranges::quantity(sql, test, row, named));
    });
}

/// `SELECT key` of the rows that pass any of them.
pub fn keys(sql: &mut Sql, source: &Source, tests: &[Prefixed<QuantityTest>]) {
    each(sql, tests, |sql, tests| {
        sql.join(tests, " UNION ALL ", "", |sql, test| rows(sql, source, test));
    });
}

/// `SELECT key` of the rows that pass.
fn rows(sql: &mut Sql, source: &Source, test: &Prefixed<QuantityTest>) {
    let (row, unit) = (sql.alias(), sql.alias());
    sql.push(&format!("SELECT {row}.key FROM "));
    let each = test.value.code.is_none() && each_unit(sql, source, &unit);
    if each {
        sql.push(" CROSS JOIN ");
    }
    sql.push(&format!("{} {row} WHERE ", source.table()));
    if each {
        sql.push(&format!("{row}.code = {unit}.code AND "));
    }
    source.param(sql, &row);
    sql.go_on(&row).push(" AND ");
    ranges::quantity(sql, test, &row, &source.unit_columns(&row));
}

/// A table of all units there are: the next one after each. False where this cannot be said, as those of
/// several parameters are not in one order.
fn each_unit(sql: &mut Sql, source: &Source, alias: &str) -> bool {
    if source.numbers().count() > 1 {
        return false;
    }
    let table = source.table();
    sql.push(&format!(
        "(WITH RECURSIVE u(code) AS (SELECT min(t.code) FROM {table} t WHERE "
    ));
    source.param(sql, "t");
    sql.push(&format!(
        " UNION ALL SELECT (SELECT min(t.code) FROM {table} t WHERE t.code > u.code AND "
    ));
    source.param(sql, "t");
    sql.push(") FROM u WHERE u.code IS NOT NULL) SELECT u.code FROM u WHERE u.code IS NOT NULL) ");
    sql.push(alias);
    true
}
