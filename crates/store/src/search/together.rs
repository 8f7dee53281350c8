//! Several searches in one round trip: what a transaction wants to know about one patient, of whom
//! there is surely little.
use super::page::Window;
use super::sql::Sql;
use super::{Found, checked, engine, forms, load, run, start, statement};
use crate::conn::{Conn, Engine};
use crate::{StoreError, Stored};
use fhir::TypeId;
use fhir::search::Query;
use std::collections::{HashMap, HashSet};

/// The first page of each. On SQLite a statement costs no round trip.
pub(crate) fn find(conn: &mut Conn, queries: &[Query]) -> Result<Vec<Vec<Stored>>, StoreError> {
    let types: HashSet<_> = queries.iter().map(|query| query.on).collect();
    let are_apart = types.len() == queries.len();
    if engine(conn) == Engine::Postgres && are_apart && queries.iter().all(is_simple) {
        return at_once(conn, queries);
    }
    let each = queries.iter().map(|query| Ok(run(conn, query)?.matches));
    each.collect()
}

/// Found by index alone, in the order of keys.
fn is_simple(query: &Query) -> bool {
    query.surely_few
        && query.sort.is_empty()
        && query.cursor.is_none()
        && checked::of(&query.filters).is_empty()
}

fn at_once(conn: &mut Conn, queries: &[Query]) -> Result<Vec<Vec<Stored>>, StoreError> {
    let mut sql = Sql::for_a_page();
    for (nth, query) in queries.iter().enumerate() {
        let filters = forms::flat(checked::settle_all(conn, query.on, &query.filters, &query.bases)?);
        let query = Query {
            filters,
            ..query.clone()
        };
        let start = start::of_page(conn, &query)?;
        let window = Window::new(None, checked::limit(query.count, &[]));
        sql.push(if nth == 0 { "(" } else { " UNION ALL (" });
        statement::by_key(&mut sql, &query, Engine::Postgres, &window, start)?;
        sql.push(")");
    }
    let mut found: HashMap<TypeId, Vec<Stored>> = HashMap::new();
    for Found { stored, .. } in load(conn, sql)? {
        found.entry(stored.type_id).or_default().push(stored);
    }
    let of = |query: &Query| {
        let mut own = found.remove(&query.on).unwrap_or_default();
        own.truncate(query.count);
        own
    };
    Ok(queries.iter().map(of).collect())
}
