//! What is taken out of a resource in the transaction that lifts a denial is never shown, however the
//! readers come between.
use super::town::{Town, actor, client_with, consent, observation, town};
use crate::on_both_databases;
use crate::support::{Client, Database, Reply};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

on_both_databases!(what_was_denied_is_not_shown_when_the_denial_goes,);

const ROUNDS: usize = 150;
const SECRET: &str = "the daughter called";

/// What the readers saw.
#[derive(Default)]
struct Seen {
    shown: AtomicUsize,
    hidden: AtomicUsize,
}

fn what_was_denied_is_not_shown_when_the_denial_goes(database: Database) {
    let town = town(database);
    write(&town, true);
    let scopes = "system/Observation.rs?code=8867-4 system/Observation.rs?status=amended system/Patient.rs";
    let narrow = client_with(&town.baton, "Organization/away", scopes);
    let (over, seen) = (AtomicBool::new(false), Seen::default());
    std::thread::scope(|scope| {
        let paths = [
            (&town.away, "Observation/pulse"),
            (&town.away, "Observation/pulse"),
            (&town.away, "Observation?_id=pulse"),
            (&town.away, "Patient?_id=ann&_revinclude=Observation:patient"),
            (&narrow, "Observation/pulse"),
            (&narrow, "Observation?_id=pulse"),
        ];
        for (client, path) in paths {
            let (over, seen) = (&over, &seen);
            scope.spawn(move || watch(client, path, over, seen));
        }
        for round in 0..ROUNDS {
            write(&town, round % 2 == 1);
        }
        over.store(true, Ordering::Relaxed);
    });
    let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    assert!(
        of(&seen.shown) > 0 && of(&seen.hidden) > 0,
        "readers came too late"
    );
}

/// The words with a denial, or neither.
fn write(town: &Town, denied: bool) {
    let mut pulse = observation("pulse", "ann", &[]);
    pulse["code"]["text"] = json!("pulse");
    if denied {
        pulse["note"] = json!([{"text": SECRET}]);
    }
    let mut no = consent(
        "no",
        "ann",
        json!({"type": "deny", "actor": [actor("Organization/away")]}),
    );
    no["status"] = json!(if denied { "active" } else { "inactive" });
    let put = |one: &Value| {
        let url = format!(
            "{}/{}",
            one["resourceType"].as_str().expect("a type"),
            one["id"].as_str().expect("an id")
        );
        json!({"resource": one, "request": {"method": "PUT", "url": url}})
    };
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [put(&pulse), put(&no)]});
    town.home.post("", &bundle).ok();
}

fn watch(client: &Client, path: &str, over: &AtomicBool, seen: &Seen) {
    while !over.load(Ordering::Relaxed) {
        let Reply { status, text, .. } = client.get(path);
        assert!(matches!(status, 200 | 404), "{status} {text}");
        assert!(!text.contains(SECRET), "{path}: {text}");
        let count = match text.contains("8867-4") {
            true => &seen.shown,
            false => &seen.hidden,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}
