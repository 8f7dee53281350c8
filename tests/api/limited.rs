//! Writing with a token that opens a part only: what is open can be changed and stays open, and what
//! is hidden answers as what never was. Issue's section "Scopes v2".
//! <https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html>
mod bundles;
mod criteria;
mod definitions;
mod histories;
mod links;
mod many;
mod policy;
mod tasks;

use crate::support::launch::{of_patient, of_person};
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

/// Ann is treated by Dora, Ben by nobody; each has a task and an observation.
fn world(baton: &Baton) -> Client {
    let partner = baton.partner();
    let put = |path: &str, body: Value| assert_eq!(partner.put(path, &body).status, 201, "{path}");
    put(
        "Practitioner/dora",
        json!({"resourceType": "Practitioner", "id": "dora"}),
    );
    let mut ann = json!({"resourceType": "Patient", "id": "ann"});
    ann["generalPractitioner"] = json!([{"reference": "Practitioner/dora"}]);
    put("Patient/ann", ann);
    put("Patient/ben", json!({"resourceType": "Patient", "id": "ben"}));
    for who in ["ann", "ben"] {
        put(&format!("Task/{who}"), task(who, who));
        put(&format!("Observation/{who}"), observation(who, who, "laboratory"));
    }
    partner
}

fn task(id: &str, of: &str) -> Value {
    json!({
        "resourceType": "Task", "id": id, "status": "requested", "intent": "order",
        "identifier": [{"system": "urn:task", "value": of}],
        "for": {"reference": format!("Patient/{of}")}, "owner": {"reference": "Practitioner/dora"},
    })
}

fn observation(id: &str, of: &str, category: &str) -> Value {
    json!({
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": "weight"},
        "category": [{"coding": [{"system": "urn:category", "code": category}]}],
        "identifier": [{"system": "urn:observation", "value": of}],
        "subject": {"reference": format!("Patient/{of}")},
    })
}

fn with(mut resource: Value, member: &str, value: Value) -> Value {
    resource[member] = value;
    resource
}

fn without_id(mut resource: Value) -> Value {
    resource.as_object_mut().expect("a resource").remove("id");
    resource
}

/// An app of Ann's.
fn app(baton: &Baton, scopes: &str) -> Client {
    baton.launched(scopes, &of_patient("ann"))
}

/// An app of the practitioner's.
fn doctor(baton: &Baton, scopes: &str) -> Client {
    baton.launched(scopes, &of_person("Practitioner/dora"))
}

const JSON_PATCH: &str = "application/json-patch+json";

fn patch(client: &Client, path: &str, operations: &Value) -> Reply {
    client.send_text("PATCH", path, JSON_PATCH, operations.to_string())
}

fn complete(client: &Client, path: &str) -> Reply {
    let done = json!([{"op": "replace", "path": "/status", "value": "completed"}]);
    patch(client, path, &done)
}

/// What two answers have that anybody could tell apart, their ids aside.
fn alike(one: (&Reply, &str), other: (&Reply, &str)) {
    let told = |(reply, id): (&Reply, &str)| {
        let mut headers: Vec<(String, String)> = reply
            .headers
            .iter()
            .filter(|(name, _)| !["content-length", "date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).replace(id, "_"),
                )
            })
            .collect();
        headers.sort();
        (reply.status, reply.text.replace(id, "_"), headers)
    };
    assert_eq!(told(one), told(other));
}
