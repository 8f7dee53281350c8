//! Two gateways on one PostgreSQL, both written through while parameters come, change and go:
//! searches equal what the resources say.
use super::{definition, ids, settled, until, with};
use crate::support::{Baton, Client, Database, Options};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

const WRITERS: usize = 6;

#[test]
fn writers_of_two_gateways_miss_nothing() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let database = Arc::new(database);
    let one = Baton::on(database.clone(), &Options::default());
    let two = Baton::on(database, &Options::default());
    let (client, other) = (one.partner(), two.partner());
    super::changes::fill(&client, 600);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<JoinHandle<usize>> = (0..WRITERS)
        .map(|number| {
            let client = if number % 2 == 0 {
                client.clone()
            } else {
                other.clone()
            };
            let stop = stop.clone();
            std::thread::spawn(move || write(&client, number, &stop))
        })
        .collect();
    for round in 0..4 {
        let path = if round % 2 == 0 { "family" } else { "given" };
        let sought = definition("sought", "Patient", "string", &format!("Patient.name.{path}"));
        let by = if round % 2 == 0 { &other } else { &client };
        by.put("SearchParameter/sought", &sought).ok();
        settled(by, &["sought"]);
    }
    stop.store(true, Ordering::Relaxed);
    let written: usize = writers
        .into_iter()
        .map(|writer| writer.join().expect("no panic"))
        .sum();
    assert!(written > 100, "{written}");
    for client in [&client, &other] {
        until("known", || client.get("Patient?sought=x").status == 200);
        let all = client.find("Patient?_count=500");
        for given in ["G0", "G1", "W1", "W2", "W3"] {
            let oracle: BTreeSet<String> = all
                .iter()
                .filter(|one| {
                    one["name"][0]["given"][0]
                        .as_str()
                        .is_some_and(|name| name.starts_with(given))
                })
                .map(|one| one["id"].as_str().expect("an id").to_string())
                .collect();
            assert_eq!(
                ids(client, &format!("Patient?sought={given}&_count=500")),
                oracle,
                "{given}"
            );
        }
    }
    retired(&client, &other);
}

/// What one gateway retires the other does not serve either.
fn retired(client: &Client, other: &Client) {
    let sought = definition("sought", "Patient", "string", "Patient.name.given");
    client
        .put(
            "SearchParameter/sought",
            &with(sought, json!({"status": "retired"})),
        )
        .ok();
    until("unknown at the other", || {
        other.get("Patient?sought=G1").status == 400
    });
}

/// Creates, updates, deletes, and transactions of both, until told to stop.
fn write(client: &Client, number: usize, stop: &AtomicBool) -> usize {
    let mut at = 0;
    while !stop.load(Ordering::Relaxed) {
        let id = format!("p{}", (at * 7 + number * 100) % 600);
        let patient = |id: &str| {
            json!({"resourceType": "Patient", "id": id,
                "name": [{"family": format!("W{}", at % 5), "given": [format!("W{}", (at + number) % 5)]}]})
        };
        let reply = match at % 4 {
            0 => client.post("Patient", &patient("x")),
            1 => client.put(&format!("Patient/{id}"), &patient(&id)),
            2 => client.delete(&format!("Patient/{id}")),
            _ => client.post("", &transaction(number, at, &patient)),
        };
        assert!(reply.status < 300, "{} {}", reply.status, reply.text);
        at += 1;
    }
    at
}

fn transaction(number: usize, at: usize, patient: &dyn Fn(&str) -> Value) -> Value {
    let entries: Vec<Value> = (0..5)
        .map(|place| {
            let id = format!("t{number}-{}", (at + place) % 20);
            json!({"resource": patient(&id), "request": {"method": "PUT", "url": format!("Patient/{id}")}})
        })
        .collect();
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}
