//! An app that is opened by itself, from registration to tokens, for each kind of client.
use super::app::*;
use super::browser::Browser;
use crate::auth::partner::{KEYS, fails, text};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(
    a_public_client_runs_through,
    a_confidential_client_proves_itself_by_secret,
    a_confidential_client_proves_itself_by_key,
    who_is_signed_in_is_not_asked_again,
    a_relative_works_with_the_patient_they_belong_to,
    scopes_may_be_left_out,
    refusing_goes_back_to_the_app,
    a_visit_is_asked_for_and_not_needed
);

fn a_public_client_runs_through(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    assert_eq!((shown.reply.status, shown.title()), (200, "Sign in"));
    assert!(shown.reply.text.contains("Heart App"));
    let shown = browser.sign_in(&shown, "ADA", PASSWORD);
    assert_eq!(shown.title(), "Allow Heart App?");
    assert!(
        shown.reply.text.contains("Ada &lt;Script&gt;"),
        "{}",
        shown.reply.text
    );
    assert!(shown.reply.text.contains("tasks of this patient"));
    let code = app.called_back(&browser.allow(&shown));

    let reply = app.redeem(&code, &Proof::Nothing);
    assert_eq!(
        (reply.header("cache-control"), reply.header("pragma")),
        ("no-store", "no-cache")
    );
    let granted = reply.ok();
    assert_eq!(
        (&granted["token_type"], &granted["expires_in"]),
        (&json!("Bearer"), &json!(300))
    );
    assert_eq!(
        (&granted["patient"], &granted["scope"]),
        (&json!("ada"), &json!(SCOPE))
    );
    assert_eq!(granted["need_patient_banner"], true);
    assert!(granted["refresh_token"].is_string() && granted["id_token"].is_string());
    assert!(granted.get("encounter").is_none() && granted.get("intent").is_none());
    let person = app.userinfo(&text(&granted, "access_token")).ok();
    assert_eq!(person["fhirUser"], format!("{}/fhir/Patient/ada", baton.base));
    let log = baton.log();
    for secret in [
        &code,
        &text(&granted, "access_token"),
        &text(&granted, "refresh_token"),
    ] {
        assert!(!log.contains(secret.as_str()));
    }
    assert!(!log.contains(PASSWORD) && !log.contains(VERIFIER));
}

fn a_confidential_client_proves_itself_by_secret(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::registered(baton, SCOPE, &["--secret"]), Browser::new(baton));
    let code = app.code(&browser, SCOPE, "ada");
    fails(
        &app.redeem(&code, &Proof::Nothing),
        401,
        "invalid_client",
        "client secret",
    );
    let wrong = App {
        secret: Some("wrong".into()),
        id: app.id.clone(),
        baton,
    };
    fails(
        &wrong.redeem(&code, &Proof::Secret),
        401,
        "invalid_client",
        "no enabled client",
    );
    let granted = app.redeem(&code, &Proof::Secret).ok();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", granted["refresh_token"].as_str().expect("one")),
    ];
    fails(
        &app.ask(&refresh, &Proof::Nothing),
        401,
        "invalid_client",
        "client secret",
    );
    assert_eq!(app.ask(&refresh, &Proof::Secret).ok()["patient"], "ada");
}

fn a_confidential_client_proves_itself_by_key(baton: &Baton) {
    patient(baton, "ada");
    let file = baton.database.folder().join("app-jwks.json");
    std::fs::write(&file, KEYS.jwks().to_string()).expect("a writable folder");
    let keys = file.to_str().expect("UTF-8");
    let (app, browser) = (
        App::registered(baton, SCOPE, &["--jwks", keys]),
        Browser::new(baton),
    );
    let code = app.code(&browser, SCOPE, "ada");
    fails(
        &app.redeem(&code, &Proof::Nothing),
        401,
        "invalid_client",
        "client_assertion",
    );
    let granted = app.redeem(&code, &Proof::Assertion).ok();
    assert_eq!(granted["patient"], "ada");
}

fn who_is_signed_in_is_not_asked_again(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    app.code(&browser, SCOPE, "ada");
    assert_eq!(browser.open(&app.request(SCOPE, &[])).title(), "Allow Heart App?");
    for again in [("prompt", "login"), ("max_age", "0")] {
        let shown = browser.open(&app.request(SCOPE, &[again]));
        assert_eq!(shown.title(), "Sign in", "{again:?}");
        assert_eq!(
            browser.sign_in(&shown, "ada", PASSWORD).title(),
            "Allow Heart App?"
        );
    }
    let silent = browser.open(&app.request(SCOPE, &[("prompt", "none")])).told();
    assert!(silent.contains_key("code"), "allowed before: {silent:?}");
    let nobody = Browser::new(baton)
        .open(&app.request(SCOPE, &[("prompt", "none")]))
        .told();
    assert_eq!(nobody["error"], "login_required");

    let shown = browser.open(&app.request(SCOPE, &[]));
    let shown = browser.submit(&shown, "sign-out", &[]);
    assert_eq!(shown.title(), "Sign in");
    assert_eq!(browser.open(&app.request(SCOPE, &[])).title(), "Sign in");
}

fn a_relative_works_with_the_patient_they_belong_to(baton: &Baton) {
    patient(baton, "ada");
    let relative = |id: &str, active: bool| {
        let resource = json!({"resourceType": "RelatedPerson", "id": id, "active": active, "patient": {"reference": "Patient/ada"}});
        assert_eq!(
            baton
                .partner()
                .put(&format!("RelatedPerson/{id}"), &resource)
                .status,
            201
        );
        account(baton, id, &format!("RelatedPerson/{id}"), &[]);
    };
    relative("mum", true);
    relative("former", false);
    let app = App::public(baton, SCOPE);
    let granted = app.tokens(&Browser::new(baton), SCOPE, "mum");
    assert_eq!(granted["patient"], "ada");
    let browser = Browser::new(baton);
    let shown = browser.open(&app.request(SCOPE, &[]));
    assert_eq!(
        browser.sign_in(&shown, "former", PASSWORD).told()["error"],
        "access_denied"
    );
}

fn scopes_may_be_left_out(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    let marks: Vec<(String, String)> = shown
        .form("consent")
        .into_iter()
        .filter(|(name, _)| name.starts_with("scope-"))
        .collect();
    assert_eq!(marks.len(), 5, "launch/patient is no question: {marks:?}");
    let mut form = shown.form("consent");
    form.retain(|(name, _)| name != "scope-4" && name != "scope-5");
    form.push(("choice".into(), "allow".into()));
    // A mark that was never offered adds nothing.
    form.push(("scope-99".into(), "on".into()));
    let code = app.called_back(&browser.post(&shown.url, &form));
    let granted = app.redeem(&code, &Proof::Nothing).ok();
    assert_eq!(granted["scope"], "openid fhirUser launch/patient patient/Task.rs");
    assert!(granted.get("refresh_token").is_none());

    let shown = browser.open(&app.request(SCOPE, &[]));
    let mut form = shown.form("consent");
    form.retain(|(name, _)| !name.starts_with("scope-"));
    form.push(("choice".into(), "allow".into()));
    assert_eq!(browser.post(&shown.url, &form).told()["error"], "access_denied");
}

fn refusing_goes_back_to_the_app(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    let told = browser.submit(&shown, "cancel", &[]).told();
    assert_eq!(
        (told["error"].as_str(), told["state"].as_str()),
        ("access_denied", "xyz <&> state")
    );
    assert_eq!(told["iss"], baton.base);
    assert!(!told.contains_key("code"));
    assert_eq!(browser.open(&shown.url).title(), "This cannot go on");
    let shown = browser.open(&app.request(SCOPE, &[]));
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    let told = browser.submit(&shown, "consent", &[("choice", "deny")]).told();
    assert_eq!(told["error"], "access_denied");
}

fn a_visit_is_asked_for_and_not_needed(baton: &Baton) {
    let scope = "launch/patient launch/encounter patient/Task.rs";
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, scope), Browser::new(baton));
    let shown = browser.open(&app.request(scope, &[]));
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    assert_eq!(shown.title(), "Choose a visit");
    let refused = browser.submit(&shown, "encounter", &[("choice", "somebody-elses")]);
    assert_eq!(refused.reply.status, 403);
    let shown = browser.submit(&shown, "encounter", &[("choice", "")]);
    let granted = app.redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing);
    let granted = granted.ok();
    assert_eq!(granted["patient"], "ada");
    assert!(granted.get("encounter").is_none());
}
