//! Accounts kept by a program: their people can sign in as long as they may.
use super::json;
use crate::audit::book::events;
use crate::auth::partner::{fails, settings, text};
use crate::launch::app::{App, SCOPE};
use crate::launch::browser::Browser;
use crate::support::{Baton, Client, Database, Options, Reply};
use crate::{on_both, on_both_databases};
use serde_json::Value;

on_both!(
    an_account_from_its_making_to_its_end,
    each_letter_is_asked_for,
    what_cannot_be_is_refused
);
on_both_databases!(only_people_that_the_operator_names_are_kept);

fn made(admin: &Client, body: &Value) -> Value {
    let reply = json(admin, "POST", "/admin/accounts", body);
    assert_eq!(reply.status, 201, "{}", reply.text);
    let made = reply.json();
    assert!(reply.header("location").ends_with(&text(&made, "id")));
    made
}

fn ada() -> Value {
    json!({"name": "Ada", "fhir_user": "Patient/ada"})
}

/// Whether the page after the sign-in is shown.
fn signs_in(baton: &Baton, name: &str, password: &str) -> bool {
    let app = App::public(baton, SCOPE);
    let browser = Browser::new(baton);
    let shown = browser.open(&app.request(SCOPE, &[]));
    browser.sign_in(&shown, name, password).title() == "Allow Heart App?"
}

fn an_account_from_its_making_to_its_end(baton: &Baton) {
    let admin = baton.client("admin/Account.crus");
    let patient = json!({"resourceType": "Patient", "id": "ada"});
    assert_eq!(baton.partner().put("Patient/ada", &patient).status, 201);
    let account = made(&admin, &ada());
    let (id, first) = (text(&account, "id"), text(&account, "password"));
    assert_eq!((text(&account, "name"), first.len() > 40), ("ada".into(), true));
    let path = format!("/admin/accounts/{id}");
    assert!(signs_in(baton, "ada", &first));
    let shown = admin.get(&path);
    let listed = admin.get("/admin/accounts");
    for reply in [&shown, &listed] {
        assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"));
        assert!(
            reply.text.contains(&id) && !reply.text.contains("argon2") && !reply.text.contains("password")
        );
    }
    // A new password, given and made.
    let given = json!({"password": "correct horse battery"});
    let changed = json(&admin, "POST", &format!("{path}/password"), &given);
    assert!(
        changed.status == 200 && !changed.text.contains("correct horse"),
        "{}",
        changed.text
    );
    assert!(!signs_in(baton, "ada", &first) && signs_in(baton, "ada", "correct horse battery"));
    let again = Reply::of(admin.request("POST", &format!("{path}/password"))).ok();
    let second = text(&again, "password");
    // What the person granted ends with the account.
    let app = App::public(baton, SCOPE);
    let browser = Browser::new(baton);
    let shown = browser.open(&app.request(SCOPE, &[]));
    let allowed = browser.allow(&browser.sign_in(&shown, "ada", &second));
    let tokens = app
        .redeem(&app.called_back(&allowed), &crate::launch::app::Proof::Nothing)
        .ok();
    assert_eq!(app.userinfo(&text(&tokens, "access_token")).status, 200);
    let disabled = Reply::of(admin.request("POST", &format!("{path}/disable"))).ok();
    assert!(disabled["disabled"].is_string());
    assert_eq!(app.userinfo(&text(&tokens, "access_token")).status, 401);
    assert!(!signs_in(baton, "ada", &second));
    let enabled = Reply::of(admin.request("POST", &format!("{path}/enable"))).ok();
    assert!(enabled["disabled"].is_null());
    assert!(signs_in(baton, "ada", &second));
    let recorded = events(&baton.database);
    let changes = recorded.iter().filter(|event| {
        event["subtype"][0]["code"] == "110137" && event.to_string().contains(&id) && event["outcome"] == "0"
    });
    assert_eq!(changes.count(), 6, "made, shown, two passwords, shut out, let in");
}

fn each_letter_is_asked_for(baton: &Baton) {
    let id = text(&made(&baton.client("admin/Account.c"), &ada()), "id");
    let path = format!("/admin/accounts/{id}");
    let disable = format!("{path}/disable");
    for (letter, method, path) in [
        ("s", "GET", "/admin/accounts"),
        ("r", "GET", &path),
        ("c", "POST", "/admin/accounts"),
        ("u", "POST", &disable),
    ] {
        let others: String = "crus".chars().filter(|one| !letter.contains(*one)).collect();
        for scope in [
            &format!("admin/Account.{others}"),
            "admin/Client.cruds",
            "admin/Sender.crus",
            "system/*.cruds",
        ] {
            let refused = json(&baton.client(scope), method, path, &ada());
            fails(
                &refused,
                403,
                "insufficient_scope",
                &format!("admin/Account.{letter}"),
            );
        }
        assert_eq!(baton.anonymous().get("/admin/accounts").status, 401);
    }
}

fn what_cannot_be_is_refused(baton: &Baton) {
    let admin = baton.client("admin/Account.crus");
    let made = made(&admin, &ada());
    for (body, words) in [
        (json!({}), "`fhir_user`"),
        (json!({"name": "two words", "fhir_user": "Patient/x"}), "name"),
        (
            json!({"name": "x", "fhir_user": "Organization/x"}),
            "Organization/x",
        ),
        (
            json!({"name": "x", "fhir_user": "Patient/x", "password": "short"}),
            "password",
        ),
        (
            json!({"name": "x", "fhir_user": "Patient/x", "passwort": "correct horse battery"}),
            "`password`",
        ),
    ] {
        let refused = json(&admin, "POST", "/admin/accounts", &body);
        fails(&refused, 400, "invalid_client_metadata", words);
    }
    let again = json(&admin, "POST", "/admin/accounts", &ada());
    fails(&again, 409, "conflict", "of that name");
    fails(
        &admin.get("/admin/accounts/nobody"),
        404,
        "not_found",
        "no such account",
    );
    let short = json!({"password": "short"});
    let path = format!("/admin/accounts/{}/password", text(&made, "id"));
    let refused = json(&admin, "POST", &path, &short);
    fails(&refused, 400, "invalid_client_metadata", "password");
    assert!(!signs_in(baton, "nobody", "correct horse battery"));
}

fn only_people_that_the_operator_names_are_kept(database: Database) {
    let database = std::sync::Arc::new(database);
    let options: Options = settings(&database, "[admin]\npeople = [\"Patient\"]\n");
    let baton = Baton::on(database.clone(), &options);
    let doctor = crate::launch::app::account(&baton, "doc", "Practitioner/doc", &[]);
    let admin = baton.client("admin/Account.crus");
    made(&admin, &ada());
    let new = json!({"name": "me", "fhir_user": "Practitioner/doc"});
    let refused = json(&admin, "POST", "/admin/accounts", &new);
    fails(&refused, 403, "access_denied", "admin.people");
    for change in ["password", "disable", "enable"] {
        let path = format!("/admin/accounts/{}/{change}", text(&doctor, "id"));
        let refused = Reply::of(admin.request("POST", &path));
        fails(&refused, 403, "access_denied", "admin.people");
    }
    assert!(baton.terminate().success());
    let wrong = settings(&database, "[admin]\npeople = [\"Group\"]\n");
    let args: Vec<&str> = wrong.args.iter().map(String::as_str).collect();
    let refused = database.run(&[&["serve", "--listen", "127.0.0.1:0"], &args[..]].concat());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("admin.people: `Group`"));
}
