//! Batches and transactions: each entry is judged, and a transaction is nothing or all.
//! <https://hl7.org/fhir/R4/http.html#transaction>
use super::*;
use crate::on_both;

on_both!(
    a_transaction_writes_all_or_nothing,
    entries_of_a_batch_stand_alone,
    hidden_entries_are_absent_ones,
    what_stands_beside_may_be_referred_to,
);

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": entries})
}

fn entry(method: &str, url: &str, resource: Option<Value>) -> Value {
    let mut entry = json!({"request": {"method": method, "url": url}});
    if let Some(resource) = resource {
        entry["resource"] = resource;
    }
    entry
}

fn done(of: &str) -> Value {
    with(task(of, of), "status", json!("completed"))
}

fn a_transaction_writes_all_or_nothing(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/*.cruds");
    let mine = || entry("PUT", "Task/ann", Some(done("ann")));
    for (other, status, words) in [
        (
            entry("PUT", "Task/ben", Some(done("ben"))),
            404,
            "There is no Task",
        ),
        (
            entry("PUT", "Task/nix", Some(with(done("ann"), "id", json!("nix")))),
            404,
            "There is no Task",
        ),
        (
            entry("POST", "Task", Some(without_id(task("x", "ben")))),
            403,
            "`c`",
        ),
        (
            entry(
                "POST",
                "Organization",
                Some(json!({"resourceType": "Organization", "name": "x"})),
            ),
            403,
            "Organization",
        ),
        (entry("GET", "Task/ben", None), 404, "There is no Task"),
    ] {
        let refused = app.post("", &bundle("transaction", vec![mine(), other.clone()]));
        refused.refused(status, words);
        assert!(refused.text.contains("Bundle.entry[1]"), "{}", refused.text);
        assert_eq!(partner.get("Task/ann").ok()["meta"]["versionId"], "1", "{other}");
    }
    let fine = bundle(
        "transaction",
        vec![
            mine(),
            entry("POST", "Task", Some(without_id(task("x", "ann")))),
            entry("GET", "Task?_summary=count", None),
        ],
    );
    let answer = app.post("", &fine).ok();
    assert_eq!(answer["entry"][2]["resource"]["total"], 2);
    assert_eq!(partner.get("Task/ann").ok()["status"], "completed");
}

fn entries_of_a_batch_stand_alone(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/Task.rus");
    let batch = bundle(
        "batch",
        vec![
            entry("PUT", "Task/ann", Some(done("ann"))),
            entry("PUT", "Task/ben", Some(done("ben"))),
            entry("POST", "Task", Some(without_id(task("x", "ann")))),
            entry("DELETE", "Task/ann", None),
        ],
    );
    let answer = app.post("", &batch).ok();
    let status = |at: usize| {
        answer["entry"][at]["response"]["status"]
            .as_str()
            .map(|text| text[..3].to_owned())
    };
    let statuses: Vec<_> = (0..4).filter_map(status).collect();
    assert_eq!(statuses, ["200", "404", "403", "403"], "{answer}");
    assert_eq!(partner.get("Task/ben").ok()["meta"]["versionId"], "1");
}

fn hidden_entries_are_absent_ones(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/*.cruds");
    let done = json!([{"op": "replace", "path": "/status", "value": "completed"}]);
    let binary = json!({"resourceType": "Binary", "contentType": JSON_PATCH, "data": data(&done)});
    let asked = |id: &str| {
        vec![
            entry(
                "PUT",
                &format!("Task/{id}"),
                Some(with(task("ann", "ann"), "id", json!(id))),
            ),
            entry("PATCH", &format!("Task/{id}"), Some(binary.clone())),
            entry("DELETE", &format!("Task/{id}"), None),
            entry("DELETE", &format!("Task?identifier=urn:task|{id}"), None),
            entry(
                "PATCH",
                &format!("Task?identifier=urn:task|{id}"),
                Some(binary.clone()),
            ),
        ]
    };
    for kind in ["transaction", "batch"] {
        for (hidden, absent) in asked("ben").into_iter().zip(asked("nix")) {
            let (hidden, absent) = (
                app.post("", &bundle(kind, vec![hidden])),
                app.post("", &bundle(kind, vec![absent])),
            );
            alike((&hidden, "ben"), (&absent, "nix"));
        }
    }
    // Conditional references, too.
    let refers = |who: &str| {
        let mine = with(
            without_id(task("x", "ann")),
            "focus",
            json!({"reference": format!("Observation?identifier=urn:observation|{who}")}),
        );
        app.post(
            "",
            &bundle("transaction", vec![entry("POST", "Task", Some(mine))]),
        )
    };
    alike((&refers("ben"), "ben"), (&refers("nix"), "nix"));
    refers("nix").refused(412, "finds no resource");
    assert_eq!(refers("ann").status, 200);
    assert_eq!(partner.get("Task/ben").ok()["meta"]["versionId"], "1");
}

fn data(value: &Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(value.to_string())
}

fn what_stands_beside_may_be_referred_to(baton: &Baton) {
    let partner = world(baton);
    let app = app(baton, "patient/Task.c patient/Observation.cs");
    let mut observation = entry(
        "POST",
        "Observation",
        Some(without_id(observation("x", "new", "survey"))),
    );
    observation["fullUrl"] = json!("urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-000000000001");
    observation["resource"]["subject"] = json!({"reference": "Patient/ann"});
    for reference in [
        "urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-000000000001",
        "Observation?identifier=urn:observation|new",
    ] {
        let task = with(
            without_id(task("x", "ann")),
            "focus",
            json!({"reference": reference}),
        );
        let both = bundle(
            "transaction",
            vec![observation.clone(), entry("POST", "Task", Some(task))],
        );
        let answer = app.post("", &both);
        assert_eq!(answer.status, 200, "{}", answer.text);
        partner
            .find("Observation?identifier=urn:observation|new")
            .iter()
            .for_each(|one| {
                assert_eq!(
                    partner
                        .delete(&format!("Observation/{}", one["id"].as_str().expect("an id")))
                        .status,
                    204
                );
            });
    }
}
