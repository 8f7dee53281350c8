//! `_total=estimate` is near for what is common and exact for what is rare.
//! <https://hl7.org/fhir/R4/search.html#total>
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::json;

on_both!(estimates_are_near);

const MANY: u64 = 4_000;

fn total(client: &Client, search: &str) -> u64 {
    let bundle = client.get(&format!("Patient?{search}&_count=1")).ok();
    bundle["total"].as_u64().expect("a total")
}

/// A third is female, one in a hundred has a name of its own; every tenth is deleted again.
fn fill(client: &Client) {
    let entries: Vec<_> = (0..MANY)
        .map(|n| {
            let (gender, family) = (
                if n % 3 == 0 { "female" } else { "male" },
                if n % 100 == 0 { "Rare" } else { "Usual" },
            );
            json!({
                "resource": {"resourceType": "Patient", "id": format!("t{n}"), "gender": gender,
                    "name": [{"family": family}]},
                "request": {"method": "PUT", "url": format!("Patient/t{n}")}
            })
        })
        .collect();
    let deletes: Vec<_> = (0..MANY)
        .step_by(10)
        .map(|n| json!({"request": {"method": "DELETE", "url": format!("Patient/t{n}")}}))
        .collect();
    for entries in [entries, deletes] {
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        client.post("", &bundle).ok();
    }
}

fn estimates_are_near(baton: &Baton) {
    let client = baton.partner();
    fill(&client);
    for search in [
        "_summary=false",
        "gender=female",
        "gender=male&family=Usual",
        "gender:not=male",
    ] {
        let exact = total(&client, &format!("{search}&_total=accurate"));
        let near = total(&client, &format!("{search}&_total=estimate"));
        assert!(near.abs_diff(exact) * 4 < exact, "{search}: {near}, not {exact}");
    }
    for search in [
        "family=Nobody",
        "_id=t1,t2",
        "gender=female&family=Nobody",
        "_content=nothing",
    ] {
        let exact = total(&client, &format!("{search}&_total=accurate"));
        assert_eq!(
            total(&client, &format!("{search}&_total=estimate")),
            exact,
            "{search}"
        );
    }
}
