//! Partners' keys by URL: servers that are slow, huge, wrong, elsewhere, or have new keys.
use super::partner::*;
use crate::on_both_databases;
use crate::support::provider::Provider;
use crate::support::{Baton, Database, Reply};
use jsonwebtoken::Algorithm;
use serde_json::json;
use std::time::{Duration, Instant};

on_both_databases!(
    what_a_key_server_does_wrong_is_told,
    new_keys_are_fetched_and_kept_as_asked,
    our_own_network_is_out_of_reach
);

const OK: &str = "200 OK\r\nContent-Type: application/jwk-set+json";

fn gateway(database: Database) -> Baton {
    let options = settings(
        &database,
        "[tokens]\nallow_private_jwks = true\n[limits]\nlogin_failures = 0\n",
    );
    Baton::start(database, options)
}

fn register_url(baton: &Baton, url: &str) -> String {
    let args = [
        "client",
        "add",
        "--name",
        "HIE",
        "--scope",
        "system/*.rs",
        "--jwks-url",
        url,
    ];
    let file = baton.database.folder().join("baton.toml").display().to_string();
    text(
        &baton
            .database
            .run_json(&[&args[..], &["--config", &file]].concat()),
        "client_id",
    )
}

fn log_in(baton: &Baton, id: &str, keys: &Keys, kid: &str) -> Reply {
    let assertion = keys.sign(Algorithm::ES384, kid, &claims(baton, id));
    present(&baton.anonymous(), &assertion)
}

fn what_a_key_server_does_wrong_is_told(database: Database) {
    let (baton, server) = (gateway(database), Provider::start(&json!(null)));
    // Each at a path of its own, since a slow one keeps only those who ask for the same.
    let attempt = |path: &str| {
        let id = register_url(&baton, &format!("{}{path}", server.base));
        log_in(&baton, &id, &KEYS, "ES384")
    };
    let elsewhere = format!("302 Found\r\nLocation: {}/inside", server.base);
    let huge = json!({"keys": [], "x": "x".repeat(70_000)}).to_string();
    let cases = [
        ("/gone", "404 Not Found", String::new(), "404"),
        ("/moved", elsewhere.as_str(), String::new(), "302"),
        ("/huge", OK, huge, "64 KiB"),
        (
            "/page",
            "200 OK\r\nContent-Type: text/html",
            "<html>secret</html>".into(),
            "not a JSON Web Key Set",
        ),
        (
            "/shape",
            OK,
            json!({"keys": "secret"}).to_string(),
            "not a JSON Web Key Set",
        ),
        (
            "/none",
            OK,
            json!({"keys": []}).to_string(),
            "no registered key has this `kid`",
        ),
    ];
    for (path, head, body, words) in cases {
        server.says(path, head, body);
        let refused = attempt(path);
        fails(&refused, 401, "invalid_client", words);
        assert!(
            !refused.text.contains("secret"),
            "what is there is not repeated: {}",
            refused.text
        );
    }
    assert!(server.heard("/inside").is_empty());

    server.drips("/slow");
    let begun = Instant::now();
    fails(&attempt("/slow"), 401, "invalid_client", "five seconds");
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    // Nobody listens at all.
    let id = register_url(&baton, "http://127.0.0.1:1/jwks");
    fails(
        &log_in(&baton, &id, &KEYS, "ES384"),
        401,
        "invalid_client",
        "no connection",
    );
}

fn new_keys_are_fetched_and_kept_as_asked(database: Database) {
    let (baton, server) = (gateway(database), Provider::start(&json!(null)));
    let id = register_url(&baton, &format!("{}/jwks", server.base));
    let cached = |seconds: u32| format!("{OK}\r\nCache-Control: private, Max-Age={seconds}");
    server.says("/jwks", &cached(3_600), KEYS.jwks().to_string());
    for _ in 0..3 {
        assert_eq!(log_in(&baton, &id, &KEYS, "ES384").status, 200);
    }
    assert_eq!(server.heard("/jwks").len(), 1, "kept");
    // The partner signs with a new key: its `kid` is not known, so the set is fetched again, though
    // not at once for everybody who invents a `kid`.
    let fresh = Keys::generate();
    let mut both = KEYS.jwks();
    let mut jwk = fresh.jwk(Algorithm::ES384);
    jwk["kid"] = json!("new");
    both["keys"].as_array_mut().expect("keys").push(jwk);
    server.says("/jwks", &cached(3_600), both.to_string());
    fails(
        &log_in(&baton, &id, &fresh, "new"),
        401,
        "invalid_client",
        "no registered key",
    );
    assert_eq!(server.heard("/jwks").len(), 1);
    std::thread::sleep(Duration::from_secs(11));
    assert_eq!(log_in(&baton, &id, &fresh, "new").status, 200);
    assert_eq!(log_in(&baton, &id, &KEYS, "ES384").status, 200);
    assert_eq!(server.heard("/jwks").len(), 2);
}

fn our_own_network_is_out_of_reach(database: Database) {
    let baton = Baton::start(database, crate::support::Options::default());
    let add = |url: &str| {
        let args = [
            "client",
            "add",
            "--name",
            "HIE",
            "--scope",
            "system/*.rs",
            "--jwks-url",
            url,
        ];
        baton.database.run(&args)
    };
    for inside in [
        "http://hie.example/jwks",
        "https://127.0.0.1/jwks",
        "https://2130706433/jwks",
        "https://[::ffff:10.0.0.1]/jwks",
        "https://[2002:a00:1::]/jwks",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ] {
        let output = add(inside);
        assert_eq!(output.status.code(), Some(2), "{inside}: {output:?}");
    }
    // A name is not resolved at registration, but never followed inside.
    let added = add("https://localhost:1/jwks");
    let added: serde_json::Value = serde_json::from_slice(&added.stdout).expect("JSON");
    let refused = log_in(&baton, &text(&added, "client_id"), &KEYS, "ES384");
    fails(&refused, 401, "invalid_client", "not a public one");
}
