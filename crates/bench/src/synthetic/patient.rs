//! The Patient, and what they bring along: coverage and allergies.
use super::vocabulary::{ALLERGIES, FAMILIES, GIVEN};
use super::{Record, concept, day, places, profile, term};
use serde_json::{Value, json};

const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition/us-core";
const RACES: [(&str, &str); 3] = [
    ("2106-3", "White"),
    ("2054-5", "Black or African American"),
    ("2028-9", "Asian"),
];

pub fn add(record: &mut Record) {
    let id = record.patient["reference"]
        .as_str()
        .and_then(|reference| reference.strip_prefix("Patient/"))
        .unwrap_or_default()
        .to_string();
    let content = content(record, &id);
    record.add_as("Patient", id, content);
    coverage(record);
    while record.random.chance(0.25) {
        allergy(record);
    }
}

fn content(record: &mut Record, id: &str) -> Value {
    let born = day(record.born);
    let random = &mut record.random;
    let (family, first, second) = (
        *random.common(&FAMILIES),
        *random.pick(&GIVEN),
        *random.pick(&GIVEN),
    );
    record.name = format!("{first} {family}");
    let female = random.chance(0.5);
    let mut patient = json!({
        "meta": profile("patient"),
        "text": {"status": "generated", "div": format!(
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{} {second} {}, born {born}</p></div>", first, family
        )},
        "extension": [
            group("race", *random.common(&RACES)),
            group("ethnicity", ("2186-5", "Not Hispanic or Latino")),
            {"url": format!("{US_CORE}-birthsex"), "valueCode": if female { "F" } else { "M" }},
            {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
             "valueString": random.pick(&FAMILIES)},
        ],
        "identifier": identifiers(random, id),
        "active": true,
        "name": [{"use": "official", "family": family, "given": [first, second],
                  "prefix": [if female { "Mrs." } else { "Mr." }]}],
        "telecom": [{"system": "phone", "value": format!("555-{:03}-{:04}", random.below(1000), random.below(10_000)), "use": "home"}],
        "gender": if female { "female" } else { "male" },
        "birthDate": born,
        "address": [places::address(random)],
        "maritalStatus": term("v3-MaritalStatus", if random.chance(0.6) { "M" } else { "S" }),
        "multipleBirthBoolean": false,
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en-US", "display": "English"}], "text": "English"}}],
        "generalPractitioner": [record.home.practitioner],
        "managingOrganization": record.home.organization,
    });
    if record.random.chance(0.1) {
        let years = chrono::Duration::days(record.random.between(0, 900) as i64);
        patient["deceasedDateTime"] = json!(super::instant(super::now() - years));
    }
    patient
}

fn group(name: &str, (code, display): (&str, &str)) -> Value {
    json!({"url": format!("{US_CORE}-{name}"), "extension": [
        {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": code, "display": display}},
        {"url": "text", "valueString": display},
    ]})
}

fn identifiers(random: &mut super::Random, id: &str) -> Value {
    let typed = |code: &str, display: &str| {
        json!({"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code, "display": display}],
               "text": display})
    };
    json!([
        {"type": typed("MR", "Medical Record Number"), "system": "http://hospital.example.org/mrn", "value": id},
        {"type": typed("SS", "Social Security Number"), "system": "http://hl7.org/fhir/sid/us-ssn",
         "value": format!("999-{:02}-{:04}", random.between(10, 99), random.below(10_000))},
        {"type": typed("DL", "Driver's License"), "system": "urn:oid:2.16.840.1.113883.4.3.25",
         "value": format!("S{:08}", random.below(100_000_000))},
    ])
}

fn coverage(record: &mut Record) {
    let number = format!("M{:09}", record.random.below(1_000_000_000));
    let content = json!({
        "status": "active",
        "type": term("v3-ActCode", "EHCPOL"),
        "subscriberId": number,
        "beneficiary": record.patient,
        "relationship": term("subscriber-relationship", "self"),
        "payor": [record.home.organization],
    });
    record.add("Coverage", content);
}

fn allergy(record: &mut Record) {
    let content = json!({
        "meta": profile("allergyintolerance"),
        "clinicalStatus": term("allergyintolerance-clinical", "active"),
        "verificationStatus": term("allergyintolerance-verification", "confirmed"),
        "type": "allergy",
        "category": ["environment"],
        "criticality": "low",
        "code": concept(record.random.pick(&ALLERGIES)),
        "patient": record.patient,
        "recordedDate": super::instant(record.born + chrono::Duration::days(365)),
    });
    record.add("AllergyIntolerance", content);
}
