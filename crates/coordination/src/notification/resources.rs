//! Entries of a notification as the fragments of an event.
use super::references::{DIRECTORY, Names, OWNED, identifiers};
use super::{Envelope, key_of};
use fhir::event::{Key, Related, Trigger};
use fhir::{Issue, IssueCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What belongs to the sender's copy and not to the fact.
const OF_THE_COPY: &[&str] = &["id", "meta", "text", "contained", "implicitRules", "language"];
/// What the fold works out itself.
const FOLDED: &[&str] = &[
    "resourceType",
    "status",
    "subject",
    "statusHistory",
    "classHistory",
    "length",
];

/// Medical record numbers come first, then internal ones, then any with a system.
pub fn patient_keys(patient: &Map<String, Value>) -> Vec<Key> {
    let mut ranked: Vec<(u8, Key)> = Vec::new();
    for identifier in patient
        .get("identifier")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let rank = match identifier["type"]["coding"][0]["code"].as_str() {
            Some("MR") => 0,
            Some("PI") => 1,
            None => 2,
            Some(_) => 3,
        };
        ranked.extend(key_of(identifier).map(|key| (rank, key)));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, key)| key).collect()
}

/// Facility and visit number: an identifier with a system (a visit number before others), else
/// the bare value under the facility's own identifier, else the sender's id.
pub fn stay_key(encounter: &Map<String, Value>, envelope: &Envelope) -> Key {
    let listed = encounter
        .get("identifier")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let is_visit = |identifier: &&Value| identifier["type"]["coding"][0]["code"] == "VN";
    let first = listed.iter().find(is_visit).or(listed.first());
    if let Some(key) = first.and_then(key_of) {
        return key;
    }
    let facility = encounter
        .get("serviceProvider")
        .and_then(|it| it["reference"].as_str());
    let facility = facility
        .and_then(|it| envelope.find(it))
        .and_then(|it| identifiers(it).into_iter().next());
    let value = first.and_then(|it| it["value"].as_str());
    match (facility, value) {
        (Some(facility), Some(value)) => Key {
            system: format!("{}|{}", facility.system, facility.value),
            value: value.to_owned(),
        },
        _ => envelope.local_key(encounter),
    }
}

pub fn person(patient: &Map<String, Value>, names: &Names, warnings: &mut Vec<Issue>) -> Map<String, Value> {
    let mut person = stripped(patient, names, warnings);
    for folded in ["resourceType", "link", "active"] {
        person.shift_remove(folded);
    }
    person
}

pub fn encounter(
    encounter: &Map<String, Value>,
    trigger: Trigger,
    names: &Names,
    warnings: &mut Vec<Issue>,
) -> Map<String, Value> {
    let mut fragment = stripped(encounter, names, warnings);
    fragment.retain(|name, _| !FOLDED.contains(&name.as_str()));
    // The resource is the stay so far: an end on an admission is an expectation.
    let may_end = matches!(trigger, Trigger::Discharge | Trigger::Update);
    if let (false, Some(Value::Object(period))) = (may_end, fragment.get_mut("period")) {
        period.shift_remove("end");
    }
    if let Some(Value::Array(places)) = fragment.get_mut("location") {
        let current = places
            .iter()
            .rfind(|place| place["status"] != "completed")
            .or(places.last());
        let current: Vec<Value> = current.cloned().into_iter().map(without_time).collect();
        *places = current;
    }
    if let Some(disposition) = fragment
        .get_mut("hospitalization")
        .and_then(|it| it.get_mut("dischargeDisposition"))
    {
        pad_disposition(disposition);
    }
    fragment
}

/// NUBC codes have two digits; `1` is `01`.
fn pad_disposition(disposition: &mut Value) {
    let codings = disposition.get_mut("coding").and_then(Value::as_array_mut);
    for coding in codings.into_iter().flatten() {
        let nubc = coding["system"]
            .as_str()
            .is_some_and(|system| system.to_ascii_lowercase().contains("nubc"));
        if let (true, Some(code)) = (nubc, coding["code"].as_str().filter(|code| code.len() == 1)) {
            coding["code"] = json!(format!("0{code}"));
        }
    }
}

fn without_time(mut place: Value) -> Value {
    if let Some(members) = place.as_object_mut() {
        members.shift_remove("status");
        members.shift_remove("period");
    }
    place
}

pub fn related(envelope: &Envelope, names: &Names, warnings: &mut Vec<Issue>) -> Vec<Related> {
    let mut related: Vec<Related> = Vec::new();
    for resource in envelope.resources() {
        let kind = resource
            .get("resourceType")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let owned = OWNED.contains(&kind);
        if !owned && !DIRECTORY.contains(&kind) {
            continue;
        }
        if let Some(id) = names.id(resource) {
            let mut stored = Map::new();
            stored.insert("resourceType".into(), json!(kind));
            stored.insert("id".into(), json!(id));
            stored.extend(stripped(resource, names, warnings));
            related.push(Related {
                owned,
                resource: stored,
            });
        }
    }
    related
}

/// Without the copy's own marks, references renamed.
fn stripped(resource: &Map<String, Value>, names: &Names, warnings: &mut Vec<Issue>) -> Map<String, Value> {
    let mut kept = resource.clone();
    kept.retain(|name, _| !OF_THE_COPY.contains(&name.as_str()));
    let mut lost = BTreeSet::new();
    kept.values_mut().for_each(|value| names.rename(value, &mut lost));
    let kind = resource
        .get("resourceType")
        .and_then(Value::as_str)
        .unwrap_or_default();
    for target in lost {
        let text = format!("a reference of {kind} leads to {target}, which is not kept; its display is");
        warnings.push(Issue::warning(IssueCode::NotFound, text).at(kind));
    }
    kept
}
