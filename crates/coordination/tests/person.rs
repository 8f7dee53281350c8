//! Scenes of a patient: last words, merges, and what no event speaks of.
mod events;

use coordination::person::{Identities, Person, adds_nothing, fold};
use events::*;
use fhir::event::{Event, Trigger};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

fn person(events: &[Event], who: &str) -> Person {
    fold(events, &person_id(who), &Identities::of(events, HashMap::new()))
}

fn patient(events: &[Event], who: &str, stored: Option<Value>) -> Map<String, Value> {
    person(events, who).patient(&person_id(who), stored.map(object).as_ref())
}

#[test]
fn the_last_word_by_event_time_stands() {
    let new = at(Trigger::UpdatePerson, 5).person(json!({"gender": "female", "birthDate": "1950-01-02"}));
    let old = at(Trigger::Admit, 0).person(json!({"gender": "male", "address": [{"city": "Ulm"}]}));
    let folded = patient(&[new, old], "P1", None);
    assert_eq!(folded["gender"], "female");
    assert_eq!(folded["address"][0]["city"], "Ulm");
    assert_eq!(
        folded["identifier"],
        json!([{"system": "urn:oid:1.2.3", "value": "P1"}])
    );
    assert_eq!(folded["active"], true);
}

#[test]
fn a_chain_of_merges_ends_in_one_survivor() {
    let events = [
        at(Trigger::Admit, 0).of("A"),
        at(Trigger::Admit, 0).of("B"),
        merge("A", "B", 2),
        merge("B", "C", 3),
    ];
    let identities = Identities::of(&events, HashMap::new());
    assert_eq!(identities.survivor(&person_id("A")), person_id("C"));
    let (a, c) = (patient(&events, "A", None), patient(&events, "C", None));
    assert_eq!(a["active"], false);
    assert_eq!(a["link"][0]["type"], "replaced-by");
    assert_eq!(
        a["link"][0]["other"]["reference"],
        format!("Patient/{}", person_id("B"))
    );
    assert_eq!(c["active"], true);
    assert_eq!(
        c["link"],
        json!([{"other": {"reference": format!("Patient/{}", person_id("B"))}, "type": "replaces"}])
    );
    let uses: Vec<_> = c["identifier"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| (&it["value"], &it["use"]))
        .collect();
    let old = json!("old");
    assert_eq!(uses.len(), 3);
    assert!(uses.contains(&(&json!("A"), &old)) && uses.contains(&(&json!("B"), &old)));
}

#[test]
fn what_no_event_speaks_of_is_kept() {
    let stored = json!({
        "resourceType": "Patient", "id": "x", "photo": [{"url": "http://p"}], "gender": "male",
        "identifier": [{"system": "urn:local", "value": "7"}, {"system": "urn:oid:1.2.3", "value": "P1"}],
    });
    let told = at(Trigger::Admit, 0).person(json!({"gender": null, "birthDate": "1950-01-02"}));
    let folded = patient(&[told], "P1", Some(stored));
    assert_eq!(folded["photo"][0]["url"], "http://p");
    assert_eq!(folded["birthDate"], "1950-01-02");
    assert_eq!(folded.get("gender"), None);
    assert_eq!(folded["identifier"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_identifier_moves_with_the_latest_merge() {
    let first = [at(Trigger::Admit, 0).of("A"), merge("A", "B", 1)];
    let stored = Value::Object(patient(&first, "B", None));
    let both = [&first[..], &[merge("A", "C", 2)]].concat();
    let b = patient(&both, "B", Some(stored));
    let values: Vec<_> = b["identifier"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["value"])
        .collect();
    assert_eq!(values, ["B"]);
    assert_eq!(b, patient(&both, "B", None));
}

#[test]
fn only_who_told_of_a_death_takes_it_back() {
    let dead = at(Trigger::Update, 1).person(json!({"deceasedDateTime": "2026-03-02T09:00:00Z"}));
    let routine = json!({"deceasedBoolean": false, "deceasedDateTime": null});
    let elsewhere = at(Trigger::Update, 5).from("other").person(routine.clone());
    let death = patient(&[dead.clone(), elsewhere.clone()], "P1", None);
    assert_eq!(death["deceasedDateTime"], "2026-03-02T09:00:00Z");
    assert_eq!(death.get("deceasedBoolean"), None);
    let corrected = at(Trigger::Update, 6).person(routine);
    assert_eq!(
        patient(&[dead, elsewhere, corrected], "P1", None)["deceasedBoolean"],
        false
    );
}

#[test]
fn a_repeated_word_needs_no_refold_and_a_new_one_does() {
    let told = at(Trigger::Admit, 0).person(json!({"gender": "female"}));
    let stored = patient(std::slice::from_ref(&told), "P1", None);
    let again = at(Trigger::Update, 9).person(json!({"gender": "female"}));
    let other = at(Trigger::Update, 9).person(json!({"gender": "male"}));
    assert!(adds_nothing(&again, &stored, &[], &person_id("P1")));
    assert!(!adds_nothing(&other, &stored, &[], &person_id("P1")));
    assert!(!adds_nothing(
        &merge("A", "P1", 1),
        &stored,
        &[],
        &person_id("P1")
    ));
}
