//! The life of an access token: introspection, revocation, expiry, discovery.
use super::support::*;
use crate::auth::authority::REVOKED;
use crate::auth::holder::Holder;
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
    let token = auth
        .issue_to(
            "somebody",
            "somebody",
            &Scopes::everything(),
            Default::default(),
            now,
        )
        .unwrap();
    let at = |seconds: i64| auth.check(&token, now + seconds * 1_000_000).map(drop);
    assert_eq!(at(-60), Err(Refusal::NotYet));
    assert_eq!((at(0), at(59)), (Ok(()), Ok(())));
    assert_eq!(
        (at(60), at(3_600)),
        (Err(Refusal::Expired), Err(Refusal::Expired))
    );
}

fn launched() -> Holder {
    Holder {
        patient: Some("p1".into()),
        encounter: None,
        fhir_user: Some("Practitioner/doc".into()),
        sid: Some("grant-1".into()),
        ..Holder::default()
    }
}

#[actix_web::test]
async fn a_token_says_for_whom_it_is_and_ends_with_its_grant() {
    let gateway = Gateway::new().await;
    let (auth, now) = (&gateway.state.auth, crate::edge::now());
    let scopes = Scopes::parse("openid patient/*.rs user/Patient.r").unwrap();
    let token = auth.issue_to("app", "account", &scopes, launched(), now).unwrap();
    let verified = auth.check(&token, now).unwrap();
    assert_eq!((&*verified.holder, &*verified.scopes), (&launched(), &scopes));
    assert_eq!(
        (&*verified.claims.sub, &*verified.claims.client_id),
        ("account", "app")
    );
    let (on, id) = verified.holder.person().unwrap();
    assert_eq!((on.name(), id), ("Practitioner", "doc"));
    // What such scopes open is decided row by row, and nowhere yet.
    assert_eq!(gateway.probe(&token).await.status, 403);

    let store = &gateway.state.store;
    let end = move |tx: &mut store::Tx| tx.revoke_jti(REVOKED, "grant-1", now / 1_000_000 + 600);
    store.write(end).await.unwrap();
    auth.refresh(now).await.unwrap();
    assert_eq!(auth.check(&token, now).map(drop), Err(Refusal::Revoked));
}

#[actix_web::test]
async fn a_token_for_nobody_who_can_be_is_malformed() {
    let gateway = Gateway::new().await;
    let (auth, now) = (&gateway.state.auth, crate::edge::now());
    let unsound = [
        Holder {
            patient: Some("Patient/p1".into()),
            ..launched()
        },
        Holder {
            encounter: Some("a b".into()),
            ..launched()
        },
        Holder {
            fhir_user: Some("p1".into()),
            ..launched()
        },
        Holder {
            fhir_user: Some("Nobody/p1".into()),
            ..launched()
        },
    ];
    for holder in unsound {
        let scopes = Scopes::parse("patient/*.rs").unwrap();
        let token = auth.issue_to("app", "account", &scopes, holder, now).unwrap();
        assert_eq!(auth.check(&token, now).map(drop), Err(Refusal::Malformed));
    }
}

#[actix_web::test]
async fn a_client_alone_is_given_what_needs_no_person() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway
        .secret_client("openid patient/*.rs system/Task.read user/*.rs")
        .await;
    let me = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let granted = gateway.form("/oauth/token", &me).await;
    assert_eq!(granted.body["scope"], "system/Task.rs");
    for asked in ["openid", "patient/Task.r", "system/Task.r user/Task.r"] {
        let ask = [&me[..], &[("scope", asked)]].concat();
        let refused = gateway.form("/oauth/token", &ask).await;
        refused.fails("invalid_scope", "needs a user");
    }
    let (id, secret) = gateway.secret_client("openid user/*.rs").await;
    let ask = [me[0], ("client_id", &id), ("client_secret", &secret)];
    gateway
        .form("/oauth/token", &ask)
        .await
        .fails("invalid_scope", "needs a user");
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
        .issue_to(
            "somebody",
            "somebody",
            &Scopes::everything(),
            Default::default(),
            now,
        )
        .unwrap();
    assert_eq!(
        here.state.auth.check(&token, now).map(drop),
        Err(Refusal::Foreign)
    );
    let stranger = Gateway::new().await;
    let token = stranger
        .state
        .auth
        .issue_to(
            "somebody",
            "somebody",
            &Scopes::everything(),
            Default::default(),
            now,
        )
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
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    assert_eq!(smart["grant_types_supported"], json!(grants));
    assert_eq!(smart["code_challenge_methods_supported"], json!(["S256"]));
    let authorize = format!("{BASE}/oauth/authorize");
    assert_eq!(smart["authorization_endpoint"], json!(authorize));

    let key = get("/oauth/jwks").await.body["keys"][0].clone();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["use"]),
        (&json!("EC"), &json!("P-256"), &json!("sig"))
    );
    assert!(key["kid"].is_string() && key.get("d").is_none());

    gateway
        .form("/oauth/register", &[])
        .await
        .fails("access_denied", "baton client add");
}
