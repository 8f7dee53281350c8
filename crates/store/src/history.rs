//! History a page at a time, newest first or oldest first. <https://hl7.org/fhir/R4/http.html#history>
//!
//! Current versions and replaced ones live in two tables; a page is the merge of both.
use crate::conn::on_each;
use crate::point::{self, Current, Row};
use crate::rows::type_column;
use crate::schema::{resource, resource_history};
use crate::search::keys_of;
use crate::search::sql::Sql;
use crate::{History, HistoryPage, HistoryScope, StoreError, Tx};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::backend::Backend;
use diesel::dsl::{exists, not};
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;
use fhir::TypeId;
use std::sync::Arc;

/// Where a version stands in the order: `updated`, row key, version.
type Place = (i64, i64, i64);

/// Rows of one type, of one resource, or of those whose keys are selected.
enum Of {
    Type(TypeId),
    Key(i64),
    Keys(Arc<Sql>),
}

/// What every part of a page must respect.
#[derive(Clone, Copy)]
struct Bounds {
    since: i64,
    /// Current at some instant from the first to the second.
    at: Option<(i64, i64)>,
    /// Only what comes after this, in the direction that is read.
    from: Option<Place>,
    ascending: bool,
    limit: i64,
}

pub(crate) fn page(tx: &mut Tx, asked: &History) -> Result<HistoryPage, StoreError> {
    let cursor = asked.cursor.as_deref().map(decode).transpose()?;
    let backwards = cursor.is_some_and(|(_, backwards)| backwards);
    let bounds = Bounds {
        since: asked.since.unwrap_or(i64::MIN),
        at: asked.at,
        from: cursor.map(|(place, _)| place),
        ascending: asked.oldest_first != backwards,
        limit: i64::try_from(asked.count).unwrap_or(i64::MAX).saturating_add(1),
    };
    let mut found = Vec::new();
    for of in parts(tx, &asked.scope)? {
        found.extend(current(tx, &of, bounds)?);
        found.extend(past(tx, &of, bounds)?);
    }
    found.sort_unstable_by_key(place);
    if !bounds.ascending {
        found.reverse();
    }
    let more = found.len() > asked.count;
    found.truncate(asked.count);
    if backwards {
        found.reverse();
    }
    // Where one came from there is something, save that it may have been deleted from the history.
    let (next, prev) = match backwards {
        true => (true, more),
        false => (more, cursor.is_some()),
    };
    let at = |row: Option<&Current>, backwards| row.map(|row| encode(place(row), backwards));
    Ok(HistoryPage {
        next: next.then(|| at(found.last(), false)).flatten(),
        prev: prev.then(|| at(found.first(), true)).flatten(),
        versions: found.into_iter().map(|row| row.stored).collect(),
    })
}

/// System history is rare; it asks each type, so that no write pays for an index of its own.
fn parts(tx: &mut Tx, scope: &HistoryScope) -> Result<Vec<Of>, StoreError> {
    Ok(match scope {
        HistoryScope::Type(type_id) => vec![Of::Type(*type_id)],
        HistoryScope::System => fhir::registry().types().iter().copied().map(Of::Type).collect(),
        HistoryScope::Instance(type_id, id) => point::get(&mut tx.conn, *type_id, id)?
            .map(|row| Of::Key(row.key))
            .into_iter()
            .collect(),
        HistoryScope::Among(types) => {
            let bases = tx.bases();
            let each = types.iter().map(|(on, filter)| match filter {
                None => Ok(Of::Type(*on)),
                Some(filter) => keys_of(&mut tx.conn, *on, filter, &bases).map(|sql| Of::Keys(Arc::new(sql))),
            });
            each.collect::<Result<_, _>>()?
        }
    })
}

/// Whether the key of a table's row is one of those that a statement selects.
struct Selected {
    column: &'static str,
    keys: Arc<Sql>,
}

impl Expression for Selected {
    type SqlType = Bool;
}

impl<S> AppearsOnTable<S> for Selected {}
impl<G> ValidGrouping<G> for Selected {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for Selected {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend + 'static> QueryFragment<DB> for Selected
where
    Sql: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.column);
        out.push_sql(" IN (");
        self.keys.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}

/// The rows of a table within bounds; the two tables differ in name and in how a version ends.
macro_rules! within {
    ($conn:expr, $table:ident, $of:expr, $bounds:expr, $ended:expr) => {{
        use $table::{body, deleted, id, key, table, type_id, updated, version};
        let bounds = $bounds;
        let mut query = table
            .filter(updated.ge(bounds.since))
            .limit(bounds.limit)
            .select((key, type_id, id, version, updated, deleted, body))
            .into_boxed();
        query = match $of {
            Of::Type(of) => query.filter(type_id.eq(type_column(*of))),
            Of::Key(of) => query.filter(key.eq(*of)),
            Of::Keys(keys) => query.filter(Selected {
                column: concat!(stringify!($table), ".key"),
                keys: keys.clone(),
            }),
        };
        query = match (bounds.from, bounds.ascending) {
            (None, _) => query,
            (Some((at, k, v)), true) => query.filter(updated.ge(at)).filter(
                updated
                    .gt(at)
                    .or(updated.eq(at).and(key.gt(k).or(key.eq(k).and(version.gt(v))))),
            ),
            (Some((at, k, v)), false) => query.filter(updated.le(at)).filter(
                updated
                    .lt(at)
                    .or(updated.eq(at).and(key.lt(k).or(key.eq(k).and(version.lt(v))))),
            ),
        };
        query = match bounds.ascending {
            true => query.order((updated.asc(), key.asc(), version.asc())),
            false => query.order((updated.desc(), key.desc(), version.desc())),
        };
        if let Some((low, high)) = bounds.at {
            query = query.filter(updated.le(high));
            query = $ended(query, low);
        }
        query.load::<Row>($conn)?
    }};
}

fn current(tx: &mut Tx, of: &Of, bounds: Bounds) -> Result<Vec<Current>, StoreError> {
    let rows = on_each!(&mut *tx.conn, |conn| within!(
        conn,
        resource,
        of,
        bounds,
        |query, _| { query }
    ));
    Ok(rows.into_iter().map(Current::from).collect())
}

/// A replaced version was current until the next one came.
fn past(tx: &mut Tx, of: &Of, bounds: Bounds) -> Result<Vec<Current>, StoreError> {
    use resource as r;
    use resource_history as h;
    let later = diesel::alias!(resource_history as later);
    let rows = on_each!(&mut *tx.conn, |conn| within!(
        conn,
        resource_history,
        of,
        bounds,
        |query, low| {
            let replaced = later
                .filter(later.field(h::key).eq(h::key))
                .filter(later.field(h::version).eq(h::version + 1))
                .filter(later.field(h::updated).le(low));
            let replaced_now = r::table
                .filter(r::key.eq(h::key))
                .filter(r::version.eq(h::version + 1))
                .filter(r::updated.le(low));
            diesel::QueryDsl::filter(
                diesel::QueryDsl::filter(query, not(exists(replaced))),
                not(exists(replaced_now)),
            )
        }
    ));
    Ok(rows.into_iter().map(Current::from).collect())
}

fn place(row: &Current) -> Place {
    (row.stored.updated, row.key, row.stored.version)
}

/// Opaque: the place, and whether the page before it is meant.
fn encode((updated, key, version): Place, backwards: bool) -> String {
    let mut bytes = [updated.to_be_bytes(), key.to_be_bytes(), version.to_be_bytes()].concat();
    bytes.push(u8::from(backwards));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(cursor: &str) -> Result<(Place, bool), StoreError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|_| StoreError::BadCursor)?;
    let numbers: Vec<i64> = bytes
        .chunks_exact(8)
        .filter_map(|chunk| chunk.try_into().ok().map(i64::from_be_bytes))
        .collect();
    match (numbers[..].first_chunk::<3>(), bytes.len(), bytes.last()) {
        (Some([updated, key, version]), 25, Some(way @ (0 | 1))) => {
            Ok(((*updated, *key, *version), *way == 1))
        }
        _ => Err(StoreError::BadCursor),
    }
}
