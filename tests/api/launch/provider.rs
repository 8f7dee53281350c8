//! Sign-in at an OpenID provider in place of a password, or beside it: a small provider that speaks HTTP. What it says
//! wrong, and who comes back wrongly, is in `provider/refused.rs`.
mod refused;

use super::app::*;
use super::browser::{Browser, Shown};
use crate::auth::partner::{KEYS, Keys, seconds, settings, text};
use crate::on_both_databases;
use crate::support::provider::{OK, Provider};
use crate::support::{Baton, Database};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

on_both_databases!(
    people_sign_in_there_and_go_on_as_ever,
    linked_people_are_let_in_and_others_told_their_name,
    signing_in_anew_is_asked_of_the_provider,
    whoever_becomes_somebody_else_loses_what_was_granted
);

fn keys() -> Value {
    json!({ "keys": [KEYS.jwk(Algorithm::RS256), KEYS.jwk(Algorithm::ES384)] })
}

const BY_CLAIM: &str = "person_claim = \"fhirUser\"\nlocal_accounts = false\n";

/// A server whose people sign in there.
fn serving(database: Database, more: &str) -> (Provider, Baton) {
    let provider = Provider::start(&keys());
    let secret = database.folder().join("provider.secret");
    std::fs::write(&secret, "a+secret of ours\n").expect("a writable folder");
    let toml = format!(
        "[limits]\nlogin_failures = 0\n[provider]\nissuer = \"{}\"\nname = \"River <Login>\"\nclient_id = \"baton at river\"\n\
         client_secret_file = \"{}\"\nallow_private = true\n{more}",
        provider.base,
        secret.display()
    );
    let options = settings(&database, &toml);
    let baton = Baton::start(database, options);
    (provider, baton)
}

/// What the browser that was sent there is to ask.
fn asked(provider: &Provider, shown: &Shown) -> HashMap<String, String> {
    assert!(
        shown.url.starts_with(&format!("{}/authorize?", provider.base)),
        "{} {}",
        shown.url,
        shown.reply.text
    );
    shown.told()
}

/// An id_token that is right in every respect, with `more` over it.
fn claims(provider: &Provider, asked: &HashMap<String, String>, more: &Value) -> Value {
    let now = seconds();
    let mut claims = json!({
        "iss": provider.base, "aud": asked["client_id"], "sub": "subject-4711", "iat": now, "exp": now + 300,
        "nonce": asked["nonce"], "auth_time": now,
    });
    for (name, value) in more.as_object().expect("claims") {
        claims[name] = value.clone();
    }
    claims
}

fn gives(provider: &Provider, id_token: &str) {
    let body = json!({"access_token": "theirs", "token_type": "Bearer", "id_token": id_token});
    provider.says("/token", OK, body.to_string());
}

fn back(browser: &Browser, asked: &HashMap<String, String>, more: &[(&str, &str)]) -> Shown {
    let mut url = Url::parse(&asked["redirect_uri"]).expect("an address");
    url.query_pairs_mut()
        .append_pair("state", &asked["state"])
        .extend_pairs(more);
    browser.open(url.as_str())
}

/// The provider signs the person in as `more` says.
fn signed_in(provider: &Provider, browser: &Browser, shown: &Shown, more: &Value) -> Shown {
    let asked = asked(provider, shown);
    let token = KEYS.sign(Algorithm::RS256, "RS256", &claims(provider, &asked, more));
    gives(provider, &token);
    back(browser, &asked, &[("code", "a-code-of-theirs")])
}

fn person(id: &str, baton: &Baton) {
    let patient = json!({"resourceType": "Patient", "id": id, "name": [{"family": "Sorensen"}]});
    baton.partner().put(&format!("Patient/{id}"), &patient).ok();
}

fn people_sign_in_there_and_go_on_as_ever(database: Database) {
    let (provider, baton) = serving(database, BY_CLAIM);
    person("ada", &baton);
    let (app, browser) = (App::public(&baton, SCOPE), Browser::new(&baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    let asked = asked(&provider, &shown);
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "baton at river"),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", &format!("{}/oauth/provider/callback", baton.base)),
    ] {
        assert_eq!(asked[name], value, "{asked:?}");
    }
    assert!(
        !asked.contains_key("prompt") && !asked.contains_key("max_age"),
        "{asked:?}"
    );
    let person =
        json!({"fhirUser": format!("{}/fhir/Patient/ada", baton.base), "preferred_username": "Ada.S"});
    let shown = signed_in(&provider, &browser, &shown, &person);
    assert_eq!(shown.title(), "Allow Heart App?", "{}", shown.reply.text);
    assert!(
        shown.reply.text.contains("ada.s@127.0.0.1"),
        "{}",
        shown.reply.text
    );
    let code = app.called_back(&browser.allow(&shown));
    let tokens = app.redeem(&code, &Proof::Nothing).ok();
    assert_eq!(tokens["patient"], "ada");
    let told = app.userinfo(&text(&tokens, "access_token")).ok();
    assert_eq!(told["fhirUser"], format!("{}/fhir/Patient/ada", baton.base));

    let exchange = provider.heard("/token").remove(0);
    let sent = Url::parse(&format!("x:?{}", exchange.body)).expect("a form");
    let sent: HashMap<_, _> = sent.query_pairs().into_owned().collect();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sent["code_verifier"].as_bytes()));
    assert_eq!(
        (challenge, sent["code"].as_str()),
        (asked["code_challenge"].clone(), "a-code-of-theirs")
    );
    assert!(
        sent["code_verifier"].len() >= 43 && !sent.contains_key("client_secret"),
        "{sent:?}"
    );
    let basic = STANDARD.encode("baton%20at%20river:a%2Bsecret%20of%20ours");
    assert!(
        exchange.head.contains(&format!("Basic {basic}")),
        "{}",
        exchange.head
    );

    // The session is ours from here on; another browser has none.
    let shown = browser.open(&app.request(SCOPE, &[]));
    assert_eq!(shown.title(), "Allow Heart App?");
    assert!(
        Browser::new(&baton)
            .open(&app.request(SCOPE, &[]))
            .url
            .starts_with(&provider.base)
    );
    let listed = baton.database.run_json(&["account", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(
        (&listed[0]["subject"], &listed[0]["fhir_user"]),
        (&json!("subject-4711"), &json!("Patient/ada"))
    );
    // Nobody signs in by a password: the account has none, and the page no fields.
    let shown = browser.submit(&shown, "sign-out", &[]);
    assert_eq!(shown.title(), "Sign in");
    assert!(
        !shown.reply.text.contains("type=\"password\""),
        "{}",
        shown.reply.text
    );
    let forged = [
        ("name", "ada.s@127.0.0.1"),
        ("password", "by-claim"),
        ("action", "sign-in"),
    ];
    let shown = browser.submit(&shown, "cancel", &forged);
    assert_eq!((shown.title(), shown.reply.status), ("Sign in", 200));
    let shown = browser.open(&format!("{}?go=there", shown.url));
    assert_eq!(
        self::asked(&provider, &shown)["prompt"],
        "login",
        "who signed out is asked anew"
    );
    assert!(!baton.log().contains("subject-4711"));
}

fn linked_people_are_let_in_and_others_told_their_name(database: Database) {
    let (provider, baton) = serving(database, "");
    person("ada", &baton);
    account(&baton, "bob", "Practitioner/bob", &[]);
    let (app, browser) = (App::public(&baton, SCOPE), Browser::new(&baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    assert!(
        shown.reply.text.contains("Sign in with River &lt;Login&gt;"),
        "{}",
        shown.reply.text
    );
    let local = browser.sign_in(&shown, "bob", PASSWORD);
    assert_eq!(local.title(), "Choose a patient");
    let shown = browser.submit(&local, "sign-out", &[]);
    let there = browser.open(&format!("{}?go=there", shown.url));
    // The claim is not asked for, so it says nothing.
    let claim = json!({"fhirUser": "Patient/ada"});
    let shown = signed_in(&provider, &browser, &there, &claim);
    assert_eq!(
        (shown.reply.status, shown.title()),
        (403, "Nobody here by that name")
    );
    assert!(
        shown.reply.text.contains("<code>subject-4711</code>"),
        "{}",
        shown.reply.text
    );
    let config = baton.database.folder().join("baton.toml").display().to_string();
    let link = |name: &str, more: &[&str]| {
        let args = [
            "account",
            "link",
            name,
            "--subject",
            "subject-4711",
            "--config",
            &config,
        ];
        baton.database.run(&[&args[..], more].concat())
    };
    let refused = |output: std::process::Output, words: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(words),
            "{words} in {said}"
        );
    };
    refused(link("ada", &[]), "give --fhir-user");
    refused(
        link("bob", &["--fhir-user", "Patient/ada"]),
        "leave out --fhir-user",
    );
    assert!(link("ada", &["--fhir-user", "Patient/ada"]).status.success());
    refused(link("bob", &[]), "linked with the account `ada`");
    let open = |browser: &Browser| {
        let shown = browser.open(&app.request(SCOPE, &[]));
        browser.open(&format!("{}?go=there", shown.url))
    };
    let shown = signed_in(&provider, &browser, &open(&browser), &json!({}));
    assert_eq!(shown.title(), "Allow Heart App?", "{}", shown.reply.text);
    let tokens = app
        .redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    baton.database.run_json(&["account", "unlink", "ada"]);
    assert_eq!(app.refresh(&text(&tokens, "refresh_token"), None).status, 400);
    assert_eq!(browser.open(&app.request(SCOPE, &[])).title(), "Sign in");
    let shown = signed_in(&provider, &browser, &open(&browser), &json!({}));
    assert_eq!(shown.reply.status, 403);
    // An account of both ways, then disabled.
    assert!(link("bob", &[]).status.success());
    let shown = signed_in(&provider, &browser, &open(&browser), &json!({}));
    assert_eq!(shown.title(), "Choose a patient");
    baton.database.run_json(&["account", "disable", "bob"]);
    let other = Browser::new(&baton);
    assert_eq!(
        signed_in(&provider, &other, &open(&other), &json!({}))
            .reply
            .status,
        403
    );
}

fn signing_in_anew_is_asked_of_the_provider(database: Database) {
    let (provider, baton) = serving(database, BY_CLAIM);
    person("ada", &baton);
    let (app, browser) = (App::public(&baton, SCOPE), Browser::new(&baton));
    let shown = browser.open(&app.request(SCOPE, &[("prompt", "login")]));
    let told = asked(&provider, &shown);
    assert_eq!(
        (told["prompt"].as_str(), told["max_age"].as_str()),
        ("login", "0")
    );
    let old = json!({"fhirUser": "Patient/ada", "auth_time": seconds() - 600});
    let refused = signed_in(&provider, &browser, &shown, &old);
    assert_eq!(refused.reply.status, 403);
    assert!(
        refused.reply.text.contains("sign in once more"),
        "{}",
        refused.reply.text
    );
    let shown = browser.open(&app.request(SCOPE, &[("max_age", "1000")]));
    let told = asked(&provider, &shown);
    assert_eq!(told["max_age"], "1000");
    let shown = signed_in(&provider, &browser, &shown, &old);
    assert_eq!(shown.title(), "Allow Heart App?");
    // What the app is told is when they proved it, not when they came here.
    let tokens = app
        .redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    let id_token = text(&tokens, "id_token");
    let claims = URL_SAFE_NO_PAD
        .decode(id_token.split('.').nth(1).expect("a JWT"))
        .expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert!(
        (590..620).contains(&(seconds() - claims["auth_time"].as_i64().expect("a time"))),
        "{claims}"
    );
    assert!(
        browser
            .open(&app.request(SCOPE, &[("max_age", "60")]))
            .url
            .starts_with(&provider.base)
    );
    assert_eq!(browser.open(&app.request(SCOPE, &[])).title(), "Allow Heart App?");
}

fn whoever_becomes_somebody_else_loses_what_was_granted(database: Database) {
    let (provider, baton) = serving(database, BY_CLAIM);
    person("ada", &baton);
    person("eve", &baton);
    let (app, browser) = (App::public(&baton, SCOPE), Browser::new(&baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    let shown = signed_in(&provider, &browser, &shown, &json!({"fhirUser": "Patient/ada"}));
    let tokens = app
        .redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    let mut client = baton.anonymous();
    client.token = Some(text(&tokens, "access_token"));
    assert_eq!(client.get("Task?patient=ada").status, 200);
    let other = Browser::new(&baton);
    let shown = other.open(&app.request(SCOPE, &[]));
    let shown = signed_in(&provider, &other, &shown, &json!({"fhirUser": "Patient/eve"}));
    assert_eq!(shown.title(), "Allow Heart App?");
    client.get("Task?patient=ada").refused(401, "revoked");
    assert_eq!(app.refresh(&text(&tokens, "refresh_token"), None).status, 400);
    let again = browser.open(&app.request(SCOPE, &[]));
    assert!(
        again.url.starts_with(&provider.base),
        "the old session is over: {}",
        again.reply.text
    );
}
