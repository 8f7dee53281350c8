//! `/admin`: a program of the operator's keeps clients, accounts and senders, within bounds, and each change is recorded.
mod accounts;
mod bounds;
mod senders;

use crate::auth::partner::{KEYS, fails, text};
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    a_client_from_its_making_to_its_end,
    options_name_the_methods,
    what_cannot_be_is_refused_in_the_words_of_registration,
    each_change_is_recorded_with_who_made_it
);

fn admin(baton: &Baton, letters: &str) -> Client {
    baton.client(&format!("admin/Client.{letters}"))
}

fn json(client: &Client, method: &str, path: &str, body: &Value) -> Reply {
    client.send_text(method, path, "application/json", body.to_string())
}

fn backend(scope: &str) -> Value {
    json!({"client_name": "Registry", "grant_types": ["client_credentials"], "scope": scope})
}

fn made(admin: &Client, body: &Value) -> Value {
    let reply = json(admin, "POST", "/admin/clients", body);
    assert_eq!(reply.status, 201, "{}", reply.text);
    let made = reply.json();
    assert!(
        reply
            .header("location")
            .ends_with(&format!("/admin/clients/{}", text(&made, "client_id")))
    );
    made
}

fn signs_in(baton: &Baton, made: &Value) -> Client {
    Client::with_secret(
        &baton.base,
        &text(made, "client_id"),
        &text(made, "client_secret"),
    )
}

fn refused(baton: &Baton, id: &str, secret: &str) -> bool {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
    ];
    baton.anonymous().form("/oauth/token", &fields).status == 401
}

fn options_name_the_methods(baton: &Baton) {
    for (path, methods) in [
        ("/admin/clients", "GET, POST"),
        ("/admin/clients/x", "GET, PATCH, DELETE"),
        ("/admin/clients/x/secret", "POST"),
        ("/oauth/token", "POST"),
    ] {
        let asked = |method: &str| Reply::of(baton.anonymous().request(method, path));
        let options = asked("OPTIONS");
        let told = format!("{methods}, OPTIONS");
        assert_eq!(
            (options.status, options.header("allow")),
            (204, told.as_str()),
            "{path}"
        );
        let put = asked("PUT");
        assert_eq!((put.status, put.header("allow")), (405, methods), "{path}");
    }
}

fn a_client_from_its_making_to_its_end(baton: &Baton) {
    let admin = admin(baton, "cruds");
    let client = made(&admin, &backend("system/Patient.rs"));
    let (id, first) = (text(&client, "client_id"), text(&client, "client_secret"));
    let path = format!("/admin/clients/{id}");
    assert_eq!(signs_in(baton, &client).get("Patient").status, 200);
    let shown = admin.get(&path);
    assert_eq!(
        (shown.json()["scope"].as_str(), shown.header("cache-control")),
        (Some("system/Patient.rs"), "no-store")
    );
    let listed = admin.get("/admin/clients");
    assert!(
        listed.ok()["clients"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["client_id"] == id.as_str()))
    );
    for reply in [&shown, &listed] {
        assert!(
            !reply.text.contains("secret\"") && !reply.text.contains(&first),
            "{}",
            reply.text
        );
    }
    // Other scopes, the same secret.
    let changed = json(
        &admin,
        "PATCH",
        &path,
        &json!({"scope": "system/Task.rs", "client_name": "Tasks"}),
    );
    assert_eq!((changed.status, changed.ok().get("client_secret")), (200, None));
    let holder = signs_in(baton, &client);
    assert_eq!(
        (holder.get("Task").status, holder.get("Patient").status),
        (200, 403)
    );
    // A new secret ends the old one.
    let rotated = json(&admin, "POST", &format!("{path}/secret"), &json!({})).ok();
    assert!(refused(baton, &id, &first));
    assert_eq!(signs_in(baton, &rotated).get("Task").status, 200);
    // Keys in place of the secret, and back.
    let keyed = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS.jwks()});
    assert!(
        json(&admin, "PATCH", &path, &keyed)
            .ok()
            .get("client_secret")
            .is_none()
    );
    assert!(refused(baton, &id, &text(&rotated, "client_secret")));
    fails(
        &json(&admin, "POST", &format!("{path}/secret"), &json!({})),
        400,
        "invalid_client_metadata",
        "without a secret",
    );
    let back = json!({"token_endpoint_auth_method": "client_secret_basic", "jwks": null});
    let back = json(&admin, "PATCH", &path, &back).ok();
    let holder = signs_in(baton, &back);
    assert_eq!(
        json(&admin, "POST", &format!("{path}/disable"), &json!({})).status,
        200
    );
    holder.get("Task").refused(401, "disabled");
    assert!(admin.get(&path).ok()["disabled"].is_string());
    assert_eq!(
        json(&admin, "POST", &format!("{path}/enable"), &json!({})).status,
        200
    );
    let holder = signs_in(baton, &back);
    assert_eq!(admin.delete(&path).status, 204);
    holder.get("Task").refused(401, "revoked");
    assert!(refused(baton, &id, &text(&back, "client_secret")));
    fails(&admin.get(&path), 404, "not_found", "no such client");
    fails(&admin.delete(&path), 404, "not_found", "no such client");
}

fn what_cannot_be_is_refused_in_the_words_of_registration(baton: &Baton) {
    let admin = admin(baton, "cruds");
    let app = |more: Value| {
        let mut app = json!({"client_name": "App", "redirect_uris": ["https://app.example/back"],
            "token_endpoint_auth_method": "none", "scope": "launch/patient patient/*.rs"});
        for (name, value) in more.as_object().expect("members") {
            app[name] = value.clone();
        }
        app
    };
    for (body, error, words) in [
        (json!([]), "invalid_client_metadata", "JSON object"),
        (
            app(json!({"scope": "nonsense"})),
            "invalid_client_metadata",
            "nonsense",
        ),
        (
            app(json!({"redirect_uris": ["http://app.example/back"]})),
            "invalid_redirect_uri",
            "https",
        ),
        (
            app(json!({"redirect_uris": []})),
            "invalid_client_metadata",
            "needs a redirect URI",
        ),
        (
            app(json!({"scope": "system/*.rs"})),
            "invalid_client_metadata",
            "client_credentials",
        ),
        (
            app(json!({"token_endpoint_auth_method": "x"})),
            "invalid_client_metadata",
            "must be one of",
        ),
        (
            app(json!({"token_endpoint_auth_method": "private_key_jwt"})),
            "invalid_client_metadata",
            "jwks",
        ),
        (
            app(
                json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://10.0.0.1/jwks"}),
            ),
            "invalid_client_metadata",
            "private network",
        ),
    ] {
        fails(&json(&admin, "POST", "/admin/clients", &body), 400, error, words);
    }
    let id = text(&made(&admin, &backend("system/Task.rs")), "client_id");
    let path = format!("/admin/clients/{id}");
    for (changes, words) in [
        (json!({"token_endpoint_auth_method": "none"}), "registered anew"),
        (json!({"scope": "patient/*.rs"}), "needs a user"),
        (json!({"client_name": ""}), "client_name"),
        (json!({"grant_types": "client_credentials"}), "JSON object"),
    ] {
        fails(
            &json(&admin, "PATCH", &path, &changes),
            400,
            "invalid_client_metadata",
            words,
        );
    }
    let public = made(&admin, &app(json!({})));
    assert!(public.get("client_secret").is_none());
    let path = format!("/admin/clients/{}", text(&public, "client_id"));
    let moved = json(
        &admin,
        "PATCH",
        &path,
        &json!({"redirect_uris": ["https://app.example/new"]}),
    )
    .ok();
    assert_eq!(moved["redirect_uris"], json!(["https://app.example/new"]));
}

fn each_change_is_recorded_with_who_made_it(baton: &Baton) {
    let admin = admin(baton, "cruds");
    let by = text(&baton.database.run_json(&["client", "list"])[0], "client_id");
    let id = text(&made(&admin, &backend("system/Task.rs")), "client_id");
    let path = format!("/admin/clients/{id}");
    assert_eq!(
        json(&admin, "PATCH", &path, &json!({"scope": "system/Task.r"})).status,
        200
    );
    assert_eq!(
        json(&admin, "PATCH", &path, &json!({"scope": "nonsense"})).status,
        400
    );
    assert_eq!(admin.delete(&path).status, 204);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let reader = baton.client("system/AuditEvent.rs");
    let events = reader.find(&format!(
        "AuditEvent?entity:identifier=urn:baton:client|{id}&_sort=date"
    ));
    let outcomes: Vec<&str> = events
        .iter()
        .filter_map(|event| event["outcome"].as_str())
        .collect();
    assert_eq!(outcomes, ["0", "0", "4", "0"], "{events:#?}");
    for event in &events {
        assert_eq!(event["agent"][0]["who"]["identifier"]["value"], by.as_str());
        assert_eq!(event["agent"][0]["network"]["address"], "127.0.0.1");
    }
}
