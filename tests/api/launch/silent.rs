//! `prompt=none`: apps go on unseen where that was allowed before, and are told what stands in the way else.
use super::app::*;
use super::browser::Browser;
use crate::auth::partner::text;
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

on_both!(
    what_was_allowed_before_needs_nobody,
    what_stands_in_the_way_is_named,
    what_is_withdrawn_has_to_be_asked_again
);

const NARROW: &str = "openid launch/patient patient/Task.rs";

fn unseen(app: &App, browser: &Browser, scope: &str, change: &[(&str, &str)]) -> Result<String, String> {
    let named = change.iter().any(|(name, _)| *name == "prompt");
    let prompt: &[(&str, &str)] = if named { &[] } else { &[("prompt", "none")] };
    let shown = browser.open(&app.request(scope, &[prompt, change].concat()));
    let told = shown.told();
    assert_eq!(told["state"], "xyz <&> state");
    told.get("code").cloned().ok_or_else(|| told["error"].clone())
}

fn what_was_allowed_before_needs_nobody(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let refused = |error: &str| Err(error.to_owned());
    assert_eq!(unseen(&app, &browser, SCOPE, &[]), refused("login_required"));
    let shown = browser.open(&app.request(SCOPE, &[]));
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    assert_eq!(unseen(&app, &browser, SCOPE, &[]), refused("consent_required"));
    app.called_back(&browser.allow(&shown));
    for scope in [SCOPE, NARROW] {
        let code = unseen(&app, &browser, scope, &[]).expect("a code");
        let tokens = app.redeem(&code, &Proof::Nothing).ok();
        assert_eq!(
            (text(&tokens, "patient"), text(&tokens, "scope")),
            ("ada".into(), scope.into())
        );
        assert_eq!(app.userinfo(&text(&tokens, "access_token")).status, 200);
    }
    // Asked by hand, it is shown as ever; another app, and another browser, know nothing of it.
    assert_eq!(browser.open(&app.request(SCOPE, &[])).title(), "Allow Heart App?");
    let other = App::public(baton, SCOPE);
    assert_eq!(unseen(&other, &browser, SCOPE, &[]), refused("consent_required"));
    assert_eq!(
        unseen(&app, &Browser::new(baton), SCOPE, &[]),
        refused("login_required")
    );
}

fn what_stands_in_the_way_is_named(baton: &Baton) {
    patient(baton, "ada");
    account(baton, "doc", "Practitioner/doc", &[]);
    let all = "openid launch/patient patient/Task.rs patient/Observation.rs";
    let (app, browser) = (App::public(baton, all), Browser::new(baton));
    let refused = |error: &str| Err(error.to_owned());
    // What was left out then was not allowed.
    let shown = browser.open(&app.request(all, &[]));
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    let kept: Vec<(String, String)> = shown
        .form("consent")
        .into_iter()
        .filter(|(name, _)| name != "scope-3")
        .collect();
    let kept = [kept, vec![("choice".into(), "allow".into())]].concat();
    app.called_back(&browser.post(&shown.url, &kept));
    assert_eq!(unseen(&app, &browser, all, &[]), refused("consent_required"));
    assert!(unseen(&app, &browser, NARROW, &[]).is_ok());
    // A sign-in that is not fresh enough, and one that must be anew.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(
        unseen(&app, &browser, NARROW, &[("max_age", "1")]),
        refused("login_required")
    );
    assert_eq!(
        unseen(&app, &browser, NARROW, &[("prompt", "none login")]),
        refused("invalid_request")
    );
    // Somebody who has to choose whose record it is about.
    let doctor = Browser::new(baton);
    let shown = doctor.open(&app.request(NARROW, &[]));
    assert_eq!(
        doctor.sign_in(&shown, "doc", PASSWORD).title(),
        "Choose a patient"
    );
    assert_eq!(
        unseen(&app, &doctor, NARROW, &[]),
        refused("interaction_required")
    );
    // An address that other apps of a phone could take.
    let back = "com.example.app:/back";
    let args = [
        "client",
        "add",
        "--name",
        "Phone",
        "--scope",
        NARROW,
        "--public",
        "--redirect-uri",
        back,
    ];
    let id = text(&baton.database.run_json(&args), "client_id");
    let phone = [("client_id", id.as_str()), ("redirect_uri", back)];
    let shown = browser.open(&app.request(NARROW, &phone));
    assert!(browser.allow(&shown).url.starts_with(back));
    assert_eq!(
        unseen(&app, &browser, NARROW, &phone),
        refused("consent_required")
    );
}

fn what_is_withdrawn_has_to_be_asked_again(baton: &Baton) {
    patient(baton, "ada");
    let (app, other, browser) = (
        App::public(baton, SCOPE),
        App::public(baton, SCOPE),
        Browser::new(baton),
    );
    let tokens = app.tokens(&browser, SCOPE, "ada");
    let others = other.tokens(&browser, SCOPE, "ada");
    let listed = baton.database.run_json(&["account", "allowed", "ada"]);
    let clients: Vec<_> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["client_id"])
        .collect();
    assert_eq!(clients, [&json!(other.id), &json!(app.id)], "{listed}");
    assert_eq!(listed[1]["scope"], SCOPE);
    baton.database.run_json(&["account", "withdraw", "ada", &app.id]);
    assert_eq!(
        unseen(&app, &browser, SCOPE, &[]),
        Err("consent_required".to_owned())
    );
    assert_eq!(app.refresh(&text(&tokens, "refresh_token"), None).status, 400);
    assert!(unseen(&other, &browser, SCOPE, &[]).is_ok());
    assert_eq!(other.refresh(&text(&others, "refresh_token"), None).status, 200);
    baton.database.run_json(&["account", "disable", "ada"]);
    assert_eq!(
        unseen(&other, &browser, SCOPE, &[]),
        Err("login_required".to_owned())
    );
    assert_eq!(baton.database.run_json(&["account", "allowed", "ada"]), json!([]));
}
