//! What reconciliation looks at: one patient, the stays, what was derived before.
use crate::calendar::Calendar;
use chrono::NaiveDate;
use chrono_tz::Tz;
use mapping::{Link, MappingError, Moment, Order, Stay};
use serde_json::Value;
use std::collections::BTreeMap;

/// The practice that follows up.
#[derive(Clone, Debug)]
pub struct Practice {
    pub calendar: Calendar,
    pub coordinator: Option<Link>,
}

impl Practice {
    /// `holidays` besides the federal ones; `coordinator` is a reference such as `Practitioner/1`.
    pub fn new(zone: Tz, holidays: &[NaiveDate], coordinator: Option<&str>) -> Practice {
        Practice {
            calendar: Calendar::new(zone, holidays.iter().copied()),
            coordinator: coordinator.map(|reference| Link(reference.to_owned())),
        }
    }
}

/// Type and id.
pub type Key = (&'static str, String);

/// Everything known about one patient, as of one transaction.
#[derive(Clone, Debug)]
pub struct Facts {
    pub person: Person,
    pub stays: Vec<StayFacts>,
    /// The patient's coded diagnoses.
    pub diagnoses: Vec<Diagnosis>,
    /// Resources derived earlier, by their identity.
    pub existing: BTreeMap<Key, Value>,
    /// Derived resources that people deleted.
    pub deleted: BTreeMap<Key, Deletion>,
}

/// What a person deleted stays away until the patient is discharged anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Microseconds.
    pub at: i64,
    /// The discharge the resource was derived from.
    pub discharge: Option<i64>,
}

impl Deletion {
    /// `last`: the resource as it was when it was deleted.
    pub fn of(last: &Value, at: i64) -> Deletion {
        let instant = |pointer: &&str| fhir::datetime::parse_range(last.pointer(pointer)?.as_str()?);
        let discharge = ["/authoredOn", "/period/start", "/occurrenceDateTime"]
            .iter()
            .find_map(instant);
        Deletion {
            at,
            discharge: discharge.map(|range| range.low),
        }
    }
}

impl Facts {
    /// Whether a person deleted this, and the stay did not end anew since.
    pub fn was_deleted(&self, key: &Key, discharge: i64) -> bool {
        self.deleted
            .get(key)
            .is_some_and(|deletion| deletion.discharge == Some(discharge) || deletion.at >= discharge)
    }
}

#[derive(Clone, Debug)]
pub struct Person {
    /// The surviving Patient.
    pub id: String,
    pub death: Death,
    pub pcp: Option<Link>,
    /// For conditions of the protocol.
    pub resource: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Death {
    Alive,
    /// The time is often not told.
    Dead(Option<Moment>),
}

#[derive(Clone, Debug)]
pub struct StayFacts {
    pub stay: Stay,
    pub encounter: Value,
    pub origin: Origin,
    /// References to results and orders still open for this stay.
    pub pending: Vec<Link>,
}

/// Where an Encounter comes from decides what can be known of its past.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Written over FHIR: only what it says now counts.
    Plain,
    /// Folded from events: the stay at each moment it was finished, in order of event time.
    Events(Vec<(Stay, Value)>),
}

impl StayFacts {
    /// An Encounter, with its finished snapshots when it is folded from events.
    pub fn from_json(encounter: Value, snapshots: Option<Vec<Value>>) -> Result<StayFacts, MappingError> {
        let mut facts = StayFacts {
            stay: Stay::from_json(&encounter)?,
            encounter,
            origin: Origin::Plain,
            pending: Vec::new(),
        };
        if let Some(snapshots) = snapshots {
            facts.remember(snapshots)?;
        }
        Ok(facts)
    }

    /// Takes in the finished snapshots of a stay folded from events.
    pub fn remember(&mut self, snapshots: Vec<Value>) -> Result<(), MappingError> {
        let version = |json: Value| Stay::from_json(&json).map(|stay| (stay, json));
        self.origin = Origin::Events(snapshots.into_iter().map(version).collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Whether it was ever over, so that something may follow from it.
    pub fn was_finished(&self) -> bool {
        let finished = |stay: &Stay| stay.status == mapping::StayStatus::Finished;
        match &self.origin {
            Origin::Plain => finished(&self.stay),
            Origin::Events(versions) => !versions.is_empty(),
        }
    }
}

/// The order as something still to come, if it is.
pub fn pending_order(request: &Value) -> Option<Link> {
    let order = Order::from_json(request).ok().filter(Order::awaits_result)?;
    order.id.map(|id| Link::to("ServiceRequest", &id))
}

/// A report that is not final yet.
pub fn pending_report(report: &Value) -> Option<Link> {
    let open = matches!(
        report["status"].as_str(),
        Some("registered" | "partial" | "preliminary")
    );
    report["id"]
        .as_str()
        .filter(|_| open)
        .map(|id| Link::to("DiagnosticReport", id))
}

/// A Condition's codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub link: Link,
    /// The stay it was made in.
    pub encounter: Option<String>,
    /// Empty when it has none.
    pub icd10: Vec<String>,
}

impl Person {
    /// The parts of a Patient that matter here; `id` is the literal logical id.
    pub fn from_json(id: &str, patient: &Value) -> Person {
        let text = |pointer: &str| patient.pointer(pointer).and_then(Value::as_str);
        let death = match (text("/deceasedDateTime"), patient.get("deceasedBoolean")) {
            (Some(when), _) => Death::Dead(moment(when)),
            (None, Some(Value::Bool(true))) => Death::Dead(None),
            _ => Death::Alive,
        };
        let pcp = text("/generalPractitioner/0/reference").map(|reference| Link(reference.to_owned()));
        Person {
            id: id.to_owned(),
            death,
            pcp,
            resource: patient.clone(),
        }
    }
}

fn moment(text: &str) -> Option<Moment> {
    match text.len() {
        0..=9 => None,
        10 => Some(Moment::Day(text.to_owned())),
        _ => fhir::datetime::parse_range(text).map(|range| Moment::Instant(range.low)),
    }
}

impl Diagnosis {
    /// None for what was entered in error or refuted.
    pub fn from_json(condition: &Value) -> Option<Diagnosis> {
        let id = condition.get("id")?.as_str()?;
        let codings = |pointer: &str| {
            condition
                .pointer(pointer)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
        };
        let verification = codings("/verificationStatus/coding");
        let void = |coding: &Value| matches!(coding["code"].as_str(), Some("entered-in-error" | "refuted"));
        if verification.iter().any(void) {
            return None;
        }
        let icd10 = codings("/code/coding")
            .iter()
            .filter(|coding| {
                coding["system"]
                    .as_str()
                    .is_some_and(|system| system.contains("icd-10"))
            })
            .filter_map(|coding| coding["code"].as_str().map(str::to_owned))
            .collect();
        let encounter = condition.pointer("/encounter/reference").and_then(Value::as_str);
        let encounter =
            encounter.and_then(|link| Link(link.to_owned()).id_of("Encounter").map(str::to_owned));
        Some(Diagnosis {
            link: Link::to("Condition", id),
            encounter,
            icd10,
        })
    }
}
