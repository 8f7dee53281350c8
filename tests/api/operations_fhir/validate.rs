//! `$validate` and the way operations are called. <https://hl7.org/fhir/R4/resource-operation-validate.html>
use crate::on_both;
use crate::support::Baton;
use serde_json::{Value, json};

on_both!(
    says_what_is_wrong,
    modes_ask_different_questions,
    calls_are_strict,
    operations_are_told
);

fn severities(outcome: &Value) -> Vec<&str> {
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{outcome}");
    let issues = outcome["issue"].as_array().expect("issues");
    issues
        .iter()
        .filter_map(|issue| issue["severity"].as_str())
        .collect()
}

fn says_what_is_wrong(baton: &Baton) {
    let partner = baton.partner();
    let div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>";
    let good = json!({"resourceType": "Patient", "birthDate": "1950-02-14", "text": {"status": "generated", "div": div}});
    assert_eq!(
        severities(&partner.post("Patient/$validate", &good).ok()),
        ["information"]
    );
    let bad = json!({"resourceType": "Patient", "birthDate": "yesterday", "gender": "neither"});
    let wrapped = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": bad}]});
    for sent in [&bad, &wrapped] {
        let outcome = partner.post("Patient/$validate", sent).ok();
        assert_eq!(severities(&outcome), ["error", "error", "warning"], "{outcome}");
        assert!(outcome.to_string().contains("Patient.birthDate"));
    }
    assert!(
        partner.find("Patient?birthdate=1950-02-14").is_empty(),
        "nothing is stored"
    );
    let path = partner.post("Patient", &good).ok()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        severities(&partner.get(&format!("Patient/{path}/$validate")).ok()),
        ["information"]
    );
}

fn modes_ask_different_questions(baton: &Baton) {
    let partner = baton.partner();
    let created = partner.post("Patient", &json!({"resourceType": "Patient"})).ok();
    let path = format!("Patient/{}/$validate", created["id"].as_str().expect("an id"));
    let other = json!({"resourceType": "Patient", "id": "another"});
    assert!(severities(&partner.post(&format!("{path}?mode=update"), &other).ok()).contains(&"error"));
    assert_eq!(
        severities(&partner.get(&format!("{path}?mode=delete")).ok()),
        ["information"]
    );
    partner
        .get("Patient/never-was/$validate?mode=delete")
        .refused(404, "no Patient");
    partner
        .post("Patient/$validate?mode=delete", &other)
        .refused(400, "stored resource");
    partner
        .post("Patient/$validate?mode=wish", &other)
        .refused(400, "create, update, delete");
    partner
        .post("Patient/$validate?profile=http://x/y", &other)
        .refused(400, "not loaded");
    partner
        .post("Observation/$validate", &other)
        .refused(400, "Observation");
    partner
        .get("Patient/$validate")
        .refused(400, "nothing to validate");
}

fn calls_are_strict(baton: &Baton) {
    let partner = baton.partner();
    let patient = json!({"resourceType": "Patient"});
    partner
        .post("Patient/$validate?resouce=x", &patient)
        .refused(400, "resource, mode, profile");
    partner
        .post("Patient/$nonsense", &patient)
        .refused(404, "$validate");
    partner
        .post("Patient/1/$match", &patient)
        .refused(404, "$everything");
    partner
        .post("Nothing/$validate", &patient)
        .refused(404, "resource type");
    let put = partner.send("PUT", "Patient/$validate", &patient);
    assert_eq!((put.status, put.header("allow")), (405, "GET, HEAD, POST"));
    partner
        .send_text("POST", "Patient/$validate", "text/plain", "x")
        .refused(415, "application/fhir+json");
    let odd = json!({"resourceType": "Parameters", "parameter": [{"name": "mode"}]});
    partner
        .post("Patient/$validate", &odd)
        .refused(400, "Parameters.parameter[0]");
    baton
        .client("system/Task.rs")
        .post("Patient/$validate", &patient)
        .refused(403, "system/Patient.r");
    assert_eq!(baton.anonymous().get("Patient/1/$everything").status, 401);
}

fn operations_are_told(baton: &Baton) {
    let statement = baton.anonymous().get("metadata").ok();
    let types = statement["rest"][0]["resource"].as_array().expect("resources");
    let told = |name: &str| {
        let of = types
            .iter()
            .find(|resource| resource["type"] == name)
            .expect("a type");
        let operations = of["operation"].as_array().expect("operations");
        operations
            .iter()
            .filter_map(|one| one["name"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(told("Basic"), ["validate", "meta", "meta-add", "meta-delete"]);
    assert!(told("Patient").contains(&"match".to_owned()) && told("Task").contains(&"reprocess".to_owned()));
}
