//! What an encounter finds and does: vital signs, laboratory panels, conditions, procedures,
//! medications and the notes.
use super::encounter::Visit;
use super::vocabulary::{
    Code, DIASTOLIC, LABS, LOINC, MEDICATIONS, Measure, PRESSURE, PROCEDURES, SMOKING, SNOMED, SYSTOLIC,
    UCUM, VACCINES, VITALS,
};
use super::{Random, Record, concept, instant, profile, term};
use serde_json::{Value, json};

pub fn add(record: &mut Record, visit: &Visit) {
    let vitals = record.random.chance(0.75);
    if vitals {
        self::vitals(record, visit);
    }
    if record.random.chance(0.45) {
        panel(record, visit);
    }
    if record.random.chance(0.45) {
        condition(record, visit);
    }
    for _ in 0..record.random.between(0, 1) {
        procedure(record, visit);
    }
    for _ in 0..record.random.between(0, 2) {
        medication(record, visit);
    }
    if record.random.chance(0.2) {
        immunization(record, visit);
    }
    note(record, visit);
}

fn vitals(record: &mut Record, visit: &Visit) {
    let content = json!({"component": [
        component(&SYSTOLIC, &mut record.random), component(&DIASTOLIC, &mut record.random)
    ]});
    observation(record, visit, "vital-signs", &PRESSURE, content);
    for measure in &VITALS[..record.random.between(3, VITALS.len())] {
        let content = json!({"valueQuantity": quantity(measure, &mut record.random)});
        observation(record, visit, "vital-signs", &measure.code, content);
    }
    if record.random.chance(0.3) {
        let never = Code {
            system: SNOMED,
            code: "266919005",
            display: "Never smoked tobacco",
        };
        observation(
            record,
            visit,
            "social-history",
            &SMOKING,
            json!({"valueCodeableConcept": concept(&never)}),
        );
    }
}

/// Laboratory results and the report that lists them.
fn panel(record: &mut Record, visit: &Visit) {
    let count = record.random.between(4, 10);
    let first = record.random.below(LABS.len() - count);
    let results: Vec<Value> = LABS[first..first + count]
        .iter()
        .map(|measure| {
            let content = json!({"valueQuantity": quantity(measure, &mut record.random)});
            observation(record, visit, "laboratory", &measure.code, content)
        })
        .collect();
    let metabolic = Code {
        system: LOINC,
        code: "51990-0",
        display: "Basic Metabolic Panel",
    };
    let content = json!({
        "meta": profile("diagnosticreport-lab"),
        "status": "final",
        "category": [term("v2-0074", "LAB")],
        "code": concept(&metabolic),
        "subject": record.patient,
        "encounter": visit.reference,
        "effectiveDateTime": instant(visit.start),
        "issued": instant(visit.start),
        "performer": [record.home.organization],
        "result": results,
    });
    record.add("DiagnosticReport", content);
}

fn observation(record: &mut Record, visit: &Visit, category: &str, code: &Code, value: Value) -> Value {
    let mut content = json!({
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},
        "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category, "display": category
        }]}],
        "code": concept(code),
        "subject": record.patient,
        "encounter": visit.reference,
        "effectiveDateTime": instant(visit.start),
        "issued": instant(visit.start),
        "performer": [record.home.practitioner],
    });
    if let (Value::Object(content), Value::Object(value)) = (&mut content, value) {
        content.extend(value);
    }
    record.add("Observation", content)
}

fn component(measure: &Measure, random: &mut Random) -> Value {
    json!({"code": concept(&measure.code), "valueQuantity": quantity(measure, random)})
}

fn quantity(measure: &Measure, random: &mut Random) -> Value {
    let value = measure.low + random.share() * (measure.high - measure.low);
    let value = (value * 10.0).round() / 10.0;
    json!({"value": value, "unit": measure.unit, "system": UCUM, "code": measure.unit})
}

fn condition(record: &mut Record, visit: &Visit) {
    let active = record.random.chance(0.6);
    let mut content = json!({
        "meta": profile("condition"),
        "clinicalStatus": term("condition-clinical", if active { "active" } else { "resolved" }),
        "verificationStatus": term("condition-ver-status", "confirmed"),
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/condition-category",
            "code": "encounter-diagnosis", "display": "Encounter Diagnosis"
        }]}],
        "code": concept(visit.reason),
        "subject": record.patient,
        "encounter": visit.reference,
        "onsetDateTime": instant(visit.start),
        "recordedDate": instant(visit.start),
    });
    if !active {
        content["abatementDateTime"] = json!(instant(visit.end));
    }
    record.add("Condition", content);
}

fn procedure(record: &mut Record, visit: &Visit) {
    let content = json!({
        "meta": profile("procedure"),
        "status": "completed",
        "code": concept(record.random.common(&PROCEDURES)),
        "subject": record.patient,
        "encounter": visit.reference,
        "performedPeriod": {"start": instant(visit.start), "end": instant(visit.end)},
        "performer": [{"actor": record.home.practitioner}],
        "location": record.home.location,
        "reasonCode": [concept(visit.reason)],
    });
    record.add("Procedure", content);
}

fn medication(record: &mut Record, visit: &Visit) {
    let (medication, daily) = (
        concept(record.random.common(&MEDICATIONS)),
        record.random.between(1, 3),
    );
    let content = json!({
        "meta": profile("medicationrequest"),
        "status": if record.random.chance(0.4) { "active" } else { "stopped" },
        "intent": "order",
        "medicationCodeableConcept": medication,
        "subject": record.patient,
        "encounter": visit.reference,
        "authoredOn": instant(visit.start),
        "requester": record.home.practitioner,
        "reasonCode": [concept(visit.reason)],
        "dosageInstruction": [{
            "sequence": 1, "text": format!("Take as directed, {daily} times a day"),
            "timing": {"repeat": {"frequency": daily, "period": 1.0, "periodUnit": "d"}},
            "asNeededBoolean": false,
            "doseAndRate": [{"doseQuantity": {"value": 1.0}}],
        }],
    });
    record.add("MedicationRequest", content);
}

fn immunization(record: &mut Record, visit: &Visit) {
    let content = json!({
        "meta": profile("immunization"),
        "status": "completed",
        "vaccineCode": concept(record.random.common(&VACCINES)),
        "patient": record.patient,
        "encounter": visit.reference,
        "occurrenceDateTime": instant(visit.start),
        "primarySource": true,
        "location": record.home.location,
    });
    record.add("Immunization", content);
}

/// The note of the visit, as a document: two or three KB, most of it opaque.
fn note(record: &mut Record, visit: &Visit) {
    if !record.random.chance(0.7) {
        return;
    }
    let kind = Code {
        system: LOINC,
        code: "34117-2",
        display: "History and physical note",
    };
    let length = record.random.between(300, 700);
    let data: String = (0..length * 4)
        .map(|_| {
            char::from(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[record.random.below(64)],
            )
        })
        .collect();
    let content = json!({
        "meta": profile("documentreference"),
        "status": "current",
        "type": concept(&kind),
        "category": [{"coding": [{
            "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
            "code": "clinical-note", "display": "Clinical Note"
        }]}],
        "subject": record.patient,
        "date": instant(visit.start),
        "author": [record.home.practitioner],
        "custodian": record.home.organization,
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}],
        "context": {"encounter": [visit.reference], "period": {"start": instant(visit.start), "end": instant(visit.end)}},
    });
    record.add("DocumentReference", content);
}
