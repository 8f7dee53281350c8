//! Protected routes: what a request without a good token gets.
use super::support::*;
use crate::config::Auth;
use actix_web::test::TestRequest;

fn with(header: &str) -> TestRequest {
    TestRequest::get()
        .uri("/probe")
        .insert_header(("Authorization", header))
}

#[actix_web::test]
async fn without_a_token_the_challenge_names_no_error() {
    let gateway = Gateway::new().await;
    for request in [TestRequest::get().uri("/probe"), with("Basic eDp5")] {
        let reply = gateway.send(request).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("www-authenticate")),
            (401, "Bearer realm=\"baton\"")
        );
        assert_eq!(reply.body["resourceType"], "OperationOutcome");
        assert_eq!(reply.body["issue"][0]["code"], "login");
    }
}

#[actix_web::test]
async fn a_bad_token_is_invalid() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/*.rs").await;
    let token = gateway.token(&id, &secret, "system/*.rs").await;
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let flipped = |text: &str| text.replacen(&text[9..10], if &text[9..10] == "A" { "B" } else { "A" }, 1);
    let bad = [
        String::new(),
        "garbage".into(),
        "x".repeat(10_000),
        format!("{head}.{}.{signature}", flipped(claims)),
        format!("{head}.{claims}.{}", flipped(signature)),
        format!("{signed}."),
    ];
    for token in bad {
        let reply = gateway.probe(&token).await;
        assert_eq!(reply.status, 401, "{token}");
        assert!(
            reply
                .header("www-authenticate")
                .contains("error=\"invalid_token\"")
        );
        assert_eq!(reply.body["resourceType"], "OperationOutcome");
    }
    assert_eq!(gateway.probe(&token).await.status, 200);
}

#[actix_web::test]
async fn a_token_in_the_url_is_refused_even_beside_a_good_header() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/*.rs").await;
    let token = gateway.token(&id, &secret, "system/*.rs").await;
    let url = format!("/probe?access_token={token}");
    let request = TestRequest::get()
        .uri(&url)
        .insert_header(("Authorization", format!("Bearer {token}")));
    let reply = gateway.send(request).await;
    assert_eq!(reply.status, 400);
    assert!(reply.header("www-authenticate").contains("invalid_request"));
}

#[actix_web::test]
async fn a_good_token_without_the_scope_is_forbidden() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/*.cruds").await;
    let token = gateway
        .token(&id, &secret, "system/Task.cruds system/Patient.s")
        .await;
    let reply = gateway.probe(&token).await;
    assert_eq!(reply.status, 403);
    let challenge = reply.header("www-authenticate");
    assert!(
        challenge.contains("insufficient_scope") && challenge.contains("system/Patient.r"),
        "{challenge}"
    );
    assert_eq!(reply.body["issue"][0]["code"], "forbidden");
}

#[actix_web::test]
async fn disabled_auth_asks_nobody() {
    let gateway = Gateway::with(|config| config.auth = Auth::Disabled).await;
    let reply = gateway.send(TestRequest::get().uri("/probe")).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.body["client"]),
        (200, &serde_json::json!("anonymous"))
    );
}
