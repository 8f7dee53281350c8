//! Apps that register themselves, as far as the operator lets them.
use super::app::*;
use super::browser::Browser;
use crate::auth::partner::{KEYS, fails, settings, text};
use crate::on_both_databases;
use crate::support::{Baton, Database, Reply};
use serde_json::{Value, json};

on_both_databases!(
    nobody_registers_unless_the_operator_says_so,
    anybody_registers_where_it_is_open,
    an_initial_token_lets_one_app_in
);

fn start(database: Database, mode: &str) -> Baton {
    let options = settings(&database, &format!("[tokens]\nregistration = \"{mode}\"\n"));
    Baton::start(database, options)
}

fn register(baton: &Baton, token: Option<&str>, metadata: &Value) -> Reply {
    let mut client = baton.anonymous();
    client.token = token.map(str::to_string);
    client.send_text(
        "POST",
        "/oauth/register",
        "application/json",
        metadata.to_string(),
    )
}

fn app(change: &Value) -> Value {
    let mut metadata = json!({
        "client_name": "Plan Viewer", "redirect_uris": [BACK], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "scope": SCOPE, "logo_uri": "https://app.example/logo.png"
    });
    let change = change.as_object().expect("an object").clone();
    metadata.as_object_mut().expect("an object").extend(change);
    metadata
}

fn nobody_registers_unless_the_operator_says_so(database: Database) {
    let baton = start(database, "off");
    fails(
        &register(&baton, None, &app(&json!({}))),
        403,
        "access_denied",
        "baton client add",
    );
    let smart = baton.anonymous().get(".well-known/smart-configuration").ok();
    assert!(smart.get("registration_endpoint").is_none());
}

fn anybody_registers_where_it_is_open(database: Database) {
    let baton = start(database, "open");
    let smart = baton.anonymous().get(".well-known/smart-configuration").ok();
    assert_eq!(
        smart["registration_endpoint"],
        format!("{}/oauth/register", baton.base)
    );
    let reply = register(&baton, None, &app(&json!({})));
    assert_eq!((reply.status, reply.header("cache-control")), (201, "no-store"));
    let registered = reply.ok();
    assert_eq!(
        (&registered["token_endpoint_auth_method"], &registered["scope"]),
        (&json!("none"), &json!(SCOPE))
    );
    assert!(registered.get("client_secret").is_none());

    patient(&baton, "ada");
    let viewer = App {
        baton: &baton,
        id: text(&registered, "client_id"),
        secret: None,
    };
    let browser = Browser::new(&baton);
    let shown = browser.open(&viewer.request(SCOPE, &[]));
    assert!(shown.reply.text.contains("Plan Viewer"));
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    assert!(
        shown.reply.text.contains("https://app.example"),
        "names can be chosen, addresses cannot"
    );
    let granted = viewer
        .redeem(&viewer.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    assert_eq!(granted["patient"], "ada");

    let secret = register(
        &baton,
        None,
        &app(&json!({"token_endpoint_auth_method": "client_secret_basic"})),
    )
    .ok();
    assert_eq!(secret["client_secret_expires_at"], 0);
    let viewer = App {
        baton: &baton,
        id: text(&secret, "client_id"),
        secret: Some(text(&secret, "client_secret")),
    };
    let code = viewer.code(&browser, SCOPE, "ada");
    assert_eq!(viewer.redeem(&code, &Proof::Secret).ok()["patient"], "ada");
    let keys = app(&json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS.jwks()}));
    let keys = register(&baton, None, &keys).ok();
    let viewer = App {
        baton: &baton,
        id: text(&keys, "client_id"),
        secret: None,
    };
    let code = viewer.code(&browser, SCOPE, "ada");
    assert_eq!(viewer.redeem(&code, &Proof::Assertion).ok()["patient"], "ada");
    what_is_wrong_is_named(&baton);
}

fn what_is_wrong_is_named(baton: &Baton) {
    let keys = |more: Value| {
        let mut keys = json!({"token_endpoint_auth_method": "private_key_jwt"});
        keys.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        keys
    };
    let metadata = [
        (json!({"scope": "system/*.rs"}), "operator"),
        (
            json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic"}),
            "operator",
        ),
        (json!({"grant_types": ["implicit"]}), "implicit"),
        (json!({"response_types": ["token"]}), "response_types"),
        (
            json!({"token_endpoint_auth_method": "tls_client_auth"}),
            "token_endpoint_auth_method",
        ),
        (json!({"scope": "nonsense"}), "nonsense"),
        (json!({"redirect_uris": []}), "redirect URI"),
        (json!({"client_name": ""}), "client_name"),
        (json!({"client_name": 1}), "JSON object"),
        (keys(json!({})), "jwks"),
        (keys(json!({"jwks": {"keys": []}})), "key"),
        (
            keys(json!({"jwks_uri": "https://10.0.0.1/jwks"})),
            "private network",
        ),
        (keys(json!({"jwks_uri": "http://app.example/jwks"})), "https"),
    ];
    for (change, words) in metadata {
        fails(
            &register(baton, None, &app(&change)),
            400,
            "invalid_client_metadata",
            words,
        );
    }
    for uri in [
        "http://app.example/back",
        "javascript:alert(1)",
        "https://app.example/#x",
        "https://a.example https://b.example",
    ] {
        let refused = register(baton, None, &app(&json!({"redirect_uris": [uri]})));
        fails(&refused, 400, "invalid_redirect_uri", "");
    }
}

fn an_initial_token_lets_one_app_in(database: Database) {
    let baton = start(database, "initial-token");
    fails(
        &register(&baton, None, &app(&json!({}))),
        401,
        "invalid_token",
        "initial-token",
    );
    fails(
        &register(&baton, Some("guessed"), &app(&json!({}))),
        401,
        "invalid_token",
        "initial-token",
    );
    let made = baton.database.run_json(&["client", "initial-token"]);
    let token = text(&made, "initial_token");
    fails(
        &register(&baton, Some(&token), &app(&json!({"scope": "nonsense"}))),
        400,
        "invalid_client_metadata",
        "nonsense",
    );
    let backend = json!({
        "client_name": "Backend", "grant_types": ["client_credentials"], "scope": "system/Patient.rs"
    });
    let registered = register(&baton, Some(&token), &backend).ok();
    let (id, secret) = (text(&registered, "client_id"), text(&registered, "client_secret"));
    let client = crate::support::Client::with_secret(&baton.base, &id, &secret);
    assert_eq!(client.get("Patient").status, 200);
    fails(
        &register(&baton, Some(&token), &backend),
        401,
        "invalid_token",
        "works once",
    );
    assert!(!baton.log().contains(&token));
    let made = baton
        .database
        .run_json(&["client", "initial-token", "--days", "1"]);
    baton
        .database
        .alter("UPDATE handle SET expires = 1 WHERE kind = 'initial-token'");
    fails(
        &register(&baton, Some(&text(&made, "initial_token")), &backend),
        401,
        "invalid_token",
        "initial-token",
    );
}
