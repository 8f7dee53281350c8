//! Of which organisation somebody is: clients by registration, people by their roles.
use super::town::{CONFIDENTIALITY, Town, actor, ids, label, observation, town};
use crate::on_both_databases;
use crate::support::launch::{of_patient, of_person};
use crate::support::{Client, Database};
use gateway::auth::holder::Holder;
use serde_json::json;

on_both_databases!(
    people_are_of_the_organisations_of_their_roles,
    departments_are_of_their_organisation,
    patients_see_their_own_record,
);

pub fn staffed(database: Database) -> Town {
    let town = town(database);
    for (id, organization, more) in [
        ("ours", "home", json!({})),
        ("theirs", "away", json!({})),
        ("former", "home", json!({"active": false})),
        ("expired", "home", json!({"period": {"end": "2020"}})),
    ] {
        town.put(&json!({"resourceType": "Practitioner", "id": id}));
        let mut role = json!({
            "resourceType": "PractitionerRole", "id": id, "practitioner": {"reference": format!("Practitioner/{id}")},
            "organization": {"reference": format!("Organization/{organization}")},
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            role[name] = value.clone();
        }
        town.put(&role);
    }
    let doctors =
        ["ours", "theirs", "former", "expired"].map(|id| json!({"reference": format!("Practitioner/{id}")}));
    town.put(&json!({"resourceType": "Patient", "id": "ann", "generalPractitioner": doctors}));
    town.put(&observation("secret", "ann", &[label(CONFIDENTIALITY, "R")]));
    town
}

pub fn person(town: &Town, reference: &str) -> Client {
    town.baton.launched("user/*.rs", &of_person(reference))
}

fn people_are_of_the_organisations_of_their_roles(database: Database) {
    let town = staffed(database);
    let sees = |reference: &str| ids(&person(&town, reference), "Observation");
    assert_eq!(sees("Practitioner/ours"), ["pulse", "secret"]);
    assert_eq!(
        sees("PractitionerRole/ours"),
        [] as [&str; 0],
        "no patient of the role"
    );
    for other in ["theirs", "former", "expired"] {
        assert_eq!(sees(&format!("Practitioner/{other}")), ["pulse"], "{other}");
    }
    let permit = |reference: &str| {
        let labels = [label(CONFIDENTIALITY, "R")];
        town.consent(
            "r",
            json!({"type": "permit", "actor": [actor(reference)], "securityLabel": labels}),
        );
    };
    for reference in [
        "Organization/away",
        "Practitioner/theirs",
        "PractitionerRole/theirs",
    ] {
        permit(reference);
        assert_eq!(sees("Practitioner/theirs"), ["pulse", "secret"], "{reference}");
        assert_eq!(sees("Practitioner/former"), ["pulse"], "{reference}");
    }
    town.consent(
        "no",
        json!({"type": "deny", "actor": [actor("PractitionerRole/theirs")]}),
    );
    assert_eq!(sees("Practitioner/theirs"), [] as [&str; 0]);
}

fn departments_are_of_their_organisation(database: Database) {
    let town = staffed(database);
    for (id, whole) in [("ward", "home"), ("unit", "ward"), ("clinic", "away")] {
        let part_of = json!({"reference": format!("Organization/{whole}")});
        town.put(&json!({"resourceType": "Organization", "id": id, "name": id, "partOf": part_of}));
    }
    let client = |id: &str| super::town::client_of(&town.baton, &format!("Organization/{id}"));
    assert_eq!(ids(&client("unit"), "Observation"), ["pulse", "secret"]);
    let clinic = client("clinic");
    assert_eq!(ids(&clinic, "Observation"), ["pulse"]);
    town.consent(
        "no",
        json!({"type": "deny", "actor": [actor("Organization/away")]}),
    );
    assert_eq!(ids(&clinic, "Observation"), [] as [&str; 0]);
    assert_eq!(clinic.get("Observation/pulse").status, 404);
    assert_eq!(ids(&town.far, "Observation"), ["pulse"]);
}

fn patients_see_their_own_record(database: Database) {
    let town = staffed(database);
    town.consent("no", json!({"type": "deny"}));
    let holder = Holder {
        fhir_user: Some("Patient/ann".into()),
        ..of_patient("ann")
    };
    let ann = town.baton.launched("patient/*.rs", &holder);
    assert_eq!(ids(&ann, "Observation"), ["pulse", "secret"]);
    town.put(&json!({
        "resourceType": "RelatedPerson", "id": "mother", "patient": {"reference": "Patient/ann"}, "active": true,
    }));
    let mother = person(&town, "RelatedPerson/mother");
    assert_eq!(ids(&mother, "Observation"), [] as [&str; 0]);
    town.consent(
        "no",
        json!({"type": "deny", "provision": [{"type": "permit", "actor": [actor("RelatedPerson/mother")]}]}),
    );
    assert_eq!(ids(&mother, "Observation"), ["pulse"]);
    assert_eq!(mother.get("Observation/secret").status, 404);
}
