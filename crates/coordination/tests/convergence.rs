//! The property Baton sells: any order, any repetition and any mix of sources give one result.
mod events;

use coordination::person::{self, Identities};
use coordination::stay::{Fold, finished_snapshots, fold, siblings};
use events::*;
use fhir::event::{Event, Trigger};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

fn trigger() -> impl Strategy<Value = Trigger> {
    use Trigger::*;
    proptest::sample::select(vec![
        PreAdmit,
        Register,
        Admit,
        Transfer,
        ToInpatient,
        ToOutpatient,
        Update,
        CancelTransfer,
        Discharge,
        CancelDischarge,
        CancelAdmit,
        UpdatePerson,
        Merge,
    ])
}

prop_compose! {
    fn any_event()(
        trigger in trigger(), hour in 0i64..6, delay in 0i64..4, source in 0usize..2, visit in 1u8..3,
        patient in 1u8..4, other in 1u8..4, continues in 0u8..8, place in 0u8..4, class in 0u8..4, gender in 0u8..4, diagnosis in 0u8..6,
    ) -> Event {
        let class = [json!({"code": "EMER"}), json!({"code": "IMP"}), Value::Null][class as usize % 3].clone();
        let gender = [json!("male"), json!("female"), Value::Null][gender as usize % 3].clone();
        let mut event = at(trigger, hour)
            .recorded(hour + delay)
            .from(["north", "south"][source])
            .visit(&format!("V{visit}"))
            .of(&format!("P{patient}"))
            .person(json!({"gender": gender}))
            .encounter(json!({"class": class}));
        if place > 0 {
            event = event.place(&format!("bed-{place}"));
        }
        if trigger == Trigger::Discharge {
            let code = format!("0{place}");
            event = event.encounter(json!({"hospitalization": {"dischargeDisposition": {"coding": [{"code": code}]}}}));
        }
        if trigger == Trigger::ToInpatient && continues == 0 {
            event.prior_stay = Some(key(&format!("V{}", 3 - visit)));
        }
        if diagnosis > 1 {
            event = event.diagnosed(["I50.9", "J44.1"][diagnosis as usize % 2], diagnosis > 4);
        }
        event.merged = (trigger == Trigger::Merge).then(|| key(&format!("P{other}")));
        event
    }
}

fn stays(events: &[Event]) -> Vec<Option<Fold>> {
    ["V1", "V2"]
        .iter()
        .map(|number| fold(events, &stay_id(number), "p"))
        .collect()
}

fn patients(events: &[Event]) -> Vec<Map<String, Value>> {
    let identities = Identities::of(events, HashMap::new());
    let one = |who: &&str| person::fold(events, &person_id(who), &identities).patient(&person_id(who), None);
    ["P1", "P2", "P3"].iter().map(one).collect()
}

/// P1 and P2 are numbers of one Patient, created over FHIR.
fn one_person(events: &[Event]) -> Vec<Map<String, Value>> {
    let homes = ["P1", "P2"].map(|who| (person_id(who), "home".to_owned()));
    let identities = Identities::of(events, HashMap::from(homes));
    let one = |who: &&str| person::fold(events, &person_id(who), &identities).patient("home", None);
    ["P1", "P2"].iter().map(one).collect()
}

fn shuffled() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    proptest::collection::vec(any_event(), 1..10).prop_flat_map(|events| {
        let repeated = [events.clone(), events.clone()].concat();
        (Just(events), Just(repeated).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn stays_converge((events, shuffled) in shuffled()) {
        prop_assert_eq!(stays(&events), stays(&shuffled));
    }

    #[test]
    fn patients_converge((events, shuffled) in shuffled()) {
        prop_assert_eq!(patients(&events), patients(&shuffled));
        let one = one_person(&shuffled);
        prop_assert_eq!(&one, &one_person(&events));
        prop_assert_eq!(&one[0], &one[1]);
    }

    /// A diagnosis told under a visit number and the one that continues it is one.
    #[test]
    fn diagnoses_stand_once((_, shuffled) in shuffled()) {
        for stay in stays(&shuffled).into_iter().flatten() {
            let codes = stay.owned.iter().map(|it| it["code"]["coding"][0]["code"].to_string());
            let mut codes: Vec<String> = codes.collect();
            let all = codes.len();
            codes.sort();
            codes.dedup();
            prop_assert_eq!(codes.len(), all);
            let listed = stay.encounter["diagnosis"].as_array().map_or(0, Vec::len);
            prop_assert!(listed <= all);
        }
    }

    /// Each prefix of a stream is stored before the next message comes: what was stored on the
    /// way must not show in the end.
    #[test]
    fn storing_on_the_way_leaves_no_trace((events, shuffled) in shuffled()) {
        let mut stored: HashMap<&str, Map<String, Value>> = HashMap::new();
        for length in 1..=shuffled.len() {
            let identities = Identities::of(&shuffled[..length], HashMap::new());
            for who in ["P1", "P2", "P3"] {
                let person = person::fold(&shuffled[..length], &person_id(who), &identities);
                let next = person.patient(&person_id(who), stored.get(who));
                stored.insert(who, next);
            }
        }
        let end: Vec<Map<String, Value>> = ["P1", "P2", "P3"].iter().map(|who| stored[who].clone()).collect();
        let sorted = |mut patients: Vec<Map<String, Value>>| {
            patients.iter_mut().for_each(|it| it.sort_keys());
            patients
        };
        prop_assert_eq!(sorted(end), sorted(patients(&events)));
    }

    #[test]
    fn skipping_a_patient_refold_is_exact(events in proptest::collection::vec(any_event(), 1..8), next in any_event()) {
        let identities = Identities::of(&events, HashMap::new());
        let id = fhir::event::patient_id(&next.patient);
        let before = person::fold(&events, &id, &identities).patient(&id, None);
        if events.iter().any(|it| it.patient == next.patient) && person::adds_nothing(&next, &before, &[], &id) {
            let all = [events, vec![next]].concat();
            let after = person::fold(&all, &id, &Identities::of(&all, HashMap::new())).patient(&id, None);
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn a_finished_stay_was_seen_finished(events in proptest::collection::vec(any_event(), 1..10)) {
        for fold in stays(&events).into_iter().flatten() {
            if fold.encounter["status"] == "finished" {
                prop_assert_eq!(fold.finished_snapshots.last(), Some(&fold.encounter));
            }
        }
    }

    #[test]
    fn the_past_alone_is_that_of_the_fold(events in proptest::collection::vec(any_event(), 1..10)) {
        for id in siblings(&events).iter().map(String::as_str).chain(["nobody"]) {
            let folded = fold(&events, id, "p").map(|fold| fold.finished_snapshots);
            prop_assert_eq!(finished_snapshots(&events, id, "p"), folded);
        }
    }
}
