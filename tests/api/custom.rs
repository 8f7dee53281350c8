//! SearchParameter resources: what they define is searched by once it is indexed, never before and
//! never in part. <https://hl7.org/fhir/R4/searchparameter.html>
mod changes;
mod kills;
mod kinds;
mod refusals;
mod together;

use crate::support::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// However slow the machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// An active definition of that id.
fn definition(id: &str, on: &str, kind: &str, expression: &str) -> Value {
    json!({
        "resourceType": "SearchParameter", "id": id, "url": format!("urn:scene:{id}"), "name": id,
        "status": "active", "description": "Of a scene", "code": id, "base": [on], "type": kind,
        "expression": expression,
    })
}

fn with(mut resource: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        resource[name] = value.clone();
    }
    resource
}

fn parameter(parameters: &Value, name: &str) -> Value {
    let all = parameters["parameter"].as_array().expect("parameters");
    let found = all.iter().find(|parameter| parameter["name"] == name);
    let found = found
        .unwrap_or_else(|| panic!("{name} in {parameters}"))
        .as_object()
        .expect("an object");
    let value = found.iter().find(|(name, _)| name.starts_with("value"));
    value.expect("a value").1.clone()
}

fn status(client: &Client, id: &str) -> Value {
    client.get(&format!("SearchParameter/{id}/$reindex-status")).ok()
}

fn state(client: &Client, id: &str) -> String {
    parameter(&status(client, id), "state")
        .as_str()
        .expect("a code")
        .to_string()
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "not {what} after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Until all is indexed, and what was replaced is gone.
fn settled(client: &Client, ids: &[&str]) {
    for id in ids {
        until(&format!("{id} serving"), || state(client, id) == "serving");
    }
}

/// PUTs definitions and waits for them.
fn define(client: &Client, definitions: &[Value]) {
    let ids: Vec<&str> = definitions
        .iter()
        .map(|one| one["id"].as_str().expect("an id"))
        .collect();
    for (id, one) in ids.iter().zip(definitions) {
        let reply = client.put(&format!("SearchParameter/{id}"), one);
        assert!(reply.status < 300, "{id}: {}", reply.text);
    }
    settled(client, &ids);
}

/// Logical ids of all matches.
fn ids(client: &Client, search: &str) -> BTreeSet<String> {
    let found = client.find(search);
    found
        .iter()
        .map(|one| one["id"].as_str().expect("an id").to_string())
        .collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}
