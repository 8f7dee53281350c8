//! Refresh tokens: each works once, the next one comes with it, and a copy ends them all.
use super::app::*;
use super::browser::Browser;
use crate::auth::partner::{fails, text};
use crate::on_both;
use crate::support::Baton;

on_both!(
    each_refresh_token_works_once,
    a_public_app_need_not_say_who_it_is,
    a_copy_ends_the_whole_family,
    scopes_narrow_and_never_widen,
    online_access_ends_with_the_session,
    access_ends_with_the_account,
    another_app_cannot_use_it,
    a_revoked_refresh_token_takes_all_with_it
);

fn each_refresh_token_works_once(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let mut granted = app.tokens(&browser, SCOPE, "ada");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let refresh = text(&granted, "refresh_token");
        assert!(!seen.contains(&refresh));
        granted = app.refresh(&refresh, None).ok();
        assert_eq!(
            (&granted["scope"], &granted["patient"]),
            (&SCOPE.into(), &"ada".into())
        );
        assert_eq!(app.userinfo(&text(&granted, "access_token")).status, 200);
        seen.push(refresh);
    }
}

/// SMART's request has no client_id, and browsers' libraries send none.
fn a_public_app_need_not_say_who_it_is(baton: &Baton) {
    patient(baton, "ada");
    let ask = |token: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        baton.anonymous().form("/oauth/token", &fields)
    };
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let first = text(&app.tokens(&browser, SCOPE, "ada"), "refresh_token");
    let second = text(&ask(&first).ok(), "refresh_token");
    fails(&ask(&first), 400, "invalid_grant", "used before");
    fails(&ask(&second), 400, "invalid_grant", "unknown");
    fails(&ask("never-given"), 400, "invalid_grant", "unknown");

    let server = App::registered(baton, SCOPE, &["--secret"]);
    let granted = server
        .redeem(&server.code(&browser, SCOPE, "ada"), &Proof::Secret)
        .ok();
    let token = text(&granted, "refresh_token");
    fails(&ask(&token), 401, "invalid_client", "authenticate");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    assert_eq!(
        server.ask(&fields, &Proof::Secret).status,
        200,
        "it was not used up"
    );
}

fn a_copy_ends_the_whole_family(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let first = text(&app.tokens(&browser, SCOPE, "ada"), "refresh_token");
    let second = app.refresh(&first, None).ok();
    fails(&app.refresh(&first, None), 400, "invalid_grant", "used before");
    fails(
        &app.refresh(&text(&second, "refresh_token"), None),
        400,
        "invalid_grant",
        "unknown",
    );
    assert_eq!(app.userinfo(&text(&second, "access_token")).status, 401);
    let other = app.tokens(&browser, SCOPE, "ada");
    assert_eq!(
        app.userinfo(&text(&other, "access_token")).status,
        200,
        "another grant is another one"
    );
}

fn scopes_narrow_and_never_widen(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (
        App::public(baton, &format!("{SCOPE} patient/Goal.rs")),
        Browser::new(baton),
    );
    let granted = app.tokens(&browser, SCOPE, "ada");
    let refresh = text(&granted, "refresh_token");
    for wider in [
        "patient/Goal.rs",
        "patient/Task.cruds",
        "patient/*.rs",
        "user/Task.rs",
        "launch/encounter",
        "nonsense",
    ] {
        fails(&app.refresh(&refresh, Some(wider)), 400, "invalid_scope", "scope");
    }
    let narrow = app.refresh(&refresh, Some("patient/Task.r")).ok();
    assert_eq!(narrow["scope"], "patient/Task.r");
    let wide = app.refresh(&text(&narrow, "refresh_token"), None).ok();
    assert_eq!(wide["scope"], SCOPE, "what was granted stays granted");
}

fn online_access_ends_with_the_session(baton: &Baton) {
    const ONLINE: &str = "openid launch/patient patient/Task.rs online_access";
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, ONLINE), Browser::new(baton));
    let granted = app.tokens(&browser, ONLINE, "ada");
    let granted = app.refresh(&text(&granted, "refresh_token"), None).ok();
    let shown = browser.open(&app.request(ONLINE, &[]));
    browser.submit(&shown, "sign-out", &[]);
    fails(
        &app.refresh(&text(&granted, "refresh_token"), None),
        400,
        "invalid_grant",
        "over",
    );
}

fn access_ends_with_the_account(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let granted = app.tokens(&browser, SCOPE, "ada");
    let token = text(&granted, "access_token");
    baton.database.run_json(&["account", "disable", "ada"]);
    fails(
        &app.refresh(&text(&granted, "refresh_token"), None),
        400,
        "invalid_grant",
        "over",
    );
    let over = || app.userinfo(&token).status;
    assert_eq!(
        crate::auth::lifetimes::eventually(over, |status| *status == 401),
        401
    );
    assert_eq!(browser.open(&app.request(SCOPE, &[])).title(), "Sign in");
}

fn another_app_cannot_use_it(baton: &Baton) {
    patient(baton, "ada");
    let (app, other) = (App::public(baton, SCOPE), App::public(baton, SCOPE));
    let refresh = text(&app.tokens(&Browser::new(baton), SCOPE, "ada"), "refresh_token");
    fails(&other.refresh(&refresh, None), 400, "invalid_grant", "unknown");
    assert_eq!(app.refresh(&refresh, None).status, 200, "and uses nothing up");
}

fn a_revoked_refresh_token_takes_all_with_it(baton: &Baton) {
    patient(baton, "ada");
    let (app, other) = (App::public(baton, SCOPE), App::public(baton, SCOPE));
    let granted = app.tokens(&Browser::new(baton), SCOPE, "ada");
    let (token, refresh) = (text(&granted, "access_token"), text(&granted, "refresh_token"));
    let revoke = |app: &App| {
        let fields = [("token", refresh.as_str()), ("client_id", &app.id)];
        baton.anonymous().form("/oauth/revoke", &fields).status
    };
    assert_eq!(
        (revoke(&other), app.userinfo(&token).status),
        (200, 200),
        "not theirs, so nothing happens"
    );
    assert_eq!((revoke(&app), app.userinfo(&token).status), (200, 401));
    fails(&app.refresh(&refresh, None), 400, "invalid_grant", "over");
    assert_eq!(revoke(&app), 200, "and again");
}
