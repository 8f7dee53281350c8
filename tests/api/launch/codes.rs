//! A code works once, soon, for the app it was made for.
use super::app::*;
use super::browser::Browser;
use crate::auth::partner::{fails, text};
use crate::on_both;
use crate::support::Baton;

on_both!(
    a_second_use_ends_what_came_of_the_first,
    only_one_of_many_gets_tokens,
    the_verifier_must_be_the_one_of_the_request,
    a_code_is_bound_to_app_and_address,
    what_took_too_long_is_over,
    the_token_endpoint_knows_its_grants
);

fn a_second_use_ends_what_came_of_the_first(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let code = app.code(&browser, SCOPE, "ada");
    let granted = app.redeem(&code, &Proof::Nothing).ok();
    let token = text(&granted, "access_token");
    assert_eq!(app.userinfo(&token).status, 200);
    fails(
        &app.redeem(&code, &Proof::Nothing),
        400,
        "invalid_grant",
        "used before",
    );
    let refused = app.userinfo(&token);
    assert_eq!(refused.status, 401);
    assert!(
        refused.header("www-authenticate").contains("revoked"),
        "{refused:?}"
    );
    fails(
        &app.refresh(&text(&granted, "refresh_token"), None),
        400,
        "invalid_grant",
        "unknown",
    );
}

fn only_one_of_many_gets_tokens(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let code = app.code(&browser, SCOPE, "ada");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| app.redeem(&code, &Proof::Nothing).status))
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
}

fn the_verifier_must_be_the_one_of_the_request(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let grant = |code: &str, verifier: &str| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", verifier),
        ];
        app.ask(&fields, &Proof::Nothing)
    };
    let code = app.code(&browser, SCOPE, "ada");
    fails(&grant(&code, ""), 400, "invalid_request", "code_verifier");
    // The challenge itself is no proof.
    fails(&grant(&code, &challenge()), 400, "invalid_grant", "code_verifier");
    fails(&grant(&code, VERIFIER), 400, "invalid_grant", "used before");
}

fn a_code_is_bound_to_app_and_address(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let other = App::public(baton, SCOPE);
    let code = app.code(&browser, SCOPE, "ada");
    fails(
        &other.redeem(&code, &Proof::Nothing),
        400,
        "invalid_grant",
        "unknown",
    );
    let code = app.code(&browser, SCOPE, "ada");
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "https://app.example/other"),
        ("code_verifier", VERIFIER),
    ];
    fails(
        &app.ask(&elsewhere, &Proof::Nothing),
        400,
        "invalid_grant",
        "redirect_uri",
    );
    fails(
        &app.redeem("made-up", &Proof::Nothing),
        400,
        "invalid_grant",
        "unknown",
    );
    // A refresh token is no code, nor the other way round.
    let granted = app.tokens(&browser, SCOPE, "ada");
    let refresh = text(&granted, "refresh_token");
    fails(
        &app.redeem(&refresh, &Proof::Nothing),
        400,
        "invalid_grant",
        "unknown",
    );
    let code = app.code(&browser, SCOPE, "ada");
    fails(&app.refresh(&code, None), 400, "invalid_grant", "unknown");
    assert_eq!(app.refresh(&refresh, None).status, 200);
}

fn the_token_endpoint_knows_its_grants(baton: &Baton) {
    let app = App::public(baton, SCOPE);
    let ask = |grant: &str| app.ask(&[("grant_type", grant)], &Proof::Nothing);
    fails(
        &ask("password"),
        400,
        "unsupported_grant_type",
        "authorization_code",
    );
    fails(
        &ask("client_credentials"),
        400,
        "unauthorized_client",
        "client_credentials",
    );
    let (id, secret) = crate::auth::partner::register_secret(&baton.database, "system/*.rs");
    let backend = App {
        baton,
        id,
        secret: Some(secret),
    };
    fails(
        &backend.redeem("x", &Proof::Secret),
        400,
        "unauthorized_client",
        "authorization_code",
    );
    fails(
        &backend.redeem("x", &Proof::Nothing),
        401,
        "invalid_client",
        "client secret",
    );
}

fn what_took_too_long_is_over(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let code = app.code(&browser, SCOPE, "ada");
    baton.database.alter(
        "UPDATE handle SET body = replace(body, '\"until\":', '\"until\":1,\"was\":') WHERE kind = 'code'",
    );
    fails(&app.redeem(&code, &Proof::Nothing), 400, "invalid_grant", "over");
    let shown = browser.open(&app.request(SCOPE, &[]));
    baton
        .database
        .alter("UPDATE handle SET expires = 1 WHERE kind = 'flow'");
    assert_eq!(browser.allow(&shown).title(), "This cannot go on");
    baton
        .database
        .alter("UPDATE handle SET expires = 1 WHERE kind = 'session'");
    assert_eq!(browser.open(&app.request(SCOPE, &[])).title(), "Sign in");
    let granted = app.tokens(&browser, SCOPE, "ada");
    baton
        .database
        .alter("UPDATE handle SET expires = 1 WHERE kind = 'refresh'");
    fails(
        &app.refresh(&text(&granted, "refresh_token"), None),
        400,
        "invalid_grant",
        "over",
    );
}
