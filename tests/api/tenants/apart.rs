//! Data, clients, keys, numbers and parameters of one are nothing to the other.
use super::Town;
use crate::support::{Client, Database};
use crate::{custom, on_both_databases};
use serde_json::{Value, json};

on_both_databases!(
    data_is_apart,
    clients_and_tokens_are_apart,
    each_tells_its_own_addresses,
    what_one_defines_is_unknown_to_the_other,
    what_was_asked_is_recorded_where_it_was_asked,
    commands_know_only_tenants_of_the_settings
);

const TWO: &str = "[[tenants]]\nname = \"riverside\"\n[[tenants]]\nname = \"lake-side\"\nconnections = 2\n";

fn person(family: &str) -> Value {
    json!({"resourceType": "Patient", "id": "p", "name": [{"family": family}],
           "identifier": [{"system": "urn:mrn", "value": "1"}]})
}

/// The root, riverside and lake-side.
fn everybody(town: &Town) -> [(Client, &'static str); 3] {
    [
        (town.baton.partner(), "Root"),
        (town.partner("riverside"), "River"),
        (town.partner("lake-side"), "Lake"),
    ]
}

fn data_is_apart(database: Database) {
    let town = Town::start(database, TWO);
    let everybody = everybody(&town);
    for (client, family) in &everybody {
        client.put("Patient/p", &person(family)).ok();
        let observation = json!({"resourceType": "Observation", "id": format!("o-{family}"), "status": "final",
            "code": {"text": "weight"}, "subject": {"reference": "Patient/p"}});
        client.put(&format!("Observation/o-{family}"), &observation).ok();
    }
    for (client, family) in &everybody {
        assert_eq!(client.get("Patient/p").ok()["name"][0]["family"], *family);
        for search in [
            "Patient?identifier=urn:mrn|1",
            "Patient?name:contains=o,e",
            "Patient?_text=River,Root,Lake",
            "Patient?_content=lake",
            "Observation?patient.identifier=urn:mrn|1&_include=Observation:subject",
            "Patient?_has:Observation:patient:status=final&_revinclude=Observation:patient",
            "Patient/p/$everything",
            "Patient/p/*",
            "_history",
            "Patient/_history",
            "Patient/p/_history",
            "?_type=Patient,Observation",
        ] {
            // Links repeat what was asked.
            let text = client.get(search).ok()["entry"].to_string();
            for (_, other) in &everybody {
                assert!(
                    other == family || !text.contains(other),
                    "{family}: {search}: {text}"
                );
            }
        }
        let count = client.get("Observation?_summary=count").ok();
        assert_eq!(count["total"], 1, "{family}");
        for (_, other) in &everybody {
            let status = client.get(&format!("Observation/o-{other}")).status;
            assert_eq!(
                status,
                if other == family { 200 } else { 404 },
                "{family}: {other}"
            );
        }
    }
    let [(root, _), (river, _), (lake, _)] = &everybody;
    assert_eq!(river.delete("Patient/p").status, 204);
    assert_eq!(river.get("Patient/p").status, 410);
    assert!(root.get("Patient/p").status == 200 && lake.get("Patient/p").status == 200);
}

fn clients_and_tokens_are_apart(database: Database) {
    let town = Town::start(database, TWO);
    let everybody = everybody(&town);
    for (client, family) in &everybody {
        for (other, name) in &everybody {
            let mut stranger = client.clone();
            stranger.base.clone_from(&other.base);
            let reply = stranger.get("Patient");
            assert_eq!(
                reply.status,
                if name == family { 200 } else { 401 },
                "{family} at {name}"
            );
        }
    }
    let (id, secret) = town.add_client("riverside");
    let grant = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let at = |base: &str| Client::anonymous(base).form("/oauth/token", &grant).status;
    assert_eq!(at(&town.base("riverside")), 200);
    assert_eq!((at(&town.base("lake-side")), at(&town.baton.base)), (401, 401));
    let refused = Client::anonymous(&town.base("lake-side")).form("/oauth/token", &grant);
    assert_eq!(refused.json()["error"], "invalid_client", "{}", refused.text);
    let keys = |base: &str| Client::anonymous(base).get("/oauth/jwks").ok()["keys"][0]["kid"].clone();
    assert_ne!(keys(&town.base("riverside")), keys(&town.base("lake-side")));
    assert_ne!(keys(&town.base("riverside")), keys(&town.baton.base));
}

fn each_tells_its_own_addresses(database: Database) {
    let town = Town::start(database, TWO);
    let (river, base) = (town.partner("riverside"), town.base("riverside"));
    let smart = river.get(".well-known/smart-configuration").ok();
    assert_eq!(smart["token_endpoint"], format!("{base}/oauth/token"));
    let statement = river.get("metadata").ok();
    assert_eq!(statement["implementation"]["url"], format!("{base}/fhir"));
    let created = river.post("Patient", &person("River"));
    let location = created.headers["location"].to_str().expect("text").to_owned();
    assert!(
        location.starts_with(&format!("{base}/fhir/Patient/")),
        "{location}"
    );
    let bundle = river.get("Patient?_count=1").ok();
    assert!(
        bundle["link"][0]["url"]
            .as_str()
            .is_some_and(|url| url.starts_with(&base))
    );
    let full = bundle["entry"][0]["fullUrl"].as_str().expect("a full url");
    assert_eq!(river.get(full).status, 200);
    // The base of another organisation is a foreign server.
    let elsewhere = format!("{}/fhir/Patient/p", town.base("lake-side"));
    let observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "weight"},
        "subject": {"reference": elsewhere}});
    river.post("Observation", &observation).ok();
    river.put("Patient/p", &person("River")).ok();
    assert_eq!(river.find("Observation?subject=Patient/p").len(), 0);
    let nobody = Client::anonymous(&town.base("nowhere")).get("Patient");
    assert_eq!(
        (nobody.status, nobody.json()["resourceType"].clone()),
        (404, json!("OperationOutcome"))
    );
    assert_eq!(Client::anonymous(&town.baton.base).get("/readyz").status, 200);
}

fn what_one_defines_is_unknown_to_the_other(database: Database) {
    let town = Town::start(database, TWO);
    let (river, lake) = (town.partner("riverside"), town.partner("lake-side"));
    let definition = json!({"resourceType": "SearchParameter", "url": "urn:x:shoe", "name": "shoe", "status": "active",
        "description": "shoe size", "code": "shoe", "base": ["Patient"], "type": "string",
        "expression": "Patient.extension('urn:x:shoe').value"});
    river.post("SearchParameter", &definition).ok();
    custom::until("a parameter", || river.get("Patient?shoe=44").status == 200);
    assert_eq!(lake.get("Patient?shoe=44").status, 400);
    assert_eq!(town.baton.partner().get("Patient?shoe=44").status, 400);
}

fn commands_know_only_tenants_of_the_settings(database: Database) {
    let town = Town::start(database, TWO);
    let list = ["client", "list", "--config", &town.config, "--tenant", "nowhere"];
    let refused = town.baton.database.run(&list);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{text}");
    assert!(text.contains("no tenant `nowhere`"), "{text}");
    let mine = town.run("riverside", &["client", "list"]);
    assert_eq!(mine, json!([]));
}

fn what_was_asked_is_recorded_where_it_was_asked(database: Database) {
    let town = Town::start(database, TWO);
    let river = town.partner("riverside");
    river
        .put(
            "Patient/river-person",
            &json!({"resourceType": "Patient", "id": "river-person"}),
        )
        .ok();
    river.get("Patient?identifier=urn:mrn|river-number").ok();
    let export = |tenant: &[&str]| {
        let args = [&["audit", "export", "--config", &town.config], tenant].concat();
        let output = town.baton.database.run(&args);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let at_river = || export(&["--tenant", "riverside"]);
    custom::until("recorded", || {
        at_river().matches("/search").count() + at_river().matches("\"search").count() > 0
    });
    assert!(at_river().contains("river-person"));
    for other in [export(&[]), export(&["--tenant", "lake-side"])] {
        assert!(
            !other.contains("river-person") && !other.contains("Patient"),
            "{other}"
        );
    }
}
