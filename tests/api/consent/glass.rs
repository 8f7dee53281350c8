//! Breaking the glass: who may, what it shows, and that it is never done unseen.
use super::denials::reads;
use super::people::{person, staffed};
use super::town::{SETTINGS, client_of, consent, observation, serve};
use crate::audit::book::events;
use crate::on_both_databases;
use crate::support::Database;
use crate::support::launch::of_person;
use serde_json::{Value, json};
use std::sync::Arc;

on_both_databases!(
    who_may_break_the_glass_sees_what_is_withheld,
    who_may_not_is_refused_whatever_there_is,
    it_is_recorded_even_where_reads_are_not,
);

fn flagged(database: &Database) -> Vec<Value> {
    let tagged = |event: &Value| event["meta"]["tag"][0]["code"] == "break-the-glass";
    let mut all = events(database);
    all.retain(tagged);
    all
}

fn who_may_break_the_glass_sees_what_is_withheld(database: Database) {
    let town = staffed(database);
    town.consent("no", json!({"type": "deny"}));
    let theirs = person(&town, "Practitioner/theirs");
    for path in ["Observation/secret", "Observation/pulse", "Patient/ann"] {
        assert_eq!(theirs.get(path).status, 404, "{path}");
        assert_eq!(reads(&theirs, path, "TREAT").status, 404, "{path}");
        assert_eq!(reads(&theirs, path, "BTG").status, 200, "{path}");
        assert_eq!(reads(&theirs, path, "ETREAT").status, 200, "{path}");
    }
    assert_eq!(
        reads(&theirs, "Observation", "BTG").ok()["entry"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    assert_eq!(
        theirs.get("Observation").ok()["entry"].as_array().map(Vec::len),
        None,
        "only then"
    );
    // Scopes stand, and so does whose patients they are.
    let narrow = town
        .baton
        .launched("user/Patient.rs", &of_person("Practitioner/theirs"));
    assert_eq!(reads(&narrow, "Observation/secret", "BTG").status, 403);
    town.put(&json!({"resourceType": "Patient", "id": "ben"}));
    assert_eq!(reads(&theirs, "Patient/ben", "BTG").status, 404);
    let flagged = flagged(&town.baton.database);
    assert_eq!(flagged.len(), 9, "{flagged:#?}");
    let of_secret = |event: &&Value| event.to_string().contains("Observation/secret");
    let event = flagged.iter().find(of_secret).expect("an event");
    assert_eq!(event["purposeOfEvent"][0]["coding"][0]["code"], "BTG");
    assert!(event.to_string().contains("Practitioner/theirs") && event.to_string().contains("Patient/ann"));
    let found = town
        .home
        .get("AuditEvent?_tag=urn:baton:audit|break-the-glass&_summary=count");
    assert_eq!(found.ok()["total"], 9);
}

fn who_may_not_is_refused_whatever_there_is(database: Database) {
    let town = staffed(database);
    for path in [
        "Observation/secret",
        "Observation/pulse",
        "Observation/nobody",
        "Observation",
    ] {
        let words = "the operator of this server does not allow";
        reads(&town.away, path, "BTG").refused(403, words);
        assert_ne!(reads(&town.away, path, "ERTREAT").status, 403);
    }
    assert_eq!(reads(&town.home, "Observation/secret", "BTG").status, 200);
    let refused = flagged(&town.baton.database);
    assert_eq!(
        refused.iter().filter(|event| event["outcome"] == "4").count(),
        4,
        "{refused:#?}"
    );
    assert_eq!(refused.len(), 5);
}

fn it_is_recorded_even_where_reads_are_not(database: Database) {
    let database = Arc::new(database);
    let settings = format!("{SETTINGS}[audit]\nreads = false\n");
    let baton = serve(&database, &settings.replace("['Practitioner']", "['CLIENT']"));
    let id = {
        client_of(&baton, "Organization/away");
        let listed = database.run_json(&["client", "list"]);
        listed[0]["client_id"].as_str().expect("an id").to_owned()
    };
    baton.kill();
    drop(baton);
    let baton = serve(
        &database,
        &settings.replace("['Practitioner']", &format!("['{id}']")),
    );
    let secret = database.run_json(&["client", "rotate", &id, "--secret"]);
    let secret = secret["client_secret"].as_str().expect("a secret");
    let away = crate::support::Client::with_secret(&baton.base, &id, secret);
    let partner = baton.partner();
    assert!(
        partner
            .put("Patient/ann", &json!({"resourceType": "Patient", "id": "ann"}))
            .status
            < 300
    );
    assert!(
        partner
            .put("Observation/pulse", &observation("pulse", "ann", &[]))
            .status
            < 300
    );
    assert!(
        partner
            .put("Consent/no", &consent("no", "ann", json!({"type": "deny"})))
            .status
            < 300
    );
    assert_eq!(away.get("Observation/pulse").status, 404);
    assert_eq!(reads(&away, "Observation/pulse", "BTG").status, 200);
    // Killed at once: what was shown is written.
    baton.kill();
    drop(baton);
    assert_eq!(flagged(&database).len(), 1);
}
