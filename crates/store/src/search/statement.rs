//! Two shapes of a page's statement: by key, and sorted from candidates. The third is `walk.rs`.
use super::family::type_bind;
use super::matches::Course;
use super::page::Window;
use super::sql::Sql;
use super::start::Start;
use super::{COLUMNS, keys, keyset, order};
use crate::StoreError;
use crate::conn::Engine;
use fhir::search::Query;

pub fn page(query: &Query, engine: Engine, window: &Window, course: &Course) -> Result<Sql, StoreError> {
    let mut sql = Sql::for_a_page();
    if course.order.is_empty() {
        by_key(&mut sql, query, engine, window, course.start)?;
    } else {
        sorted(&mut sql, query, engine, window, course)?;
    }
    Ok(sql)
}

pub fn by_key(
    sql: &mut Sql,
    query: &Query,
    engine: Engine,
    window: &Window,
    start: Start,
) -> Result<(), StoreError> {
    sql.push(COLUMNS).push("(");
    keys::page(sql, query.on, &query.filters, start, engine, window)?;
    sql.push(") k JOIN resource r ON r.key = k.key ORDER BY r.key");
    sql.push(window.order());
    Ok(())
}

fn sorted(
    sql: &mut Sql,
    query: &Query,
    engine: Engine,
    window: &Window,
    course: &Course,
) -> Result<(), StoreError> {
    let Course { order, start } = course;
    sql.push(COLUMNS);
    if !matches!(keys::driver(&query.filters, *start), keys::Driver::Resources) {
        return from_rows(sql, query, engine, window, course);
    }
    sql.push("resource r");
    order.iter().for_each(|key| key.join(sql));
    // The type by its column, so that an order by `updated` can follow its index.
    sql.push(" WHERE r.type_id = ")
        .bind(type_bind(query.on))
        .push(" AND ");
    keys::resources(sql, query.on, &query.filters, "r", engine)?;
    window_by(sql, order, window);
    Ok(())
}

/// Sort values are read once each, and resources only when it is clear which are on the page.
fn from_rows(
    sql: &mut Sql,
    query: &Query,
    engine: Engine,
    window: &Window,
    Course { order, start }: &Course,
) -> Result<(), StoreError> {
    let columns = order.iter().enumerate().map(|(nth, key)| key.column(nth));
    let (names, columns): (Vec<String>, Vec<order::Key>) = columns.unzip();
    let names = names.join(", ");
    sql.push(&format!("(SELECT r.key, {names} FROM (SELECT r.key, "));
    sql.join(order.iter().zip(&columns), ", ", "", |sql, (key, column)| {
        key.value(sql);
        sql.push(" AS ");
        column.value(sql);
    });
    sql.push(" FROM (");
    keys::select(sql, query.on, &query.filters, *start, engine)?;
    sql.push(if order.iter().any(order::Key::always_there) {
        ") k JOIN resource r ON r.key = k.key"
    } else {
        ") r"
    });
    order.iter().for_each(|key| key.join(sql));
    // A limit, which is none, keeps SQLite from reading the values anew wherever they are named.
    sql.push(&format!(" LIMIT {}) r WHERE 1 = 1", i64::MAX));
    window_by(sql, &columns, window);
    sql.push(") k JOIN resource r ON r.key = k.key");
    keyset::by(sql, &columns, window.backwards());
    Ok(())
}

fn window_by(sql: &mut Sql, order: &[order::Key], window: &Window) {
    if let Some(cursor) = &window.cursor {
        keyset::after(sql, order, cursor);
    }
    keyset::by(sql, order, window.backwards());
    window.end(sql);
}
