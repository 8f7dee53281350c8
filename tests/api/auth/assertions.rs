//! private_key_jwt: what earns a token, every way to be refused, and that nothing works twice.
use super::partner::*;
use crate::support::{Baton, Database, Options};
use crate::{on_both, on_both_databases};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::Arc;

on_both!(
    both_algorithms_earn_a_token,
    each_claim_is_checked,
    the_signature_must_be_the_clients
);
on_both_databases!(an_assertion_works_once, a_race_has_one_winner);

fn both_algorithms_earn_a_token(baton: &Baton) {
    let id = register(&baton.database, &KEYS, "system/Patient.rs");
    for algorithm in [Algorithm::RS384, Algorithm::ES384] {
        let assertion = KEYS.sign(algorithm, &format!("{algorithm:?}"), &claims(baton, &id));
        let reply = present(&baton.anonymous(), &assertion);
        let granted = reply.ok();
        assert_eq!(
            (&granted["token_type"], &granted["expires_in"]),
            (&json!("Bearer"), &json!(300))
        );
        assert_eq!(granted["scope"], "system/Patient.rs");
        assert_eq!(
            (reply.header("cache-control"), reply.header("pragma")),
            ("no-store", "no-cache")
        );
        let mut client = baton.anonymous();
        client.token = Some(text(&granted, "access_token"));
        assert_eq!(client.get("Patient?_count=1").status, 200);
        client.get("Task").refused(403, "system/Task.s");
    }
}

fn each_claim_is_checked(baton: &Baton) {
    let id = register(&baton.database, &KEYS, "system/*.rs");
    let now = seconds();
    let cases = [
        ("aud", json!("https://other.example/oauth/token"), "aud"),
        ("aud", json!([format!("{}/fhir", baton.base)]), "aud"),
        ("sub", json!("somebody-else"), "`iss` and `sub`"),
        ("iss", json!("nobody"), "no enabled client"),
        ("exp", json!(now - 60), "expired"),
        ("exp", json!(now + 900), "five minutes"),
        ("exp", Value::Null, "exp"),
        ("nbf", json!(now + 200), "not yet valid"),
        ("iat", json!(now + 200), "not yet valid"),
        ("jti", Value::Null, "jti"),
        ("jti", json!(""), "jti"),
    ];
    for (name, value, words) in cases {
        let mut claims = claims(baton, &id);
        claims[name] = value;
        let assertion = KEYS.sign(Algorithm::ES384, "ES384", &claims);
        fails(
            &present(&baton.anonymous(), &assertion),
            401,
            "invalid_client",
            words,
        );
    }
}

fn the_signature_must_be_the_clients(baton: &Baton) {
    let id = register(&baton.database, &KEYS, "system/*.rs");
    let right = claims(baton, &id);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!(
        "{}.{}.",
        part(&json!({"alg": "none", "kid": "RS384"})),
        part(&right)
    );
    let good = KEYS.sign(Algorithm::ES384, "ES384", &right);
    let (head, rest) = good.split_once('.').expect("a JWT");
    let (_, signature) = rest.split_once('.').expect("a JWT");
    let mut wider = right.clone();
    wider["scope"] = json!("system/*.cruds");
    let cases = [
        (unsigned, "RS384 or ES384"),
        (with_public_key_as_secret(&right), "RS384 or ES384"),
        (KEYS.sign(Algorithm::RS256, "RS384", &right), "RS384 or ES384"),
        (KEYS.sign(Algorithm::ES384, "unknown", &right), "kid"),
        (
            KEYS.sign(Algorithm::ES384, "RS384", &right),
            "not one for this `alg`",
        ),
        (
            Keys::generate().sign(Algorithm::ES384, "ES384", &right),
            "does not verify",
        ),
        (format!("{head}.{}.{signature}", part(&wider)), "does not verify"),
        ("garbage".into(), "not a signed JWT"),
    ];
    for (assertion, words) in cases {
        fails(
            &present(&baton.anonymous(), &assertion),
            401,
            "invalid_client",
            words,
        );
    }
    assert_eq!(
        present(&baton.anonymous(), &good).status,
        200,
        "a refused attempt uses nothing up"
    );
}

/// The classic confusion: HMAC with what everybody may know.
fn with_public_key_as_secret(claims: &Value) -> String {
    let header = Header {
        kid: Some("RS384".into()),
        ..Header::new(Algorithm::HS256)
    };
    let secret = KEYS.jwk(Algorithm::RS384).to_string();
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a JWT")
}

/// Gateways of one service: PostgreSQL carries two at once, SQLite one after the other.
fn shared() -> Options {
    let args = ["--public-url", "https://baton.example"]
        .map(String::from)
        .to_vec();
    Options {
        args,
        ..Options::default()
    }
}

fn an_assertion_works_once(database: Database) {
    let concurrent = database.url().starts_with("postgres");
    let first = Baton::on(Arc::new(database), &shared());
    let id = register(&first.database, &KEYS, "system/*.rs");
    let mut claims = claims(&first, &id);
    claims["aud"] = json!("https://baton.example/oauth/token");
    let assertion = KEYS.sign(Algorithm::RS384, "RS384", &claims);
    assert_eq!(present(&first.anonymous(), &assertion).status, 200);
    fails(
        &present(&first.anonymous(), &assertion),
        401,
        "invalid_client",
        "used before",
    );
    if !concurrent {
        first.kill();
    }
    let second = Baton::on(first.database.clone(), &shared());
    fails(
        &present(&second.anonymous(), &assertion),
        401,
        "invalid_client",
        "used before",
    );
}

fn a_race_has_one_winner(database: Database) {
    let count = if database.url().starts_with("postgres") {
        2
    } else {
        1
    };
    let database = Arc::new(database);
    let gateways: Vec<Baton> = (0..count)
        .map(|_| Baton::on(database.clone(), &shared()))
        .collect();
    let id = register(&database, &KEYS, "system/*.rs");
    let mut claims = claims(&gateways[0], &id);
    claims["aud"] = json!("https://baton.example/oauth/token");
    let assertion = KEYS.sign(Algorithm::ES384, "ES384", &claims);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let present = |gateway: &Baton| present(&gateway.anonymous(), &assertion).status;
        let racers: Vec<_> = (0..8)
            .map(|n| {
                scope.spawn({
                    let gateway = &gateways[n % gateways.len()];
                    move || present(gateway)
                })
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().expect("a racer"))
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 401)),
        "{statuses:?}"
    );
}
