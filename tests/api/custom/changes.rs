//! A definition that changes: its old form serves until the new one is complete, then the new one
//! alone; and rows of the old one do not stay behind.
use super::{define, definition, ids, set, settled, state, until, with};
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both!(
    the_old_form_serves_until_the_new_one_is_complete,
    what_is_deleted_is_no_parameter,
    writes_meanwhile_are_found
);

const MANY: usize = 700;

fn patient(id: &str, family: &str, given: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"family": family, "given": [given]}]})
}

/// Patients `p0`, `p1`, …
pub fn fill(client: &Client, count: usize) {
    let ids: Vec<usize> = (0..count).collect();
    for page in ids.chunks(500) {
        let entries: Vec<Value> = page
            .iter()
            .map(|at| {
                let id = format!("p{at}");
                let resource = patient(&id, &format!("F{}", at % 3), &format!("G{}", at % 2));
                json!({"resource": resource, "request": {"method": "PUT", "url": format!("Patient/{id}")}})
            })
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        assert_eq!(client.post("", &bundle).status, 200);
    }
}

fn count(client: &Client, search: &str) -> u64 {
    let bundle = client.get(&format!("{search}&_summary=count")).ok();
    bundle["total"].as_u64().expect("a total")
}

fn the_old_form_serves_until_the_new_one_is_complete(baton: &Baton) {
    let client = baton.partner();
    fill(&client, MANY);
    let old = definition("sought", "Patient", "string", "Patient.name.family");
    define(&client, std::slice::from_ref(&old));
    let (of_old, none) = (
        count(&client, "Patient?sought=F1"),
        count(&client, "Patient?sought=G1"),
    );
    assert_eq!((of_old, none), (233, 0));
    let new = with(old.clone(), json!({"expression": "Patient.name.given"}));
    client.put("SearchParameter/sought", &new).ok();
    let mut seen = BTreeSet::new();
    until("the new form", || {
        // Two searches, so the change may come between them; each by itself is whole.
        let now = (
            count(&client, "Patient?sought=F1"),
            count(&client, "Patient?sought=G1"),
        );
        seen.insert(now);
        now == (0, 350)
    });
    assert!(
        seen.iter()
            .all(|now| [(233, 0), (0, 350), (233, 350)].contains(now)),
        "{seen:?}"
    );
    settled(&client, &["sought"]);
    // Back and forth before anything is built, the old form never stops.
    client.put("SearchParameter/sought", &old).ok();
    client.put("SearchParameter/sought", &new).ok();
    settled(&client, &["sought"]);
    assert_eq!(count(&client, "Patient?sought=G1"), 350);
    assert_eq!(count(&client, "Patient?sought=F1"), 0);
    // The words about it are not what is indexed.
    client
        .put(
            "SearchParameter/sought",
            &with(new, json!({"description": "Other words"})),
        )
        .ok();
    assert_eq!(state(&client, "sought"), "serving");
}

fn what_is_deleted_is_no_parameter(baton: &Baton) {
    let client = baton.partner();
    fill(&client, 20);
    define(
        &client,
        &[definition("sought", "Patient", "string", "Patient.name.family")],
    );
    assert_eq!(client.delete("SearchParameter/sought").status, 204);
    client
        .get("Patient?sought=F1")
        .refused(400, "not known for Patient");
    until("removed", || {
        client.get("SearchParameter/sought/$reindex-status").status == 410
    });
    // Writes know no more of it, and a new definition begins from nothing.
    client.put("Patient/p1", &patient("p1", "Changed", "X")).ok();
    define(
        &client,
        &[definition("sought", "Patient", "string", "Patient.name.given")],
    );
    assert_eq!(ids(&client, "Patient?sought=X"), set(&["p1"]));
    assert_eq!(count(&client, "Patient?sought=F1"), 0);
}

/// Creates, updates and deletes while stored resources are indexed.
fn writes_meanwhile_are_found(baton: &Baton) {
    let client = baton.partner();
    fill(&client, MANY);
    let sought = definition("sought", "Patient", "string", "Patient.name.family");
    client.put("SearchParameter/sought", &sought).ok();
    let refused = client.get("Patient?sought=F1");
    if refused.status != 200 {
        refused.refused(503, "is being indexed");
        assert_eq!(refused.header("retry-after"), "5");
    }
    let mut at = 0;
    until("indexed", || {
        client
            .put(
                &format!("Patient/p{}", at % MANY),
                &patient(&format!("p{}", at % MANY), "Late", "X"),
            )
            .ok();
        client.delete(&format!("Patient/p{}", (at + 350) % MANY));
        client
            .put(&format!("Patient/n{at}"), &patient(&format!("n{at}"), "New", "X"))
            .ok();
        at += 1;
        state(&client, "sought") == "serving"
    });
    for family in ["Late", "New", "F0", "F1", "F2"] {
        let by_own = ids(&client, &format!("Patient?sought={family}&_count=500"));
        assert_eq!(
            by_own,
            ids(&client, &format!("Patient?family={family}&_count=500")),
            "{family}"
        );
    }
}
