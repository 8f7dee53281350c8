//! What follows from new events: stays, patients and directory entries as they should be now.
use super::answered::{self, Asked};
use super::facts::Facts;
use super::json::{self, Object};
use super::{Remark, people, repoint};
use coordination::fragment::overlay;
use coordination::person::directory;
use coordination::stay::{self, Fold};
use fhir::TypeId;
use fhir::event::{Event, Trigger, patient_id};
use serde_json::json;
use std::collections::BTreeMap;
use store::{Change, StoreError, Tx};

/// Members of Encounter the fold decides alone.
const FOLDED: &[&str] = &[
    "statusHistory",
    "classHistory",
    "period",
    "participant",
    "hospitalization",
    "location",
    "diagnosis",
    "identifier",
];

/// What brings the stored resources up to the events.
#[derive(Default)]
pub struct Refold {
    pub changes: Vec<Change>,
    /// Stays of whose past something became known that their Encounters do not show: what once
    /// followed from it is to be looked at all the same.
    pub reconsider: Vec<(TypeId, String)>,
    /// Stays that leave, or left, something open.
    pub asked: Asked,
}

/// `said` are the new events of `message` and, after a correction, those taken back.
pub fn refold(
    tx: &mut Tx,
    message: &str,
    said: &[Event],
    remarks: &mut Vec<Remark>,
) -> Result<Refold, StoreError> {
    let mut facts = Facts::load(tx, said)?;
    let mut resources = directory_entries(tx, said, &mut facts)?;
    resources.extend(people::folded(tx, &mut facts, said, remarks)?);
    let folded = folds(&facts);
    let encounter = json::type_id("Encounter")?;
    let hidden = folded.iter().filter_map(|(id, fold)| {
        fold.as_ref()
            .filter(|fold| has_hidden_past(&facts, fold, said))
            .map(|_| (encounter, id.clone()))
    });
    let reconsider = hidden.collect();
    let asked = answered::asked(&facts, &folded);
    resources.extend(answered::tasks(tx, &asked, message)?);
    resources.extend(stays(&facts, folded));
    let differing = resources.into_iter().filter(|resource| facts.differs(resource));
    let mut changes: Vec<Change> = differing
        .map(|it| json::put_over(it, &facts.seen))
        .collect::<Result<_, _>>()?;
    if said.iter().any(|event| event.trigger == Trigger::Merge) {
        repoint::add(tx, &facts, &mut changes)?;
    }
    Ok(Refold {
        changes,
        reconsider,
        asked,
    })
}

/// Whether the Encounter does not tell all its discharges: one that was taken back, or one that
/// came late and lies before others.
fn has_hidden_past(facts: &Facts, fold: &Fold, said: &[Event]) -> bool {
    let finished = fold.encounter["status"] == "finished";
    let newest = stay::sorted(&facts.stays)
        .last()
        .is_some_and(|newest| said.contains(newest));
    let shown = finished && newest;
    !fold.finished_snapshots.is_empty() && !shown
}

/// The stays concerned; none where a correction took back all that was said of one.
fn folds(facts: &Facts) -> Vec<(String, Option<Fold>)> {
    let fold = |id: &String| {
        let last = stay::patient(&facts.stays, id).map(|key| patient_id(&key));
        let subject = last.as_deref().map(|id| facts.identities.survivor(id));
        subject.and_then(|subject| stay::fold(&facts.stays, id, subject))
    };
    facts.encounters.iter().map(|id| (id.clone(), fold(id))).collect()
}

fn stays(facts: &Facts, folds: Vec<(String, Option<Fold>)>) -> Vec<Object> {
    let mut resources = Vec::new();
    for (id, fold) in folds {
        let stored = facts.find("Encounter", &id);
        match fold {
            Some(fold) => resources.extend(of_stay(fold, stored)),
            None => resources.extend(stored.cloned().map(|mut encounter| {
                encounter.insert("status".into(), json!("entered-in-error"));
                encounter
            })),
        }
    }
    resources
}

fn of_stay(fold: Fold, stored: Option<&Object>) -> Vec<Object> {
    let folded = fold.encounter.as_object().cloned().unwrap_or_default();
    let managed = |name: &str| FOLDED.contains(&name) || fold.mentioned.iter().any(|it| it == name);
    let mut resources = vec![overlay(stored, &folded, managed)];
    resources.extend(fold.owned);
    resources
}

/// Practitioners and the like: what is stored joined with what was said. Joined again under a
/// lock where it differs, as they belong to no stay.
fn directory_entries(tx: &mut Tx, said: &[Event], facts: &mut Facts) -> Result<Vec<Object>, StoreError> {
    let mut entries: BTreeMap<(TypeId, String), Vec<&Object>> = BTreeMap::new();
    for related in said
        .iter()
        .flat_map(|event| &event.related)
        .filter(|related| !related.owned)
    {
        if let Some(name) = json::name(&related.resource) {
            entries.entry(name).or_default().push(&related.resource);
        }
    }
    entries.retain(|name, said| {
        let stored = facts.stored.get(name);
        joined(stored, said).as_ref() != stored
    });
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let texts: Vec<String> = entries
        .keys()
        .map(|(type_id, id)| format!("{}/{id}", type_id.name()))
        .collect();
    tx.lock_all(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
    facts.read(tx, entries.keys().cloned().collect())?;
    Ok(entries
        .iter()
        .filter_map(|(name, said)| joined(facts.stored.get(name), said))
        .collect())
}

fn joined(stored: Option<&Object>, said: &[&Object]) -> Option<Object> {
    said.iter().fold(stored.cloned(), |stored, said| {
        Some(directory::join(stored.as_ref(), said))
    })
}
