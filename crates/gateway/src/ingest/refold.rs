//! What follows from new events: stays, patients and directory entries as they should be now.
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

/// The changes that bring what is stored up to the events. `said` are the new events and, after a
/// correction, those taken back.
pub fn changes(tx: &mut Tx, said: &[Event], remarks: &mut Vec<Remark>) -> Result<Vec<Change>, StoreError> {
    let mut facts = Facts::load(tx, said)?;
    let mut resources = directory_entries(tx, said, &facts)?;
    resources.extend(people::folded(tx, &mut facts, said, remarks)?);
    resources.extend(stays(&facts));
    let differing = resources
        .into_iter()
        .filter(|resource| json::name(resource).and_then(|name| facts.stored.get(&name)) != Some(resource));
    let mut changes: Vec<Change> = differing.map(json::put).collect::<Result<_, _>>()?;
    if said.iter().any(|event| event.trigger == Trigger::Merge) {
        repoint::add(tx, &facts, &mut changes)?;
    }
    Ok(changes)
}

fn stays(facts: &Facts) -> Vec<Object> {
    let mut resources = Vec::new();
    for id in &facts.encounters {
        let stored = facts.find("Encounter", id);
        let last = stay::patient(&facts.stays, id).map(|key| patient_id(&key));
        let subject = last.as_deref().map(|id| facts.identities.survivor(id));
        match subject.and_then(|subject| stay::fold(&facts.stays, id, subject)) {
            Some(fold) => resources.extend(of_stay(fold, stored)),
            // A correction took back all that was said of it.
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
fn directory_entries(tx: &mut Tx, said: &[Event], facts: &Facts) -> Result<Vec<Object>, StoreError> {
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
    let names: Vec<(TypeId, String)> = entries.keys().cloned().collect();
    let mut stored: BTreeMap<(TypeId, String), Object> = BTreeMap::new();
    for row in tx.get_many(&names)? {
        let object = json::object(&row)?;
        stored.extend(object.map(|object| ((row.type_id, row.id), object)));
    }
    Ok(entries
        .iter()
        .filter_map(|(name, said)| joined(stored.get(name), said))
        .collect())
}

fn joined(stored: Option<&Object>, said: &[&Object]) -> Option<Object> {
    said.iter().fold(stored.cloned(), |stored, said| {
        Some(directory::join(stored.as_ref(), said))
    })
}
