//! The walk over a stay's events in their order, gathering what each adds.
use super::Fold;
use super::places::Places;
use super::render::{Moment, render};
use super::standing::Standing;
use crate::fragment::{lay_over, list, mentions_stay, point_at, same_identifier, unite_identifiers};
use fhir::event::{Event, Key, Trigger, condition_id};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// Members of Encounter that add up by rules of their own.
const GATHERED: &[&str] = &["class", "location", "participant", "identifier", "diagnosis"];
/// Members of `hospitalization` that speak of the end of the stay.
const OF_THE_END: &[&str] = &["dischargeDisposition", "destination"];

pub struct Course {
    pub id: String,
    /// The visit number the id is made of.
    number: Option<Key>,
    pub subject: String,
    pub successor: Option<String>,
    pub standing: Standing,
    pub places: Places,
    pub fields: Map<String, Value>,
    /// Each class with the moment it began.
    pub classes: Vec<(Value, Moment)>,
    pub participants: BTreeMap<String, Vec<Value>>,
    pub identifiers: Vec<Value>,
    pub diagnoses: BTreeMap<String, Value>,
    pub owned: BTreeMap<String, Map<String, Value>>,
    closings: Vec<Closing>,
    mentioned: Vec<String>,
    patient: Option<Key>,
}

/// What one event said about the end of the stay.
struct Closing {
    recorded: i64,
    end: Option<Moment>,
    hospitalization: Map<String, Value>,
}

impl Course {
    pub fn new(id: &str, number: Option<Key>, subject: &str, successor: Option<String>) -> Course {
        Course {
            id: id.to_owned(),
            number,
            subject: subject.to_owned(),
            successor,
            standing: Standing::default(),
            places: Places::default(),
            fields: Map::new(),
            classes: Vec::new(),
            participants: BTreeMap::new(),
            identifiers: Vec::new(),
            diagnoses: BTreeMap::new(),
            owned: BTreeMap::new(),
            closings: Vec::new(),
            mentioned: Vec::new(),
            patient: None,
        }
    }

    pub fn absorb(&mut self, event: &Event, own: bool) {
        self.standing.absorb(event, own);
        self.places.absorb(event);
        self.take_class(event);
        self.take_participants(event);
        unite_identifiers(&mut self.identifiers, list(&event.encounter, "identifier"));
        let renamed = self.renamed(event);
        for diagnosis in list(&event.encounter, "diagnosis") {
            if let Some(reference) = diagnosis["condition"]["reference"].as_str() {
                let mut diagnosis = diagnosis.clone();
                let id = reference
                    .strip_prefix("Condition/")
                    .and_then(|id| renamed.get(id));
                let reference = id.map_or(reference.to_owned(), |id| format!("Condition/{id}"));
                diagnosis["condition"]["reference"] = json!(reference);
                self.diagnoses.insert(reference, diagnosis);
            }
        }
        self.take_fields(event);
        if own {
            self.take_number(event);
            self.take_closing(event);
            self.patient = Some(event.patient.clone());
        }
        self.take_owned(event, &renamed);
    }

    /// Diagnoses told under a visit number that this stay continues, by the ids they have under
    /// its own: told under both, they are one.
    fn renamed(&self, event: &Event) -> HashMap<String, String> {
        let (Some(told), Some(number)) = (&event.stay, &self.number) else {
            return HashMap::new();
        };
        let owned = event.related.iter().filter(|related| related.owned);
        owned
            .filter(|_| told != number)
            .filter_map(|related| diagnosis_ids(&related.resource, told, number))
            .collect()
    }

    fn take_class(&mut self, event: &Event) {
        let Some(class) = event.encounter.get("class").filter(|class| class.is_object()) else {
            return;
        };
        let code = |class: &Value| class["code"].clone();
        if self
            .classes
            .last()
            .is_none_or(|(known, _)| code(known) != code(class))
        {
            self.classes.push((class.clone(), Moment::of(event)));
        }
    }

    /// The visit number itself is always among the identifiers: it is what the stay is found by.
    fn take_number(&mut self, event: &Event) {
        let number = event
            .stay
            .as_ref()
            .map(|key| json!({"system": key.system, "value": key.value}));
        let missing = number.filter(|key| !self.identifiers.iter().any(|known| same_identifier(known, key)));
        self.identifiers.extend(missing);
    }

    /// The people of one role are replaced together; roles not mentioned stay.
    fn take_participants(&mut self, event: &Event) {
        if event.encounter.get("participant").is_some_and(Value::is_null) {
            self.participants.clear();
        }
        let mut named: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for participant in list(&event.encounter, "participant") {
            let role = participant["type"][0]["coding"][0]["code"]
                .as_str()
                .unwrap_or_default();
            named
                .entry(role.to_owned())
                .or_default()
                .push(participant.clone());
        }
        self.participants.extend(named);
    }

    fn take_fields(&mut self, event: &Event) {
        let mut said = event.encounter.clone();
        self.mentioned.extend(said.keys().cloned());
        said.retain(|name, _| !GATHERED.contains(&name.as_str()));
        if let Some(Value::Object(period)) = said.get_mut("period") {
            period.shift_remove("end");
        }
        if let Some(Value::Object(hospitalization)) = said.get_mut("hospitalization") {
            hospitalization.retain(|name, _| !OF_THE_END.contains(&name.as_str()));
        }
        lay_over(&mut self.fields, &said, &["period", "hospitalization"]);
    }

    fn take_closing(&mut self, event: &Event) {
        let said = event.encounter.get("period").and_then(|period| period.get("end"));
        let end = match said.and_then(Value::as_str).and_then(Moment::parse) {
            None if event.trigger == Trigger::Discharge => Some(Moment::of(event)),
            end => end,
        };
        let mut hospitalization = match event.encounter.get("hospitalization") {
            Some(Value::Object(members)) => members.clone(),
            _ => Map::new(),
        };
        hospitalization.retain(|name, _| OF_THE_END.contains(&name.as_str()));
        if end.is_some() || !hospitalization.is_empty() {
            self.closings.push(Closing {
                recorded: event.recorded,
                end,
                hospitalization,
            });
            // Stable: events entered together stay in event order.
            self.closings.sort_by_key(|closing| closing.recorded);
        }
    }

    fn take_owned(&mut self, event: &Event, renamed: &HashMap<String, String>) {
        let of_stay = event.related.iter().filter(|related| related.owned);
        for related in of_stay.filter(|related| related.resource.values().any(mentions_stay)) {
            if let Some(told) = related.resource.get("id").and_then(Value::as_str) {
                let id = renamed.get(told).map_or(told, String::as_str);
                let known = self.owned.entry(id.to_owned()).or_default();
                lay_over(known, &related.resource, &[]);
                known.insert("id".into(), json!(id));
            }
        }
    }

    /// When the stay ended and what was said about it: the last entered word that still counts.
    pub fn ending(&self) -> (Option<Moment>, Map<String, Value>) {
        let mut end = None;
        let mut hospitalization = Map::new();
        for closing in self
            .closings
            .iter()
            .filter(|closing| self.standing.counts(closing.recorded))
        {
            end = closing.end.clone().or(end);
            lay_over(&mut hospitalization, &closing.hospitalization, &[]);
        }
        (end, hospitalization)
    }

    /// The Encounter as it stands, if it is finished.
    pub fn snapshot(&self) -> Option<Value> {
        let finished = self.successor.is_none() && self.standing.is_finished();
        finished.then(|| render(self, None))
    }

    pub fn finish(self, finished_snapshots: Vec<Value>) -> Option<Fold> {
        let encounter = render(&self, self.successor.as_deref());
        let (id, subject) = (self.id, self.subject);
        let continued = self.successor.is_some();
        let owned = self.owned.into_values().filter_map(|resource| match continued {
            true => void(resource),
            false => Some(resource),
        });
        let owned = owned.map(|resource| {
            let mut resource = Value::Object(resource);
            point_at(&mut resource, &subject, &id);
            match resource {
                Value::Object(members) => members,
                _ => Map::new(),
            }
        });
        let owned = owned.collect();
        let patient = self.patient?;
        Some(Fold {
            encounter,
            finished_snapshots,
            owned,
            mentioned: self.mentioned,
            patient,
            id,
        })
    }
}

/// The id of a diagnosis under the number it was told by, and under another.
fn diagnosis_ids(condition: &Map<String, Value>, told: &Key, number: &Key) -> Option<(String, String)> {
    let id = condition.get("id")?.as_str()?;
    let code = condition.get("code")?;
    let coding = &code["coding"][0];
    let system = coding["system"].as_str().unwrap_or_default();
    let name = coding["code"].as_str().or(code["text"].as_str())?;
    (id == condition_id(told, system, name)).then(|| (id.to_owned(), condition_id(number, system, name)))
}

/// A diagnosis under a visit number that another continues: it stands under that one.
fn void(mut resource: Map<String, Value>) -> Option<Map<String, Value>> {
    if resource.get("resourceType") != Some(&json!("Condition")) {
        return None;
    }
    // con-5
    resource.shift_remove("clinicalStatus");
    let system = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
    let status = json!({"coding": [{"system": system, "code": "entered-in-error"}]});
    resource.insert("verificationStatus".into(), status);
    Some(resource)
}
