//! `baton keys rotate` while gateways run: nobody who holds a token notices.
use super::lifetimes::eventually;
use super::partner::*;
use crate::on_both_databases;
use crate::support::{Baton, Client, Database, Options};
use std::collections::BTreeSet;
use std::sync::Arc;

on_both_databases!(old_and_new_keys_verify_on_every_gateway);

fn kid(client: &Client) -> String {
    let token = client.token.as_deref().expect("a token");
    jsonwebtoken::decode_header(token)
        .expect("a JWT")
        .kid
        .expect("a kid")
}

fn published(gateway: &Baton) -> BTreeSet<String> {
    let keys = gateway.anonymous().get("/oauth/jwks").ok();
    let keys = keys["keys"].as_array().expect("keys");
    assert!(keys.iter().all(|key| key.get("d").is_none()));
    keys.iter().map(|key| text(key, "kid")).collect()
}

fn old_and_new_keys_verify_on_every_gateway(database: Database) {
    let args = ["--public-url", "https://baton.example"]
        .map(String::from)
        .to_vec();
    let options = Options {
        args,
        ..Options::default()
    };
    let count = if database.url().starts_with("postgres") {
        2
    } else {
        1
    };
    let database = Arc::new(database);
    let gateways: Vec<Baton> = (0..count)
        .map(|_| Baton::on(database.clone(), &options))
        .collect();
    let (id, secret) = register_secret(&database, "system/Patient.rs");
    let fresh_at = |gateway: &Baton| Client::with_secret(&gateway.base, &id, &secret);
    let old = fresh_at(&gateways[0]);

    let rotated = text(&database.run_json(&["keys", "rotate"]), "kid");
    let both = BTreeSet::from([kid(&old), rotated.clone()]);
    assert_eq!(both.len(), 2);
    for gateway in &gateways {
        assert_eq!(eventually(|| published(gateway), |keys| *keys == both), both);
    }
    // The new key signs once every gateway has had time to learn it.
    let new: Vec<Client> = gateways
        .iter()
        .map(|gateway| eventually(|| fresh_at(gateway), |client| kid(client) == rotated))
        .collect();
    for (gateway, token) in gateways
        .iter()
        .flat_map(|g| new.iter().chain([&old]).map(move |c| (g, c.token.clone())))
    {
        let mut client = gateway.anonymous();
        client.token = token;
        assert_eq!(client.get("Patient").status, 200);
    }
    assert!(new.iter().all(|client| kid(client) == rotated));
    let listed = database.run_json(&["keys", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    assert!(!listed.to_string().contains("private"), "{listed}");
}
