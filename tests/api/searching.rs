//! Search: what finds what, what shapes the answer, and refusals.
mod answers;
mod common;
mod joins;
mod kinds;
mod ranges;
mod refusals;
mod totals;

use crate::support::Client;
use serde_json::{Value, json};

/// PUTs each resource under its id.
fn stock(partner: &Client, resources: Value) {
    let entries = resources.as_array().expect("resources").iter().map(|resource| {
        let url = format!("{}/{}", text(resource, "resourceType"), text(resource, "id"));
        json!({"resource": resource, "request": {"method": "PUT", "url": url}})
    });
    let entries: Vec<Value> = entries.collect();
    partner
        .post(
            "",
            &json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}),
        )
        .ok();
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().expect("text")
}

fn ids(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| text(one, "id")).collect()
}

/// The search finds just these, in any order.
fn finds(partner: &Client, path: &str, expected: &[&str]) {
    let found = partner.find(path);
    let mut found = ids(&found);
    found.sort();
    assert_eq!(found, expected, "{path}");
}

fn all_find(partner: &Client, table: &[(&str, &[&str])]) {
    for (path, expected) in table {
        finds(partner, path, expected);
    }
}

fn observation(id: &str, members: Value) -> Value {
    let mut observation = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "Heart rate"}});
    for (name, value) in members.as_object().expect("members") {
        observation[name] = value.clone();
    }
    observation
}

fn person(id: &str, members: Value) -> Value {
    let mut person = json!({"resourceType": "Patient", "id": id});
    for (name, value) in members.as_object().expect("members") {
        person[name] = value.clone();
    }
    person
}

/// `Type/id` of what the page holds in that mode.
fn held(page: &Value, mode: &str) -> Vec<String> {
    let entries = page["entry"].as_array().into_iter().flatten();
    let held = entries
        .filter(|entry| entry["search"]["mode"] == mode)
        .map(|entry| &entry["resource"]);
    let mut held: Vec<String> = held
        .map(|one| format!("{}/{}", text(one, "resourceType"), text(one, "id")))
        .collect();
    held.sort();
    held
}
