//! Signing in: what is right, what is wrong, and that wrong answers tell nothing.
use super::app::*;
use super::browser::{Browser, Shown};
use crate::on_both;
use crate::support::Baton;
use std::time::{Duration, Instant};
use totp_rs::{Algorithm, Secret, TOTP};

on_both!(
    wrong_names_and_passwords_look_the_same,
    after_failures_an_account_waits,
    a_lost_one_time_password_secret_is_replaced,
    a_one_time_password_works_once,
    a_session_is_renewed_at_sign_in,
    a_new_password_ends_sessions,
    accounts_are_listed_without_secrets
);

fn tried(browser: &Browser, app: &App, name: &str, password: &str) -> Shown {
    let shown = browser.open(&app.request(SCOPE, &[("prompt", "login")]));
    browser.sign_in(&shown, name, password)
}

/// As people see it: the page, without what differs with every page.
fn seen(shown: &Shown) -> String {
    let csrf = shown
        .form("sign-in")
        .into_iter()
        .find(|(name, _)| name == "csrf")
        .expect("a token")
        .1;
    shown.reply.text.replace(&csrf, "")
}

fn wrong_names_and_passwords_look_the_same(baton: &Baton) {
    patient(baton, "ada");
    account(baton, "gone", "Patient/gone", &[]);
    baton.database.run_json(&["account", "disable", "gone"]);
    let app = App::public(baton, SCOPE);
    let mut looks = Vec::new();
    let mut fastest = Vec::new();
    for (name, password) in [
        ("ada", "not this password"),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("a b", PASSWORD),
    ] {
        let times = (0..5).map(|_| {
            let browser = Browser::new(baton);
            let shown = browser.open(&app.request(SCOPE, &[]));
            let started = Instant::now();
            let refused = browser.sign_in(&shown, name, password);
            let took = started.elapsed();
            assert_eq!(
                (refused.reply.status, refused.title()),
                (422, "Sign in"),
                "{name}"
            );
            assert!(!refused.reply.text.contains(password));
            looks.push(seen(&refused));
            took
        });
        fastest.push(times.min().expect("five"));
    }
    assert!(looks.iter().all(|look| *look == looks[0]));
    // Each hashes a password, which takes far longer than all else.
    let least = fastest[0].mul_f64(0.3);
    assert!(fastest.iter().all(|time| *time > least), "{fastest:?}");
}

fn after_failures_an_account_waits(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    for _ in 0..5 {
        assert_eq!(
            tried(&browser, &app, "Ada", "not this password").reply.status,
            422
        );
    }
    let locked = tried(&browser, &app, "ada", PASSWORD);
    assert_eq!(locked.reply.status, 422, "the right password waits too");
    let listed = baton.database.run_json(&["account", "list"]);
    assert_eq!(listed[0]["failed_attempts"], 5);
    assert!(listed[0]["locked_until"].is_string());
    baton
        .database
        .run_typing(&["account", "password", "ada"], "another long password");
    assert_eq!(
        tried(&browser, &app, "ada", "another long password").title(),
        "Allow Heart App?"
    );
    let listed = baton.database.run_json(&["account", "list"]);
    assert_eq!(listed[0]["failed_attempts"], 0, "success is forgotten failure");
}

fn a_lost_one_time_password_secret_is_replaced(baton: &Baton) {
    account(baton, "bob", "Practitioner/bob", &["--totp"]);
    // As if the key that sealed it were another's.
    let damage = "UPDATE account SET totp = 'sealed:1:AAAAAAAA:AAAA'";
    baton.database.alter(damage);
    let app = App::public(baton, SCOPE);
    let typed = |code: &str| {
        let browser = Browser::new(baton);
        let shown = browser.open(&app.request(SCOPE, &[]));
        let fields = [("name", "bob"), ("password", PASSWORD), ("code", code)];
        browser.submit(&shown, "sign-in", &fields).reply.status
    };
    assert_eq!(typed("123456"), 503);
    let listed = baton.database.run_json(&["account", "list"]);
    assert_eq!(listed[0]["totp"], true, "the list shows whom it is about");
    let fresh = baton.database.run_json(&["account", "totp", "bob"]);
    let secret = Secret::Encoded(fresh["totp_secret"].as_str().expect("shown this once").into());
    let totp = TOTP::new(Algorithm::SHA1, 6, 0, 30, secret.to_bytes().expect("base32")).expect("sound");
    while crate::auth::partner::seconds() % 30 > 26 {
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(typed(&totp.generate_current().expect("a clock")), 200);
    baton.database.run_json(&["account", "totp", "bob", "--off"]);
    assert_eq!(typed(""), 200);
    assert!(
        !baton
            .database
            .run(&["account", "totp", "nobody"])
            .status
            .success()
    );
}

fn a_one_time_password_works_once(baton: &Baton) {
    baton.partner().put(
        "Patient/bob",
        &serde_json::json!({"resourceType": "Patient", "id": "bob"}),
    );
    let added = account(baton, "bob", "Patient/bob", &["--totp"]);
    let secret = added["totp_secret"].as_str().expect("shown this once");
    assert!(added["totp_address"].as_str().expect("one").contains(secret));
    let kept = baton.database.peek("SELECT totp AS text FROM account");
    let open = baton.database.url().starts_with("postgres");
    assert_eq!(
        (kept == secret, kept.starts_with("sealed:")),
        (open, !open),
        "there is a key beside SQLite"
    );
    let totp = TOTP::new(
        Algorithm::SHA1,
        6,
        0,
        30,
        Secret::Encoded(secret.into()).to_bytes().expect("base32"),
    )
    .expect("sound");
    let app = App::public(baton, SCOPE);
    let typed = |code: &str| {
        let browser = Browser::new(baton);
        let shown = browser.open(&app.request(SCOPE, &[]));
        let fields = [("name", "bob"), ("password", PASSWORD), ("code", code)];
        browser.submit(&shown, "sign-in", &fields).reply.status
    };
    // Not at the very end of a step, so that the steps below are where they should be.
    while crate::auth::partner::seconds() % 30 > 26 {
        std::thread::sleep(Duration::from_millis(200));
    }
    let code = totp.generate_current().expect("a clock");
    assert_eq!(typed(""), 422);
    assert_eq!(typed(&totp.generate(1)), 422);
    assert_eq!(typed(&code), 200);
    assert_eq!(
        typed(&code),
        422,
        "nobody who looked over the shoulder can use it"
    );
    assert!(
        !baton
            .database
            .run_json(&["account", "list"])
            .to_string()
            .contains(secret)
    );
}

fn a_session_is_renewed_at_sign_in(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    let planted = browser.cookie();
    assert!(planted.is_some());
    browser.sign_in(&shown, "ada", PASSWORD);
    let own = browser.cookie();
    assert_ne!(planted, own);
    let attacker = Browser::new(baton);
    attacker.set_cookie(planted);
    assert_eq!(attacker.open(&app.request(SCOPE, &[])).title(), "Sign in");
    assert_eq!(attacker.open(&shown.url).title(), "This cannot go on");
    let log = baton.log();
    assert!(!log.contains(own.expect("a cookie").split('=').nth(1).expect("a value")));
}

fn a_new_password_ends_sessions(baton: &Baton) {
    patient(baton, "ada");
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    app.code(&browser, SCOPE, "ada");
    let changed = baton.database.run_json(&["account", "password", "ada"]);
    let made = changed["password"].as_str().expect("made and shown");
    let shown = browser.open(&app.request(SCOPE, &[]));
    assert_eq!(shown.title(), "Sign in");
    assert_eq!(browser.sign_in(&shown, "ada", made).title(), "Allow Heart App?");
}

fn accounts_are_listed_without_secrets(baton: &Baton) {
    let added = baton.database.run_json(&[
        "account",
        "add",
        "--name",
        "Doc",
        "--fhir-user",
        "Practitioner/d1",
    ]);
    let made = added["password"].as_str().expect("made and shown");
    assert!(made.len() > 40);
    let listed = baton.database.run_json(&["account", "list"]).to_string();
    assert!(listed.contains("\"name\":\"doc\"") && listed.contains("Practitioner/d1"));
    assert!(!listed.contains(made) && !listed.contains("argon2"));
    let refused: [(&[&str], &str); 3] = [
        (&["--name", "doc", "--fhir-user", "Practitioner/d2"], "already"),
        (
            &["--name", "org", "--fhir-user", "Organization/o1"],
            "Organization/o1",
        ),
        (&["--name", "two words", "--fhir-user", "Patient/p"], "no spaces"),
    ];
    for (args, words) in refused {
        let output = baton.database.run(&[&["account", "add"], args].concat());
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(words), "{said}");
    }
}
