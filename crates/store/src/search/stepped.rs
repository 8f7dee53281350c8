//! Quantities beside several codes: so many rows of each code first.
//!
//! A code's rows come in the order of keys, whatever the quantity in them. Where a quantity never
//! stands beside one of the codes, all its rows would be read for a page that others fill early. So
//! no row is read behind the first key at which one of them has had its share; what that does not
//! fill is read without the bound.
use super::condition::rows_match;
use super::family::sources;
use super::matches::Course;
use super::page::Window;
use super::sql::Sql;
use super::start::Size;
use super::{keys, statement};
use crate::StoreError;
use crate::conn::Engine;
use fhir::registry::SearchParam;
use fhir::search::{Filter, Query, Test};

/// Rows of each code.
const SHARE: i64 = 2_000;

pub fn along(
    query: &Query,
    engine: Engine,
    window: &Window,
    course: &Course,
) -> Result<Option<Sql>, StoreError> {
    let codes = each_code(query, course);
    if window.backwards() || !course.order.is_empty() || !keys::are_few(&codes) {
        return Ok(None);
    }
    let mut sql = Sql::for_a_page();
    sql.push("WITH b AS (SELECT COALESCE(min(f.key), ").big(i64::MAX);
    sql.push(") AS key FROM (");
    for (at, (param, test)) in codes.iter().enumerate() {
        sql.push(if at > 0 { " UNION ALL " } else { "" });
        share(&mut sql, param, test, window)?;
    }
    sql.push(") f) ");
    let window = Window {
        cursor: window.cursor.clone(),
        until: Some("(SELECT b.key FROM b)"),
        ..*window
    };
    statement::by_key(&mut sql, query, engine, &window, course.start)?;
    Ok(Some(sql))
}

/// The pairs that the search starts from, one for each code.
fn each_code(query: &Query, course: &Course) -> Vec<(&'static SearchParam, Test)> {
    let at = course.start.at.filter(|_| course.start.size == Size::Scattered);
    match at.and_then(|at| query.filters.get(at)) {
        Some(Filter::Param {
            param,
            test: test @ Test::Paired(_),
        }) => keys::alternatives(param, test),
        _ => Vec::new(),
    }
}

/// `SELECT (…) AS key`: where the code's share ends.
fn share(sql: &mut Sql, param: &SearchParam, test: &Test, window: &Window) -> Result<(), StoreError> {
    let Test::Paired(pairs) = test else { return Ok(()) };
    let codes = Test::Token(pairs.iter().flat_map(|(codes, _)| codes.clone()).collect());
    sql.push("SELECT (");
    for source in sources(param, Some(test))? {
        let row = sql.alias();
        sql.push(&format!("SELECT {row}.key FROM {} {row} WHERE ", source.table()));
        rows_match(sql, param, &codes, &source, &row);
        window.nth_by_key(sql, &format!("{row}.key"), SHARE);
    }
    sql.push(") AS key");
    Ok(())
}
