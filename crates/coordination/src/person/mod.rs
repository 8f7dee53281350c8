//! A patient is a fold over the events that carry its primary identifier; A40 retires one
//! identity into another. <https://hl7.org/fhir/R4/patient.html#links>
pub mod directory;

use crate::chain::Chain;
use crate::fragment::{lay_over, list, mentions_stay, overlay, point_at, same_identifier, unite_identifiers};
use crate::stay::sorted;
use fhir::event::{Event, Key, Trigger, patient_id};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Identities and how they were merged. Ids are those of [`patient_id`]; `homes` gives the id of
/// the stored Patient where that is another (one created over FHIR before any event).
#[derive(Clone, Debug, Default)]
pub struct Identities {
    pub chain: Chain,
    pub homes: HashMap<String, String>,
}

impl Identities {
    /// From the A40 events of everyone concerned.
    pub fn of(events: &[Event], homes: HashMap<String, String>) -> Identities {
        let mut chain = Chain::default();
        for event in sorted(events) {
            if let (Trigger::Merge, Some(loser)) = (event.trigger, &event.merged) {
                chain.join(&patient_id(loser), &patient_id(&event.patient));
            }
        }
        Identities { chain, homes }
    }

    pub fn home<'a>(&'a self, id: &'a str) -> &'a str {
        self.homes.get(id).map_or(id, String::as_str)
    }

    /// The stored id of the last survivor: whom stays and tasks point to. Where one of a Patient's
    /// identities is retired into another Patient, so is the Patient.
    pub fn survivor<'a>(&'a self, id: &'a str) -> &'a str {
        let home = self.home(self.chain.resolve(id));
        let others = self.homes.iter().filter(|(_, of)| *of == home);
        let moved = others.map(|(other, _)| self.home(self.chain.resolve(other)));
        moved.filter(|other| *other != home).min().unwrap_or(home)
    }

    /// All identities of the Patient that one leads to.
    fn of_one<'a>(&'a self, id: &'a str) -> BTreeSet<&'a str> {
        let home = self.home(id);
        let others = self.homes.iter().filter(|(_, of)| *of == home);
        others
            .map(|(other, _)| other.as_str())
            .chain(std::iter::once(id))
            .collect()
    }
}

/// What the events of one patient amount to.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// Elements of Patient the events give.
    pub elements: Map<String, Value>,
    /// Members the events spoke of, deletions included.
    mentioned: Vec<String>,
    /// Coverage and the like, complete.
    pub owned: Vec<Map<String, Value>>,
    /// Identifiers the events of all merged identities gave anyone.
    known_identifiers: Vec<Value>,
}

/// Folds the patient whose primary identifier has that id, or one of those whose have. `events`
/// may hold those of others.
pub fn fold(events: &[Event], id: &str, identities: &Identities) -> Person {
    let events = sorted(events);
    let ids = identities.of_one(id);
    let mut person = Person {
        elements: elements_of(&events, &ids),
        mentioned: Vec::new(),
        owned: owned_of(&events, &ids, identities.survivor(id)),
        known_identifiers: Vec::new(),
    };
    for event in &events {
        unite_identifiers(&mut person.known_identifiers, &identifiers_of(event));
        person
            .known_identifiers
            .extend(event.merged.as_ref().map(plain_identifier));
    }
    let own = events.iter().filter(|event| is_about(event, &ids));
    person.mentioned = own.flat_map(|event| event.person.keys().cloned()).collect();
    add_merges(&mut person.elements, &events, &ids, identities);
    person
}

fn is_about(event: &Event, ids: &BTreeSet<&str>) -> bool {
    ids.contains(patient_id(&event.patient).as_str())
}

fn elements_of(events: &[&Event], ids: &BTreeSet<&str>) -> Map<String, Value> {
    let mut elements = Map::new();
    let mut identifiers = Vec::new();
    let mut deaths = BTreeSet::new();
    for event in events.iter().filter(|event| is_about(event, ids)) {
        let mut said = event.person.clone();
        said.shift_remove("identifier");
        heed_death(&mut said, &mut deaths, &event.source);
        lay_over(&mut elements, &said, &[]);
        unite_identifiers(&mut identifiers, &identifiers_of(event));
    }
    let retires = |event: &Event| {
        let merged = event.merged.as_ref().map(patient_id);
        merged.is_some_and(|merged| ids.contains(merged.as_str()))
    };
    for event in events.iter().filter(|event| retires(event)) {
        let retired = event.merged.as_ref().map(plain_identifier);
        let missing = retired.filter(|key| !identifiers.iter().any(|known| same_identifier(known, key)));
        identifiers.extend(missing);
    }
    if !identifiers.is_empty() {
        elements.insert("identifier".into(), Value::Array(identifiers));
    }
    elements
}

/// A death stands until every source that told of it takes it back: another hospital's routine
/// "not dead" must not restart calls to the dead.
fn heed_death<'a>(said: &mut Map<String, Value>, deaths: &mut BTreeSet<&'a str>, source: &'a str) {
    let told = said.get("deceasedDateTime").is_some_and(Value::is_string);
    if told || said.get("deceasedBoolean") == Some(&Value::Bool(true)) {
        deaths.insert(source);
    } else if said.get("deceasedBoolean") == Some(&Value::Bool(false)) {
        deaths.remove(source);
    }
    if !deaths.is_empty() && !deaths.contains(source) {
        said.retain(|name, _| !name.starts_with("deceased"));
    }
}

/// The identifiers as told, and those only named as keys.
fn identifiers_of(event: &Event) -> Vec<Value> {
    let mut identifiers = list(&event.person, "identifier").to_vec();
    for key in std::iter::once(&event.patient).chain(&event.aliases) {
        let plain = plain_identifier(key);
        if !identifiers.iter().any(|known| same_identifier(known, &plain)) {
            identifiers.push(plain);
        }
    }
    identifiers
}

fn plain_identifier(key: &Key) -> Value {
    json!({"system": key.system, "value": key.value})
}

/// A retired identity points to its survivor; a survivor points back and answers to the retired
/// identifiers too.
fn add_merges(
    elements: &mut Map<String, Value>,
    events: &[&Event],
    ids: &BTreeSet<&str>,
    identities: &Identities,
) {
    let chain = &identities.chain;
    if chain.is_empty() {
        return;
    }
    let elsewhere = |other: &&str| !ids.contains(other);
    let link = |kind: &str, other: &str| json!({"other": {"reference": format!("Patient/{}", identities.home(other))}, "type": kind});
    let successors: Vec<&str> = ids
        .iter()
        .filter_map(|id| chain.successor(id))
        .filter(elsewhere)
        .collect();
    let mut links: Vec<Value> = successors
        .iter()
        .map(|other| link("replaced-by", other))
        .collect();
    let direct = ids.iter().flat_map(|id| chain.direct(id)).filter(elsewhere);
    links.extend(direct.map(|other| link("replaces", other)));
    let mut identifiers = list(elements, "identifier").to_vec();
    let below: BTreeSet<&str> = ids
        .iter()
        .flat_map(|id| chain.below(id))
        .filter(elsewhere)
        .collect();
    for loser in below {
        for mut retired in list(&elements_of(events, &BTreeSet::from([loser])), "identifier").to_vec() {
            retired["use"] = json!("old");
            if !identifiers.iter().any(|known| same_identifier(known, &retired)) {
                identifiers.push(retired);
            }
        }
    }
    elements.insert("identifier".into(), Value::Array(identifiers));
    elements.insert("active".into(), json!(successors.is_empty()));
    elements.insert("link".into(), Value::Array(links));
}

/// What belongs to the patient and to no stay, last word by event time.
fn owned_of(events: &[&Event], ids: &BTreeSet<&str>, survivor: &str) -> Vec<Map<String, Value>> {
    let mut owned: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for event in events.iter().filter(|event| is_about(event, ids)) {
        for resource in own_resources(event) {
            if let Some(id) = resource.get("id").and_then(Value::as_str) {
                lay_over(owned.entry(id.to_owned()).or_default(), resource, &[]);
            }
        }
    }
    owned
        .into_values()
        .map(|resource| pointed(resource, survivor))
        .collect()
}

fn own_resources(event: &Event) -> impl Iterator<Item = &Map<String, Value>> {
    let owned = event
        .related
        .iter()
        .filter(|related| related.owned)
        .map(|related| &related.resource);
    owned.filter(|resource| !resource.values().any(mentions_stay))
}

fn pointed(mut resource: Map<String, Value>, patient: &str) -> Map<String, Value> {
    resource
        .values_mut()
        .for_each(|value| point_at(value, patient, ""));
    resource
}

impl Person {
    /// The Patient to store: what the events give, over what is stored and no event speaks of.
    pub fn patient(&self, id: &str, stored: Option<&Map<String, Value>>) -> Map<String, Value> {
        let mut elements = Map::new();
        elements.insert("resourceType".into(), json!("Patient"));
        elements.insert("id".into(), json!(id));
        elements.extend(self.elements.clone());
        if stored.is_none_or(|stored| !stored.contains_key("active")) {
            elements.entry("active").or_insert(json!(true));
        }
        if let Some(stored) = stored {
            self.keep_lists(&mut elements, stored);
        }
        let emptied = |list: &Value| list.as_array().is_some_and(Vec::is_empty);
        let gone: Vec<String> = elements
            .iter()
            .filter(|(_, v)| emptied(v))
            .map(|(k, _)| k.clone())
            .collect();
        elements.retain(|name, _| !gone.contains(name));
        overlay(stored, &elements, |name| {
            name == "meta" || gone.iter().any(|it| it == name) || self.mentioned.iter().any(|it| it == name)
        })
    }

    /// Identifiers no event gave anyone and links that are not merges are not ours to drop.
    fn keep_lists(&self, elements: &mut Map<String, Value>, stored: &Map<String, Value>) {
        let foreign = |identifier: &&Value| {
            !self
                .known_identifiers
                .iter()
                .any(|known| same_identifier(known, identifier))
        };
        let mut identifiers = list(elements, "identifier").to_vec();
        identifiers.extend(list(stored, "identifier").iter().filter(foreign).cloned());
        elements.insert("identifier".into(), Value::Array(identifiers));
        if let Some(Value::Array(links)) = elements.get_mut("link") {
            let merge = |link: &&Value| matches!(link["type"].as_str(), Some("replaces" | "replaced-by"));
            links.extend(list(stored, "link").iter().filter(|link| !merge(link)).cloned());
        }
    }
}

/// Whether one event may change the fold of its patient, given what is stored. Exact: an event
/// whose every word is already the stored word cannot change the last word on anything.
pub fn adds_nothing(
    event: &Event,
    patient: &Map<String, Value>,
    owned: &[Map<String, Value>],
    home: &str,
) -> bool {
    let mut said = event.person.clone();
    said.shift_remove("identifier");
    let mut laid = patient.clone();
    lay_over(&mut laid, &said, &[]);
    let has_identifiers = identifiers_of(event)
        .iter()
        .all(|identifier| list(patient, "identifier").contains(identifier));
    let unchanged = |resource: &Map<String, Value>| {
        let known = owned.iter().find(|known| known.get("id") == resource.get("id"));
        known.is_some_and(|known| {
            let mut laid = known.clone();
            lay_over(&mut laid, &pointed(resource.clone(), home), &[]);
            laid == *known
        })
    };
    event.trigger != Trigger::Merge
        && has_identifiers
        && laid == *patient
        && own_resources(event).all(unchanged)
}

/// Ids of the owned resources an event brings for its patient.
pub fn owned_ids(event: &Event) -> Vec<(String, String)> {
    let text = |resource: &Map<String, Value>, name: &str| resource.get(name)?.as_str().map(str::to_owned);
    own_resources(event)
        .filter_map(|it| Some((text(it, "resourceType")?, text(it, "id")?)))
        .collect()
}
