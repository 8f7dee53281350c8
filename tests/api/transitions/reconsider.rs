//! An edited protocol comes to everything that runs, whoever is killed meanwhile, and however many
//! gateways work on it.
use super::protocol::eventually;
use crate::on_both_databases;
use crate::support::care::{encounter, reference};
use crate::support::messages::unique;
use crate::support::{Baton, Client, Database, Options};
use serde_json::{Value, json};
use std::sync::Arc;

on_both_databases!(killed_in_the_middle, several_gateways);

const PATH: &str = "PlanDefinition/transitional-care";
const STAYS: usize = 130;

fn many(client: &Client) {
    let entry = |_| {
        let stay = encounter(
            &unique("P"),
            "2040-02-28T15:00:00-05:00",
            "2040-03-02T15:00:00-05:00",
        );
        json!({"resource": stay, "request": {"method": "PUT", "url": reference(&stay)}})
    };
    let entries: Vec<Value> = (0..STAYS).map(entry).collect();
    client
        .post(
            "",
            &json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}),
        )
        .ok();
}

fn contact_within(client: &Client, days: u32) {
    let mut protocol = client.get(PATH).ok();
    protocol["action"][0]["extension"][0]["extension"][1]["valueUnsignedInt"] = json!(days);
    client.put(PATH, &protocol).ok();
}

/// How many contacts are due on that day of March 2040.
fn due(client: &Client, day: u32) -> usize {
    let path =
        format!("Task?code=urn:baton:task|tcm-contact&due=2040-03-{day:02}T23:59:59-05:00&_summary=count");
    let count = client.get(&path).ok()["total"].as_u64();
    usize::try_from(count.expect("a count")).expect("small")
}

/// Each contact was written when it was made and once for each edit that moved it.
fn written_once(client: &Client, versions: &[&str]) {
    for task in client.find("Task?code=urn:baton:task|tcm-contact&_count=200") {
        let version = task["meta"]["versionId"].as_str().expect("a version");
        assert!(versions.contains(&version), "{task:#}");
    }
}

fn killed_in_the_middle(database: Database) {
    let database = Arc::new(database);
    let baton = Baton::on(database.clone(), &Options::default());
    let partner = baton.partner();
    many(&partner);
    assert_eq!(due(&partner, 6), STAYS);
    contact_within(&partner, 1);
    eventually("it began", || due(&partner, 5) > 0);
    baton.kill();
    let baton = Baton::on(database.clone(), &Options::default());
    let partner = baton.partner();
    eventually("it went on", || due(&partner, 5) == STAYS);
    written_once(&partner, &["2"]);
    // Killed before it could begin; and an edit while the last one is still carried.
    contact_within(&partner, 3);
    baton.kill();
    let baton = Baton::on(database, &Options::default());
    let partner = baton.partner();
    contact_within(&partner, 4);
    eventually("the last edit counts", || due(&partner, 8) == STAYS);
    written_once(&partner, &["3", "4"]);
}

fn several_gateways(database: Database) {
    let database = Arc::new(database);
    let one = Baton::on(database.clone(), &Options::default());
    let partner = one.partner();
    many(&partner);
    // SQLite is one process's; there the second one comes after the first.
    let other = match database.url().starts_with("postgres") {
        true => Some(Baton::on(database, &Options::default())),
        false => None,
    };
    contact_within(&partner, 1);
    eventually("it is everywhere", || due(&partner, 5) == STAYS);
    written_once(&partner, &["2"]);
    // A gateway that did not see the edit applies it all the same.
    if let Some(other) = &other {
        let stay = encounter(
            &unique("P"),
            "2040-02-28T15:00:00-05:00",
            "2040-03-02T15:00:00-05:00",
        );
        let partner = other.partner();
        partner.put(&reference(&stay), &stay).ok();
        assert_eq!(
            partner.course_of(stay).due("tcm-contact"),
            "2040-03-05T23:59:59-05:00"
        );
    }
}
