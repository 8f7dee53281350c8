//! A vital-signs Observation as monitors send them: about 1.1 KB, distinct for each number.
use fhir::Resource;
use serde_json::json;
use std::sync::LazyLock;

/// With words in capitals for what differs: whoever measures shares the machine with what is measured, and
/// building a value for each would take a sixth of it.
static FORM: LazyLock<String> = LazyLock::new(|| {
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
        "subject": {"reference": "Patient/PATIENT"},
        "encounter": {"reference": "Encounter/bench-encounter-ENCOUNTER"},
        "effectiveDateTime": "2026-10-DAYTHOUR:MINUTE:00-04:00",
        "issued": "2026-10-30T08:00:00.000-04:00",
        "component": [
            component("8480-6", "Systolic blood pressure", "SYSTOLIC"),
            component("8462-4", "Diastolic blood pressure", "DIASTOLIC"),
        ],
    })
    .to_string()
});

pub fn json(n: usize) -> String {
    let values = [
        ("PATIENT", patient(n)),
        ("ENCOUNTER", format!("{:06}", n % 5000)),
        ("DAY", format!("{:02}", 1 + n % 28)),
        ("HOUR", format!("{:02}", n % 24)),
        ("MINUTE", format!("{:02}", n % 60)),
        ("\"SYSTOLIC\"", (100 + n % 60).to_string()),
        ("\"DIASTOLIC\"", (60 + n % 40).to_string()),
    ];
    let (mut text, mut rest) = (String::with_capacity(FORM.len()), FORM.as_str());
    for (word, value) in values {
        // In the order in which they stand there.
        let (before, behind) = rest.split_once(word).expect("the word stands there");
        text.push_str(before);
        text.push_str(&value);
        rest = behind;
    }
    text + rest
}

/// Whose it is.
pub fn patient(n: usize) -> String {
    format!("bench-patient-{:06}", n % 5000)
}

fn component(code: &str, display: &str, value: &str) -> serde_json::Value {
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
