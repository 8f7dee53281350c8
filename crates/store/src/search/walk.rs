//! Along the index whose order is the answer's, asking each resource for the rest.
//!
//! Where everything that narrows a search holds for many, so do those met on the way: a page is full
//! before what was narrowed would have been read and sorted. It may not be: what holds together may
//! be rare, or all of it old. Then the walk ends after so many steps, and the other way is gone.
use super::COLUMNS;
use super::condition::{Subject, several};
use super::family::{scope, type_bind};
use super::matches::Course;
use super::order::bind;
use super::page::Window;
use super::sql::{Bind, Sql};
use super::start::{Size, Start};
use crate::StoreError;
use crate::conn::Engine;
use crate::keys::range;
use fhir::TypeId;
use fhir::registry::SearchParam;
use fhir::search::Query;

/// Steps of a walk beside which there is another way.
const STEPS: i64 = 6_000;

/// An index in the order of a sort value.
#[derive(Clone, Copy)]
pub enum Along {
    /// Of a date, by its earliest time.
    Date(&'static SearchParam),
    /// Of a text; a resource may stand there more than once (`once.rs`).
    Text(&'static SearchParam),
    Updated,
    Keys,
}

/// The statement, where the search is sorted by one such value and narrowed to few by nothing. Each
/// resource counts where its first row (downwards: last) stands.
pub fn along(
    query: &Query,
    engine: Engine,
    window: &Window,
    course: &Course,
) -> Result<Option<Sql>, StoreError> {
    let wide = course.start.is_wide();
    let (along, descending) = match &course.order[..] {
        [] if !window.backwards() => (Some(Along::Keys), false),
        [key] => (key.along(window), key.descending()),
        _ => (None, false),
    };
    let Some(along) = along.filter(|along| along.is_best(course.start)) else {
        return Ok(None);
    };
    let walk = Walk {
        on: query.on,
        along,
        descending,
        window,
    };
    let mut sql = Sql::for_a_page();
    sql.push(COLUMNS);
    match engine {
        Engine::Postgres if !wide => walk.steps(&mut sql)?,
        _ => {
            sql.push(walk.table());
        }
    }
    sql.push(" x CROSS JOIN resource r WHERE r.key = x.key AND r.deleted = FALSE AND ");
    let bounded = engine == Engine::Sqlite && !wide;
    walk.rows(&mut sql, "x", !bounded)?;
    sql.go_on("x");
    if bounded {
        walk.bound(&mut sql)?;
    }
    walk.once(&mut sql);
    // No range of keys here: SQLite would read by key instead, and sort.
    let subject = Subject {
        on: query.on,
        key: "x.key",
        engine,
    };
    sql.push(" AND ");
    several(&mut sql, &query.filters, " AND ", "1 = 1", subject)?;
    walk.step(&mut sql);
    Ok(Some(sql))
}

impl Along {
    fn is_best(self, start: Start) -> bool {
        match self {
            Along::Date(_) | Along::Text(_) => start.is_wide() || start.is_walked(),
            // Unless narrowed, resources are read in this order anyway.
            Along::Updated => !start.is_wide() && start.is_walked(),
            Along::Keys => start.size == Size::Scattered,
        }
    }
}

/// One walk of one search.
struct Walk<'a> {
    on: TypeId,
    along: Along,
    descending: bool,
    window: &'a Window,
}

impl Walk<'_> {
    fn table(&self) -> &'static str {
        match self.along {
            Along::Date(_) => "idx_date",
            Along::Text(_) => "idx_string",
            Along::Updated | Along::Keys => "resource",
        }
    }

    fn column(&self) -> &'static str {
        match self.along {
            Along::Date(_) => "low",
            Along::Text(_) => "norm",
            Along::Updated => "updated",
            Along::Keys => "key",
        }
    }

    /// The rows that are walked along, under this alias; of keys up to the type's last, unless they end
    /// before it: of two ends SQLite reads up to the one it meets first in the text.
    fn rows(&self, sql: &mut Sql, row: &str, all: bool) -> Result<(), StoreError> {
        match self.along {
            Along::Date(param) | Along::Text(param) => return scope(sql, param, row),
            Along::Updated => sql.push(&format!("{row}.type_id = ")).bind(type_bind(self.on)),
            Along::Keys => {
                let keys = range(self.on);
                sql.push(&format!("{row}.key >= ")).big(keys.start);
                if all {
                    sql.push(&format!(" AND {row}.key < ")).big(keys.end);
                }
                sql
            }
        };
        Ok(())
    }

    /// No other row of the resource stands before this one.
    fn once(&self, sql: &mut Sql) {
        if !matches!(self.along, Along::Date(_)) {
            return;
        }
        let before = if self.descending { ">" } else { "<" };
        sql.push(" AND NOT EXISTS (SELECT 1 FROM idx_date o WHERE o.param = x.param AND o.key = x.key AND ");
        sql.push(&format!(
            "(o.low {before} x.low OR (o.low = x.low AND o.high {before} x.high))"
        ));
        sql.each().push(")");
    }

    /// So many rows from the cursor on, for PostgreSQL, which takes them one by one; SQLite would
    /// take them all.
    fn steps(&self, sql: &mut Sql) -> Result<(), StoreError> {
        let (table, column, [.., direction]) = (self.table(), self.column(), self.forwards());
        sql.push(&format!("(SELECT b.* FROM {table} b WHERE "));
        self.rows(sql, "b", true)?;
        self.from(sql, "b");
        sql.push(&format!(
            " ORDER BY b.{column}{direction}, b.key{direction} LIMIT +"
        ));
        sql.big(STEPS).push(")");
        Ok(())
    }

    /// Not beyond the row that so many steps lead to, for SQLite, to which that costs next to nothing.
    fn bound(&self, sql: &mut Sql) -> Result<(), StoreError> {
        let (column, [beyond, furthest, direction]) = (self.column(), self.forwards());
        sql.push(&format!(
            " AND x.{column} {}= (SELECT {furthest}(b.v) FROM (SELECT b.{column} AS v FROM {} b WHERE ",
            if beyond == ">" { "<" } else { ">" },
            self.table()
        ));
        self.rows(sql, "b", true)?;
        self.from(sql, "b");
        sql.push(&format!(" ORDER BY b.{column}{direction} LIMIT +"))
            .big(STEPS)
            .push(") b)");
        Ok(())
    }

    /// The value and the key of the cursor.
    fn cursor(&self) -> Option<(Bind, i64)> {
        let cursor = self.window.cursor.as_ref()?;
        let value = match self.along {
            Along::Keys => Some(Bind::Big(cursor.key)),
            _ => cursor.values.first().and_then(bind),
        };
        Some((value?, cursor.key))
    }

    /// From the cursor on.
    fn from(&self, sql: &mut Sql, row: &str) {
        let at = self
            .window
            .cursor
            .as_ref()
            .and_then(|cursor| cursor.values.first());
        if let Some(value) = at.and_then(bind) {
            let [beyond, ..] = self.forwards();
            sql.push(&format!(" AND {row}.{} {beyond}= ", self.column()))
                .bind(value);
        }
    }

    /// From the cursor along the index.
    fn step(&self, sql: &mut Sql) {
        let (column, [beyond, _, direction]) = (self.column(), self.forwards());
        self.from(sql, "x");
        if let Some((value, key)) = self.cursor() {
            sql.push(&format!(" AND (x.{column} {beyond} ")).bind(value);
            sql.push(&format!(" OR x.key {beyond} ")).big(key).push(")");
        }
        sql.push(&format!(
            " ORDER BY x.{column}{direction}, x.key{direction} LIMIT +"
        ));
        // Whose texts are several is met several times.
        let times = if matches!(self.along, Along::Text(_)) {
            2
        } else {
            1
        };
        sql.big(self.window.limit.saturating_mul(times));
    }

    /// What lies further on, the furthest of some values, and the order.
    fn forwards(&self) -> [&'static str; 3] {
        if self.descending {
            ["<", "min", " DESC"]
        } else {
            [">", "max", ""]
        }
    }
}
