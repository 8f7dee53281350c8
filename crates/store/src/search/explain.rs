//! `_explain=true`: how the engine goes about a page.
//! <https://sqlite.org/eqp.html> <https://www.postgresql.org/docs/current/using-explain.html>
use super::matches::{self, Course};
use super::{
    cursor::Cursor, engine, gathered, linked, named, page::Window, sql::Sql, sql::Statement, statement,
};
use crate::StoreError;
use crate::conn::{Conn, Engine};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use fhir::search::Query;

/// Each statement, then a line per step; what is tried first comes first.
pub fn plan(conn: &mut Conn, query: &Query) -> Result<Vec<String>, StoreError> {
    let named = match query.sort.is_empty() {
        true => named::named(conn, query)?,
        false => None,
    };
    let mut lines = Vec::new();
    let names_first = named.is_some() && named::is_listed(query);
    if let Some(rest) = linked::rest(query).filter(|_| !names_first) {
        let what = "Candidates for chains to very many, which are followed in what candidates say:";
        lines.push(what.to_string());
        lines.extend(statements(conn, &rest)?);
        lines.push("Where these do not fill the page:".to_string());
    }
    lines.extend(statements(conn, named.as_ref().unwrap_or(query))?);
    Ok(lines)
}

fn statements(conn: &mut Conn, query: &Query) -> Result<Vec<String>, StoreError> {
    let course = Course::of(conn, query)?;
    let window = Window::new(Cursor::of(query)?, i64::try_from(query.count).unwrap_or(i64::MAX));
    let on = engine(conn);
    let gathered = gathered::first(query, &window, &course);
    let walk = matches::walk(query, on, &window, &course)?;
    let page = statement::page(query, on, &window, &course)?;
    let mut lines = Vec::new();
    for sql in gathered.into_iter().chain(walk).chain([page]) {
        lines.push(sql.shown(on));
        lines.extend(steps(conn, on, sql)?);
    }
    Ok(lines)
}

fn steps(conn: &mut Conn, on: Engine, sql: Sql) -> Result<Vec<String>, StoreError> {
    let sql = sql.after(match on {
        Engine::Sqlite => "EXPLAIN QUERY PLAN ",
        Engine::Postgres => "EXPLAIN ",
    });
    Ok(match conn {
        Conn::Sqlite(conn) => {
            let statement: Statement<(Integer, Integer, Integer, Text)> = sql.returning();
            let rows = statement.load::<(i32, i32, i32, String)>(conn)?;
            rows.into_iter().map(|row| row.3).collect()
        }
        Conn::Postgres(conn) => {
            let statement: Statement<(Text,)> = sql.returning();
            let rows = statement.load::<(String,)>(conn)?;
            rows.into_iter().map(|row| row.0).collect()
        }
    })
}
