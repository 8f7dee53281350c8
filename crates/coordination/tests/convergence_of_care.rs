//! The property Baton sells, to the end: whatever the order and repetition of events, the same
//! episodes, plans and tasks stand, with the same states and deadlines.
mod events;
mod world;

use coordination::facts::{Diagnosis, Person};
use coordination::person::{self, Identities};
use coordination::stay::fold;
use events::*;
use fhir::event::{Event, Related, Trigger};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use world::World;

const NOW: i64 = MORNING + 40 * 24 * HOUR;

fn trigger() -> impl Strategy<Value = Trigger> {
    use Trigger::*;
    prop_oneof![
        3 => Just(Admit),
        1 => Just(Register),
        1 => Just(ToInpatient),
        2 => Just(Update),
        5 => Just(Discharge),
        2 => Just(CancelDischarge),
        1 => Just(CancelAdmit),
        1 => Just(UpdatePerson),
    ]
}

fn coded(event: &Event, code: &str) -> Related {
    let stay = event
        .stay
        .as_ref()
        .map(fhir::event::encounter_id)
        .unwrap_or_default();
    let condition = json!({
        "resourceType": "Condition", "id": fhir::event::derived_id(&["Condition", &stay, code]),
        "subject": { "reference": "Patient/{patient}" }, "encounter": { "reference": "Encounter/{stay}" },
        "code": { "coding": [{ "system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code }] },
    });
    Related {
        owned: true,
        resource: object(condition),
    }
}

prop_compose! {
    /// Within the last days of the window, so that all of it is still open.
    fn any_event()(
        trigger in trigger(), hour in 0i64..300, delay in 0i64..20, source in 0usize..2, visit in 1u8..3,
        disposition in 0usize..4, class in 0usize..3, diagnosis in 0usize..6, death in 0u8..8,
    ) -> Event {
        let start = 30 * 24;
        let class = ["IMP", "OBSENC", "EMER"][class];
        let mut event = at(trigger, start + hour)
            .recorded(start + hour + delay)
            .from(["north", "south"][source])
            .visit(&format!("V{visit}"))
            .encounter(json!({ "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class } }));
        if matches!(trigger, Trigger::Admit | Trigger::ToInpatient) {
            event = event.encounter(json!({ "priority": { "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActPriority", "code": "EM" }] } }));
        }
        if trigger == Trigger::Discharge {
            let code = ["01", "06", "02", "20"][disposition];
            event = event.encounter(json!({ "hospitalization": { "dischargeDisposition": { "coding": [{ "code": code }] } } }));
        }
        if let Some(code) = ["I50.9", "J44.1", "C78.0"].get(diagnosis) {
            let related = coded(&event, code);
            event.related.push(related);
        }
        if trigger == Trigger::UpdatePerson && death == 0 {
            event = event.person(json!({ "deceasedBoolean": true }));
        }
        event
    }
}

/// Takes in the events one by one as the gateway does, reconciling after each.
fn live(events: &[Event]) -> Vec<Value> {
    let mut world = World::new();
    let me = person_id("P1");
    for so_far in 1..=events.len() {
        let known = &events[..so_far];
        let identities = Identities::of(known, HashMap::new());
        let patient = person::fold(known, &me, &identities).patient(&me, None);
        world.facts.person = Person::from_json(&me, &Value::Object(patient));
        world.facts.diagnoses.clear();
        for number in ["V1", "V2"] {
            let Some(fold) = fold(known, &stay_id(number), &me) else {
                continue;
            };
            let conditions = fold.owned.into_iter().map(Value::Object);
            world
                .facts
                .diagnoses
                .extend(conditions.filter_map(|condition| Diagnosis::from_json(&condition)));
            world.stay(fold.encounter, Some(fold.finished_snapshots));
        }
        world.run(NOW);
    }
    let mut standing: Vec<Value> = world.facts.existing.into_values().collect();
    for resource in &mut standing {
        resource.as_object_mut().unwrap().shift_remove("meta");
    }
    standing
}

fn streams() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    proptest::collection::vec(any_event(), 1..12).prop_flat_map(|events| {
        let repeated = [events.clone(), events.clone()].concat();
        (Just(events), Just(repeated).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_order_and_repetition_leaves_the_same_work((events, shuffled) in streams()) {
        prop_assert_eq!(live(&events), live(&shuffled));
    }
}

#[test]
fn the_streams_do_open_and_close_episodes() {
    let admit = at(Trigger::Admit, 30 * 24).encounter(json!({
        "class": { "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP" } }));
    let home = discharge(34 * 24, "01");
    let opened = live(&[admit.clone(), home.clone()]);
    assert_eq!(opened.len(), 9, "{opened:#?}");
    assert!(
        opened
            .iter()
            .any(|resource| resource["resourceType"] == "CarePlan" && resource["status"] == "active")
    );
    let closed = live(&[at(Trigger::CancelDischarge, 35 * 24), home, admit]);
    assert!(
        closed
            .iter()
            .any(|resource| resource["resourceType"] == "CarePlan" && resource["status"] == "revoked")
    );
}
