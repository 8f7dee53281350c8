//! The patches of a transaction: they need what is stored, so they are worked out within it.
use super::identity::{Found, found};
use super::plan::Plan;
use super::ready::Prepare;
use super::refusal::at;
use super::what::What;
use crate::auth::Access;
use crate::error::ApiError;
use crate::routes::body::parsed;
use crate::routes::{patch, visible};
use fhir::TypeId;
use fhir::bundle::Links;
use fhir::patch::Patch;
use std::collections::{BTreeMap, HashMap};
use store::{Change, Expect, Op, Prepared, StoreError, Stored, Tx};

/// What comes of each, by entry.
pub fn all(
    plan: &Plan,
    known: &Found,
    links: &Links,
    tx: &mut Tx,
    prepare: Prepare,
) -> Result<BTreeMap<usize, Prepared>, StoreError> {
    let mut stored = stored(plan, tx)?;
    let mut all = BTreeMap::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let made = match &step.what {
            What::Patch {
                type_id,
                id,
                patch,
                expect,
            } => {
                let found = stored.remove(&(*type_id, id.clone()));
                visible::to_change(tx, &plan.caller, (*type_id, found), Access::Update)
                    .and_then(|stored| make(patch, stored, *expect, links))
            }
            What::PatchBy {
                type_id,
                criteria,
                patch,
                expect,
            } => found(known, *criteria)
                .cloned()
                .ok_or_else(|| patch::no_match(*type_id).into())
                .and_then(|stored| make(patch, stored, *expect, links)),
            _ => continue,
        };
        let change = made.map_err(|error| at(index, error))?;
        all.insert(index, prepare(change));
    }
    Ok(all)
}

/// What entries with an id patch.
fn stored(plan: &Plan, tx: &mut Tx) -> Result<HashMap<(TypeId, String), Stored>, StoreError> {
    let wanted = plan.steps.iter().filter_map(|step| match &step.what {
        What::Patch { type_id, id, .. } => Some((*type_id, id.clone())),
        _ => None,
    });
    let stored = tx.get_many(&wanted.collect::<Vec<_>>())?;
    Ok(stored
        .into_iter()
        .map(|stored| ((stored.type_id, stored.id.clone()), stored))
        .collect())
}

/// The patch may have brought links to other entries with it.
fn make(patch: &Patch, stored: Stored, expect: Expect, links: &Links) -> Result<Change, StoreError> {
    let mut change = patch::change(patch, stored, expect)?;
    if let Op::Put(resource) = &mut change.op
        && let Some(text) = links.relink(&resource.text, None)
    {
        **resource = parsed(text.as_bytes()).map_err(|error| ApiError::invalid(error.issues))?;
    }
    Ok(change)
}
