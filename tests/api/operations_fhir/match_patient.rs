//! `Patient/$match`. <https://hl7.org/fhir/R4/patient-operation-match.html>
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(grades_say_how_sure, certain_is_by_identifier_alone);

const MRN: &str = "urn:oid:1.2.3";

fn patient(client: &Client, id: &str, identifier: &str, given: &str, family: &str, born: &str) {
    let patient = json!({
        "resourceType": "Patient", "id": id, "identifier": [{"system": MRN, "value": identifier}],
        "name": [{"family": family, "given": [given]}], "birthDate": born, "gender": "female",
    });
    assert_eq!(client.put(&format!("Patient/{id}"), &patient).status, 201);
}

/// Id and grade of each match, best first.
fn matches(client: &Client, patient: Value, others: &[(&str, &str, Value)]) -> Vec<(String, String)> {
    let mut parameter = vec![json!({"name": "resource", "resource": patient})];
    parameter.extend(others.iter().map(|(name, kind, value)| {
        let mut one = json!({"name": name});
        one[*kind] = value.clone();
        one
    }));
    let bundle = client
        .post(
            "Patient/$match",
            &json!({"resourceType": "Parameters", "parameter": parameter}),
        )
        .ok();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    entries
        .iter()
        .map(|entry| {
            (
                text(&entry["resource"]["id"]),
                text(&entry["search"]["extension"][0]["valueCode"]),
            )
        })
        .collect()
}

fn world(client: &Client) {
    patient(client, "ann", "1", "Ann", "Sample", "1950-02-14");
    patient(client, "anne", "2", "Anne", "Sample", "1950-02-14");
    patient(client, "other", "3", "Zoe", "Elsewhere", "1980-01-01");
    patient(client, "twin", "4", "Bea", "Shared", "1990-01-01");
    patient(client, "twin-too", "4", "Cleo", "Shared", "1990-01-01");
}

fn person(given: &str, family: &str, born: &str) -> Value {
    json!({"resourceType": "Patient", "name": [{"family": family, "given": [given]}], "birthDate": born})
}

fn grades_say_how_sure(baton: &Baton) {
    let partner = baton.partner();
    world(&partner);
    let of = |(id, grade): (&str, &str)| (id.to_owned(), grade.to_owned());
    let found = matches(&partner, person("ANN", "sample", "1950-02-14"), &[]);
    assert_eq!(
        found,
        [of(("ann", "probable")), of(("anne", "possible"))],
        "never certain without an identifier"
    );
    assert_eq!(matches(&partner, person("Zoe", "Sample", "1970-01-01"), &[]), []);
    let one = matches(
        &partner,
        person("Ann", "Sample", "1950-02-14"),
        &[("count", "valueInteger", json!(1))],
    );
    assert_eq!(one.len(), 1);
    let alone = partner
        .post("Patient/$match", &person("Ann", "Sample", "1950-02-14"))
        .ok();
    assert!(alone["entry"][0]["search"]["score"].as_f64().expect("a score") < 1.0);
}

fn certain_is_by_identifier_alone(baton: &Baton) {
    let partner = baton.partner();
    world(&partner);
    let with = |value: &str, mut patient: Value| {
        patient["identifier"] = json!([{"system": MRN, "value": value}]);
        patient
    };
    let only = [("onlyCertainMatches", "valueBoolean", json!(true))];
    let found = matches(&partner, with("1", person("Ann", "Sample", "1950-02-14")), &only);
    assert_eq!(found, [("ann".to_owned(), "certain".to_owned())]);
    assert_eq!(
        matches(&partner, person("Ann", "Sample", "1950-02-14"), &only),
        []
    );
    let shared = matches(&partner, with("4", person("Bea", "Shared", "1990-01-01")), &[]);
    assert!(
        shared.iter().all(|(_, grade)| grade == "probable") && shared.len() == 2,
        "{shared:?}"
    );
    let refuse = |body: &Value, words| partner.post("Patient/$match", body).refused(400, words);
    refuse(
        &json!({"resourceType": "Patient", "gender": "female"}),
        "identifiers",
    );
    refuse(&json!({"resourceType": "Parameters"}), "Patient to look for");
    baton
        .client("system/Patient.r")
        .post("Patient/$match", &person("A", "B", "1950-01-01"))
        .refused(403, "Patient.s");
}
