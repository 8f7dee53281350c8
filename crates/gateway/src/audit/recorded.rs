//! Recorded events as resources: read one by its id. They have one version and cannot be changed.
use super::{provenance, render};
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use fhir::TypeId;
use serde_json::Value;
use store::audit::{Recorded, is_recorded};
use store::{HistoryPage, StoreError, Stored, Tx};

/// Their only version.
const VERSION: i64 = 1;

/// The event of that id, where it is one of an event: for those to whom all of the type is open.
pub async fn read(
    state: &AppState,
    caller: &Caller,
    type_id: TypeId,
    id: &str,
) -> Option<Result<Option<Stored>, ApiError>> {
    if !is_recorded(type_id, id) {
        return None;
    }
    if !caller.may(type_id, Access::Read) {
        return Some(Ok(None));
    }
    let (base, id) = (state.config.fhir_base(), id.to_owned());
    let found = state.store.read(move |tx| find(tx, type_id, &id, &base)).await;
    Some(found.map_err(ApiError::from))
}

/// What is stored under the id, or recorded.
pub fn get(
    tx: &mut Tx,
    caller: &Caller,
    type_id: TypeId,
    id: &str,
    base: &str,
) -> Result<Option<Stored>, StoreError> {
    match is_recorded(type_id, id) {
        true if !caller.may(type_id, Access::Read) => Ok(None),
        true => find(tx, type_id, id, base),
        false => tx.get(type_id, id),
    }
}

/// The same of a version.
pub fn version(
    tx: &mut Tx,
    caller: &Caller,
    type_id: TypeId,
    id: &str,
    version: i64,
    base: &str,
) -> Result<Option<Stored>, StoreError> {
    match is_recorded(type_id, id) {
        true if version == VERSION && caller.may(type_id, Access::Read) => find(tx, type_id, id, base),
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
    let shown = found.and_then(|recorded| shown(type_id, &recorded, base));
    Ok(shown.map(|(stored, _)| stored))
}

/// How events are told as resources of a type, and which are.
struct Form {
    name: &'static str,
    is_told: fn(&Recorded) -> bool,
    tell: fn(&Recorded, &str) -> Option<Value>,
}

const FORMS: [Form; 2] = [
    Form {
        name: "AuditEvent",
        is_told: |_| true,
        tell: |recorded, base| Some(render::audit_event(recorded, base)),
    },
    Form {
        name: "Provenance",
        is_told: provenance::is_derived,
        tell: provenance::derived,
    },
];

fn form(type_id: TypeId) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.name == type_id.name())
}

/// Whether this event is told as a resource of the type.
pub fn is_told(type_id: TypeId, recorded: &Recorded) -> bool {
    form(type_id).is_some_and(|form| (form.is_told)(recorded))
}

/// Whether events are told as resources of the type.
pub fn is_form(type_id: TypeId) -> bool {
    form(type_id).is_some()
}

pub fn shown(type_id: TypeId, recorded: &Recorded, base: &str) -> Option<(Stored, Value)> {
    let resource = form(type_id).and_then(|form| (form.tell)(recorded, base))?;
    let stored = Stored {
        type_id,
        id: render::id(recorded),
        version: VERSION,
        updated: recorded.event.at,
        deleted: false,
        body: resource.to_string(),
    };
    Some((stored, resource))
}
