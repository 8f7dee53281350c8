//! References to many beside other filters that hold for many too: the lists of those that refer to each of
//! them are merged as far as a page needs it, and the other filters are asked of what comes out.
//!
//! The others' rows are no better start: for each of them, all that refers to any of the many would have to
//! be at hand, which grows with what is stored. Where each list begins is a seek; those that begin first are
//! read first, up to where the next one begins.
use super::condition::{Subject, several};
use super::cursor::Cursor;
use super::matches::Course;
use super::merged::Merged;
use super::page::Window;
use super::sql::{Sql, Statement};
use super::start::Size;
use super::{COLUMNS, Found, engine, load};
use crate::StoreError;
use crate::conn::{Conn, on_each};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use fhir::search::{Filter, Query};

/// Candidates that are looked at before all references are read after all.
const MOST: usize = 6_000;
/// Lists of the first look; of each next one [`GROWTH`] times as many.
const LISTS: usize = 8;
const GROWTH: usize = 4;
/// Candidates of one look.
const LOOK: i64 = 500;

/// The window, where the search is of that kind and candidates fill it, or end.
pub fn window(
    conn: &mut Conn,
    query: &Query,
    window: &Window,
    course: &Course,
) -> Result<Option<Vec<Found>>, StoreError> {
    let Some(asked) = Asked::of(query, course) else {
        return Ok(None);
    };
    match asked.keys(conn, window)? {
        Some(keys) => rows(conn, &keys, window).map(Some),
        None => Ok(None),
    }
}

/// The statement that finds where the lists begin, where the search is of that kind.
pub fn first(query: &Query, window: &Window, course: &Course) -> Option<Sql> {
    Asked::of(query, course).map(|asked| asked.beginnings(window))
}

struct Asked<'a> {
    query: &'a Query,
    merged: Merged<'a>,
    others: Vec<Filter>,
}

/// One of the many, and the first key of what refers to it.
type List = (String, i64);

impl Asked<'_> {
    fn of<'a>(query: &'a Query, course: &Course) -> Option<Asked<'a>> {
        let filters = &query.filters;
        if course.start.size != Size::Many || !course.order.is_empty() || filters.len() < 2 {
            return None;
        }
        let mut filters = filters.iter().enumerate();
        let (at, merged) = filters.find_map(|(at, filter)| Some((at, Merged::by(filter)?)))?;
        let mut others = query.filters.clone();
        others.remove(at);
        Some(Asked {
            query,
            merged,
            others,
        })
    }

    /// The keys of those that pass, no more than the window wants.
    fn keys(&self, conn: &mut Conn, window: &Window) -> Result<Option<Vec<i64>>, StoreError> {
        let wanted = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let beginnings: Statement<(Text, BigInt)> = self.beginnings(window).returning();
        let lists = on_each!(conn, |c| beginnings.load::<List>(c))?;
        let mut look = Window::new(window.cursor.clone(), LOOK);
        let (mut passed, mut looked, mut begun) = (Vec::new(), 0, LISTS);
        while looked < MOST {
            let (open, next) = lists.split_at(begun.min(lists.len()));
            let before = next.first().map(|(_, key)| *key);
            let asked = self.ask(conn, open, &look, before)?;
            passed.extend(asked.iter().filter(|(_, passes)| *passes).map(|(key, _)| *key));
            looked += asked.len();
            let full = i64::try_from(asked.len()).is_ok_and(|read| read == LOOK);
            let last = asked.last().filter(|_| full).map(|(key, _)| *key);
            if passed.len() >= wanted || (last.is_none() && before.is_none()) {
                passed.truncate(wanted);
                return Ok(Some(passed));
            }
            if !full {
                begun = begun.saturating_mul(GROWTH);
            }
            let back = window.backwards();
            let behind = before.map(|key| if back { key + 1 } else { key - 1 });
            look.cursor = last
                .or(behind)
                .map(|key| Cursor::new(self.query, back, key, Vec::new()));
        }
        Ok(None)
    }

    fn beginnings(&self, window: &Window) -> Sql {
        let mut sql = Sql::for_a_page();
        self.merged.in_order_of_beginning(&mut sql, window);
        sql
    }

    /// Candidates in their order, and whether the others hold for them.
    fn ask(
        &self,
        conn: &mut Conn,
        open: &[List],
        look: &Window,
        before: Option<i64>,
    ) -> Result<Vec<(i64, bool)>, StoreError> {
        let mut sql = Sql::for_a_page();
        sql.push("SELECT k.key, ");
        let subject = Subject {
            on: self.query.on,
            key: "k.key",
            engine: engine(conn),
        };
        several(&mut sql, &self.others, " AND ", "1 = 1", subject)?;
        sql.push(" FROM (");
        let ids = open.iter().map(|(id, _)| id.as_str());
        self.merged.stretch(&mut sql, ids, look, before);
        sql.push(") k ORDER BY k.key").push(look.order());
        let statement: Statement<(BigInt, Bool)> = sql.returning();
        Ok(on_each!(conn, |c| statement.load::<(i64, bool)>(c))?)
    }
}

fn rows(conn: &mut Conn, keys: &[i64], window: &Window) -> Result<Vec<Found>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::for_a_page();
    sql.push(COLUMNS)
        .push("resource r WHERE ")
        .among_keys("r.key", keys, engine(conn))
        .push(" ORDER BY r.key")
        .push(window.order());
    load(conn, sql)
}
