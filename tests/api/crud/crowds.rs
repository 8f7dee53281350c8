//! Many at once, through one gateway or through two on one database: one resource of one, no
//! update lost, nobody answered with a 5xx.
use super::history::walk;
use super::{conditionally, with_id};
use crate::on_both;
use crate::support::{Baton, Client, Database, Options};
use serde_json::{Value, json};
use std::sync::Arc;
use std::thread;

on_both!(
    parallel_conditional_creates_make_one,
    parallel_conditional_updates_make_one,
    parallel_updates_lose_nothing,
    parallel_patches_and_deletes_are_answered
);

/// All of these with two gateways, each of which gets every other request.
#[test]
fn two_gateways_on_one_database() {
    let Some(database) = Database::postgres() else {
        return;
    };
    let database = Arc::new(database);
    let options = Options::default();
    let gateways = [
        Baton::on(database.clone(), &options),
        Baton::on(database.clone(), &options),
    ];
    let both = [gateways[0].partner(), gateways[1].partner()];
    one_of_conditional_creates(&both);
    one_of_conditional_updates(&both);
    no_update_lost(&both);
    patches_and_deletes(&both);
}

fn parallel_conditional_creates_make_one(baton: &Baton) {
    one_of_conditional_creates(&[baton.partner()]);
}

fn parallel_conditional_updates_make_one(baton: &Baton) {
    one_of_conditional_updates(&[baton.partner()]);
}

fn parallel_updates_lose_nothing(baton: &Baton) {
    no_update_lost(&[baton.partner()]);
}

fn parallel_patches_and_deletes_are_answered(baton: &Baton) {
    patches_and_deletes(&[baton.partner()]);
}

/// 64 threads, each with the client whose turn it is.
fn side_by_side<T: Send + 'static>(
    clients: &[Client],
    work: impl Fn(&Client, usize) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let threads: Vec<_> = (0..64)
        .map(|n| {
            let (work, client) = (work.clone(), clients[n % clients.len()].clone());
            thread::spawn(move || work(&client, n))
        })
        .collect();
    threads
        .into_iter()
        .map(|one| one.join().expect("no panic"))
        .collect()
}

fn count<T: PartialEq>(all: &[T], wanted: T) -> usize {
    all.iter().filter(|one| **one == wanted).count()
}

fn patient(mrn: &str) -> Value {
    json!({"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": mrn}]})
}

fn one_of_conditional_creates(clients: &[Client]) {
    let replies = side_by_side(clients, move |client, _| {
        let header = ("if-none-exist", "identifier=urn:mrn|race");
        let reply = conditionally(client, "POST", "Patient", header, &patient("race"));
        (reply.status, reply.ok()["id"].clone())
    });
    let statuses: Vec<u16> = replies.iter().map(|(status, _)| *status).collect();
    assert_eq!((count(&statuses, 201), count(&statuses, 200)), (1, 63));
    let one = clients[0].only("Patient?identifier=urn:mrn|race");
    assert!(replies.iter().all(|(_, id)| *id == one["id"]));

    let statuses = side_by_side(clients, move |client, _| {
        let request =
            json!({"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:mrn|bundled"});
        let entry = json!({"resource": patient("bundled"), "request": request});
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
        let reply = client.post("", &bundle).ok();
        reply["entry"][0]["response"]["status"]
            .as_str()
            .expect("a status")[..3]
            .to_owned()
    });
    assert_eq!(
        (count(&statuses, "201".into()), count(&statuses, "200".into())),
        (1, 63)
    );
    clients[0].only("Patient?identifier=urn:mrn|bundled");
}

fn one_of_conditional_updates(clients: &[Client]) {
    let statuses = side_by_side(clients, move |client, n| {
        let mut patient = patient("either");
        patient["name"] = json!([{"family": format!("N{n}")}]);
        let reply = client.put("Patient?identifier=urn:mrn|either", &patient);
        reply.status
    });
    assert_eq!((count(&statuses, 201), count(&statuses, 200)), (1, 63));
    let one = clients[0].only("Patient?identifier=urn:mrn|either");
    assert_eq!(one["meta"]["versionId"], "64");
}

fn no_update_lost(clients: &[Client]) {
    let partner = &clients[0];
    partner.put("Basic/free", &with_id("free", "start")).ok();
    partner.put("Basic/locked", &with_id("locked", "start")).ok();
    let free = side_by_side(clients, move |client, n| {
        let reply = client.put("Basic/free", &with_id("free", &n.to_string()));
        reply.header("etag").to_string()
    });
    let mut versions: Vec<i64> = free
        .iter()
        .map(|tag| tag[3..tag.len() - 1].parse().expect("a version"))
        .collect();
    versions.sort();
    assert_eq!(versions, (2..=65).collect::<Vec<i64>>());
    let (history, _) = walk(partner, "Basic/free/_history");
    assert_eq!(history.len(), 65);

    let locked = side_by_side(clients, move |client, n| {
        let body = with_id("locked", &n.to_string());
        conditionally(client, "PUT", "Basic/locked", ("if-match", "W/\"1\""), &body).status
    });
    assert_eq!((count(&locked, 200), count(&locked, 412)), (1, 63));
    assert_eq!(partner.get("Basic/locked").header("etag"), "W/\"2\"");
}

fn patches_and_deletes(clients: &[Client]) {
    let partner = &clients[0];
    let mut start = with_id("patched", "start");
    start["identifier"] = json!([{"value": "first"}]);
    partner.put("Basic/patched", &start).ok();
    let statuses = side_by_side(clients, move |client, n| {
        let add = json!([{"op": "add", "path": "/identifier/-", "value": {"value": n.to_string()}}]);
        let media = "application/json-patch+json";
        let reply = client.send_text("PATCH", "Basic/patched", media, add.to_string());
        reply.status
    });
    assert_eq!(count(&statuses, 200), 64, "{statuses:?}");
    let patched = partner.get("Basic/patched").ok();
    assert_eq!(patched["identifier"].as_array().map(Vec::len), Some(65));

    partner
        .put("Basic/contested", &with_id("contested", "start"))
        .ok();
    let statuses = side_by_side(clients, move |client, n| match n % 4 {
        0 => client.delete("Basic/contested").status,
        1 => client.delete("Basic?_id=contested").status,
        _ => {
            let body = with_id("contested", &n.to_string());
            client.put("Basic/contested", &body).status
        }
    });
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 201 | 204)),
        "{statuses:?}"
    );
}
