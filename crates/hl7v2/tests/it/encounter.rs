use crate::{ADMIT, DISCHARGE, event, fault_codes, map, with};
use fhir::event::Event;
use serde_json::{Map, Value, json};

fn related<'a>(event: &'a Event, kind: &str) -> Vec<&'a Map<String, Value>> {
    let resources = event.related.iter().map(|related| &related.resource);
    resources
        .filter(|resource| resource["resourceType"] == kind)
        .collect()
}

#[test]
fn an_admission_tells_class_place_people_and_urgency() {
    let event = event(ADMIT);
    let encounter = &event.encounter;
    assert_eq!(encounter["class"]["code"], "IMP");
    assert_eq!(encounter["priority"]["coding"][0]["code"], "EM");
    assert_eq!(encounter["priority"]["coding"][1]["code"], "E");
    assert_eq!(
        encounter["type"][0]["coding"][0]["system"],
        "http://terminology.hl7.org/CodeSystem/v2-0007"
    );
    assert_eq!(encounter["period"], json!({"start": "2026-03-02T09:00:00-05:00"}));
    assert_eq!(
        encounter["hospitalization"]["admitSource"]["coding"][0]["code"],
        "7"
    );
    assert_eq!(encounter["identifier"][0]["value"], "V55501");
    assert_eq!(
        encounter["reasonCode"][0]["coding"][0]["system"],
        "http://hl7.org/fhir/sid/icd-10-cm"
    );
    let roles: Vec<_> = encounter["participant"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["type"][0]["coding"][0]["code"].clone())
        .collect();
    assert_eq!(roles, ["ATND", "REF", "ADM"]);
    assert!(!encounter.contains_key("status"));
}

#[test]
fn places_form_a_chain_to_the_bed() {
    let event = event(ADMIT);
    let names: Vec<_> = related(&event, "Location")
        .into_iter()
        .map(|place| place["name"].clone())
        .collect();
    assert_eq!(names, ["MAIN", "MAIN 4", "4W", "4W 412", "4W 412 B"]);
    let entry = &event.encounter["location"][0];
    assert_eq!(entry["physicalType"]["coding"][0]["code"], "bd");
    let bed = related(&event, "Location")[4];
    assert_eq!(
        entry["location"]["reference"],
        format!("Location/{}", bed["id"].as_str().unwrap())
    );
    assert_eq!(bed["identifier"][0]["value"], "4W^412^B");
    let room = related(&event, "Location")[3]["id"].as_str().unwrap();
    assert_eq!(bed["partOf"]["reference"], format!("Location/{room}"));
}

#[test]
fn a_discharge_tells_when_and_where_to() {
    let encounter = event(DISCHARGE).encounter;
    let stay = json!({"start": "2026-03-02T09:00:00-05:00", "end": "2026-03-06T14:30:00-05:00"});
    assert_eq!(encounter["period"], stay);
    let disposition = &encounter["hospitalization"]["dischargeDisposition"];
    assert_eq!(disposition["coding"][0]["code"], "01");
    assert_eq!(disposition["coding"][0]["system"], hl7v2::DISPOSITION_SYSTEM);
    assert_eq!(disposition["text"], "Home");
    let unknown = event(&with(DISCHARGE, "PV1", 36, "QX")).encounter;
    assert_eq!(
        unknown["hospitalization"]["dischargeDisposition"],
        json!({"coding": [{"code": "QX"}], "text": "QX"})
    );
    let untimed = event(&with(DISCHARGE, "PV1", 45, "")).encounter;
    assert_eq!(untimed["period"]["end"], "2026-03-06T15:04:00-05:00");
}

#[test]
fn a_stay_starts_before_it_ends() {
    let period = |start: &str, end: &str| {
        let text = with(&with(DISCHARGE, "PV1", 44, start), "PV1", 45, end);
        (event(&text).encounter["period"].clone(), fault_codes(&map(&text)))
    };
    let (same_day, faults) = period("20260306", "20260306143000");
    assert_eq!(same_day, json!({"start": "2026-03-06", "end": "2026-03-06"}));
    assert!(faults.is_empty());
    let (inverted, faults) = period("20260307", "20260306143000");
    assert_eq!(inverted, json!({"end": "2026-03-06T14:30:00-05:00"}));
    assert_eq!(faults, ["period-inverted PV1-45"]);
    let (unreadable, faults) = period("20260302", "later");
    assert_eq!(
        unreadable,
        json!({"start": "2026-03-02", "end": "2026-03-06T15:04:00-05:00"})
    );
    assert_eq!(faults, ["date-invalid PV1-45"]);
}

#[test]
fn deletion_reaches_into_period_and_hospitalization() {
    let cancelled = with(
        &with(&with(DISCHARGE, "MSH", 9, "ADT^A13"), "PV1", 45, "\"\""),
        "PV1",
        36,
        "\"\"",
    );
    let encounter = event(&cancelled).encounter;
    assert_eq!(
        encounter["period"],
        json!({"start": "2026-03-02T09:00:00-05:00", "end": null})
    );
    assert_eq!(
        encounter["hospitalization"],
        json!({"dischargeDisposition": null})
    );
}

#[test]
fn diagnoses_are_conditions_of_the_stay() {
    let (admitted, discharged) = (event(ADMIT), event(DISCHARGE));
    let (first, last) = (
        related(&admitted, "Condition")[0],
        related(&discharged, "Condition")[0],
    );
    assert_eq!(first["id"], last["id"]);
    assert_eq!(first["verificationStatus"]["coding"][0]["code"], "provisional");
    assert_eq!(last["verificationStatus"]["coding"][0]["code"], "confirmed");
    assert_eq!(
        last["code"]["coding"][0]["system"],
        "http://hl7.org/fhir/sid/icd-10-cm"
    );
    assert_eq!(
        (&last["subject"]["reference"], &last["encounter"]["reference"]),
        (&json!("Patient/{patient}"), &json!("Encounter/{stay}"))
    );
    assert_eq!(
        discharged.encounter["diagnosis"][0]["use"]["coding"][0]["code"],
        "DD"
    );
    assert_eq!(discharged.encounter["diagnosis"][0]["rank"], 1);
    let withdrawn = event(&with(DISCHARGE, "DG1", 21, "D"));
    assert_eq!(
        related(&withdrawn, "Condition")[0]["verificationStatus"]["coding"][0]["code"],
        "entered-in-error"
    );
    assert!(!withdrawn.encounter.contains_key("diagnosis"));
}

#[test]
fn insurance_is_coverage_of_the_patient() {
    let event = event(ADMIT);
    let coverage = related(&event, "Coverage")[0];
    assert_eq!(coverage["subscriberId"], "1EG4TE5MK73");
    assert_eq!(coverage["relationship"]["coding"][0]["code"], "self");
    assert_eq!(coverage["payor"][0]["display"], "Medicare");
    assert_eq!(coverage["class"][1]["value"], "MCRA");
    assert_eq!(coverage["period"]["start"], "2013-01-01");
}

#[test]
fn a_provider_is_one_entry_known_by_number() {
    let event = event(ADMIT);
    let people = related(&event, "Practitioner");
    let names: Vec<_> = people
        .iter()
        .map(|person| person["name"][0]["family"].clone())
        .collect();
    assert_eq!(names.len(), 3);
    let doctor = people
        .iter()
        .find(|person| person["name"][0]["family"] == "Okafor")
        .unwrap();
    assert_eq!(
        doctor["identifier"][0]["system"],
        "http://hl7.org/fhir/sid/us-npi"
    );
    assert!(event.related.iter().all(|related| related.owned
        == matches!(
            related.resource["resourceType"].as_str(),
            Some("Condition" | "Coverage")
        )));
}

#[test]
fn roles_after_the_visit_take_part_in_it() {
    let event = event(&ADMIT.replace("PV2|", "ROL|1|AD|CP|55^Lind^Eva\nPV2|"));
    let last = event.encounter["participant"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(last["type"][0]["coding"][0]["code"], "CON");
    assert_eq!(last["individual"]["display"], "Eva Lind");
}
