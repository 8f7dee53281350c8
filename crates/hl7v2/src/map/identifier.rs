//! CX: numbers of patients and visits, each with the authority that assigned it.
use super::authority::system_of;
use super::json::{Object, element, object};
use super::period::period;
use super::scope::Scope;
use crate::message::{Rep, Segment};
use crate::{Place, Reject};
use fhir::event::Key;
use serde_json::{Value, json};
use std::collections::HashSet;

pub(super) const TYPES: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";
pub(super) const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
const SSN: &str = "http://hl7.org/fhir/sid/us-ssn";

/// Numbers of the person at large, shared, reused or given late: the last to know a patient by.
const WEAK: [&str; 7] = ["SS", "MA", "MC", "DL", "AN", "VN", "PPN"];

#[derive(Clone)]
pub(super) struct Identifier {
    pub key: Key,
    kind: Option<String>,
    pub json: Object,
}

/// The identifiers of one patient, the primary first; never empty.
pub(super) struct Identifiers {
    primary: Identifier,
    others: Vec<Identifier>,
}

impl Identifiers {
    pub fn primary(&self) -> &Key {
        &self.primary.key
    }

    pub fn keys(&self) -> Vec<Key> {
        self.all().map(|identifier| identifier.key.clone()).collect()
    }

    pub fn all(&self) -> impl Iterator<Item = &Identifier> {
        std::iter::once(&self.primary).chain(&self.others)
    }

    fn of(mut found: Vec<Identifier>, preferred: &[String]) -> Option<Identifiers> {
        let rank = |identifier: &Identifier| {
            let listed = preferred
                .iter()
                .position(|system| *system == identifier.key.system);
            let kind = identifier.kind.as_deref().unwrap_or_default();
            (
                listed.unwrap_or(preferred.len()),
                WEAK.contains(&kind),
                kind != "MR",
            )
        };
        // Stable: among equals the sender's order stands.
        found.sort_by_key(rank);
        let mut seen = HashSet::new();
        found.retain(|identifier| seen.insert(identifier.key.clone()));
        let mut unique = found.into_iter();
        Some(Identifiers {
            primary: unique.next()?,
            others: unique.collect(),
        })
    }
}

/// PID-3, and PID-19 (the number of social security in older versions).
pub(super) fn of_patient(scope: &mut Scope<'_>, pid: Segment<'_>) -> Result<Identifiers, Reject> {
    let mut found = list(scope, pid, 3);
    if let Some(value) = pid.field(19).text() {
        found.push(plain(SSN, &digits(&value), Some("SS")));
    }
    let missing = || {
        let place = Place::field(pid.name(), 3).nth(pid.sequence());
        Reject::error(101, place, "PID-3 must carry at least one patient identifier")
    };
    Identifiers::of(found, &scope.sender.maps.patient_authorities).ok_or_else(missing)
}

/// MRG-1: the identifiers given up.
pub(super) fn of_merged(scope: &mut Scope<'_>, mrg: Segment<'_>) -> Option<Identifiers> {
    let found = list(scope, mrg, 1);
    Identifiers::of(found, &scope.sender.maps.patient_authorities)
}

fn list(scope: &mut Scope<'_>, segment: Segment<'_>, field: usize) -> Vec<Identifier> {
    let place = Place::field(segment.name(), field).nth(segment.sequence());
    let default = scope.sender.maps.patient_authority.clone();
    let reps = segment.field(field).reps();
    reps.filter_map(|rep| cx(scope, rep, default.as_ref(), place.clone()))
        .collect()
}

/// One CX. `default` is the system when it names no authority.
pub(super) fn cx(
    scope: &mut Scope<'_>,
    rep: Rep<'_>,
    default: Option<&String>,
    place: Place,
) -> Option<Identifier> {
    let value = rep.component(1).text()?;
    let kind = rep.component(5).text().map(|kind| kind.to_ascii_uppercase());
    let unnamed = rep.component(4).subcomponent(2).is_none();
    let (system, value) = match kind.as_deref() {
        Some("SS") if unnamed => (SSN.to_owned(), digits(&value)),
        Some("NPI") if unnamed => (NPI.to_owned(), value),
        _ => (
            system_of(
                scope,
                rep.component(4),
                default,
                Place {
                    component: 4,
                    ..place.clone()
                },
            ),
            value,
        ),
    };
    let Identifier { key, kind, mut json } = plain(&system, &value, kind.as_deref());
    let mut date = |number| {
        scope.date(rep.component(number).text(), || Place {
            component: number,
            ..place.clone()
        })
    };
    json.extend(object([
        ("period", period(date(7), date(8))),
        (
            "assigner",
            element([("display", rep.component(4).text().map(Value::from))]),
        ),
    ]));
    Some(Identifier { key, kind, json })
}

pub(super) fn plain(system: &str, value: &str, kind: Option<&str>) -> Identifier {
    let coding = kind.map(|kind| json!({"coding": [{"system": TYPES, "code": kind}]}));
    let json = object([
        ("type", coding),
        ("system", Some(json!(system))),
        ("value", Some(json!(value))),
    ]);
    let key = Key {
        system: system.to_owned(),
        value: value.to_owned(),
    };
    Identifier {
        key,
        kind: kind.map(str::to_owned),
        json,
    }
}

/// The same social security number is written with and without dashes.
fn digits(value: &str) -> String {
    value.chars().filter(|c| *c != '-' && *c != ' ').collect()
}
