//! Candidates by the engine's own full-text index: FTS5, and a GIN over tsvectors.
//! <https://sqlite.org/fts5.html> <https://www.postgresql.org/docs/current/textsearch.html>
//!
//! Both hold the same words, put together by `rows.rs`. FTS5 gives rows in the order of keys and
//! stops when told; a GIN finds few rows quickly and many at once, so words that are met often are
//! looked for in one text after another. Phrases and places are decided by the resources.
use super::COLUMNS;
use super::condition::{Subject, several};
use super::matches::Course;
use super::page::Window;
use super::sql::{Sql, Statement};
use super::start::{Size, Start};
use crate::StoreError;
use crate::conn::{Conn, Engine};
use crate::keys::range;
use crate::rows::term;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use fhir::TypeId;
use fhir::search::words::{Term, Terms};
use fhir::search::{Filter, Query};

/// Texts that tell how frequent words are.
const SAMPLE: i64 = 300;
/// In so many of them a word is frequent.
const FREQUENT: i64 = 3;
/// Texts that are read one after another before the index is asked after all.
const STEPS: i64 = 6_000;

/// Whether the words are met so often that PostgreSQL had better not ask its index for all of them.
pub fn are_frequent(conn: &mut Conn, on: TypeId, terms: &Terms) -> Result<bool, StoreError> {
    let Conn::Postgres(conn) = conn else {
        return Ok(false);
    };
    let mut sql = Sql::default();
    sql.push("SELECT count(*) FROM ");
    texts(&mut sql, on, None, SAMPLE);
    sql.push(" x WHERE ");
    has_words(&mut sql, on, terms);
    let statement: Statement<(BigInt,)> = sql.returning();
    let (found,): (i64,) = statement.get_result(conn)?;
    Ok(found >= FREQUENT)
}

/// A page of frequent words, forwards in the order of keys, text by text; it may be short though
/// there are more.
pub fn along(
    query: &Query,
    engine: Engine,
    window: &Window,
    course: &Course,
) -> Result<Option<Sql>, StoreError> {
    let Some(terms) = course.start.frequent_words(&query.filters) else {
        return Ok(None);
    };
    if !course.order.is_empty() || window.backwards() {
        return Ok(None);
    }
    let mut sql = Sql::for_a_page();
    sql.push(COLUMNS);
    texts(
        &mut sql,
        query.on,
        window.cursor.as_ref().map(|cursor| cursor.key),
        STEPS,
    );
    sql.push(" x CROSS JOIN resource r WHERE r.key = x.key AND ");
    has_words(&mut sql, query.on, &terms);
    let subject = Subject {
        on: query.on,
        key: "x.key",
        engine,
    };
    sql.push(" AND ");
    several(&mut sql, &query.filters, " AND ", "1 = 1", subject)?;
    sql.push(" ORDER BY x.key");
    window.end(&mut sql);
    Ok(Some(sql))
}

/// The next texts of the type.
fn texts(sql: &mut Sql, on: TypeId, after: Option<i64>, most: i64) {
    let keys = range(on);
    sql.push("(SELECT t.rowid AS key, t.words FROM idx_text t WHERE t.rowid > ")
        .big(after.unwrap_or(keys.start - 1))
        .push(" AND t.rowid < ")
        .big(keys.end)
        .push(" ORDER BY t.rowid LIMIT +")
        .big(most)
        .push(")");
}

/// The words of `x` are those of one of the alternatives.
fn has_words(sql: &mut Sql, on: TypeId, terms: &Terms) {
    sql.push("(").join(terms, " OR ", "1 = 0", |sql, all| {
        sql.push("(")
            .join(all, " AND ", "1 = 1", |sql, Term { text, starts }| {
                let end = if *starts { "" } else { " " };
                sql.push("strpos(' ' || x.words || ' ', ")
                    .text(format!(" {}{end}", term(on, text)))
                    .push(") > 0");
            });
        sql.push(")");
    });
    sql.push(")");
}

impl Start {
    fn frequent_words(&self, filters: &[Filter]) -> Option<Terms> {
        match filters.get(self.at.filter(|_| self.size == Size::Many)?)? {
            Filter::Checked(check) => check.terms(),
            _ => None,
        }
    }
}

/// `SELECT … AS key FROM …` of the texts that have the words; the SQL of the key. In PostgreSQL by
/// themselves: it takes words for more frequent than they are, and reads along the key instead.
pub fn rows(sql: &mut Sql, on: TypeId, terms: &Terms, row: &str, engine: Engine) -> String {
    match engine {
        Engine::Sqlite => {
            sql.push(&format!("SELECT {row}.rowid AS key FROM idx_text {row} WHERE "));
            matches(sql, on, terms, row, engine);
            format!("{row}.rowid")
        }
        Engine::Postgres => {
            sql.push(&format!(
                "SELECT {row}.key FROM (SELECT x.rowid AS key FROM idx_text x WHERE "
            ));
            matches(sql, on, terms, "x", engine);
            sql.push(&format!(" OFFSET 0) {row} WHERE 1 = 1"));
            format!("{row}.key")
        }
    }
}

/// A condition on the row of `idx_text`, whose key is its `rowid`.
fn matches(sql: &mut Sql, on: TypeId, terms: &Terms, row: &str, engine: Engine) {
    match engine {
        Engine::Sqlite => {
            sql.push(&format!("{row}.idx_text MATCH "))
                .text(expression(on, terms, &FTS5));
        }
        Engine::Postgres => {
            sql.push(&format!(
                "array_to_tsvector(string_to_array({row}.words, ' ')) @@ "
            ))
            .text(expression(on, terms, &TSQUERY))
            .push("::tsquery");
            // Planned for these words each time: how frequent they are makes the difference.
            sql.never_cached();
        }
    }
}

/// How an engine writes its query.
struct Grammar {
    and: &'static str,
    or: &'static str,
    quote: char,
    starts: &'static str,
}

const FTS5: Grammar = Grammar {
    and: " AND ",
    or: " OR ",
    quote: '"',
    starts: " *",
};
const TSQUERY: Grammar = Grammar {
    and: " & ",
    or: " | ",
    quote: '\'',
    starts: ":*",
};

/// Terms are letters and digits, so that no quote ends them.
fn expression(on: TypeId, terms: &Terms, grammar: &Grammar) -> String {
    let one = |Term { text, starts }: &Term| {
        let end = if *starts { grammar.starts } else { "" };
        format!("{q}{}{q}{end}", term(on, text), q = grammar.quote)
    };
    let all = |terms: &Vec<Term>| {
        let terms: Vec<_> = terms.iter().map(one).collect();
        format!("({})", terms.join(grammar.and))
    };
    let alternatives: Vec<_> = terms.iter().map(all).collect();
    alternatives.join(grammar.or)
}
