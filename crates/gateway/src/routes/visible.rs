//! What a caller with limited sight is shown of single resources: what is beyond their reach, and
//! what was deleted, looks like what never was. <https://hl7.org/fhir/R4/security.html#AccessDenied>
use crate::error::ApiError;
use crate::state::AppState;
use fhir::base::Bases;
use fhir::search::holds::Subject;
use fhir::search::reach::{Decision, Panel, Reach, patient_type};
use fhir::search::{Filter, Query};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{StoreError, Stored, Tx};

/// Patients, and the panel one of them must be of.
type Condition = (BTreeSet<String>, Arc<Panel>);

/// The current version as this reach shows it; the body alone decides where it can.
pub async fn current(
    state: &AppState,
    reach: &Reach,
    found: Option<Stored>,
) -> Result<Option<Stored>, ApiError> {
    let Some(stored) = found.filter(|stored| !stored.deleted) else {
        return Ok(None);
    };
    let seen = match decide(reach, &stored, &state.store.custom().bases)? {
        Decision::Seen => true,
        Decision::Hidden => false,
        Decision::If(open) => state.store.read(move |tx| any(tx, &open)).await?,
    };
    Ok(seen.then_some(stored))
}

/// The same inside a transaction.
pub fn current_in(tx: &mut Tx, reach: &Reach, found: Option<Stored>) -> Result<Option<Stored>, StoreError> {
    match found {
        Some(stored) if sees(tx, reach, &stored)? => Ok(Some(stored)),
        _ => Ok(None),
    }
}

/// Whether this version is within reach.
pub fn sees(tx: &mut Tx, reach: &Reach, stored: &Stored) -> Result<bool, StoreError> {
    if reach.is_all() {
        return Ok(true);
    }
    if stored.deleted {
        return Ok(false);
    }
    match decide(reach, stored, &tx.custom().bases)? {
        Decision::Seen => Ok(true),
        Decision::Hidden => Ok(false),
        Decision::If(open) => any(tx, &open),
    }
}

/// An old version is shown to who sees what became of it, if it was theirs then too.
pub fn version(
    tx: &mut Tx,
    reach: &Reach,
    current: Option<Stored>,
    version: i64,
) -> Result<Option<Stored>, StoreError> {
    let Some(current) = current_in(tx, reach, current)? else {
        return Ok(None);
    };
    let found = tx.version(current.type_id, &current.id, version)?;
    current_in(tx, reach, found)
}

fn decide(reach: &Reach, stored: &Stored, bases: &Bases) -> Result<Decision, StoreError> {
    if reach.is_all() {
        return Ok(Decision::Seen);
    }
    let resource: Value = serde_json::from_str(&stored.body)
        .map_err(|_| StoreError::Database("a stored resource does not parse".into()))?;
    Ok(reach.decide(Subject {
        on: stored.type_id,
        id: &stored.id,
        updated: stored.updated,
        resource: &resource,
        bases,
    }))
}

/// Whether one of the patients is of the panel: themselves, since the compartment of a patient holds
/// those linked to them, too, but not what is theirs.
fn any(tx: &mut Tx, open: &[Condition]) -> Result<bool, StoreError> {
    for (ids, panel) in open {
        let seen = match panel.found() {
            Some(Some(known)) => known.iter().any(|id| ids.contains(id)),
            _ => passes(tx, ids, panel)?,
        };
        if seen {
            return Ok(true);
        }
    }
    Ok(false)
}

fn passes(tx: &mut Tx, ids: &BTreeSet<String>, panel: &Panel) -> Result<bool, StoreError> {
    let Some(focus) = patient_type() else {
        return Ok(false);
    };
    let ids = Filter::Id(ids.iter().cloned().collect());
    let query = Query::new(focus, vec![ids, panel.passes.clone()], 1);
    Ok(!tx.search(&query)?.matches.is_empty())
}
