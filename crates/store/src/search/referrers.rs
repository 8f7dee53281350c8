//! `_has` from its other end: where few refer, those they refer to are named.
//! <https://hl7.org/fhir/R4/search.html#has>
//!
//! Asked of each resource in turn, a rare referrer would be looked for from all of them.
use super::sql::Sql;
use super::{COLUMNS, Found, engine, few, load};
use crate::StoreError;
use crate::conn::Conn;
use fhir::TypeId;
use fhir::base::Bases;
use fhir::registry::SearchParam;
use fhir::search::Filter;
use fhir::search::index::references;
use serde_json::Value;

/// So many are read to learn where they refer to.
const FEW: usize = 64;

/// The resources that pass, where an index finds them and they are few.
pub fn few(conn: &mut Conn, on: TypeId, filter: &Filter) -> Result<Option<Vec<Found>>, StoreError> {
    let Some(keys) = few::keys(conn, on, filter, FEW)? else {
        return Ok(None);
    };
    if keys.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let mut sql = Sql::default();
    sql.push(COLUMNS).push("resource r WHERE ");
    sql.among_keys("r.key", &keys, engine(conn));
    load(conn, sql).map(Some)
}

/// What of this type they refer to.
pub fn referred(from: &[Found], by: &SearchParam, on: TypeId, bases: &Bases) -> Result<Filter, StoreError> {
    let mut ids = Vec::new();
    for found in from {
        let resource: Value = serde_json::from_str(&found.stored.body)
            .map_err(|_| StoreError::Database("a stored resource does not parse".to_string()))?;
        let led = references(&resource, by, bases).into_iter();
        ids.extend(led.filter(|(to, _)| *to == on).map(|(_, id)| id));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(match ids.is_empty() {
        true => Filter::Nothing,
        false => Filter::Id(ids),
    })
}
