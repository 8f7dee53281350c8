//! Who sees what, said once more: from the resources as JSON, one by one.
use crate::oracle::ask::values;
use crate::oracle::world::{Held, World};
use fhir::TypeId;
use fhir::registry::registry;
use fhir::search::index::EntryValue;
use serde_json::Value;
use std::collections::BTreeSet;

pub enum Whose {
    Everybody,
    Patient(String),
    Practitioner(String),
    RelatedPerson(String),
}

/// The types of the worlds that hold nothing of patients.
const OPEN: [&str; 9] = [
    "CodeSystem",
    "Endpoint",
    "Location",
    "Measure",
    "Medication",
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "ValueSet",
];

pub fn of(name: &str) -> TypeId {
    TypeId::of(name).expect("a type")
}

pub fn sees(whose: &Whose, one: &Held, world: &World) -> bool {
    let patients = match whose {
        Whose::Everybody => return true,
        _ if OPEN.contains(&one.on.name()) => return true,
        Whose::Patient(id) => BTreeSet::from([id.clone()]),
        Whose::Practitioner(id) => treated(id, world),
        Whose::RelatedPerson(id) => {
            let person = world.get(of("RelatedPerson"), id).expect("the person");
            let reference = person.value["patient"]["reference"].as_str();
            reference.and_then(patient).into_iter().collect()
        }
    };
    belongs(one).intersection(&patients).next().is_some()
}

fn patient(reference: &str) -> Option<String> {
    reference.strip_prefix("Patient/").map(str::to_string)
}

/// The patients in whose compartment it is.
pub fn belongs(one: &Held) -> BTreeSet<String> {
    let patients = of("Patient");
    let mut found = BTreeSet::new();
    if one.on == patients {
        found.insert(one.id.clone());
    }
    for code in registry().compartment(patients, one.on) {
        let param = registry().param(one.on, code).expect("a parameter");
        found.extend(values(one, param).filter_map(|value| match value {
            EntryValue::Local { type_id, id } if *type_id == patients => Some(id.clone()),
            _ => None,
        }));
    }
    found
}

fn references<'a>(value: &'a Value, pointer: &str) -> Vec<&'a str> {
    let all = match value.pointer(pointer) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let reference = |value: &'a Value| value["reference"].as_str();
    all.into_iter().filter_map(reference).collect()
}

/// Patients whose general practitioner, organisation or team is theirs.
fn treated(id: &str, world: &World) -> BTreeSet<String> {
    let me = format!("Practitioner/{id}");
    let roles = world.of(of("PractitionerRole"));
    let roles: Vec<&Held> = roles
        .filter(|role| references(&role.value, "/practitioner").contains(&me.as_str()))
        .collect();
    let mut mine: BTreeSet<String> = roles
        .iter()
        .map(|role| format!("PractitionerRole/{}", role.id))
        .collect();
    mine.insert(me);
    let places: BTreeSet<&str> = roles
        .iter()
        .flat_map(|role| references(&role.value, "/organization"))
        .collect();
    let treats = |reference: &&str| mine.contains(*reference) || places.contains(reference);
    let mut found = BTreeSet::new();
    for one in world.of(of("Patient")) {
        let doctors = references(&one.value, "/generalPractitioner");
        let keeper = references(&one.value, "/managingOrganization");
        let by_doctor = doctors.iter().any(|reference| mine.contains(*reference));
        if by_doctor || keeper.iter().any(|reference| places.contains(reference)) {
            found.insert(one.id.clone());
        }
    }
    for team in world.of(of("CareTeam")) {
        let members = team.value["participant"].as_array().into_iter().flatten();
        let mut members = members.flat_map(|member| references(member, "/member"));
        if members.any(|member| treats(&member)) {
            let whom = references(&team.value, "/subject")
                .into_iter()
                .filter_map(patient);
            found.extend(whom);
        }
    }
    found
}
