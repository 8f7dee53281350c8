//! Totals: `accurate` counts, `estimate` samples. <https://hl7.org/fhir/R4/search.html#total>
//!
//! Runs of resources at even distances through the keys of the type are looked at: how dense keys
//! lie tells how many resources there are, how many of them pass tells the share. What that costs
//! does not depend on how many there are. What is rare among them is counted instead.
use super::sql::{Sql, Statement};
use super::start::Start;
use super::{checked, condition, engine, keys, load};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use crate::keys::range;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use fhir::TypeId;
use fhir::search::Query;

const RUNS: i64 = 16;
const RUN: i64 = 24;
/// Fewer matches in a sample say too little: these may be a third off. What is rarer is counted as soon.
const RARE: i64 = 8;

pub fn accurate(conn: &mut Conn, query: &Query) -> Result<i64, StoreError> {
    match checked::of(&query.filters).is_empty() {
        true => count(conn, query),
        false => checked::count(conn, query),
    }
}

pub fn estimate(conn: &mut Conn, query: &Query) -> Result<i64, StoreError> {
    let Some(sample) = sample(conn, query.on)? else {
        return accurate(conn, query);
    };
    let passed = passing(conn, query, &sample.keys)?;
    // Rounded; a sample is far from the precision this loses.
    let guess = (sample.all * passed as f64 / sample.keys.len() as f64).round() as i64;
    if passed >= RARE {
        return Ok(guess);
    }
    match accurate(conn, query) {
        Err(StoreError::Rejected { .. }) => Ok(guess),
        counted => counted,
    }
}

fn count(conn: &mut Conn, query: &Query) -> Result<i64, StoreError> {
    let (mut sql, start) = (Sql::default(), Start::ranked(&query.filters));
    sql.push("SELECT count(*) FROM (");
    keys::select(&mut sql, query.on, &query.filters, start, engine(conn))?;
    sql.push(") k");
    number(conn, sql)
}

fn number(conn: &mut Conn, sql: Sql) -> Result<i64, StoreError> {
    let statement: Statement<(BigInt,)> = sql.returning();
    Ok(on_each!(conn, |c| statement.get_result::<(i64,)>(c))?.0)
}

/// Some resources of a type, and about how many it has.
struct Sample {
    all: f64,
    keys: Vec<i64>,
}

/// None where the type has too few.
fn sample(conn: &mut Conn, on: TypeId) -> Result<Option<Sample>, StoreError> {
    let Some((first, last)) = ends(conn, on)? else {
        return Ok(None);
    };
    let step = (last - first) / RUNS;
    if step <= RUN {
        return Ok(None);
    }
    let mut sql = Sql::default();
    sql.join(0..RUNS, " UNION ALL ", "", |sql, run| {
        sql.push("SELECT * FROM (SELECT r.key FROM resource r WHERE r.key >= ")
            .big(first + run * step)
            .push(" AND r.key < ")
            .big(first + (run + 1) * step)
            .push(" AND r.deleted = FALSE ORDER BY r.key LIMIT +")
            .big(RUN)
            .push(") s");
    });
    let statement: Statement<(BigInt,)> = sql.returning();
    let keys: Vec<i64> = on_each!(conn, |c| statement.load::<(i64,)>(c))?
        .into_iter()
        .map(|(key,)| key)
        .collect();
    let all = (0..RUNS)
        .map(|run| density(&keys, first + run * step, step))
        .sum();
    Ok((!keys.is_empty()).then_some(Sample { all, keys }))
}

/// How many resources this stretch of keys has, when they lie all along it as in its run.
fn density(keys: &[i64], from: i64, step: i64) -> f64 {
    let run: Vec<i64> = keys
        .iter()
        .copied()
        .filter(|key| (from..from + step).contains(key))
        .collect();
    match run.last() {
        Some(last) if run.len() as i64 == RUN => (step * RUN) as f64 / (last - from + 1) as f64,
        _ => run.len() as f64,
    }
}

fn ends(conn: &mut Conn, on: TypeId) -> Result<Option<(i64, i64)>, StoreError> {
    let (keys, mut sql) = (range(on), Sql::default());
    for (at, pick) in ["min", "max"].into_iter().enumerate() {
        sql.push(if at == 0 { "SELECT (SELECT " } else { "), (SELECT " })
            .push(pick)
            .push("(r.key) FROM resource r WHERE r.key >= ")
            .big(keys.start)
            .push(" AND r.key < ")
            .big(keys.end);
    }
    sql.push(")");
    let statement: Statement<(Nullable<BigInt>, Nullable<BigInt>)> = sql.returning();
    let (first, last) = on_each!(conn, |c| statement.get_result::<(Option<i64>, Option<i64>)>(c))?;
    Ok(first.zip(last))
}

/// How many of these pass all filters.
fn passing(conn: &mut Conn, query: &Query, keys: &[i64]) -> Result<i64, StoreError> {
    let (checks, engine, mut sql) = (checked::of(&query.filters), engine(conn), Sql::default());
    sql.push(match checks.is_empty() {
        true => "SELECT count(*) FROM ",
        false => super::COLUMNS,
    });
    sql.push("resource r WHERE ")
        .among_keys("r.key", keys, engine)
        .push(" AND ");
    let subject = condition::Subject {
        on: query.on,
        key: "r.key",
        engine,
    };
    condition::several(&mut sql, &query.filters, " AND ", "1 = 1", subject)?;
    if checks.is_empty() {
        return number(conn, sql);
    }
    let rows = load(conn, sql)?;
    let passed = rows.iter().filter(|row| checked::holds(&checks, row)).count();
    Ok(i64::try_from(passed).unwrap_or(i64::MAX))
}
