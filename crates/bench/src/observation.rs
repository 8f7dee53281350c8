//! A vital-signs Observation as monitors send them: about 1.1 KB, distinct for each number.
use fhir::Resource;
use serde_json::json;

pub fn json(n: usize) -> String {
    let encounter = n % 5000;
    json!({
        "resourceType": "Observation",
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs", "display": "Vital Signs"
        }], "text": "Vital Signs"}],
        "code": {"coding": [{
            "system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure panel"
        }], "text": "Blood pressure"},
        "subject": {"reference": format!("Patient/{}", patient(n))},
        "encounter": {"reference": format!("Encounter/bench-encounter-{encounter:06}")},
        "effectiveDateTime": format!("2026-10-{:02}T{:02}:{:02}:00-04:00", 1 + n % 28, n % 24, n % 60),
        "issued": "2026-10-30T08:00:00.000-04:00",
        "component": [
            component("8480-6", "Systolic blood pressure", 100 + n % 60),
            component("8462-4", "Diastolic blood pressure", 60 + n % 40),
        ],
    })
    .to_string()
}

/// Whose it is.
pub fn patient(n: usize) -> String {
    format!("bench-patient-{:06}", n % 5000)
}

fn component(code: &str, display: &str, value: usize) -> serde_json::Value {
    json!({
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
        "valueQuantity": {
            "value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"
        },
    })
}

/// How many index rows one costs, that of the full-text index included.
pub fn index_rows() -> usize {
    let resource = Resource::parse(json(1).as_bytes()).expect("a resource");
    fhir::search::index::stored(&resource).len() + 1
}
