//! What may be written as a Consent, and what becomes of those that were there before.
use super::town::{SETTINGS, actor, client_of, consent, ids, label, observation, serve, town};
use crate::on_both_databases;
use crate::support::Database;
use serde_json::{Value, json};
use std::sync::Arc;

on_both_databases!(
    what_cannot_be_followed_is_refused,
    consents_of_before_bind_when_it_is_turned_on,
    clients_can_be_given_an_organisation,
    others_do_not_decide_who_sees_what,
    writing_tells_nothing_of_what_is_withheld,
);

fn what_cannot_be_followed_is_refused(database: Database) {
    let town = town(database);
    let concept = |system: &str, code: &str| json!([label(system, code)]);
    for (provision, path) in [
        (
            json!({"actor": [actor("CareTeam/x")]}),
            "provision.actor.reference",
        ),
        (
            json!({"actor": [actor("https://elsewhere.example/Organization/x")]}),
            "provision.actor.reference",
        ),
        (
            json!({"class": concept("urn:ietf:bcp:13", "application/pdf")}),
            "provision.class",
        ),
        (json!({"purpose": concept("urn:x", "TREAT")}), "provision.purpose"),
        (json!({"code": [{"text": "pulse"}]}), "provision.code"),
        (
            json!({"data": [{"meaning": "related", "reference": {"reference": "Observation/pulse"}}]}),
            "provision.data",
        ),
        (
            json!({"action": [{"coding": concept("urn:x", "look")}]}),
            "provision.action",
        ),
        (
            json!({"provision": [{"actor": [actor("Organization/away")]}]}),
            "provision[0].type",
        ),
    ] {
        let mut with = provision.clone();
        with["type"] = json!("deny");
        let reply = town.home.put("Consent/odd", &consent("odd", "ann", with.clone()));
        reply.refused(422, path);
        let mut draft = consent("odd", "ann", with);
        draft["status"] = json!("draft");
        assert!(town.home.put("Consent/odd", &draft).status < 300, "{provision}");
    }
    let many: Vec<Value> = (0..1_001)
        .map(|at| label("urn:many", &format!("c{at}")))
        .collect();
    let many = json!({"type": "deny", "securityLabel": many});
    town.home
        .put("Consent/odd", &consent("odd", "ann", many))
        .refused(422, "too many");
    let mut nothing = consent("odd", "ann", json!({}));
    nothing["policyRule"] = json!({"text": "as agreed"});
    town.home
        .put("Consent/odd", &nothing)
        .refused(422, "neither permits nor denies");
    assert_eq!(ids(&town.away, "Observation"), ["pulse"]);
}

fn consents_of_before_bind_when_it_is_turned_on(database: Database) {
    let database = Arc::new(database);
    let before = serve(&database, "");
    let partner = before.partner();
    let of_away = client_of(&before, "Organization/away");
    for resource in [
        json!({"resourceType": "Patient", "id": "ann"}),
        json!({"resourceType": "Patient", "id": "ben"}),
        observation("pulse", "ann", &[]),
        observation("bens", "ben", &[label(super::town::CONFIDENTIALITY, "R")]),
        // A team is nobody whom a token can stand for: until somebody says it otherwise, it is everybody.
        consent(
            "no",
            "ann",
            json!({"type": "deny", "actor": [actor("CareTeam/x")]}),
        ),
    ] {
        let path = format!(
            "{}/{}",
            resource["resourceType"].as_str().unwrap_or_default(),
            resource["id"].as_str().unwrap_or_default()
        );
        assert!(partner.put(&path, &resource).status < 300, "{path}");
    }
    assert_eq!(
        ids(&of_away, "Observation"),
        ["bens", "pulse"],
        "nobody is another"
    );
    before.kill();
    drop(before);
    let after = serve(&database, SETTINGS);
    let away = client_of(&after, "Organization/away");
    assert_eq!(ids(&away, "Observation"), [] as [&str; 0]);
    assert_eq!(ids(&after.partner(), "Observation"), ["bens", "pulse"]);
    after.kill();
    drop(after);
    let off = serve(&database, "");
    assert_eq!(
        ids(&client_of(&off, "Organization/away"), "Observation"),
        ["bens", "pulse"]
    );
}

fn clients_can_be_given_an_organisation(database: Database) {
    let town = town(database);
    town.put(&observation(
        "secret",
        "ann",
        &[label(super::town::CONFIDENTIALITY, "R")],
    ));
    let clients = town.baton.database.run_json(&["client", "list"]);
    let away = clients
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["organization"] == "Organization/away");
    let id = away.expect("the client")["client_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let command = ["client", "organization", &id, "Organization/home"];
    assert_eq!(
        town.baton.database.run_json(&command)["organization"],
        "Organization/home"
    );
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(ids(&town.away, "Observation"), ["pulse", "secret"]);
    let wrong = town
        .baton
        .database
        .run(&["client", "organization", &id, "Practitioner/x"]);
    assert!(!wrong.status.success());
}

fn others_do_not_decide_who_sees_what(database: Database) {
    let town = town(database);
    let yes = consent(
        "yes",
        "ann",
        json!({"type": "permit", "securityLabel": [label(super::town::CONFIDENTIALITY, "V")]}),
    );
    let part_of = json!({"reference": "Organization/home"});
    let ours = json!({"resourceType": "Organization", "id": "away", "name": "x", "partOf": part_of});
    let role = json!({"resourceType": "PractitionerRole", "id": "r", "organization": part_of});
    for resource in [&yes, &ours, &role] {
        let on = resource["resourceType"].as_str().expect("a type");
        assert_eq!(town.away.post(on, resource).status, 403, "{on}");
        let path = format!("{on}/{}", resource["id"].as_str().expect("an id"));
        assert_eq!(town.away.put(&path, resource).status, 403, "{on}");
        let entry = json!({"resource": resource, "request": {"method": "POST", "url": on}});
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
        assert_eq!(town.away.post("", &bundle).status, 403, "{on}");
    }
    // What they bring is another matter, even if they do not get to see it.
    let secret = observation("x", "ann", &[label(super::town::CONFIDENTIALITY, "R")]);
    let made = town.away.post("Observation", &secret);
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(ids(&town.home, "Observation").len(), 2);
    assert_eq!(ids(&town.away, "Observation"), ["pulse"]);
}

fn writing_tells_nothing_of_what_is_withheld(database: Database) {
    let town = town(database);
    let restricted = [label(super::town::CONFIDENTIALITY, "R")];
    town.put(&observation("secret", "ann", &restricted));
    let told = |id: &str| {
        let put = town
            .away
            .put(&format!("Observation/{id}"), &observation(id, "ann", &[]));
        let gone = town.away.delete(&format!("Observation/{id}"));
        (
            put.status,
            put.text.replace(id, "ID"),
            gone.status,
            gone.text.replace(id, "ID"),
        )
    };
    let (absent, withheld) = (told("nobody"), told("secret"));
    assert_eq!(absent, withheld);
    assert_eq!(withheld.0, 404);
    assert_eq!(town.home.get("Observation/secret").status, 200);
    // Whether a patient denies them is not to be found out by pointing there.
    town.put(&json!({"resourceType": "Patient", "id": "ben"}));
    town.put(&consent("bens", "ben", json!({"type": "deny"})));
    for patient in ["nobody", "ben"] {
        town.put(&observation("moved", "ann", &[]));
        let moved = town
            .away
            .put("Observation/moved", &observation("moved", patient, &[]));
        assert_eq!(moved.status, 200, "{patient}: {}", moved.text);
    }
    assert_eq!(town.away.get("Observation/moved").status, 404);
}
