//! A small world: one patient, stays, and the derived resources as reconciliation leaves them.
#![allow(dead_code, reason = "each test file uses its own part")]
use coordination::calendar::Calendar;
use coordination::facts::{Diagnosis, Facts, Key, Person, Practice, StayFacts};
use coordination::protocol::{Protocol, TRANSITIONAL_CARE};
use coordination::transition::{Decision, reconcile};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub struct World {
    pub protocol: Protocol,
    pub practice: Practice,
    pub facts: Facts,
}

/// Noon in New York on a day of November 2026 (days above 30 run on).
pub fn noon(day: i64) -> i64 {
    1_793_552_400_000_000 + (day - 1) * 86_400_000_000
}

pub fn time(micros: i64) -> String {
    Calendar::new(chrono_tz::America::New_York, []).date_time(micros)
}

impl World {
    pub fn new() -> World {
        let patient = json!({
            "resourceType": "Patient", "id": "p",
            "generalPractitioner": [{ "reference": "Practitioner/pcp" }],
        });
        World {
            protocol: Protocol::from_json(&serde_json::from_str(TRANSITIONAL_CARE).unwrap()).unwrap(),
            practice: Practice::new(
                chrono_tz::America::New_York,
                &[],
                Some("Practitioner/coordinator"),
            ),
            facts: Facts {
                person: Person::from_json("p", &patient),
                stays: Vec::new(),
                diagnoses: Vec::new(),
                existing: BTreeMap::new(),
                deleted: BTreeMap::new(),
            },
        }
    }

    /// Writes an Encounter; `versions` are its finished snapshots when it comes from events.
    pub fn stay(&mut self, encounter: Value, versions: Option<Vec<Value>>) {
        let stay = StayFacts::from_json(encounter, versions).unwrap();
        self.facts.stays.retain(|other| other.stay.id != stay.stay.id);
        self.facts.stays.push(stay);
    }

    pub fn diagnosis(&mut self, id: &str, code: &str) {
        let condition = json!({
            "resourceType": "Condition", "id": id, "subject": { "reference": "Patient/p" },
            "code": { "coding": [{ "system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code }] },
        });
        self.facts
            .diagnoses
            .push(Diagnosis::from_json(&condition).unwrap());
    }

    /// Reconciles and applies; gives the number of changes.
    pub fn run(&mut self, now: i64) -> usize {
        let decisions = reconcile(&self.protocol, &self.practice, &self.facts, now).unwrap();
        for decision in &decisions {
            match decision {
                Decision::Put(key, value) => self.facts.existing.insert(key.clone(), stamped(value, now)),
                Decision::Delete(key) => self.facts.existing.remove(key),
            };
        }
        decisions.len()
    }

    pub fn only(&self, kind: &str) -> &Value {
        let mut found = self.facts.existing.iter().filter(|(key, _)| key.0 == kind);
        let (_, resource) = found.next().expect(kind);
        assert!(found.next().is_none(), "one {kind}");
        resource
    }

    pub fn task(&self, step: &str) -> &Value {
        self.tasks(step)[0]
    }

    pub fn tasks(&self, step: &str) -> Vec<&Value> {
        let all = self
            .facts
            .existing
            .iter()
            .filter(|(key, _)| key.0 == "Task")
            .map(|(_, task)| task);
        all.filter(|task| {
            task.pointer("/code/coding/0/code")
                .is_some_and(|code| *code == step)
        })
        .collect()
    }

    pub fn due(&self, step: &str) -> &str {
        self.task(step)
            .pointer("/restriction/period/end")
            .and_then(Value::as_str)
            .unwrap()
    }

    /// A person edits a task.
    pub fn work(&mut self, step: &str, now: i64, edit: impl FnOnce(&mut Value)) {
        let id = self.task(step)["id"].as_str().unwrap().to_owned();
        let key: Key = ("Task", id);
        let mut task = self.facts.existing[&key].clone();
        edit(&mut task);
        self.facts.existing.insert(key, stamped(&task, now));
    }

    pub fn statuses(&self) -> (&str, &str) {
        (
            self.only("EpisodeOfCare")["status"].as_str().unwrap(),
            self.only("CarePlan")["status"].as_str().unwrap(),
        )
    }
}

fn stamped(resource: &Value, now: i64) -> Value {
    let mut resource = resource.clone();
    resource["meta"] = json!({ "lastUpdated": time(now) });
    resource
}

/// An Encounter of class IMP, admitted as an emergency on one day and, when finished, discharged
/// on another.
pub fn encounter(id: &str, status: &str, admitted: i64, discharged: Option<(i64, &str)>) -> Value {
    let mut encounter = json!({
        "resourceType": "Encounter", "id": id, "status": status,
        "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP" },
        "type": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v2-0007", "code": "E" }] }],
        "subject": { "reference": "Patient/p" },
        "participant": [{
            "type": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "ATND" }] }],
            "individual": { "reference": "Practitioner/attending" },
        }],
        "period": { "start": time(noon(admitted)) },
    });
    if let Some((day, disposition)) = discharged {
        encounter["period"]["end"] = json!(time(noon(day)));
        encounter["hospitalization"] = json!({ "dischargeDisposition": { "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/nubc-UB92", "code": disposition }] } });
    }
    encounter
}
