//! Da Vinci notifications become the events an ADT message would make.
mod events;

use coordination::notification::{Envelope, Notification, events};
use coordination::stay::fold;
use fhir::event::{Trigger, encounter_id};
use serde_json::{Value, json};

fn bundle(code: &str, encounter: Value) -> Value {
    let mut stay = json!({
        "resourceType": "Encounter", "id": "e", "status": "in-progress", "class": {"code": "IMP"},
        "identifier": [{"system": "urn:oid:1.2.3", "value": "V1"}],
        "subject": {"reference": "urn:uuid:p"},
        "participant": [{"individual": {"reference": "Practitioner/d", "display": "Dr. Ng"}}],
        "serviceProvider": {"reference": "Organization/absent", "display": "General"},
    });
    if let (Some(stay), Some(more)) = (stay.as_object_mut(), encounter.as_object()) {
        stay.extend(more.clone());
    }
    json!({
        "resourceType": "Bundle", "id": "b1", "type": "message", "timestamp": "2026-03-02T09:00:00Z",
        "entry": [
            {"fullUrl": "urn:uuid:h", "resource": {
                "resourceType": "MessageHeader", "id": "h1", "focus": [{"reference": "urn:uuid:e"}],
                "eventCoding": {
                    "system": "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event", "code": code},
                "source": {"endpoint": "https://hospital.example"}}},
            {"fullUrl": "urn:uuid:e", "resource": stay},
            {"fullUrl": "urn:uuid:p", "resource": {
                "resourceType": "Patient", "id": "p", "birthDate": "1950-01-02", "identifier": [
                    {"system": "urn:ssn", "value": "9", "type": {"coding": [{"code": "SS"}]}},
                    {"system": "urn:oid:1.2.3", "value": "P1", "type": {"coding": [{"code": "MR"}]}}]}},
            {"resource": {"resourceType": "Practitioner", "id": "d", "identifier": [
                {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}]}},
            {"resource": {"resourceType": "Condition", "id": "c", "subject": {"reference": "urn:uuid:p"},
                "encounter": {"reference": "urn:uuid:e"}, "code": {"coding": [{"system": "icd", "code": "I50.9"}]}}},
        ],
    })
}

fn read(bundle: &Value) -> Result<Notification, Vec<String>> {
    let text = |issues: Vec<fhir::Issue>| issues.into_iter().filter_map(|it| it.expression).collect();
    Envelope::open(bundle)
        .and_then(|envelope| events(&envelope, "hie"))
        .map_err(text)
}

#[test]
fn a_discharge_is_the_event_of_the_same_stay() {
    let ended = json!({"status": "finished", "period": {"start": "2026-03-01T08:00:00-05:00", "end": "2026-03-02T08:00:00-05:00"},
        "hospitalization": {"dischargeDisposition": {"coding": [{"system": "nubc-UB92", "code": "1"}]}}});
    let notification = read(&bundle("notification-discharge", ended)).unwrap();
    let event = &notification.events[0];
    assert_eq!(event.trigger, Trigger::Discharge);
    assert_eq!(event.patient, events::key("P1"));
    assert_eq!(event.aliases.len(), 2);
    assert_eq!(event.stay, Some(events::key("V1")));
    let folded = fold(&notification.events, &encounter_id(&events::key("V1")), "p").unwrap();
    assert_eq!(folded.encounter["status"], "finished");
    assert_eq!(folded.encounter["period"]["end"], "2026-03-02T08:00:00-05:00");
    assert_eq!(
        folded.encounter["hospitalization"]["dischargeDisposition"]["coding"][0]["code"],
        "01"
    );
    assert_eq!(folded.encounter["serviceProvider"], json!({"display": "General"}));
    assert_eq!(folded.encounter["diagnosis"].as_array().map(Vec::len), Some(1));
    assert_eq!(folded.owned[0]["subject"]["reference"], "Patient/p");
    assert_eq!(notification.warnings.len(), 1);
}

#[test]
fn status_and_class_refine_the_event_code() {
    let trigger =
        |code: &str, encounter: Value| read(&bundle(code, encounter)).map(|it| it.events[0].trigger);
    assert_eq!(trigger("notification-admit", json!({})), Ok(Trigger::Admit));
    assert_eq!(
        trigger("notification-admit", json!({"class": {"code": "EMER"}})),
        Ok(Trigger::Register)
    );
    assert_eq!(
        trigger("notification-admit", json!({"status": "cancelled"})),
        Ok(Trigger::CancelAdmit)
    );
    assert_eq!(
        trigger("notification-transfer", json!({})),
        Ok(Trigger::ToInpatient)
    );
    assert_eq!(trigger("notification-discharge", json!({})), Ok(Trigger::Update));
}

#[test]
fn faults_of_the_profile_are_named_together() {
    let mut wrong = bundle("notification-referral", json!({}));
    wrong["total"] = json!(5);
    wrong["entry"][1]["request"] = json!({"method": "POST", "url": "Encounter"});
    wrong["entry"][0]["resource"]["focus"] = json!([{"reference": "urn:uuid:nowhere"}]);
    let found = read(&wrong).unwrap_err();
    for expected in [
        "Bundle.total",
        "Bundle.entry[1].request",
        "Bundle.entry[0].resource.eventCoding",
        "Bundle.entry[0].resource.focus",
    ] {
        assert!(found.iter().any(|it| it == expected), "{expected} in {found:?}");
    }
}

#[test]
fn a_notification_without_its_patient_is_refused() {
    let lost = bundle(
        "notification-admit",
        json!({"subject": {"reference": "urn:uuid:other"}}),
    );
    assert_eq!(read(&lost).unwrap_err(), ["Bundle.entry[1].resource"]);
}

/// The two examples of the guide, where the corpus is present.
#[test]
fn the_examples_of_the_guide_are_one_stay() {
    let cache = std::env::var("XDG_CACHE_HOME")
        .unwrap_or_else(|_| format!("{}/.cache", std::env::var("HOME").unwrap_or_default()));
    let corpus = std::env::var("BATON_CORPUS").unwrap_or_else(|_| format!("{cache}/baton-corpus"));
    let example = |name: &str| {
        let path = format!("{corpus}/ig/davinci-alerts/examples/{name}-notification-message-bundle-01.json");
        std::fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
    };
    let (Some(admit), Some(discharge)) = (example("admit"), example("discharge")) else {
        println!("skipped: no corpus");
        return;
    };
    let told = [read(&discharge).unwrap().events, read(&admit).unwrap().events].concat();
    assert_eq!(told[0].stay, told[1].stay);
    let id = told[0].stay.as_ref().map(encounter_id).unwrap();
    let folded = fold(&told, &id, "p").unwrap().encounter;
    assert_eq!(folded["status"], "finished");
    assert_eq!(folded["class"]["code"], "IMP");
    assert_eq!(folded["classHistory"][0]["class"]["code"], "EMER");
}
