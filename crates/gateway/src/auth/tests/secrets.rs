//! Client secrets, and what is asked for in the form.
use super::support::*;
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[actix_web::test]
async fn a_secret_works_in_the_form_and_in_the_header() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/Patient.rs system/Task.cu").await;
    let posted = gateway
        .form(
            "/oauth/token",
            &[GRANT, ("client_id", &id), ("client_secret", &secret)],
        )
        .await;
    assert_eq!(posted.body["scope"], "system/Patient.rs system/Task.cu");

    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let request = |secret: &str| {
        TestRequest::post()
            .uri("/oauth/token")
            .insert_header(("Authorization", basic(secret)))
            .set_form([GRANT])
    };
    assert_eq!(gateway.send(request(&secret)).await.status, 200);
    let wrong = gateway.send(request("wrong")).await;
    wrong.fails("invalid_client", "no enabled client");
    assert_eq!(
        (wrong.status.as_u16(), wrong.header("www-authenticate")),
        (401, "Basic realm=\"baton\"")
    );
}

#[actix_web::test]
async fn credentials_must_be_right_and_of_one_kind() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/*.rs").await;
    let with =
        async |fields: &[(&str, &str)]| gateway.form("/oauth/token", &[&[GRANT], fields].concat()).await;
    with(&[]).await.fails("invalid_client", "authenticate");
    with(&[("client_id", &id)])
        .await
        .fails("invalid_client", "authenticate");
    with(&[("client_id", &id), ("client_secret", "x")])
        .await
        .fails("invalid_client", "no enabled client");
    with(&[("client_id", "x"), ("client_secret", &secret)])
        .await
        .fails("invalid_client", "no enabled client");
    with(&[("client_secret", &secret)])
        .await
        .fails("invalid_request", "client_id");
    with(&[
        ("client_id", &id),
        ("client_secret", &secret),
        ("client_assertion", "a.b.c"),
    ])
    .await
    .fails("invalid_request", "one method");
    with(&[("client_id", &id), ("client_id", &id), ("client_secret", &secret)])
        .await
        .fails("invalid_request", "more than once");
}

#[actix_web::test]
async fn requests_of_another_shape_are_refused() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/*.rs").await;
    let me = [("client_id", id.as_str()), ("client_secret", secret.as_str())];
    gateway
        .form("/oauth/token", &me)
        .await
        .fails("invalid_request", "grant_type");
    let password = [&[("grant_type", "password")], &me[..]].concat();
    gateway
        .form("/oauth/token", &password)
        .await
        .fails("unsupported_grant_type", "client_credentials");

    let in_url = format!("/oauth/token?grant_type=client_credentials&client_id={id}&client_secret={secret}");
    gateway
        .form(&in_url, &[GRANT])
        .await
        .fails("invalid_request", "URL");
    let json = TestRequest::post()
        .uri("/oauth/token")
        .set_json(serde_json::json!({"grant_type": "client_credentials"}));
    gateway
        .send(json)
        .await
        .fails("invalid_request", "x-www-form-urlencoded");
    let huge = TestRequest::post()
        .uri("/oauth/token")
        .set_form([("grant_type", "x".repeat(70_000))]);
    let huge = gateway.send(huge).await;
    huge.fails("invalid_request", "64 KiB");
    assert_eq!(huge.status, 413);
    let got = gateway.send(TestRequest::get().uri("/oauth/token")).await;
    assert_eq!((got.status.as_u16(), got.header("allow")), (405, "POST"));
}

#[actix_web::test]
async fn scopes_stay_within_the_registration() {
    let gateway = Gateway::new().await;
    let (id, secret) = gateway.secret_client("system/Patient.rs system/Task.read").await;
    let ask = async |scope: &str| {
        let fields = [
            GRANT,
            ("client_id", &id),
            ("client_secret", &secret),
            ("scope", scope),
        ];
        gateway.form("/oauth/token", &fields).await
    };
    assert_eq!(
        ask("system/Task.rs system/Patient.r").await.body["scope"],
        "system/Task.rs system/Patient.r"
    );
    for beyond in [
        "system/Patient.rus",
        "system/*.rs",
        "system/Encounter.r",
        "system/Task.cruds",
    ] {
        ask(beyond).await.fails("invalid_scope", beyond);
    }
    ask("user/Patient.rs")
        .await
        .fails("invalid_scope", "needs a user");
    let some = ask("system/Patient.r?gender=female").await;
    assert_eq!(some.body["scope"], "system/Patient.r?gender=female");
    ask("system/Patient.rs?nothing=x")
        .await
        .fails("invalid_scope", "no search parameter");
}
