//! A Consent by which a patient denies others a class of documents: nothing that the benchmark asks for, so that what
//! is measured is the question alone.
use crate::observation;
use serde_json::{Value, json};

pub const COUNT: usize = 1_000;

pub fn json(n: usize) -> String {
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")],
        "patient": {"reference": format!("Patient/{}", observation::patient(n))},
        "policyRule": coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        "provision": {"provision": [{
            "type": "deny",
            "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "DocumentReference"}],
        }]},
    })
    .to_string()
}

fn coded(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}
