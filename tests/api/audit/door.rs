//! Each interaction leaves its event, whoever answered it and however.
use super::book::{A_SECOND, client_id, events, line, patient, text};
use crate::support::{Baton, Database, Options};
use crate::{on_both, on_both_databases};
use serde_json::json;
use std::sync::Arc;

on_both!(
    each_interaction_is_an_event,
    refusals_are_events,
    entries_of_bundles_are_events,
    events_tell_who_from_where_and_why,
    operators_and_refused_messages_are_events,
);
on_both_databases!(a_second_later_it_is_durable);

fn each_interaction_is_an_event(baton: &Baton) {
    let partner = baton.partner();
    patient(&partner, "ann");
    patient(&partner, "ben");
    for path in [
        "Observation/obs-ann",
        "Observation/obs-ann/_history/1",
        "Observation/obs-ann/_history",
        "Observation?patient=ann&code=8867-4",
        "Observation?code=8867-4",
        "Patient/ann/Observation",
        "Patient/ann/$everything",
        "_history?_count=2",
    ] {
        assert_eq!(partner.get(path).status, 200, "{path}");
    }
    assert_eq!(
        partner
            .form("Observation/_search", &[("subject", "Patient/ben")])
            .status,
        200
    );
    assert_eq!(partner.delete("Observation/obs-ben").status, 204);
    assert_eq!(partner.get("metadata").status, 200);
    let lines: Vec<String> = events(&baton.database).iter().map(line).collect();
    let told = lines.join("\n");
    for expected in [
        "create 0 Patient/ann/_history/1 [ann]",
        "create 0 Observation/obs-ann/_history/1 [ann]",
        "read 0 Observation/obs-ann/_history/1 [ann]",
        "vread 0 Observation/obs-ann/_history/1 [ann]",
        "history-instance 0 Observation/obs-ann Observation/obs-ann/_history [ann]",
        "search-type 0 Observation?patient=ann&code=8867-4 [ann]",
        "search-type 0 Observation?code=8867-4 [ann ben]",
        "search-type 0 Patient/ann Patient/ann/Observation [ann]",
        "operation 0 Patient/ann Patient/ann/$everything [ann]",
        "search-type 0 Observation/_search?subject=Patient/ben [ben]",
        "delete 0 Observation/obs-ben/_history/2 [ben]",
        "history-system 0 _history?_count=2 [",
        "110122 0  []",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(expected)),
            "no {expected} in\n{told}"
        );
    }
    assert!(!told.contains("metadata"), "{told}");
}

fn refusals_are_events(baton: &Baton) {
    let partner = baton.partner();
    patient(&partner, "ann");
    let narrow = baton.client("system/Task.rs");
    assert_eq!(partner.get("Patient/nobody").status, 404);
    assert_eq!(baton.anonymous().get("Patient/ann").status, 401);
    assert_eq!(narrow.get("Patient/ann").status, 403);
    assert_eq!(narrow.delete("Patient/ann").status, 403);
    assert_eq!(partner.get("Patient?nonsense=1").status, 400);
    let wrong = [
        ("grant_type", "client_credentials"),
        ("client_id", "x"),
        ("client_secret", "y"),
    ];
    assert_eq!(baton.anonymous().form("/oauth/token", &wrong).status, 401);
    let kept = partner.put("Patient/ann", &partner.get("Patient/ann").json());
    assert_eq!(kept.status, 200, "the same content again");
    let refused = json!({"resourceType": "Patient", "id": "ann", "gender": "nonsense"});
    assert_eq!(partner.put("Patient/ann", &refused).status, 422);
    let events = events(&baton.database);
    let lines: Vec<String> = events.iter().map(line).collect();
    let told = lines.join("\n");
    for expected in [
        "read 4 Patient/nobody [nobody]",
        "read 4 Patient/ann [ann]",
        "delete 4 Patient/ann [ann]",
        "search-type 4 Patient?nonsense=1 []",
        "110122 4  []",
        "update 0 Patient/ann/_history/1 [ann]",
        "update 4 Patient/ann [ann]",
    ] {
        assert!(
            lines.iter().any(|line| line == expected),
            "no {expected} in\n{told}"
        );
    }
    let stranger = events.iter().find(|event| event["outcomeDesc"] == "HTTP 401");
    let stranger = stranger.expect("the refusal of a stranger");
    assert_eq!(stranger["agent"][0]["name"], "unknown");
}

fn entries_of_bundles_are_events(baton: &Baton) {
    let partner = baton.partner();
    patient(&partner, "ann");
    let bundle = |kind: &str| {
        let entry = |method: &str, url: &str| json!({"request": {"method": method, "url": url}});
        json!({"resourceType": "Bundle", "type": kind, "entry": [
            entry("GET", "Observation/obs-ann"), entry("GET", "Observation?patient=ann"),
        ]})
    };
    assert_eq!(partner.post("", &bundle("batch")).status, 200);
    assert_eq!(partner.post("", &bundle("transaction")).status, 200);
    let lines: Vec<String> = events(&baton.database).iter().map(line).collect();
    let count = |wanted: &str| lines.iter().filter(|line| *line == wanted).count();
    assert_eq!(count("read 0 Observation/obs-ann [ann]"), 2, "{lines:#?}");
    assert_eq!(
        count("search-type 0 Observation?patient=ann [ann]"),
        2,
        "{lines:#?}"
    );
    assert_eq!(
        (count("batch 0  []"), count("transaction 0  []")),
        (1, 1),
        "{lines:#?}"
    );
}

fn events_tell_who_from_where_and_why(baton: &Baton) {
    let partner = baton.partner();
    patient(&partner, "ann");
    let request = partner
        .request("GET", "Patient/ann")
        .header("x-request-id", "asked-1");
    assert_eq!(
        crate::support::Reply::of(request.header("x-purpose-of-use", "TREAT")).status,
        200
    );
    let events = events(&baton.database);
    let client = client_id(baton);
    let read = events
        .iter()
        .find(|event| event["action"] == "R")
        .expect("a read");
    assert_eq!(text(&read["agent"][0]["who"]["identifier"]["value"]), client);
    assert_eq!(read["agent"][0]["network"]["address"], "127.0.0.1");
    assert_eq!(read["purposeOfEvent"][0]["coding"][0]["code"], "TREAT");
    assert_eq!(read["entity"][0]["what"]["identifier"]["value"], "asked-1");
    let mut writes = events.iter().filter(|event| event["action"] == "C");
    let written = writes
        .find(|event| event["agent"][0]["name"] == *client)
        .expect("a write");
    assert_eq!(written["agent"][0]["network"]["address"], "127.0.0.1");
    assert_eq!(text(&written["agent"][0]["who"]["identifier"]["value"]), client);
}

fn operators_and_refused_messages_are_events(baton: &Baton) {
    let partner = baton.partner();
    assert!(partner.hl7("MSH|nonsense").text.contains("MSA|AR|"));
    let client = client_id(baton);
    baton.database.run_json(&["client", "disable", &client]);
    baton.database.run_json(&["keys", "rotate"]);
    let lines: Vec<String> = events(&baton.database).iter().map(line).collect();
    // What was not changed is no change.
    assert!(
        !baton
            .database
            .run(&["client", "disable", "nobody"])
            .status
            .success()
    );
    let later: Vec<String> = events(&baton.database).iter().map(line).collect();
    let changes = |lines: &[String]| lines.iter().filter(|line| line.starts_with("110137")).count();
    assert_eq!(changes(&later), changes(&lines));
    for expected in ["110107 4  []", "110137 0  []", "110132 0  []"] {
        assert!(
            lines.iter().any(|line| line == expected),
            "no {expected} in {lines:#?}"
        );
    }
}

fn a_second_later_it_is_durable(database: Database) {
    let database = Arc::new(database);
    let baton = Baton::on(database.clone(), &Options::default());
    let partner = baton.partner();
    patient(&partner, "ann");
    assert_eq!(partner.get("Patient/ann").status, 200);
    std::thread::sleep(A_SECOND);
    baton.kill();
    let lines: Vec<String> = events(&database).iter().map(line).collect();
    assert!(
        lines
            .iter()
            .any(|line| line == "read 0 Patient/ann/_history/1 [ann]"),
        "{lines:#?}"
    );
}
