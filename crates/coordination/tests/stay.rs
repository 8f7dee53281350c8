//! Scenes of a stay: what each trigger does to the Encounter.
mod events;

use coordination::stay::{Fold, fold};
use events::*;
use fhir::event::{Event, Related, Trigger, condition_id};
use serde_json::{Value, json};

fn encounter(events: &[Event]) -> Value {
    fold(events, &stay_id("V1"), "p").map_or(Value::Null, |fold| fold.encounter)
}

fn snapshots(events: &[Event]) -> Vec<Value> {
    fold(events, &stay_id("V1"), "p").map_or(Vec::new(), |fold| fold.finished_snapshots)
}

#[test]
fn admission_transfer_and_discharge() {
    let stay = encounter(&[
        at(Trigger::Admit, 0).class("IMP").place("ward-1"),
        at(Trigger::Transfer, 5).place("ward-2"),
        discharge(48, "01"),
    ]);
    assert_eq!(stay["status"], "finished");
    assert_eq!(
        stay["period"],
        json!({"start": "2026-03-02T08:00:00.000Z", "end": "2026-03-04T08:00:00.000Z"})
    );
    assert_eq!(
        stay["hospitalization"]["dischargeDisposition"]["coding"][0]["code"],
        "01"
    );
    assert_eq!(stay["statusHistory"][0]["status"], "in-progress");
    assert_eq!(stay["subject"]["reference"], "Patient/p");
    let places: Vec<_> = stay["location"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["period"]["end"])
        .collect();
    assert_eq!(places, ["2026-03-02T13:00:00.000Z", "2026-03-04T08:00:00.000Z"]);
}

#[test]
fn a_cancelled_discharge_leaves_no_end_and_was_once_seen_finished() {
    let stay = [
        at(Trigger::Admit, 0).class("IMP"),
        discharge(48, "01"),
        at(Trigger::CancelDischarge, 50),
    ];
    let after = encounter(&stay);
    assert_eq!(after["status"], "in-progress");
    assert_eq!(after["period"].get("end"), None);
    assert_eq!(after.get("hospitalization"), None);
    let seen = snapshots(&stay);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["period"]["end"], "2026-03-04T08:00:00.000Z");
}

#[test]
fn a_second_discharge_after_a_cancelled_one_stands() {
    let stay = encounter(&[
        at(Trigger::Admit, 0),
        discharge(48, "01"),
        at(Trigger::CancelDischarge, 50),
        discharge(72, "06"),
    ]);
    assert_eq!(stay["status"], "finished");
    assert_eq!(stay["period"]["end"], "2026-03-05T08:00:00.000Z");
    assert_eq!(
        stay["hospitalization"]["dischargeDisposition"]["coding"][0]["code"],
        "06"
    );
}

#[test]
fn a_correction_entered_later_moves_the_end_to_an_earlier_time() {
    let stay = encounter(&[
        at(Trigger::Admit, 0),
        discharge(48, "01"),
        discharge(46, "01").recorded(60),
    ]);
    assert_eq!(stay["period"]["end"], "2026-03-04T06:00:00.000Z");
}

#[test]
fn an_update_never_changes_the_status() {
    let late = at(Trigger::Update, 90).encounter(json!({"reasonCode": [{"text": "fall"}]}));
    let stay = encounter(&[at(Trigger::Admit, 0), discharge(48, "01"), late.clone()]);
    assert_eq!(stay["status"], "finished");
    assert_eq!(stay["reasonCode"][0]["text"], "fall");
    let ended = at(Trigger::Update, 3).encounter(json!({"period": {"end": "2026-03-02T11:00:00Z"}}));
    assert_eq!(
        encounter(&[at(Trigger::Admit, 0), ended])["status"],
        "in-progress"
    );
    assert_eq!(encounter(&[late])["status"], "unknown");
}

#[test]
fn a_late_disposition_counts_and_is_a_snapshot_of_its_own() {
    let late = json!({"hospitalization": {"dischargeDisposition": {"coding": [{"code": "02"}]}}});
    let stay = [
        at(Trigger::Admit, 0),
        discharge(48, "01"),
        at(Trigger::Update, 70).encounter(late),
    ];
    assert_eq!(
        encounter(&stay)["hospitalization"]["dischargeDisposition"]["coding"][0]["code"],
        "02"
    );
    assert_eq!(snapshots(&stay).len(), 2);
}

#[test]
fn a_cancelled_admission_is_cancelled_until_entered_anew() {
    let mut stay = vec![
        at(Trigger::PreAdmit, -24),
        at(Trigger::Admit, 0),
        at(Trigger::CancelAdmit, 2),
    ];
    let cancelled = encounter(&stay);
    assert_eq!(cancelled["status"], "cancelled");
    let history: Vec<_> = cancelled["statusHistory"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["status"])
        .collect();
    assert_eq!(history, ["planned", "in-progress"]);
    stay.push(at(Trigger::Admit, 5));
    assert_eq!(encounter(&stay)["status"], "in-progress");
}

#[test]
fn a_planned_stay_is_planned_until_the_patient_comes() {
    assert_eq!(encounter(&[at(Trigger::PreAdmit, 0)])["status"], "planned");
    assert_eq!(
        encounter(&[at(Trigger::PreAdmit, 0), at(Trigger::Register, 4)])["status"],
        "in-progress"
    );
}

#[test]
fn an_emergency_visit_becomes_inpatient_under_the_same_number() {
    let stay = encounter(&[
        at(Trigger::Register, 0).class("EMER"),
        at(Trigger::ToInpatient, 6).class("IMP"),
    ]);
    assert_eq!(stay["class"]["code"], "IMP");
    assert_eq!(stay["classHistory"][0]["class"]["code"], "EMER");
    assert_eq!(
        stay["classHistory"][0]["period"]["end"],
        "2026-03-02T14:00:00.000Z"
    );
}

#[test]
fn a_continued_visit_number_is_one_stay() {
    let mut turned = at(Trigger::ToInpatient, 6).class("IMP").visit("V2");
    turned.prior_stay = Some(key("V1"));
    let left = discharge(5, "09");
    let events = [at(Trigger::Register, 0).class("EMER"), left, turned];
    let old = encounter(&events);
    assert_eq!(old["status"], "entered-in-error");
    assert_eq!(
        old["extension"][0]["valueReference"]["reference"],
        format!("Encounter/{}", stay_id("V2"))
    );
    assert!(snapshots(&events).is_empty());
    let new = fold(&events, &stay_id("V2"), "p")
        .map(|fold| fold.encounter)
        .unwrap_or_default();
    assert_eq!(new["status"], "in-progress");
    assert_eq!(new["classHistory"][0]["class"]["code"], "EMER");
    assert_eq!(new["period"]["start"], "2026-03-02T08:00:00.000Z");
}

#[test]
fn diagnoses_of_a_continued_number_move_to_the_one_that_continues_it() {
    let mut turned = at(Trigger::ToInpatient, 6).visit("V2").diagnosed("I50.9", false);
    turned.prior_stay = Some(key("V1"));
    let before = at(Trigger::Register, 0)
        .diagnosed("I50.9", false)
        .diagnosed("R06.0", false);
    let after = at(Trigger::Update, 8).diagnosed("R06.0", true);
    let ids = |fold: &Fold| -> Vec<String> {
        let mut ids: Vec<String> = fold.owned.iter().map(|it| it["id"].to_string()).collect();
        ids.sort();
        ids
    };
    let events = [before, turned];
    let new = fold(&events, &stay_id("V2"), "p").unwrap();
    assert_eq!(new.encounter["diagnosis"].as_array().map(Vec::len), Some(2));
    let mut expected = ["I50.9", "R06.0"].map(|code| format!("{:?}", condition_id(&key("V2"), "icd", code)));
    expected.sort();
    assert_eq!(ids(&new), expected);
    let old = fold(&events, &stay_id("V1"), "p").unwrap();
    assert!(
        old.owned.len() == 2
            && old.owned.iter().all(|it| {
                it["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
                    && !it.contains_key("clinicalStatus")
            })
    );
    // Taken back under the old number, it is taken back.
    let new = fold(&[&events[..], &[after]].concat(), &stay_id("V2"), "p").unwrap();
    assert_eq!(new.encounter["diagnosis"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_cancelled_transfer_returns_to_the_bed_before() {
    let begin = [
        at(Trigger::Admit, 0).place("a"),
        at(Trigger::Transfer, 2).place("b"),
    ];
    for cancel in [
        at(Trigger::CancelTransfer, 3),
        at(Trigger::CancelTransfer, 3).place("a"),
    ] {
        let again = cancel.clone().from("other");
        let events = [&begin[..], &[cancel, again]].concat();
        let stay = encounter(&events);
        assert_eq!(stay["location"].as_array().map(Vec::len), Some(1));
        assert_eq!(stay["location"][0]["location"]["reference"], "Location/a");
        assert_eq!(stay["location"][0]["status"], "active");
    }
}

#[test]
fn conditions_are_listed_until_taken_back() {
    let condition = |status: &str| Related {
        owned: true,
        resource: object(json!({
            "resourceType": "Condition", "id": "c1",
            "verificationStatus": {"coding": [{"code": status}]},
            "subject": {"reference": "Patient/{patient}"}, "encounter": {"reference": "Encounter/{stay}"},
        })),
    };
    let mut told = at(Trigger::Admit, 0);
    told.related.push(condition("confirmed"));
    let folded = fold(&[told.clone()], &stay_id("V1"), "p").map(|fold| (fold.encounter, fold.owned));
    let (stay, owned) = folded.unwrap_or_default();
    assert_eq!(stay["diagnosis"][0]["condition"]["reference"], "Condition/c1");
    assert_eq!(owned[0]["subject"]["reference"], "Patient/p");
    assert_eq!(
        owned[0]["encounter"]["reference"],
        format!("Encounter/{}", stay_id("V1"))
    );
    let mut taken = at(Trigger::Update, 1);
    taken.related.push(condition("entered-in-error"));
    assert_eq!(encounter(&[told, taken]).get("diagnosis"), None);
}

#[test]
fn roles_not_mentioned_keep_their_people() {
    let person = |role: &str, who: &str| json!({"type": [{"coding": [{"code": role}]}], "individual": {"reference": who}});
    let stay = encounter(&[
        at(Trigger::Admit, 0).encounter(json!({"participant": [person("ATND", "a"), person("REF", "r")]})),
        at(Trigger::Update, 1).encounter(json!({"participant": [person("ATND", "b")]})),
    ]);
    let people: Vec<_> = stay["participant"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| &it["individual"]["reference"])
        .collect();
    assert_eq!(people, ["b", "r"]);
}
