//! The end of a token: it expires, it is revoked; introspection tells.
use super::partner::*;
use crate::support::{Baton, Client, Database, Options, Reply};
use crate::{on_both, on_both_databases};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

on_both!(introspection_tells_what_a_token_is_worth);
on_both_databases!(a_token_expires, a_revoked_token_is_over_everywhere);

/// Asks again until it is so: gateways follow each other within seconds.
pub fn eventually<T>(mut ask: impl FnMut() -> T, so: impl Fn(&T) -> bool) -> T {
    let started = Instant::now();
    loop {
        let answer = ask();
        if so(&answer) || started.elapsed() > Duration::from_secs(15) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn about(baton: &Baton, endpoint: &str, token: &str, (id, secret): &(String, String)) -> Reply {
    let fields = [("token", token), ("client_id", id), ("client_secret", secret)];
    baton.anonymous().form(endpoint, &fields)
}

fn introspection_tells_what_a_token_is_worth(baton: &Baton) {
    let owner = register_secret(&baton.database, "system/Patient.rs");
    let client = narrowed(baton, &owner, "system/Patient.r");
    let token = client.token.as_deref().expect("a token");
    let worth = about(baton, "/oauth/introspect", token, &owner).ok();
    assert_eq!(
        (&worth["active"], &worth["scope"]),
        (&json!(true), &json!("system/Patient.r"))
    );
    assert_eq!(
        (&worth["client_id"], &worth["iss"]),
        (&json!(owner.0), &json!(baton.base))
    );
    let left = worth["exp"].as_i64().expect("exp") - seconds();
    assert!((200..=300).contains(&left), "{left}");
    let nothing = about(baton, "/oauth/introspect", "garbage", &owner).ok();
    assert_eq!(nothing, json!({"active": false}));
    let stranger = (owner.0.clone(), "wrong".to_string());
    fails(
        &about(baton, "/oauth/introspect", token, &stranger),
        401,
        "invalid_client",
        "no enabled client",
    );
}

fn a_token_expires(database: Database) {
    let options = settings(&database, "[tokens]\nlifetime_seconds = 1\n");
    let baton = Baton::start(database, options);
    let owner = register_secret(&baton.database, "system/Patient.rs");
    let client = Client::with_secret(&baton.base, &owner.0, &owner.1);
    let refused = eventually(|| client.get("Patient"), |reply| reply.status != 200);
    refused.refused(401, "expired");
    assert!(
        refused
            .header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
    let token = client.token.as_deref().expect("a token");
    assert_eq!(
        about(&baton, "/oauth/introspect", token, &owner).ok(),
        json!({"active": false})
    );
}

fn a_revoked_token_is_over_everywhere(database: Database) {
    let options = Options {
        args: ["--public-url", "https://baton.example"]
            .map(String::from)
            .to_vec(),
        ..Options::default()
    };
    let two = database.url().starts_with("postgres");
    let first = Baton::on(Arc::new(database), &options);
    let second = two.then(|| Baton::on(first.database.clone(), &options));
    let owner = register_secret(&first.database, "system/Patient.rs");
    let other = register_secret(&first.database, "system/Patient.rs");
    let here = Client::with_secret(&first.base, &owner.0, &owner.1);
    let mut there = second.as_ref().unwrap_or(&first).anonymous();
    there.token = here.token.clone();
    let token = here.token.as_deref().expect("a token");
    assert_eq!(
        (here.get("Patient").status, there.get("Patient").status),
        (200, 200)
    );

    fails(
        &about(&first, "/oauth/revoke", token, &other),
        400,
        "unauthorized_client",
        "another client",
    );
    assert_eq!(here.get("Patient").status, 200);
    assert_eq!(about(&first, "/oauth/revoke", token, &owner).status, 200);
    let refused = here.get("Patient");
    refused.refused(401, "revoked");
    assert!(
        refused
            .header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
    eventually(|| there.get("Patient"), |reply| reply.status == 401).refused(401, "revoked");
    assert_eq!(
        about(&first, "/oauth/introspect", token, &owner).ok(),
        json!({"active": false})
    );
    assert_eq!(about(&first, "/oauth/revoke", "garbage", &owner).status, 200);
    let again = Client::with_secret(&first.base, &owner.0, &owner.1);
    assert_eq!(again.get("Patient").status, 200, "a new token is another one");
}
