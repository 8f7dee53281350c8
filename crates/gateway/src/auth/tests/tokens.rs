//! The life of an access token: introspection, revocation, expiry, discovery.
use super::support::*;
use crate::auth::scope::Scopes;
use crate::auth::token::Refusal;
use actix_web::test::TestRequest;
use serde_json::json;

#[actix_web::test]
async fn introspection_tells_a_client_what_a_token_is_worth() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/*.rs").await;
    let token = gateway.token(&id, &secret, "system/Task.rs").await;
    let ask = async |token: &str, secret: &str| {
        gateway
            .form(
                "/oauth/introspect",
                &[("token", token), ("client_id", &id), ("client_secret", secret)],
            )
            .await
    };
    let active = ask(&token, &secret).await.body;
    assert_eq!(
        (&active["active"], &active["scope"]),
        (&json!(true), &json!("system/Task.rs"))
    );
    assert_eq!((&active["client_id"], &active["iss"]), (&json!(id), &json!(BASE)));
    assert!(active["exp"].as_i64().unwrap() > seconds());
    assert_eq!(ask("garbage", &secret).await.body, json!({ "active": false }));
    ask(&token, "wrong")
        .await
        .fails("invalid_client", "no enabled client");
}

#[actix_web::test]
async fn a_revoked_token_is_over_and_only_its_owner_may_revoke() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/*.rs").await;
    let (other, other_secret) = gateway.secret_client("system/*.rs").await;
    let token = gateway.token(&id, &secret, "system/*.rs").await;
    let revoke = async |token: &str, id: &str, secret: &str| {
        gateway
            .form(
                "/oauth/revoke",
                &[("token", token), ("client_id", id), ("client_secret", secret)],
            )
            .await
    };
    revoke(&token, &other, &other_secret)
        .await
        .fails("unauthorized_client", "another client");
    assert_eq!(gateway.probe(&token).await.status, 200);
    assert_eq!(revoke(&token, &id, &secret).await.status, 200);
    let reply = gateway.probe(&token).await;
    assert_eq!(reply.status, 401);
    assert!(reply.header("www-authenticate").contains("revoked"));
    assert_eq!(revoke(&token, &id, &secret).await.status, 200);
    assert_eq!(revoke("garbage", &id, &secret).await.status, 200);
}

#[actix_web::test]
async fn a_token_ends_when_it_says() {
    let gateway = Gateway::with(|config| config.tokens.lifetime_seconds = 60).await;
    let now = seconds() * 1_000_000;
    let auth = &gateway.state.auth;
    let token = auth.issue("somebody", &Scopes::everything(), now).unwrap();
    let at = |seconds: i64| auth.check(&token, now + seconds * 1_000_000).map(drop);
    assert_eq!(at(-60), Err(Refusal::NotYet));
    assert_eq!((at(0), at(59)), (Ok(()), Ok(())));
    assert_eq!(
        (at(60), at(3_600)),
        (Err(Refusal::Expired), Err(Refusal::Expired))
    );
}

#[actix_web::test]
async fn a_token_of_another_server_is_foreign() {
    let here = Gateway::new().await;
    let there = Gateway::on(here.state.store.clone(), |config| {
        config.public_url = "https://other.example".into()
    })
    .await;
    let now = seconds() * 1_000_000;
    let token = there
        .state
        .auth
        .issue("somebody", &Scopes::everything(), now)
        .unwrap();
    assert_eq!(
        here.state.auth.check(&token, now).map(drop),
        Err(Refusal::Foreign)
    );
    let stranger = Gateway::new().await;
    let token = stranger
        .state
        .auth
        .issue("somebody", &Scopes::everything(), now)
        .unwrap();
    assert_eq!(
        here.state.auth.check(&token, now).map(drop),
        Err(Refusal::UnknownKey)
    );
}

#[actix_web::test]
async fn an_assertion_key_cannot_make_access_tokens() {
    let gateway = Gateway::new().await;
    let id = gateway.key_client(&PARTNER.jwks()).await;
    let assertion = PARTNER.sign(jsonwebtoken::Algorithm::ES384, "ec", &claims(&id));
    assert_eq!(gateway.probe(&assertion).await.status, 401);
}

#[actix_web::test]
async fn discovery_says_what_works() {
    let gateway = Gateway::new().await;
    let get = async |path: &str| gateway.send(TestRequest::get().uri(path)).await;
    let smart = get("/fhir/.well-known/smart-configuration").await.body;
    assert_eq!(smart["token_endpoint"], TOKEN_URL);
    assert_eq!(smart["grant_types_supported"], json!(["client_credentials"]));
    assert_eq!(smart["code_challenge_methods_supported"], json!(["S256"]));
    assert!(smart.get("authorization_endpoint").is_none());

    let key = get("/oauth/jwks").await.body["keys"][0].clone();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["use"]),
        (&json!("EC"), &json!("P-256"), &json!("sig"))
    );
    assert!(key["kid"].is_string() && key.get("d").is_none());

    get("/oauth/authorize")
        .await
        .fails("unsupported_response_type", "client_credentials");
    gateway
        .form("/oauth/register", &[])
        .await
        .fails("access_denied", "baton client add");
}
