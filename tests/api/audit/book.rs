//! Events as `baton audit export` tells them.
use crate::support::{Baton, Client, Database};
use serde_json::{Value, json};
use std::time::Duration;

/// How long an event may be in coming.
pub const A_SECOND: Duration = Duration::from_secs(1);

/// All of them, a second later.
pub fn events(database: &Database) -> Vec<Value> {
    std::thread::sleep(A_SECOND);
    exported(database, &[])
}

pub fn exported(database: &Database, args: &[&str]) -> Vec<Value> {
    let output = database.run(&[&["audit", "export"], args].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// What happened to whom, on one line: `read 0 Observation/1/_history/1 [ann]`.
pub fn line(event: &Value) -> String {
    let subtype = event.pointer("/subtype/0/code").or(event.pointer("/type/code"));
    let of_role = |role: &str| -> Vec<String> {
        let entities = event["entity"].as_array().into_iter().flatten();
        entities
            .filter(|entity| entity["role"]["code"] == role)
            .map(|entity| match entity["query"].as_str() {
                Some(query) => decoded(query),
                None => text(&entity["what"]["reference"]),
            })
            .collect()
    };
    let what = [of_role("4"), of_role("24")].concat().join(" ");
    let patients = of_role("1").join(" ").replace("Patient/", "");
    let outcome = text(&event["outcome"]);
    format!(
        "{} {outcome} {what} [{patients}]",
        text(subtype.unwrap_or(&json!("")))
    )
}

fn decoded(query: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(query)
        .expect("base64");
    let url = String::from_utf8(bytes).expect("text");
    url.split_once("/fhir/")
        .map_or(url.clone(), |(_, rest)| rest.to_owned())
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A patient with an observation.
pub fn patient(partner: &Client, id: &str) {
    let patient = json!({"resourceType": "Patient", "id": id, "name": [{"family": "Sorensen"}]});
    assert_eq!(partner.put(&format!("Patient/{id}"), &patient).status, 201);
    let observation = json!({
        "resourceType": "Observation", "id": format!("obs-{id}"), "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": format!("Patient/{id}")},
    });
    assert_eq!(
        partner.put(&format!("Observation/obs-{id}"), &observation).status,
        201
    );
}

/// The client_id of the only client.
pub fn client_id(baton: &Baton) -> String {
    let clients = baton.database.run_json(&["client", "list"]);
    text(&clients[0]["client_id"])
}
