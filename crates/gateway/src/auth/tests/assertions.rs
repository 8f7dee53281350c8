//! private_key_jwt: what is accepted and every way to be refused.
use super::support::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

#[actix_web::test]
async fn both_algorithms_earn_a_token() {
    let gateway = Gateway::new().await;
    let id = gateway.key_client(&PARTNER.jwks()).await;
    for (algorithm, kid) in [(Algorithm::RS384, "rsa"), (Algorithm::ES384, "ec")] {
        let reply = gateway
            .assert_with(&PARTNER.sign(algorithm, kid, &claims(&id)))
            .await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(
            (&reply.body["token_type"], &reply.body["expires_in"]),
            (&json!("Bearer"), &json!(300))
        );
        assert_eq!(reply.body["scope"], "system/Patient.r");
        let token = reply.body["access_token"].as_str().unwrap();
        assert_eq!(gateway.probe(token).await.body["client"], id.as_str());
    }
}

#[actix_web::test]
async fn an_assertion_works_once_on_all_gateways_together() {
    let first = Gateway::new().await;
    let second = Gateway::on(first.state.store.clone(), |_| {}).await;
    let id = first.key_client(&PARTNER.jwks()).await;
    let assertion = PARTNER.sign(Algorithm::ES384, "ec", &claims(&id));
    assert_eq!(first.assert_with(&assertion).await.status, 200);
    for gateway in [&first, &second] {
        let again = gateway.assert_with(&assertion).await;
        again.fails("invalid_client", "used before");
        assert_eq!(again.status, 401);
    }
}

#[actix_web::test]
async fn each_claim_is_checked() {
    let gateway = Gateway::new().await;
    let id = gateway.key_client(&PARTNER.jwks()).await;
    let now = seconds();
    let cases: [(&str, Value, &str); 11] = [
        ("exp", json!(now - 1), "expired"),
        ("exp", json!(now + 400), "five minutes"),
        ("nbf", json!(now + 100), "not yet valid"),
        ("iat", json!(now + 100), "not yet valid"),
        ("aud", json!("https://other.example/oauth/token"), "aud"),
        ("aud", json!([BASE, "https://baton.example/fhir"]), "aud"),
        ("sub", json!("somebody"), "iss"),
        ("iss", json!("nobody"), "no enabled client"),
        ("jti", json!(""), "jti"),
        ("jti", Value::Null, "lacks"),
        ("exp", json!("soon"), "lacks"),
    ];
    for (name, value, words) in cases {
        let mut claims = claims(&id);
        claims[name] = value;
        let reply = gateway
            .assert_with(&PARTNER.sign(Algorithm::ES384, "ec", &claims))
            .await;
        reply.fails("invalid_client", words);
    }
}

#[actix_web::test]
async fn a_list_of_audiences_may_hold_the_token_url() {
    let gateway = Gateway::new().await;
    let id = gateway.key_client(&PARTNER.jwks()).await;
    let mut claims = claims(&id);
    claims["aud"] = json!(["https://other.example", TOKEN_URL]);
    assert_eq!(
        gateway
            .assert_with(&PARTNER.sign(Algorithm::RS384, "rsa", &claims))
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn the_algorithm_must_be_the_keys_own() {
    let gateway = Gateway::new().await;
    let id = gateway.key_client(&PARTNER.jwks()).await;
    let refused = async |assertion: String, words: &str| {
        gateway
            .assert_with(&assertion)
            .await
            .fails("invalid_client", words);
    };
    // alg none, with and without a signature
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!(
        "{}.{}.",
        part(&json!({"alg": "none", "kid": "rsa"})),
        part(&claims(&id))
    );
    refused(unsigned, "RS384 or ES384").await;
    // HMAC with the public key as the secret: the classic confusion
    for secret in [
        PARTNER.jwk(Algorithm::RS384, "rsa").to_string(),
        PARTNER.jwks().to_string(),
    ] {
        for algorithm in [Algorithm::HS256, Algorithm::HS384] {
            let header = Header {
                kid: Some("rsa".into()),
                ..Header::new(algorithm)
            };
            let key = EncodingKey::from_secret(secret.as_bytes());
            refused(
                jsonwebtoken::encode(&header, &claims(&id), &key).unwrap(),
                "RS384 or ES384",
            )
            .await;
        }
    }
    // a weaker algorithm of the right family, and the other family's key
    refused(
        PARTNER.sign(Algorithm::RS256, "rsa", &claims(&id)),
        "RS384 or ES384",
    )
    .await;
    refused(
        PARTNER.sign(Algorithm::RS384, "ec", &claims(&id)),
        "not one for this",
    )
    .await;
    refused(
        PARTNER.sign(Algorithm::ES384, "rsa", &claims(&id)),
        "not one for this",
    )
    .await;
}

#[actix_web::test]
async fn only_the_registered_key_counts() {
    let gateway = Gateway::new().await;
    let id = gateway
        .key_client(&json!({ "keys": [PARTNER.jwk(Algorithm::ES384, "ec")] }))
        .await;
    let sign = |kid| PARTNER.sign(Algorithm::ES384, kid, &claims(&id));
    gateway
        .assert_with(&sign("other"))
        .await
        .fails("invalid_client", "kid");

    let good = sign("ec");
    let (rest, _) = good.rsplit_once('.').unwrap();
    let (head, _) = rest.split_once('.').unwrap();
    let mut forged = claims(&id);
    forged["exp"] = json!(seconds() + 250);
    let tampered = format!(
        "{head}.{}.{}",
        URL_SAFE_NO_PAD.encode(forged.to_string()),
        good.rsplit_once('.').unwrap().1
    );
    gateway
        .assert_with(&tampered)
        .await
        .fails("invalid_client", "signature");
    gateway
        .assert_with(rest)
        .await
        .fails("invalid_client", "client_assertion");
    gateway
        .assert_with("garbage")
        .await
        .fails("invalid_client", "client_assertion");
    // The failures did not use up anything of the real client.
    assert_eq!(gateway.assert_with(&good).await.status, 200);
}

#[actix_web::test]
async fn headers_that_change_the_meaning_are_refused() {
    let gateway = Gateway::new().await;
    let id = gateway.key_client(&PARTNER.jwks()).await;
    let kid = Some("ec".to_owned());
    let sign = |header: Header| jsonwebtoken::encode(&header, &claims(&id), &PARTNER.ec).unwrap();
    let token_like = Header {
        kid: kid.clone(),
        typ: Some("at+jwt".into()),
        ..Header::new(Algorithm::ES384)
    };
    gateway
        .assert_with(&sign(token_like))
        .await
        .fails("invalid_client", "typ");
    let elsewhere = Header {
        kid,
        jku: Some("https://evil.example/jwks".into()),
        ..Header::new(Algorithm::ES384)
    };
    gateway
        .assert_with(&sign(elsewhere))
        .await
        .fails("invalid_client", "jku");
    gateway
        .assert_with(&sign(Header::new(Algorithm::ES384)))
        .await
        .fails("invalid_client", "kid");
}
