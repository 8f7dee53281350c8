//! A value in each unit it can be written in. <https://hl7.org/fhir/R4/search.html#quantity>
//!
//! To start from, the rows of each unit that pass are one stretch of the index.
use super::family::Source;
use super::ranges;
use super::sql::Sql;
use fhir::search::{Prefixed, QuantityTest};

/// More are a list that somebody wrote: no quantity can be written in as many units.
const UNITS: usize = 16;

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
    let row = sql.alias();
    sql.push(&format!("SELECT {row}.key FROM "));
    let each = test
        .value
        .code
        .is_none()
        .then(|| each_unit(sql, source))
        .flatten();
    sql.push(&format!("{} {row} WHERE ", source.table()));
    if let Some(unit) = each {
        sql.push(&format!("{row}.code = {unit}.code AND "));
    }
    source.param(sql, &row);
    sql.go_on(&row).push(" AND ");
    ranges::quantity(sql, test, &row, &source.unit_columns(&row));
}

/// All units there are, of which there are few: the next one after each.
fn each_unit(sql: &mut Sql, source: &Source) -> Option<String> {
    // Those of several parameters are not in one order.
    if source.numbers().count() > 1 {
        return None;
    }
    let (unit, table) = (sql.alias(), source.table());
    sql.push(&format!(
        "(WITH RECURSIVE u(code) AS (SELECT min(t.code) FROM {table} t WHERE "
    ));
    source.param(sql, "t");
    sql.push(&format!(
        " UNION ALL SELECT (SELECT min(t.code) FROM {table} t WHERE t.code > u.code AND "
    ));
    source.param(sql, "t");
    sql.push(") FROM u WHERE u.code IS NOT NULL) SELECT u.code FROM u WHERE u.code IS NOT NULL) ");
    sql.push(&format!("{unit} CROSS JOIN "));
    Some(unit)
}
