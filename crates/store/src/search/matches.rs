//! The matches of one page, and the cursors of its neighbours.
use super::cursor::Cursor;
use super::page::Window;
use super::sql::Sql;
use super::start::{self, Start};
use super::{
    Found, checked, engine, gathered, linked, load, named, once, order, statement, stepped, text, walk,
};
use crate::StoreError;
use crate::conn::{Conn, Engine};
use fhir::search::Query;
use serde_json::Value;
use std::ops::ControlFlow;

/// How a search goes: where from, and in which order.
pub struct Course {
    pub order: Vec<order::Key>,
    pub start: Start,
}

impl Course {
    pub fn of(conn: &mut Conn, query: &Query) -> Result<Course, StoreError> {
        Ok(Course {
            order: order::keys(&query.sort)?,
            start: start::of_page(conn, query)?,
        })
    }
}

/// The page and its neighbours' cursors.
pub struct Links {
    pub found: Vec<Found>,
    pub next: Option<String>,
    pub prev: Option<String>,
    /// The page ends because enough was looked at.
    pub cut: bool,
}

pub fn find(conn: &mut Conn, query: &Query, cursor: Option<Cursor>) -> Result<Links, StoreError> {
    let (started, backwards) = (cursor.is_some(), cursor.as_ref().is_some_and(|c| c.backwards));
    let course = Course::of(conn, query)?;
    let (mut found, beyond, cut) = fill(conn, query, &course, cursor)?;
    if backwards {
        found.reverse();
    }
    let link = |row: Option<&Found>, back: bool| {
        row.map(|row| cursor_at(query, &course.order, row, back)?.encode())
            .transpose()
    };
    let (next, prev) = if backwards {
        (link(found.last(), false)?, beyond)
    } else {
        let prev = if started { link(found.first(), true)? } else { None };
        (beyond, prev)
    };
    Ok(Links {
        found,
        next,
        prev,
        cut,
    })
}

/// As many matches as the page holds, where more of them would be, and whether that is because
/// enough was looked at.
fn fill(
    conn: &mut Conn,
    query: &Query,
    course: &Course,
    cursor: Option<Cursor>,
) -> Result<(Vec<Found>, Option<String>, bool), StoreError> {
    let checks = checked::of(&query.filters);
    let backwards = cursor.as_ref().is_some_and(|c| c.backwards);
    let limit = checked::limit(query.count, &checks);
    let (mut found, mut beyond): (Vec<Found>, _) = (Vec::new(), None);
    let (mut looked, mut cut) = (0, false);
    checked::scan(conn, query, course, Window::new(cursor, limit), &mut |row| {
        let full = found.len() == query.count;
        looked += 1;
        if checked::holds(&checks, &row) {
            if full {
                let last = found.last().unwrap_or(&row);
                beyond = Some(cursor_at(query, &course.order, last, backwards)?.encode()?);
                return Ok(ControlFlow::Break(()));
            }
            found.push(row);
        } else if looked >= checked::MOST_PER_PAGE {
            cut = !full;
            beyond = Some(cursor_at(query, &course.order, &row, backwards)?.encode()?);
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((found, beyond, cut))
}

/// A walk along the index of the sort value, or along texts, is the answer when it fills the page. A
/// short one proves nothing: it may have ended early, and what has no value is not on it.
pub fn window_of(
    conn: &mut Conn,
    query: &Query,
    window: &Window,
    course: &Course,
) -> Result<Vec<Found>, StoreError> {
    let ways = match named::is_listed(query) {
        true => [named::window, linked::window, gathered::window],
        false => [linked::window, named::window, gathered::window],
    };
    for looked in ways {
        if let Some(found) = looked(conn, query, window, course)? {
            return Ok(found);
        }
    }
    if let Some(sql) = walk(query, engine(conn), window, course)? {
        let found = once::each(query, load(conn, sql)?, window, course)?;
        if i64::try_from(found.len()) == Ok(window.limit) {
            return Ok(found);
        }
    }
    load(conn, statement::page(query, engine(conn), window, course)?)
}

/// The statement that is tried first, where there is one.
pub fn walk(
    query: &Query,
    engine: Engine,
    window: &Window,
    course: &Course,
) -> Result<Option<Sql>, StoreError> {
    for along in [stepped::along, walk::along, text::along] {
        if let Some(sql) = along(query, engine, window, course)? {
            return Ok(Some(sql));
        }
    }
    Ok(None)
}

/// Where this row stands.
pub fn cursor_at(
    query: &Query,
    keys: &[order::Key],
    row: &Found,
    backwards: bool,
) -> Result<Cursor, StoreError> {
    let body = match keys.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(&row.stored.body)
            .map_err(|_| StoreError::Database("a stored resource does not parse".to_string()))?,
    };
    let values = keys
        .iter()
        .map(|key| key.read(&row.stored, &body, &query.bases))
        .collect();
    Ok(Cursor::new(query, backwards, row.key, values))
}
