//! What a caller with limited sight is shown of single resources: what is beyond their reach, and
//! what was deleted, looks like what never was. <https://hl7.org/fhir/R4/security.html#AccessDenied>
use super::read::existing;
use crate::auth::{Access, Caller};
use crate::error::ApiError;
use crate::state::AppState;
use fhir::base::Bases;
use fhir::consent::{Asker, Facts};
use fhir::search::holds::Subject;
use fhir::search::reach::{self, Decision, Open, Panel, Reach, Whose, patient_type};
use fhir::search::{Filter, Query};
use fhir::{Resource, TypeId};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use store::{StoreError, Stored, Tx};

/// What a resource in hand does not tell: whether the database says so.
enum Judged {
    Seen,
    Hidden,
    If(Vec<Open>, Box<Facts>),
}

/// The current version as this reach shows it; the body alone decides where it can.
pub async fn current(
    state: &AppState,
    reach: &Reach,
    found: Option<Stored>,
) -> Result<Option<Stored>, ApiError> {
    let Some(stored) = found.filter(|stored| !stored.deleted) else {
        return Ok(None);
    };
    match decide(reach, &stored, &state.store.custom().bases)? {
        Judged::Seen => Ok(Some(stored)),
        Judged::Hidden => Ok(None),
        Judged::If(open, facts) => asked(state, reach, stored, (open, facts)).await,
    }
}

/// As the database says, of what it holds while it says so: what was read before may have been replaced
/// by something else, and rules have changed with it.
async fn asked(
    state: &AppState,
    reach: &Reach,
    stored: Stored,
    (open, facts): (Vec<Open>, Box<Facts>),
) -> Result<Option<Stored>, ApiError> {
    if let Some(asker) = only_shown(&open)
        && let Some(shown) = state.store.shows(asker, &facts, stored.version).await?
    {
        return Ok(shown.then_some(stored));
    }
    let reach = reach.clone();
    let anew = move |tx: &mut Tx| match tx.get(stored.type_id, &stored.id)? {
        Some(now) if now.version == stored.version => Ok(any(tx, &open, &facts)?.then_some(now)),
        now => current_in(tx, &reach, now),
    };
    Ok(state.store.read(anew).await?)
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
        Judged::Seen => Ok(true),
        Judged::Hidden => Ok(false),
        Judged::If(open, facts) => any(tx, &open, &facts),
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

/// What may be changed in this way, or 404 as for what never was.
pub fn to_change(
    tx: &mut Tx,
    caller: &Caller,
    (type_id, found): (TypeId, Option<Stored>),
    access: Access,
) -> Result<Stored, StoreError> {
    let Some(bounds) = caller.bounds() else {
        return Ok(existing(type_id, found)?);
    };
    if caller.may(type_id, access) {
        return Ok(existing(type_id, found)?);
    }
    let open = bounds.change(tx, found.as_ref(), access)?;
    Ok(existing(type_id, open.cloned())?)
}

/// The patients in whose compartments it is.
pub fn patients(tx: &Tx, stored: &Stored) -> Result<BTreeSet<String>, StoreError> {
    let resource = parsed(stored)?;
    let bases = tx.bases();
    Ok(reach::patients(subject(stored, &resource.value, &bases)))
}

/// Whether it is one of the patients whose records the reach is about.
pub fn belongs_to(tx: &mut Tx, reach: &Reach, on: TypeId, id: &str) -> Result<bool, StoreError> {
    let Reach::Any(shares) = reach else {
        return Ok(false);
    };
    if Some(on) != patient_type() {
        return Ok(false);
    }
    for share in shares {
        let theirs = match &share.whose {
            Whose::Everybody => false,
            Whose::Patient(one) => one == id,
            Whose::Patients(panel) => is_of(tx, &[id.to_owned()].into(), panel)?,
        };
        if theirs {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is stored was a resource when it was written.
pub fn parsed(stored: &Stored) -> Result<Resource, StoreError> {
    Resource::parse(stored.body.as_bytes())
        .map_err(|_| StoreError::Database("a stored resource does not parse".into()))
}

fn subject<'a>(stored: &'a Stored, resource: &'a Value, bases: &'a Bases) -> Subject<'a> {
    Subject {
        on: stored.type_id,
        id: &stored.id,
        updated: stored.updated,
        resource,
        bases,
    }
}

fn decide(reach: &Reach, stored: &Stored, bases: &Bases) -> Result<Judged, StoreError> {
    if reach.is_all() {
        return Ok(Judged::Seen);
    }
    let resource = reach
        .part(stored.type_id, &stored.body)
        .map_err(|_| StoreError::Database("a stored resource does not parse".into()))?;
    let subject = subject(stored, &resource, bases);
    Ok(match reach.decide(subject) {
        Decision::Seen => Judged::Seen,
        Decision::Hidden => Judged::Hidden,
        Decision::If(open) => Judged::If(open, Box::new(Facts::of(subject))),
    })
}

/// Of whom nothing is asked but whether consents and labels show it to them.
fn only_shown(open: &[Open]) -> Option<&Arc<Asker>> {
    match open {
        [Open { panel: None, shown }] => shown.as_ref(),
        _ => None,
    }
}

/// Whether all that one of these asks for holds.
fn any(tx: &mut Tx, open: &[Open], facts: &Facts) -> Result<bool, StoreError> {
    for Open { panel, shown } in open {
        let of_panel = match panel {
            Some((ids, panel)) => is_of(tx, ids, panel)?,
            None => true,
        };
        if of_panel
            && match shown {
                Some(asker) => tx.shows(asker, facts)?,
                None => true,
            }
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether one of the patients is of the panel: themselves, since the compartment of a patient holds
/// those linked to them, too, but not what is theirs.
fn is_of(tx: &mut Tx, ids: &BTreeSet<String>, panel: &Arc<Panel>) -> Result<bool, StoreError> {
    match panel.found() {
        Some(Some(known)) => Ok(known.iter().any(|id| ids.contains(id))),
        _ => passes(tx, ids, panel),
    }
}

fn passes(tx: &mut Tx, ids: &BTreeSet<String>, panel: &Panel) -> Result<bool, StoreError> {
    let Some(focus) = patient_type() else {
        return Ok(false);
    };
    let ids = Filter::Id(ids.iter().cloned().collect());
    let query = Query::new(focus, vec![ids, panel.passes.clone()], 1);
    Ok(!tx.search(&query)?.matches.is_empty())
}
