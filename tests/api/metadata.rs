//! What is advertised is what is served: the CapabilityStatement and OpenAPI against behaviour.
//!
//! `interactions.rs` walks each type, `server.rs` what is said of the server, `minimal.rs` makes
//! the resources for it. A promise that nobody walks is a failure too.
mod interactions;
mod minimal;
mod server;

use crate::on_both;
use crate::support::Baton;
use interactions::Walk;
use serde_json::Value;
use std::collections::BTreeSet;

on_both!(
    every_promise_is_kept,
    advertised_parameters_work,
    openapi_is_served,
    smart_configuration_is_true
);

fn every_promise_is_kept(baton: &Baton) {
    let partner = baton.partner();
    let statement = baton.anonymous().get("metadata").ok();
    let rest = &statement["rest"][0];
    let types = rest["resource"].as_array().expect("resources");
    for told in types {
        let on = told["type"].as_str().expect("a type");
        let client = &partner;
        let walk = Walk { client, on, told };
        walk.interactions();
        walk.results();
        let operations = told["operation"].as_array().expect("operations");
        let names = operations.iter().filter_map(|one| one["name"].as_str());
        names.for_each(|name| server::operation(&partner, Some(on), name));
    }
    let names: Vec<&str> = types.iter().filter_map(|told| told["type"].as_str()).collect();
    server::interactions(&partner, rest);
    server::compartments(&partner, rest, &names);
    let operations = rest["operation"].as_array().expect("operations");
    let operations = operations.iter().filter_map(|one| one["name"].as_str());
    operations.for_each(|name| server::operation(&partner, None, name));
    server::openapi(&partner, types);
}

fn advertised_parameters_work(baton: &Baton) {
    let partner = baton.partner();
    let statement = baton.anonymous().get("metadata").ok();
    assert_eq!(statement["fhirVersion"], "4.0.1");
    let types = statement["rest"][0]["resource"].as_array().expect("resources");
    assert!(types.len() > 140, "{}", types.len());
    let mut walked = 0;
    for resource in types {
        let name = resource["type"].as_str().expect("a type");
        for param in resource["searchParam"].as_array().into_iter().flatten() {
            let code = param["name"].as_str().expect("a name");
            let Some(value) = value_for(param["type"].as_str().expect("a type")) else {
                continue;
            };
            let reply = partner.get(&format!("{name}?{code}={value}&_summary=count"));
            assert_eq!(reply.status, 200, "{name}?{code}={value}: {}", reply.text);
            walked += 1;
        }
    }
    assert!(walked > 1200, "{walked}");
}

/// A value any parameter of that type takes.
fn value_for(kind: &str) -> Option<&'static str> {
    match kind {
        "token" | "string" => Some("x"),
        "date" => Some("ge2020-01-01"),
        "number" => Some("5"),
        "quantity" => Some("5"),
        "reference" => Some("x1"),
        "uri" => Some("urn:x"),
        _ => None,
    }
}

fn openapi_is_served(baton: &Baton) {
    let anyone = baton.anonymous();
    let document: Value = anyone.get("/openapi.json").ok();
    assert!(
        document["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.1")
    );
    let statement = anyone.get("metadata").ok();
    let types = statement["rest"][0]["resource"].as_array().expect("resources");
    let advertised: BTreeSet<String> = types
        .iter()
        .map(|r| format!("/fhir/{}", r["type"].as_str().expect("a type")))
        .collect();
    let paths = document["paths"].as_object().expect("paths");
    let missing: Vec<&String> = advertised
        .iter()
        .filter(|path| !paths.contains_key(*path))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let said = document["info"]["description"].as_str().expect("a description");
    for text in ["quickstart-app.md", "quickstart-backend.md", "errors.md"] {
        let address = format!("/docs/{text}");
        assert!(said.contains(&address), "{said}");
        let shown = anyone.get(&address);
        assert_eq!(
            (shown.status, shown.header("content-type")),
            (200, "text/plain; charset=utf-8")
        );
        assert!(shown.text.contains("\n## "), "{}", shown.text);
    }
    for bare in ["/", "/docs"] {
        assert_eq!(anyone.get(bare).header("location"), "/docs/");
    }
    let page = anyone.get("/docs/");
    assert_eq!(page.status, 200);
    assert!(
        !page.text.contains("https://"),
        "the page loads nothing from elsewhere: {}",
        page.text
    );
}

fn smart_configuration_is_true(baton: &Baton) {
    let anyone = baton.anonymous();
    let smart = anyone.get("/fhir/.well-known/smart-configuration").ok();
    let token_endpoint = smart["token_endpoint"].as_str().expect("a token endpoint");
    assert_eq!(token_endpoint, format!("{}/oauth/token", baton.base));
    let statement = anyone.get("metadata").ok();
    let uris = &statement["rest"][0]["security"]["extension"][0]["extension"];
    for (name, said) in [
        ("token", &smart["token_endpoint"]),
        ("authorize", &smart["authorization_endpoint"]),
    ] {
        let told = uris
            .as_array()
            .expect("uris")
            .iter()
            .find(|uri| uri["url"] == name);
        assert_eq!(
            told.map(|uri| &uri["valueUri"]),
            Some(said),
            "older clients read it there"
        );
    }
    let keys = anyone
        .get(smart["jwks_uri"].as_str().unwrap_or("/oauth/jwks"))
        .ok();
    assert!(!keys["keys"].as_array().expect("keys").is_empty());
    assert!(
        keys["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .all(|key| key.get("d").is_none()),
        "no private parts"
    );
}
