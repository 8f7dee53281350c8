//! `$everything`. <https://hl7.org/fhir/R4/patient-operation-everything.html>
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both!(
    a_patients_record_in_pages,
    an_encounter_with_what_it_needs,
    only_what_was_asked_for,
    only_what_may_be_seen
);

/// Paths of all entries over all pages, and how often each was a match.
fn all(client: &Client, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(url) = next {
        let page = client.get(&url).ok();
        let entries = page["entry"].as_array().cloned().unwrap_or_default();
        assert!(
            !entries.is_empty() || found.is_empty(),
            "no empty page is linked to"
        );
        found.extend(entries.iter().map(|entry| {
            let resource = &entry["resource"];
            format!(
                "{}/{}",
                resource["resourceType"].as_str().expect("a type"),
                resource["id"].as_str().expect("an id")
            )
        }));
        let links = page["link"].as_array().expect("links");
        let link = links.iter().find(|link| link["relation"] == "next");
        next = link.map(|link| link["url"].as_str().expect("a url").to_owned());
    }
    found
}

fn put(client: &Client, path: &str, mut resource: Value) {
    let (kind, id) = path.split_once('/').expect("Type/id");
    resource["resourceType"] = json!(kind);
    resource["id"] = json!(id);
    let reply = client.put(path, &resource);
    assert_eq!(reply.status, 201, "{}", reply.text);
}

/// Two patients; the first with a stay, three observations, a flag and a nurse.
fn world(client: &Client) {
    let concept = json!({"text": "x"});
    let subject = |id: &str| json!({"reference": format!("Patient/{id}")});
    put(client, "Practitioner/nurse", json!({}));
    for id in ["ann", "bob"] {
        put(
            client,
            &format!("Patient/{id}"),
            json!({"name": [{"family": id}]}),
        );
        let class = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"});
        put(
            client,
            &format!("Encounter/{id}-stay"),
            json!({"status": "finished", "class": class, "subject": subject(id)}),
        );
        for year in [2020, 2021, 2022] {
            put(
                client,
                &format!("Observation/{id}-{year}"),
                json!({
                    "status": "final", "code": concept, "subject": subject(id), "effectiveDateTime": format!("{year}-06-01"),
                    "encounter": {"reference": format!("Encounter/{id}-stay")}, "performer": [{"reference": "Practitioner/nurse"}],
                }),
            );
        }
        put(
            client,
            &format!("Flag/{id}-flag"),
            json!({"status": "active", "code": concept, "subject": subject(id)}),
        );
    }
}

fn a_patients_record_in_pages(baton: &Baton) {
    let partner = baton.partner();
    world(&partner);
    let expected = [
        "Encounter/ann-stay",
        "Flag/ann-flag",
        "Observation/ann-2020",
        "Observation/ann-2021",
        "Observation/ann-2022",
        "Patient/ann",
        "Practitioner/nurse",
    ];
    for query in ["", "?_count=1", "?_count=2", "?_count=6"] {
        let found = all(&partner, &format!("Patient/ann/$everything{query}"));
        assert_eq!(found[0], "Patient/ann");
        let once: BTreeSet<String> = found.iter().cloned().collect();
        assert_eq!(
            once.iter().map(String::as_str).collect::<Vec<_>>(),
            expected,
            "{query}"
        );
        let matches = found
            .iter()
            .filter(|path| !path.starts_with("Practitioner"))
            .count();
        assert_eq!(matches, expected.len() - 1, "{query}: each match once");
    }
    partner
        .get("Patient/never-was/$everything")
        .refused(404, "no Patient");
}

fn an_encounter_with_what_it_needs(baton: &Baton) {
    let partner = baton.partner();
    world(&partner);
    let found: BTreeSet<String> = all(&partner, "Encounter/ann-stay/$everything")
        .into_iter()
        .collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(
        found,
        [
            "Encounter/ann-stay",
            "Observation/ann-2020",
            "Observation/ann-2021",
            "Observation/ann-2022",
            "Patient/ann",
            "Practitioner/nurse"
        ]
    );
    partner
        .get("Encounter/ann-stay/$everything?start=2020")
        .refused(400, "_since");
}

fn only_what_was_asked_for(baton: &Baton) {
    let partner = baton.partner();
    world(&partner);
    let of = |query: &str| all(&partner, &format!("Patient/ann/$everything?{query}"));
    assert_eq!(
        of("_type=Observation&start=2021&end=2021"),
        ["Observation/ann-2021"]
    );
    assert_eq!(
        of("_type=Flag,Observation&start=2022-01-01"),
        ["Flag/ann-flag", "Observation/ann-2022"]
    );
    let since = partner.get("Observation/ann-2022").ok()["meta"]["lastUpdated"]
        .as_str()
        .expect("an instant")
        .to_owned();
    assert_eq!(
        of(&format!("_type=Flag,Observation&_since={since}")),
        ["Flag/ann-flag", "Observation/ann-2022"]
    );
    let get = |query: &str| partner.get(&format!("Patient/ann/$everything?{query}"));
    get("_type=Location").refused(400, "compartment of Patient");
    get("_sort=date").refused(400, "start, end");
    get("_count=0").refused(400, "from 1");
    get("_cursor=nonsense").refused(400, "_cursor");
    get("start=never").refused(400, "date");
}

fn only_what_may_be_seen(baton: &Baton) {
    let partner = baton.partner();
    world(&partner);
    let reader = baton.client("system/Patient.rs system/Flag.rs");
    assert_eq!(
        all(&reader, "Patient/ann/$everything"),
        ["Patient/ann", "Flag/ann-flag"]
    );
    reader
        .get("Patient/ann/$everything?_type=Observation")
        .refused(403, "system/Observation");
}
