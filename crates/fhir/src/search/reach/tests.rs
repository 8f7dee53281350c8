use super::*;
use crate::base::Bases;
use crate::consent::{Asker, Facts};
use crate::search::holds::{Subject, holds};
use crate::search::parse::parse_filter;
use crate::search::{Query, Total};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

static NONE: OnceLock<Bases> = OnceLock::new();

fn of(name: &str) -> TypeId {
    TypeId::of(name).unwrap()
}

fn asks(on: &str, name: &str, value: &str) -> Filter {
    parse_filter(of(on), name, value, "").unwrap()
}

fn observation() -> Value {
    json!({
        "resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"system": "urn:c", "code": "laboratory"}]}],
        "code": {"coding": [{"code": "c"}], "text": "x"}, "subject": {"reference": "Patient/a"},
        "performer": [{"reference": "Patient/b"}, {"reference": "Practitioner/a"}],
        "effectiveDateTime": "2020-02-01",
        "valueQuantity": {"value": 7, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
    })
}

fn subject(resource: &Value) -> Subject<'_> {
    Subject {
        on: of(resource["resourceType"].as_str().unwrap()),
        id: "o1",
        updated: 1_600_000_000_000_000,
        resource,
        bases: NONE.get_or_init(Bases::default),
    }
}

fn share(whose: Whose, narrowed: Vec<Filter>) -> Reach {
    let mut reach = Reach::NOTHING;
    reach.add(Share { whose, narrowed });
    reach
}

fn seen(reach: &Reach, resource: &Value) -> bool {
    matches!(reach.decide(subject(resource)), Decision::Seen)
}

#[test]
fn the_part_that_is_read_decides_like_the_whole() {
    let inside = json!({"resourceType": "Observation", "contained": [{"resourceType": "Patient", "id": "in"}],
        "subject": {"reference": "#in"}, "performer": [{"reference": "Patient/b"}], "note": [{"text": "Patient/c"}]});
    let link = json!({"resourceType": "Patient", "link": [{"other": {"reference": "Patient/b"}}], "gender": "other"});
    let visit = json!({"resourceType": "Appointment", "status": "booked", "participant": [{"actor": {"reference": "Patient/b"}}]});
    let cover = json!({"resourceType": "Coverage", "status": "active", "payor": [{"reference": "Patient/b"}],
        "policyHolder": {"reference": "Patient/a"}, "beneficiary": {"reference": "Patient/c"}});
    let place =
        json!({"resourceType": "Location", "name": "x", "managingOrganization": {"reference": "Patient/a"}});
    let theirs = share(Whose::Patient("a".into()), Vec::new());
    for whole in [observation(), inside, link, visit, cover, place] {
        let on = of(whole["resourceType"].as_str().unwrap());
        let part = theirs.part(on, &whole.to_string()).unwrap();
        assert!(
            part.as_object().unwrap().len() < whole.as_object().unwrap().len(),
            "{part}"
        );
        assert_eq!(patients(subject(&part)), patients(subject(&whole)), "{whole}");
    }
    let narrowed = share(
        Whose::Patient("a".into()),
        vec![asks("Observation", "code:text", "x")],
    );
    let whole = observation();
    let read = narrowed.part(of("Observation"), &whole.to_string()).unwrap();
    assert_eq!(read, whole);
}

#[test]
fn the_part_that_is_read_tells_consents_the_same() {
    let asker = Asker::new(None, Arc::new([]), None, 0);
    let shown = share(Whose::Patient("a".into()), vec![Filter::Shown(asker)]);
    let labels = json!({"security": [{"code": "R"}], "versionId": "3"});
    let seen = json!({"resourceType": "Encounter", "meta": labels, "status": "finished", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/a"}, "period": {"start": "2020-01-01"}, "length": {"value": 3}});
    let person = json!({"resourceType": "Patient", "meta": labels, "_birthDate": {"id": "x"}, "birthDate": "1950-01-01",
        "address": [{"text": "x"}], "photo": [{"title": "x"}]});
    let taken = json!({"resourceType": "MedicationRequest", "contained": [{"resourceType": "Medication", "id": "m"}],
        "medicationCodeableConcept": {"coding": [{"system": "urn:c", "code": "m"}]}, "authoredOn": "2020-01-01",
        "subject": {"reference": "Patient/a"}, "note": [{"text": "x"}]});
    let mut result = observation();
    result["note"] = json!([{"text": "x"}]);
    for whole in [result, seen, person, taken] {
        let on = of(whole["resourceType"].as_str().unwrap());
        let part = shown.part(on, &whole.to_string()).unwrap();
        // Whether a patient died is asked by an expression of which nothing is told beforehand.
        let smaller = part.as_object().unwrap().len() < whole.as_object().unwrap().len();
        assert!(smaller || on == of("Patient"), "{part}");
        assert_eq!(Facts::of(subject(&part)), Facts::of(subject(&whole)), "{whole}");
    }
}

#[test]
fn a_patient_sees_what_leads_to_them() {
    let resource = observation();
    let mine = |id: &str| share(Whose::Patient(id.into()), Vec::new());
    assert!(seen(&mine("a"), &resource) && seen(&mine("b"), &resource));
    assert!(!seen(&mine("c"), &resource) && !seen(&mine("o1"), &resource));
    let patient = json!({"resourceType": "Patient"});
    assert!(seen(&mine("o1"), &patient) && !seen(&mine("a"), &patient));
    let place = json!({"resourceType": "Location"});
    assert!(!seen(&mine("o1"), &place));
    assert!(matches!(mine("a").filter(of("Location")), Some(Filter::Nothing)));
}

#[test]
fn of_other_patients_the_database_is_asked() {
    let practice = || {
        Whose::Patients(Panel::new(asks(
            "Patient",
            "general-practitioner",
            "Practitioner/x",
        )))
    };
    let Decision::If(open) = share(practice(), Vec::new()).decide(subject(&observation())) else {
        panic!("undecided");
    };
    let ids: BTreeSet<String> = ["a".to_string(), "b".to_string()].into();
    assert_eq!(open[0].panel.as_ref().unwrap().0, ids);
    let nobody = json!({"resourceType": "Observation"});
    let decided = share(practice(), Vec::new()).decide(subject(&nobody));
    assert!(matches!(decided, Decision::Hidden));
}

#[test]
fn a_query_narrows_and_shares_unite() {
    let resource = observation();
    let lab = vec![asks("Observation", "category", "laboratory")];
    let vital = vec![asks("Observation", "category", "vital-signs")];
    assert!(seen(&share(Whose::Patient("a".into()), lab.clone()), &resource));
    let mut reach = share(Whose::Patient("a".into()), vital);
    assert!(!seen(&reach, &resource));
    reach.add(Share {
        whose: Whose::Everybody,
        narrowed: lab,
    });
    assert!(seen(&reach, &resource) && !reach.is_all());
    reach.add(Share {
        whose: Whose::Everybody,
        narrowed: Vec::new(),
    });
    assert!(reach.is_all() && reach.filter(of("Observation")).is_none());
    assert!(!seen(&Reach::NOTHING, &resource));
}

#[test]
fn conditions_hold_in_memory_as_they_do_in_the_index() {
    let resource = observation();
    let held = |name: &str, value: &str| holds(&asks("Observation", name, value), subject(&resource));
    for (name, value) in [
        ("status", "final"),
        ("status", "http://hl7.org/fhir/observation-status|final"),
        ("category", "urn:c|laboratory"),
        ("category:not", "vital-signs"),
        ("subject", "Patient/a"),
        ("patient", "a"),
        ("performer", "b"),
        ("date", "ge2020-01"),
        ("_lastUpdated", "2020-09"),
        ("_id", "o1,o2"),
        ("encounter:missing", "true"),
        ("patient:missing", "false"),
        ("value-quantity", "gt5"),
        ("code-value-quantity", "c$gt5"),
        ("combo-code-value-quantity", "x$1,c$gt5"),
        ("_filter", "status eq final and (category eq x or date le 2021)"),
    ] {
        assert_eq!(held(name, value), Some(true), "{name}={value}");
    }
    for (name, value) in [
        ("status", "amended"),
        ("category", "urn:d|laboratory"),
        ("patient", "b"),
        ("date", "lt2020"),
        ("_id", "o2"),
        ("encounter:missing", "false"),
        ("value-quantity", "lt5"),
        ("code-value-quantity", "c$lt5"),
        ("code-value-quantity", "d$gt5"),
        ("component-code-value-quantity", "c$gt5"),
    ] {
        assert_eq!(held(name, value), Some(false), "{name}={value}");
    }
}

/// A denial of what cannot be told is no truth either.
#[test]
fn what_the_resource_cannot_tell_is_not_held() {
    let resource = observation();
    let held = |filter: Filter| holds(&filter, subject(&resource));
    let chain = asks("Observation", "patient.name", "x");
    assert_eq!(held(chain.clone()), None);
    assert_eq!(held(Filter::Not(Box::new(chain.clone()))), None);
    let (yes, no) = (
        asks("Observation", "status", "final"),
        asks("Observation", "status", "amended"),
    );
    assert_eq!(held(Filter::Or(vec![chain.clone(), yes.clone()])), Some(true));
    assert_eq!(held(Filter::Or(vec![chain.clone(), no.clone()])), None);
    assert_eq!(held(Filter::And(vec![chain.clone(), no])), Some(false));
    assert_eq!(held(Filter::And(vec![chain, yes])), None);
}

/// Sees patients whose id is `a`, and everything of other types.
#[derive(Debug)]
struct OnePatient;

impl Rights for OnePatient {
    fn reach(&self, on: TypeId, _how: Use) -> Reach {
        match on == of("Patient") {
            true => share(Whose::Patient("a".into()), Vec::new()),
            false => Reach::All,
        }
    }
}

fn restricted(on: &str, name: &str, value: &str) -> Query {
    let mut query = Query::new(of(on), vec![asks(on, name, value)], 10);
    query.total = Total::Estimate;
    restrict(&mut query, Arc::new(OnePatient));
    query
}

#[test]
fn every_hop_is_one_that_is_seen() {
    let own = |filter: &Filter| format!("{filter:?}").contains("Id([\"a\"])");
    let [Filter::Chain { inner, .. }] = &restricted("Observation", "subject:Patient.name", "x").filters[..]
    else {
        panic!("a chain");
    };
    assert!(own(inner));
    let negated = restricted("Observation", "_filter", "not (subject.name eq x)");
    assert!(own(&negated.filters[0]));
    let query = restricted("Patient", "_has:Observation:patient:code", "x");
    assert!(!own(&query.filters[0]) && own(&query.filters[1]));
    assert_eq!(query.total, Total::Accurate);
    let deep = restricted(
        "Practitioner",
        "_has:Patient:general-practitioner:_has:Observation:patient:code",
        "x",
    );
    assert!(own(&deep.filters[0]));
    let plain = restricted("Location", "name", "x");
    assert_eq!((plain.filters.len(), plain.total), (1, Total::Estimate));
}

#[test]
fn types_without_patients_are_outside_of_every_compartment() {
    let focus = patient_type().unwrap();
    let types = || crate::registry().types().iter().filter(|on| is_open(**on));
    assert_eq!(
        types().count(),
        include_str!("../../../data/open.tsv").lines().count()
    );
    for on in types() {
        assert!(
            crate::search::compartment::links(focus, *on).next().is_none(),
            "{}",
            on.name()
        );
    }
    assert!(is_open(of("Practitioner")) && !is_open(of("Patient")) && !is_open(of("Binary")));
}
