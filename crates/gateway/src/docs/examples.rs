//! Examples for the documents: resources as Baton itself derives them, kept under `examples/`.
use fhir::TypeId;
use serde_json::{Value, json};

pub const ADT: &str = "MSH|^~\\&|ADT1|GENERAL|BATON|BATON|20261121143000-0500||ADT^A03^ADT_A03|MSG00042|P|2.5.1\r\
EVN|A03|20261121143000-0500||||20261121142000-0500\r\
PID|1||100200^^^GENERAL^MR||Okafor^Grace^L||19480309|F\r\
PV1|1|I|4WEST^401^A|E|||1234567893^Attend^Alex^^^^MD^^NPI||||||||||||V5550001|||||||||||||||||01||||||||20261116081500-0500|20261121142000-0500\r";

pub const ACK: &str = "MSH|^~\\&|BATON|BATON|ADT1|GENERAL|20261121143000.104+0000||ACK^A03^ACK|0192f5c2|P|2.5.1\rMSA|AA|MSG00042\r";

const RESOURCES: [(&str, &str); 6] = [
    ("CarePlan", include_str!("examples/care-plan.json")),
    ("Encounter", include_str!("examples/encounter.json")),
    ("EpisodeOfCare", include_str!("examples/episode-of-care.json")),
    ("Patient", include_str!("examples/patient.json")),
    ("ServiceRequest", include_str!("examples/service-request.json")),
    ("Task", include_str!("examples/task.json")),
];

/// The example of a type, where there is one.
pub fn of(on: TypeId) -> Option<Value> {
    let (_, text) = RESOURCES.iter().find(|(name, _)| *name == on.name())?;
    serde_json::from_str(text).ok()
}

pub fn transaction() -> Value {
    json!({
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:7a8b6a0e-4b7c-4d2b-9a65-0d4f4c3d1a01",
                "resource": {
                    "resourceType": "Patient",
                    "identifier": [{"system": "urn:baton:authority:GENERAL", "value": "100200"}],
                    "name": [{"family": "Okafor", "given": ["Grace"]}]
                },
                "request": {
                    "method": "POST", "url": "Patient",
                    "ifNoneExist": "identifier=urn:baton:authority:GENERAL|100200"
                }
            },
            {
                "resource": {
                    "resourceType": "Goal",
                    "lifecycleStatus": "active",
                    "description": {"text": "Weight within 2 kg of discharge weight"},
                    "subject": {"reference": "urn:uuid:7a8b6a0e-4b7c-4d2b-9a65-0d4f4c3d1a01"}
                },
                "request": {"method": "POST", "url": "Goal"}
            }
        ]
    })
}

pub fn notification() -> Value {
    json!({
        "resourceType": "Bundle", "id": "notification-1", "type": "message", "timestamp": "2026-11-21T19:30:00Z",
        "entry": [
            {"fullUrl": "urn:uuid:1c9d2f9e-5a40-4f0e-8a39-0b6b7a3e0001", "resource": {
                "resourceType": "MessageHeader", "id": "header-1",
                "eventCoding": {
                    "system": "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event",
                    "code": "notification-discharge"
                },
                "source": {"endpoint": "http://general.example.org/fhir"},
                "focus": [{"reference": "urn:uuid:1c9d2f9e-5a40-4f0e-8a39-0b6b7a3e0002"}]
            }},
            {"fullUrl": "urn:uuid:1c9d2f9e-5a40-4f0e-8a39-0b6b7a3e0002", "resource": {
                "resourceType": "Encounter", "id": "stay-1", "status": "finished",
                "identifier": [{"system": "urn:baton:authority:GENERAL", "value": "V5550001"}],
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
                "subject": {"reference": "urn:uuid:1c9d2f9e-5a40-4f0e-8a39-0b6b7a3e0003"},
                "period": {"start": "2026-11-16T13:15:00Z", "end": "2026-11-21T19:20:00Z"}
            }},
            {"fullUrl": "urn:uuid:1c9d2f9e-5a40-4f0e-8a39-0b6b7a3e0003", "resource": {
                "resourceType": "Patient", "id": "patient-1",
                "identifier": [{"system": "urn:baton:authority:GENERAL", "value": "100200"}]
            }}
        ]
    })
}

#[cfg(test)]
pub fn all() -> Vec<Value> {
    let files = RESOURCES
        .iter()
        .map(|(_, text)| serde_json::from_str(text).expect("an example is JSON"));
    files.chain([transaction(), notification()]).collect()
}
