//! Events for the folds' tests, as the inbound doors make them.
#![allow(dead_code)]
use fhir::event::{Event, Key, Related, Trigger, condition_id, encounter_id, patient_id};
use serde_json::{Map, Value, json};

pub const HOUR: i64 = 3_600_000_000;
/// 2026-03-02T08:00:00Z
pub const MORNING: i64 = 1_772_438_400_000_000;

pub fn key(value: &str) -> Key {
    Key {
        system: "urn:oid:1.2.3".into(),
        value: value.into(),
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// An event of visit V1 at that hour, entered a minute later.
pub fn at(trigger: Trigger, hour: i64) -> Event {
    let occurred = MORNING + hour * HOUR;
    Event {
        trigger,
        occurred,
        recorded: occurred + 60_000_000,
        source: "general".into(),
        stay: Some(key("V1")),
        prior_stay: None,
        patient: key("P1"),
        aliases: vec![key("P1")],
        merged: None,
        person: Map::new(),
        encounter: Map::new(),
        related: Vec::new(),
    }
}

pub trait With: Sized {
    fn encounter(self, fragment: Value) -> Self;
    fn person(self, fragment: Value) -> Self;
    fn recorded(self, hour: i64) -> Self;
    fn from(self, source: &str) -> Self;
    fn visit(self, number: &str) -> Self;
    fn of(self, patient: &str) -> Self;
    fn place(self, name: &str) -> Self;
    fn class(self, code: &str) -> Self;
    /// With a Condition of the stay, or one taken back.
    fn diagnosed(self, code: &str, in_error: bool) -> Self;
}

impl With for Event {
    fn encounter(mut self, fragment: Value) -> Self {
        self.encounter.extend(object(fragment));
        self
    }
    fn person(mut self, fragment: Value) -> Self {
        self.person.extend(object(fragment));
        self
    }
    fn recorded(mut self, hour: i64) -> Self {
        self.recorded = MORNING + hour * HOUR;
        self
    }
    fn from(mut self, source: &str) -> Self {
        self.source = source.into();
        self
    }
    fn visit(mut self, number: &str) -> Self {
        self.stay = Some(key(number));
        self
    }
    fn of(mut self, patient: &str) -> Self {
        self.patient = key(patient);
        self.aliases = vec![key(patient)];
        self
    }
    fn place(self, name: &str) -> Self {
        self.encounter(json!({"location": [{"location": {"reference": format!("Location/{name}")}}]}))
    }
    fn class(self, code: &str) -> Self {
        self.encounter(json!({"class": {"code": code}}))
    }
    fn diagnosed(mut self, code: &str, in_error: bool) -> Self {
        let id = condition_id(self.stay.as_ref().expect("a stay"), "icd", code);
        let status = if in_error { "entered-in-error" } else { "confirmed" };
        let condition = json!({
            "resourceType": "Condition", "id": id,
            "verificationStatus": {"coding": [{"code": status}]},
            "code": {"coding": [{"system": "icd", "code": code}]},
            "subject": {"reference": "Patient/{patient}"}, "encounter": {"reference": "Encounter/{stay}"},
        });
        self.related.push(Related {
            owned: true,
            resource: object(condition),
        });
        match in_error {
            true => self,
            false => self
                .encounter(json!({"diagnosis": [{"condition": {"reference": format!("Condition/{id}")}}]})),
        }
    }
}

pub fn discharge(hour: i64, disposition: &str) -> Event {
    let coding = json!([{"code": disposition}]);
    at(Trigger::Discharge, hour)
        .encounter(json!({"hospitalization": {"dischargeDisposition": {"coding": coding}}}))
}

/// A40: `loser` goes into `survivor`.
pub fn merge(loser: &str, survivor: &str, hour: i64) -> Event {
    let mut event = at(Trigger::Merge, hour).of(survivor);
    event.stay = None;
    event.merged = Some(key(loser));
    event
}

pub fn stay_id(number: &str) -> String {
    encounter_id(&key(number))
}

pub fn person_id(value: &str) -> String {
    patient_id(&key(value))
}
