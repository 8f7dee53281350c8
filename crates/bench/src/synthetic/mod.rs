//! A population of our own: patients with years of care, shaped and sized as Synthea's are,
//! the same for the same seed. <https://github.com/synthetichealth/synthea>
//!
//! Each patient is made by itself from the seed and a number, so that any part of a population
//! can be made again without the rest: a search scene knows what it may ask for.
mod billing;
mod care;
mod clinical;
mod encounter;
mod patient;
mod places;
mod random;
mod vocabulary;
mod write;

pub use random::Random;
pub use vocabulary::{Code, Measure};
pub use write::{Form, transaction, write};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

/// Resources per patient, on average; a test keeps it true.
pub const PER_PATIENT: usize = 127;
const PATIENTS_PER_PLACE: usize = 25;

/// One resource, ready to be stored under its own id.
#[derive(Clone)]
pub struct Item {
    pub resource_type: &'static str,
    pub id: String,
    pub body: Value,
}

/// A population: its patients and the places that care for them.
#[derive(Clone, Copy, Debug)]
pub struct Population {
    pub seed: u64,
    pub patients: usize,
}

impl Population {
    /// So many patients that there are about `resources`.
    pub fn of(seed: u64, resources: usize) -> Population {
        let patients = (resources / PER_PATIENT).max(1);
        Population { seed, patients }
    }

    /// Organizations, each with its location and practitioners: what patients refer to.
    pub fn places(&self) -> impl Iterator<Item = Vec<Item>> {
        let population = *self;
        (0..population.place_count()).map(move |n| population.place(n))
    }

    /// The Organization comes first.
    pub fn place(&self, n: usize) -> Vec<Item> {
        places::place(self, n)
    }

    /// Patient `n` and all that is recorded about them; the Patient comes first.
    pub fn patient(&self, n: usize) -> Vec<Item> {
        let mut record = Record::new(self, n);
        patient::add(&mut record);
        encounter::years(&mut record);
        care::add(&mut record);
        record.items
    }

    pub fn place_count(&self) -> usize {
        self.patients.div_ceil(PATIENTS_PER_PLACE)
    }

    /// The id of a patient, known without making one.
    pub fn patient_id(&self, n: usize) -> String {
        Random::of(self.seed, "Patient", n).uuid()
    }

    pub fn place_id(&self, resource_type: &str, n: usize) -> String {
        Random::of(self.seed, resource_type, n).uuid()
    }
}

/// What is recorded about one patient so far.
struct Record {
    random: Random,
    items: Vec<Item>,
    patient: Value,
    name: String,
    born: DateTime<Utc>,
    /// Where they usually go.
    home: Place,
}

/// References to one place and who works there.
#[derive(Clone)]
struct Place {
    organization: Value,
    location: Value,
    practitioner: Value,
}

impl Record {
    fn new(population: &Population, n: usize) -> Record {
        let id = population.patient_id(n);
        let mut random = Random::of(population.seed, "record", n);
        let age = Duration::days(random.between(400, 33_000) as i64);
        let home = places::references(population, random.below(population.place_count()), &mut random);
        Record {
            items: Vec::with_capacity(PER_PATIENT * 2),
            patient: json!({"reference": format!("Patient/{id}")}),
            name: String::new(),
            born: now() - age,
            home,
            random,
        }
    }

    /// Keeps a resource; a reference to it. The id is put in front.
    fn add(&mut self, resource_type: &'static str, content: Value) -> Value {
        let id = self.random.uuid();
        self.add_as(resource_type, id, content)
    }

    fn add_as(&mut self, resource_type: &'static str, id: String, content: Value) -> Value {
        let reference = json!({"reference": format!("{resource_type}/{id}")});
        self.items.push(item(resource_type, id, content));
        reference
    }
}

fn item(resource_type: &'static str, id: String, content: Value) -> Item {
    let mut body = json!({"resourceType": resource_type, "id": id});
    if let (Value::Object(body), Value::Object(content)) = (&mut body, content) {
        body.extend(content);
    }
    Item {
        resource_type,
        id,
        body,
    }
}

/// The present of the population: a fixed day, so that a seed always gives the same.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_751_328_000, 0).unwrap_or_default()
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S.000+00:00").to_string()
}

fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn profile(name: &str) -> Value {
    json!({"profile": [format!("http://hl7.org/fhir/us/core/StructureDefinition/us-core-{name}")]})
}

fn concept(code: &Code) -> Value {
    json!({
        "coding": [{"system": code.system, "code": code.code, "display": code.display}],
        "text": code.display,
    })
}

/// A concept of an HL7 terminology without a text of its own.
fn term(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]})
}

#[cfg(test)]
mod tests;
