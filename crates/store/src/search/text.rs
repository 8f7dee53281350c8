//! Candidates by the engine's own full-text index: FTS5, and a GIN over tsvectors.
//! <https://sqlite.org/fts5.html> <https://www.postgresql.org/docs/current/textsearch.html>
//!
//! Both hold the same words, put together by `rows.rs`. FTS5 gives rows in the order of keys and
//! stops when told; a GIN finds few rows quickly and many at once, so PostgreSQL's planner is left
//! to read by key where the words are frequent. Phrases and places are decided by the resources.
use super::sql::Sql;
use crate::conn::Engine;
use crate::rows::term;
use fhir::TypeId;
use fhir::search::words::{Term, Terms};

/// A condition on the row of `idx_text`, whose key is its `rowid`.
pub fn matches(sql: &mut Sql, on: TypeId, terms: &Terms, row: &str, engine: Engine) {
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
