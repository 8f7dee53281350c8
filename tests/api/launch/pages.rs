//! The pages themselves: nothing of another site can show, read or fill them in.
use super::app::*;
use super::browser::{Browser, Shown};
use crate::support::{Baton, Database, Options};
use crate::{on_both, on_both_databases};

on_both!(
    pages_cannot_be_framed_scripted_or_kept,
    forms_of_others_are_refused,
    a_sign_in_belongs_to_one_browser,
    an_old_page_shows_where_the_sign_in_stands
);
on_both_databases!(over_https_the_cookie_is_secure);

/// Such as ` onclick=`.
fn has_handler(html: &str) -> bool {
    let mut names = html
        .split(" on")
        .skip(1)
        .filter_map(|rest| rest.split_once('='))
        .map(|(name, _)| name);
    names.any(|name| name.bytes().all(|b| b.is_ascii_lowercase()))
}

fn guarded(shown: &Shown) {
    let policy = shown.reply.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self' https://app.example;",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("script") && !policy.contains("unsafe"));
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(shown.reply.header(name), value);
    }
    let html = &shown.reply.text;
    assert!(html.contains("<html lang=\"en\">") && html.contains("name=\"viewport\""));
    assert_eq!(html.matches("<h1>").count(), 1);
    assert!(
        !html.contains("<script") && !html.contains(" style=") && !has_handler(html),
        "{html}"
    );
}

fn pages_cannot_be_framed_scripted_or_kept(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    guarded(&shown);
    let cookie = shown.reply.header("set-cookie");
    assert!(
        cookie.contains("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    for field in ["name", "password", "code"] {
        assert!(
            shown.reply.text.contains(&format!("<label for=\"{field}\">")),
            "{field}"
        );
        assert!(shown.reply.text.contains(&format!("id=\"{field}\"")), "{field}");
    }
    guarded(&browser.sign_in(&shown, "ada", "wrong"));
    guarded(&browser.sign_in(&shown, "ada", PASSWORD));
    let style = baton.anonymous().get("/oauth/pages.css");
    assert_eq!(
        (style.status, style.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
}

fn forms_of_others_are_refused(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    let other = browser.open(&app.request(SCOPE, &[("prompt", "login")]));
    let strange = Browser::new(baton).open(&app.request(SCOPE, &[]));
    let token = |shown: &Shown, action: &str| {
        shown
            .form(action)
            .into_iter()
            .find(|(name, _)| name == "csrf")
            .expect("one")
            .1
    };
    let foreign = token(&strange, "sign-in");
    for csrf in ["", "guessed", &foreign] {
        let refused = browser.submit(&shown, "consent", &[("choice", "allow"), ("csrf", csrf)]);
        assert_eq!(
            (refused.reply.status, refused.title()),
            (403, "This cannot go on"),
            "{csrf}"
        );
    }
    assert_eq!(
        token(&other, "sign-in"),
        token(&shown, "consent"),
        "one per session"
    );
    app.called_back(&browser.allow(&shown));
}

fn a_sign_in_belongs_to_one_browser(baton: &Baton) {
    patient(baton, "ada");
    let app = App::public(baton, SCOPE);
    let (own, strange) = (Browser::new(baton), Browser::new(baton));
    let shown = own.open(&app.request(SCOPE, &[]));
    assert_eq!(strange.open(&shown.url).title(), "This cannot go on");
    let shown = own.sign_in(&shown, "ada", PASSWORD);
    app.code(&strange, SCOPE, "ada");
    assert_eq!(strange.open(&shown.url).title(), "This cannot go on");
    assert_eq!(
        strange
            .submit(&shown, "consent", &[("choice", "allow")])
            .reply
            .status,
        400
    );
    app.called_back(&own.allow(&shown));
    assert_eq!(own.allow(&shown).title(), "This cannot go on", "it works once");
}

fn an_old_page_shows_where_the_sign_in_stands(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let first = browser.open(&app.request(SCOPE, &[]));
    // Consent before anybody signed in.
    let form: Vec<(String, String)> = first.form("cancel");
    let csrf = form
        .iter()
        .find(|(name, _)| name == "csrf")
        .expect("one")
        .1
        .clone();
    let early = [
        ("csrf", csrf.as_str()),
        ("action", "consent"),
        ("choice", "allow"),
        ("scope-3", "on"),
    ];
    let early: Vec<(String, String)> = early
        .iter()
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .collect();
    assert_eq!(browser.post(&first.url, &early).title(), "Sign in");
    // Nor is a patient chosen where nobody may choose.
    let shown = browser.sign_in(&first, "ada", PASSWORD);
    let chosen = browser.submit(
        &shown,
        "consent",
        &[("action", "patient"), ("choice", "somebody-else")],
    );
    assert_eq!(chosen.title(), "Allow Heart App?");
    let granted = app
        .redeem(&app.called_back(&browser.allow(&chosen)), &Proof::Nothing)
        .ok();
    assert_eq!(granted["patient"], "ada");
}

fn over_https_the_cookie_is_secure(database: Database) {
    let args = ["--public-url", "https://baton.example"]
        .map(String::from)
        .to_vec();
    let baton = Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    );
    let app = App::public(&baton, SCOPE);
    let shown = Browser::new(&baton).open(&app.request(SCOPE, &[("aud", "https://baton.example/fhir")]));
    assert_eq!(shown.title(), "Sign in");
    let cookie = shown.reply.header("set-cookie");
    assert!(
        cookie.starts_with("__Host-baton-session=")
            && cookie.contains("; Path=/;")
            && cookie.ends_with("; Secure"),
        "{cookie}"
    );
}
