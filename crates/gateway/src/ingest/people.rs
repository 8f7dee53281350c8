//! Patients of a message: folded anew when it may have changed anything about them.
use super::Remark;
use super::facts::{Facts, is_derived, owned_of_person, patients_with};
use super::json::{self, Object};
use coordination::person;
use fhir::event::{Event, patient_id};
use std::collections::BTreeSet;
use store::{StoreError, Tx};

/// The resources of the patients concerned as they should be, where they may differ.
pub fn folded(
    tx: &mut Tx,
    facts: &mut Facts,
    said: &[Event],
    remarks: &mut Vec<Remark>,
) -> Result<Vec<Object>, StoreError> {
    if !facts.merging() && said.iter().all(|event| adds_nothing(facts, event)) {
        return Ok(Vec::new());
    }
    facts.complete_people(tx)?;
    for event in said.iter().filter(|event| event.aliases.len() > 1) {
        remarks.extend(possible_duplicate(tx, facts, event)?);
    }
    let mut resources = Vec::new();
    let mut done = BTreeSet::new();
    for id in &facts.patients {
        let home = facts.identities.home(id);
        if !done.insert(home) {
            continue;
        }
        let folded = person::fold(&facts.people, id, &facts.identities);
        resources.push(folded.patient(home, facts.find("Patient", home)));
        resources.extend(folded.owned);
    }
    Ok(resources)
}

fn adds_nothing(facts: &Facts, event: &Event) -> bool {
    let id = patient_id(&event.patient);
    let home = facts.identities.home(&id);
    let owned = owned_of_person(facts, event);
    facts
        .find("Patient", home)
        .is_some_and(|stored| person::adds_nothing(event, stored, &owned, home))
}

/// Identifiers of one message that lead to two patients: the primary one decides, a person looks.
fn possible_duplicate(tx: &mut Tx, facts: &Facts, event: &Event) -> Result<Option<Remark>, StoreError> {
    let ours = |patient: &Object| {
        let id = json::name(patient).map(|(_, id)| id).unwrap_or_default();
        let retired = patient.get("active") == Some(&false.into());
        retired
            || facts
                .patients
                .iter()
                .any(|known| *known == id || facts.identities.home(known) == id)
    };
    let others = patients_with(tx, &event.aliases)?
        .into_iter()
        .filter(|patient| !ours(patient));
    let kind = others.map(|patient| is_derived(&patient)).next();
    Ok(kind.map(|derived| Remark {
        code: "possible-duplicate".into(),
        place: "Patient.identifier".into(),
        text: format!(
            "identifiers of this message belong to another Patient{}; merge them at the source (A40) if they are one person",
            if derived { "" } else { " created over FHIR" }
        ),
    }))
}
