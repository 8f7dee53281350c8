//! Provisions within provisions, and Consents beside each other.
use super::town::{ACT_CODE, actor, ids, label, observation, town};
use crate::on_both_databases;
use crate::support::Database;
use serde_json::json;

on_both_databases!(
    exceptions_have_exceptions,
    a_denial_wins_over_other_consents,
    a_permission_is_of_its_parents_terms_too,
);

fn exceptions_have_exceptions(database: Database) {
    let town = town(database);
    town.put(&observation("other", "ann", &[]));
    let data =
        |id: &str| json!([{"meaning": "instance", "reference": {"reference": format!("Observation/{id}")}}]);
    // Nobody, but for away, and of that not `other`, which far may see.
    town.consent(
        "tree",
        json!({"type": "deny", "provision": [
            {"type": "permit", "actor": [actor("Organization/away")], "provision": [
                {"type": "deny", "data": data("other")},
            ]},
            {"type": "permit", "actor": [actor("Organization/far")], "data": data("other")},
        ]}),
    );
    assert_eq!(ids(&town.away, "Observation"), ["pulse"]);
    assert_eq!(ids(&town.far, "Observation"), ["other"]);
    assert_eq!(ids(&town.home, "Observation"), ["other", "pulse"]);
    assert_eq!(ids(&town.away, "Patient"), ["ann"]);
    assert_eq!(ids(&town.far, "Patient"), [] as [&str; 0]);
    for (client, sees) in [(&town.away, "pulse"), (&town.far, "other")] {
        for id in ["pulse", "other"] {
            let status = if id == sees { 200 } else { 404 };
            assert_eq!(client.get(&format!("Observation/{id}")).status, status, "{id}");
        }
    }
}

fn a_denial_wins_over_other_consents(database: Database) {
    let town = town(database);
    let far = json!({"type": "permit", "actor": [actor("Organization/far")]});
    town.consent("no", json!({"type": "deny"}));
    town.consent("yes", far.clone());
    assert_eq!(ids(&town.far, "Observation"), [] as [&str; 0]);
    town.consent("no", json!({"type": "deny", "provision": [far]}));
    assert_eq!(ids(&town.far, "Observation"), ["pulse"]);
    assert_eq!(ids(&town.away, "Observation"), [] as [&str; 0]);
}

fn a_permission_is_of_its_parents_terms_too(database: Database) {
    let town = town(database);
    town.put(&observation("sud", "ann", &[label(ACT_CODE, "SUD")]));
    let types = json!([label("http://hl7.org/fhir/resource-types", "Observation")]);
    town.consent(
        "part-2",
        json!({"type": "deny", "securityLabel": [label(ACT_CODE, "SUD")], "provision": [
            {"type": "permit", "actor": [actor("Organization/away")], "class": types},
        ]}),
    );
    assert_eq!(ids(&town.away, "Observation"), ["pulse", "sud"]);
    assert_eq!(ids(&town.far, "Observation"), ["pulse"]);
    assert_eq!(town.away.get("Observation/sud").status, 200);
    assert_eq!(town.far.get("Observation/sud").status, 404);
}
