//! How far `/admin` goes: the letters of its scopes, what the operator allows at most, and its own tenant.
use super::{admin, backend, json, made};
use crate::auth::partner::{fails, settings, text};
use crate::support::{Baton, Client, Database};
use crate::{on_both, on_both_databases};

on_both!(each_letter_is_asked_for);
on_both_databases!(nobody_gives_more_than_the_operator_allows, tenants_keep_their_own);

fn each_letter_is_asked_for(baton: &Baton) {
    let all = admin(baton, "cruds");
    let id = text(&made(&all, &backend("system/Task.rs")), "client_id");
    let path = format!("/admin/clients/{id}");
    let asks: [(&str, &str, String); 8] = [
        ("s", "GET", "/admin/clients".into()),
        ("r", "GET", path.clone()),
        ("c", "POST", "/admin/clients".into()),
        ("u", "PATCH", path.clone()),
        ("u", "POST", format!("{path}/secret")),
        ("u", "POST", format!("{path}/disable")),
        ("u", "POST", format!("{path}/enable")),
        ("d", "DELETE", path.clone()),
    ];
    let nobody = baton.anonymous();
    let partner = baton.partner();
    for letter in ["c", "r", "u", "d", "s"] {
        let one = admin(baton, letter);
        for (needed, method, path) in &asks {
            let body = if *needed == "c" {
                backend("system/Task.r")
            } else {
                json!({})
            };
            if *needed != letter {
                let reply = json(&one, method, path, &body);
                fails(
                    &reply,
                    403,
                    "insufficient_scope",
                    &format!("admin/Client.{needed}"),
                );
                assert_eq!(json(&partner, method, path, &body).status, 403);
                let stranger = json(&nobody, method, path, &body);
                assert_eq!(
                    (stranger.status, stranger.json()["error"].as_str()),
                    (401, Some("invalid_token"))
                );
                assert!(stranger.header("www-authenticate").starts_with("Bearer"));
            } else if letter != "d" {
                assert!(
                    json(&one, method, path, &body).status < 300,
                    "{letter} {method} {path}"
                );
            }
        }
        // It opens no data.
        one.get("Patient").refused(403, "scope");
    }
    let put = json(&all, "PUT", &path, &json!({}));
    assert_eq!((put.status, put.header("allow")), (405, "GET, PATCH, DELETE"));
}

fn nobody_gives_more_than_the_operator_allows(database: Database) {
    let options = settings(
        &database,
        "[admin]\nscopes_at_most = \"system/Task.rs system/Patient.rs patient/*.rs\"\n",
    );
    let baton = Baton::start(database, options);
    let admin = admin(&baton, "cruds");
    for scope in [
        "system/Task.cruds",
        "system/*.rs",
        "admin/Client.r",
        "system/Task.rs admin/Client.cruds",
    ] {
        let reply = json(&admin, "POST", "/admin/clients", &backend(scope));
        fails(&reply, 403, "access_denied", "scopes_at_most");
    }
    let id = text(&made(&admin, &backend("system/Task.r")), "client_id");
    let path = format!("/admin/clients/{id}");
    fails(
        &json(&admin, "PATCH", &path, &json!({"scope": "system/Task.u"})),
        403,
        "access_denied",
        "scopes_at_most",
    );
    // Nor is one taken over that has more: not an administrator, not a wide client of the operator's.
    baton.partner();
    for client in admin.get("/admin/clients").ok()["clients"]
        .as_array()
        .expect("a list")
    {
        let id = text(client, "client_id");
        if client["scope"] == "system/Task.r" {
            continue;
        }
        for (method, verb) in [
            ("POST", "/secret"),
            ("POST", "/disable"),
            ("DELETE", ""),
            ("PATCH", ""),
        ] {
            let reply = json(&admin, method, &format!("/admin/clients/{id}{verb}"), &json!({}));
            assert_eq!(
                (reply.status, reply.json()["error"].as_str()),
                (403, Some("access_denied")),
                "{method} {verb}"
            );
        }
    }
    assert_eq!(baton.client("system/Task.cruds").get("Task").status, 200);
    // Apps do not register themselves as administrators, and no person can let one in.
    let args = [
        "client",
        "add",
        "--name",
        "x",
        "--scope",
        "admin/Client.r",
        "--public",
        "--redirect-uri",
        "https://a.example/",
    ];
    assert!(!baton.database.run(&args).status.success());
}

fn tenants_keep_their_own(database: Database) {
    let options = settings(&database, "[[tenants]]\nname = \"river\"\n");
    let baton = Baton::start(database, options);
    let root = admin(&baton, "cruds");
    let config = baton.database.folder().join("baton.toml").display().to_string();
    let add = [
        "client",
        "add",
        "--name",
        "a",
        "--scope",
        "admin/Client.cruds",
        "--secret",
        "--config",
        &config,
        "--tenant",
        "river",
    ];
    let added = baton.database.run_json(&add);
    let base = format!("{}/t/river", baton.base);
    let river = Client::with_secret(&base, &text(&added, "client_id"), &text(&added, "client_secret"));
    let client = json(&river, "POST", "/admin/clients", &backend("system/Task.rs")).json();
    let id = text(&client, "client_id");
    assert_eq!(river.get(&format!("/admin/clients/{id}")).status, 200);
    assert_eq!(root.get(&format!("/admin/clients/{id}")).status, 404);
    assert_eq!(root.delete(&format!("/admin/clients/{id}")).status, 404);
    assert!(!root.get("/admin/clients").text.contains(&id));
    let mut stranger = river.clone();
    stranger.token = root.token.clone();
    assert_eq!(stranger.get("/admin/clients").status, 401);
}
