//! History, newest first, a page at a time. <https://hl7.org/fhir/R4/http.html#history>
//!
//! Current versions and replaced ones live in two tables; a page is the merge of both.
use crate::point::{self, Current, Row};
use crate::rows::type_column;
use crate::schema::{resource, resource_history};
use crate::{HistoryPage, HistoryScope, StoreError, Tx};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use fhir::TypeId;

/// Where a version stands in the order: `updated`, row key, version, each descending.
type Place = (i64, i64, i64);

/// Rows of one type or of one resource.
#[derive(Clone, Copy)]
enum Of {
    Type(TypeId),
    Key(i64),
}

/// What every part of a page must respect.
#[derive(Clone, Copy)]
struct Bounds {
    since: i64,
    before: Place,
    limit: i64,
}

pub(crate) fn page(
    tx: &mut Tx,
    scope: &HistoryScope,
    since: Option<i64>,
    count: usize,
    cursor: Option<&str>,
) -> Result<HistoryPage, StoreError> {
    let before = cursor.map_or(Ok((i64::MAX, i64::MAX, i64::MAX)), decode)?;
    let limit = i64::try_from(count).unwrap_or(i64::MAX).saturating_add(1);
    let bounds = Bounds {
        since: since.unwrap_or(i64::MIN),
        before,
        limit,
    };
    let mut found = Vec::new();
    for of in parts(tx, scope)? {
        found.extend(current(tx, of, bounds)?);
        found.extend(past(tx, of, bounds)?);
    }
    found.sort_unstable_by_key(|row: &Current| std::cmp::Reverse(place(row)));
    let next = (found.len() > count).then(|| found.get(count.wrapping_sub(1)).map(|row| encode(place(row))));
    found.truncate(count);
    let versions = found.into_iter().map(|row| row.stored).collect();
    Ok(HistoryPage {
        versions,
        next: next.flatten(),
    })
}

/// System history is rare; it asks each type, so that no write pays for an index of its own.
fn parts(tx: &mut Tx, scope: &HistoryScope) -> Result<Vec<Of>, StoreError> {
    Ok(match scope {
        HistoryScope::Type(type_id) => vec![Of::Type(*type_id)],
        HistoryScope::System => fhir::registry().types().iter().copied().map(Of::Type).collect(),
        HistoryScope::Instance(type_id, id) => point::get(tx.conn, *type_id, id)?
            .map(|row| Of::Key(row.key))
            .into_iter()
            .collect(),
    })
}

/// The newest rows of a table within bounds; the two tables differ in name alone.
macro_rules! newest {
    ($conn:expr, $table:ident, $of:expr, $bounds:expr) => {{
        use $table::{body, deleted, id, key, table, type_id, updated, version};
        let (at, before_key, before_version) = $bounds.before;
        let earlier = updated.lt(at).or(updated.eq(at).and(
            key.lt(before_key)
                .or(key.eq(before_key).and(version.lt(before_version))),
        ));
        let query = table
            .filter(updated.ge($bounds.since))
            .filter(updated.le(at))
            .filter(earlier)
            .order((updated.desc(), key.desc(), version.desc()))
            .limit($bounds.limit)
            .select((key, type_id, id, version, updated, deleted, body));
        let rows: Vec<Row> = match $of {
            Of::Type(of) => query.filter(type_id.eq(type_column(of))).load($conn)?,
            Of::Key(of) => query.filter(key.eq(of)).load($conn)?,
        };
        Ok(rows.into_iter().map(Current::from).collect())
    }};
}

fn current(tx: &mut Tx, of: Of, bounds: Bounds) -> Result<Vec<Current>, StoreError> {
    newest!(tx.conn, resource, of, bounds)
}

fn past(tx: &mut Tx, of: Of, bounds: Bounds) -> Result<Vec<Current>, StoreError> {
    newest!(tx.conn, resource_history, of, bounds)
}

fn place(row: &Current) -> Place {
    (row.stored.updated, row.key, row.stored.version)
}

fn encode((updated, key, version): Place) -> String {
    URL_SAFE_NO_PAD.encode([updated.to_be_bytes(), key.to_be_bytes(), version.to_be_bytes()].concat())
}

fn decode(cursor: &str) -> Result<Place, StoreError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|_| StoreError::BadCursor)?;
    let numbers: Vec<i64> = bytes
        .chunks_exact(8)
        .filter_map(|chunk| chunk.try_into().ok().map(i64::from_be_bytes))
        .collect();
    match (numbers[..].first_chunk::<3>(), bytes.len()) {
        (Some([updated, key, version]), 24) => Ok((*updated, *key, *version)),
        _ => Err(StoreError::BadCursor),
    }
}
