//! Recorded events as resources: read one by its id. They have one version and cannot be changed.
use super::render;
use crate::error::ApiError;
use crate::state::AppState;
use fhir::TypeId;
use serde_json::Value;
use store::audit::{Recorded, is_recorded};
use store::{HistoryPage, StoreError, Stored, Tx};

/// Their only version.
const VERSION: i64 = 1;

/// The event of that id, where it is one of an event.
pub async fn read(state: &AppState, type_id: TypeId, id: &str) -> Option<Result<Option<Stored>, ApiError>> {
    if !is_recorded(type_id, id) {
        return None;
    }
    let (base, id) = (state.config.fhir_base(), id.to_owned());
    let found = state.store.read(move |tx| find(tx, type_id, &id, &base)).await;
    Some(found.map_err(ApiError::from))
}

/// What is stored under the id, or recorded.
pub fn get(tx: &mut Tx, type_id: TypeId, id: &str, base: &str) -> Result<Option<Stored>, StoreError> {
    match is_recorded(type_id, id) {
        true => find(tx, type_id, id, base),
        false => tx.get(type_id, id),
    }
}

/// The same of a version.
pub fn version(
    tx: &mut Tx,
    type_id: TypeId,
    id: &str,
    version: i64,
    base: &str,
) -> Result<Option<Stored>, StoreError> {
    match is_recorded(type_id, id) {
        true if version == VERSION => find(tx, type_id, id, base),
        true => Ok(None),
        false => tx.version(type_id, id, version),
    }
}

/// 405 for what cannot be changed, before it is looked for.
pub fn writable(type_id: TypeId, id: &str) -> Result<(), ApiError> {
    Ok(store::audit::refuse_recorded(type_id, id)?)
}

/// The one version, where it is of the time asked for.
pub fn history(
    tx: &mut Tx,
    (type_id, id): (TypeId, &str),
    base: &str,
    since: Option<i64>,
) -> Result<HistoryPage, StoreError> {
    let found = find(tx, type_id, id, base)?;
    let late = |stored: &Stored| since.is_none_or(|since| stored.updated >= since);
    Ok(HistoryPage {
        versions: found.into_iter().filter(late).collect(),
        next: None,
        prev: None,
    })
}

fn find(tx: &mut Tx, type_id: TypeId, id: &str, base: &str) -> Result<Option<Stored>, StoreError> {
    let Some((row, nth)) = render::place(id) else {
        return Ok(None);
    };
    let found = tx.recorded_in(row, nth)?;
    Ok(found.and_then(|recorded| shown(type_id, &recorded, base)))
}

/// How an event is told as a resource of a type; None where it is not told so.
type Form = fn(&Recorded, &str) -> Option<Value>;
const FORMS: [(&str, Form); 1] = [("AuditEvent", |recorded, base| {
    Some(render::audit_event(recorded, base))
})];

pub fn shown(type_id: TypeId, recorded: &Recorded, base: &str) -> Option<Stored> {
    let (_, form) = FORMS.iter().find(|(name, _)| *name == type_id.name())?;
    Some(Stored {
        type_id,
        id: render::id(recorded),
        version: VERSION,
        updated: recorded.event.at,
        deleted: false,
        body: form(recorded, base)?.to_string(),
    })
}
