//! Who signs in and out, which client gets a token, and whom the operator's changes are about; and what
//! happens when nothing can be recorded.
use super::book::{A_SECOND, events, text};
use crate::auth::partner::register_secret;
use crate::launch::app::{App, PASSWORD, SCOPE, account, patient};
use crate::launch::browser::Browser;
use crate::on_both;
use crate::support::Baton;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both!(
    signing_in_and_out_are_events,
    tokens_and_changes_name_whom_they_are_about,
    without_a_record_there_is_no_access
);

/// What happened, with which outcome, who asked, and which entity it was about.
fn told(event: &Value) -> [String; 4] {
    let about = event["entity"].as_array().into_iter().flatten();
    let about = about
        .filter(|entity| entity["role"]["code"] == "11")
        .map(|entity| &entity["what"]["identifier"])
        .map(|identifier| format!("{}|{}", text(&identifier["system"]), text(&identifier["value"])));
    [
        text(event.pointer("/subtype/0/code").unwrap_or(&json!(""))),
        event["outcomeDesc"].as_str().unwrap_or("good").to_owned(),
        text(&event["agent"][0]["name"]),
        about.collect(),
    ]
}

fn signing_in_and_out_are_events(baton: &Baton) {
    patient(baton, "ada");
    let eve = account(baton, "eve", "Practitioner/eve", &[]);
    let listed = baton.database.run_json(&["account", "list"]);
    let of = |name: &str| {
        let found = listed
            .as_array()
            .expect("a list")
            .iter()
            .find(|one| one["name"] == name);
        format!("urn:baton:account|{}", text(&found.expect("an account")["id"]))
    };
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = browser.open(&app.request(SCOPE, &[]));
    assert_eq!(
        browser.sign_in(&shown, "ada", "a wrong password").reply.status,
        422
    );
    assert_eq!(browser.sign_in(&shown, "nobody", PASSWORD).reply.status, 422);
    let shown = browser.sign_in(&shown, "ada", PASSWORD);
    assert_eq!(browser.submit(&shown, "sign-out", &[]).title(), "Sign in");
    let other = Browser::new(baton);
    let shown = other.open(&app.request(SCOPE, &[]));
    (0..6).for_each(|_| drop(other.sign_in(&shown, "eve", "a wrong password")));
    let events = events(&baton.database);
    let told: Vec<[String; 4]> = events
        .iter()
        .map(told)
        .filter(|[_, _, by, _]| *by == app.id)
        .collect();
    let expect = |code: &str, outcome: &str, about: String| {
        let wanted = [code.to_owned(), outcome.to_owned(), app.id.clone(), about];
        told.iter().filter(|event| **event == wanted).count()
    };
    assert_eq!(expect("110122", "good", of("ada")), 1, "{told:#?}");
    assert_eq!(expect("110122", "HTTP 401", of("ada")), 1, "{told:#?}");
    assert_eq!(
        expect("110122", "HTTP 401", String::new()),
        1,
        "nobody by that name: {told:#?}"
    );
    assert_eq!(expect("110123", "good", of("ada")), 1, "{told:#?}");
    assert_eq!(expect("110122", "HTTP 401", of("eve")), 5, "{told:#?}");
    assert_eq!(
        expect("110122", "HTTP 429", of("eve")),
        1,
        "locked out: {told:#?}"
    );
    let entered = events
        .iter()
        .find(|event| self::told(event) == ["110122", "good", &app.id, &of("ada")]);
    let entered = entered.expect("it was counted");
    assert_eq!(entered["agent"][2]["who"]["reference"], "Patient/ada");
    assert_eq!(entered["agent"][0]["network"]["address"], "127.0.0.1");
    let whole = Value::from(events).to_string();
    assert!(!whole.contains("nobody\"") && !whole.contains(PASSWORD) && eve["id"].is_string());
}

fn tokens_and_changes_name_whom_they_are_about(baton: &Baton) {
    let (id, secret) = register_secret(&baton.database, "system/*.rs");
    let ask = |secret: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &id),
            ("client_secret", secret),
        ];
        baton.anonymous().form("/oauth/token", &fields).status
    };
    assert_eq!((ask(&secret), ask("not the secret")), (200, 401));
    let added = account(baton, "bob", "Patient/bob", &[]);
    baton.sender_named("hie", "APP", "FAC");
    baton.database.run_json(&["client", "disable", &id]);
    let rotated = baton.database.run_json(&["keys", "rotate"]);
    let told: Vec<[String; 4]> = events(&baton.database).iter().map(told).collect();
    let text = |value: &Value| super::book::text(value);
    for wanted in [
        ["110122", "good", &id, ""],
        ["110122", "HTTP 401", "unknown", ""],
        ["110137", "good", "operator", &format!("urn:baton:client|{id}")],
        [
            "110137",
            "good",
            "operator",
            &format!("urn:baton:account|{}", text(&added["id"])),
        ],
        ["110133", "good", "operator", "urn:baton:sender|hie"],
        [
            "110132",
            "good",
            "operator",
            &format!("urn:baton:keys|{}", text(&rotated["kid"])),
        ],
    ] {
        assert!(
            told.iter().any(|event| *event == wanted),
            "{wanted:?} in {told:#?}"
        );
    }
}

fn without_a_record_there_is_no_access(baton: &Baton) {
    let partner = baton.partner();
    let basic = json!({"resourceType": "Basic", "id": "x", "code": {"text": "x"}});
    partner.put("Basic/x", &basic).ok();
    std::thread::sleep(A_SECOND);
    baton
        .database
        .tamper("ALTER TABLE audit RENAME COLUMN detail TO elsewhere");
    // What cannot be written is tried again for a while.
    partner.get("Basic/x");
    let refused = waited(|| {
        let reply = partner.get("Basic/x");
        (reply.status != 200).then_some(reply)
    });
    refused.refused(503, "without it nothing is answered");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(partner.get("Basic?_count=1").status, 503);
    let wrong = [
        ("grant_type", "client_credentials"),
        ("client_id", "x"),
        ("client_secret", "y"),
    ];
    assert_eq!(baton.anonymous().form("/oauth/token", &wrong).status, 503);
    assert!(
        partner
            .put(
                "Basic/y",
                &json!({"resourceType": "Basic", "id": "y", "code": {"text": "y"}})
            )
            .status
            >= 500
    );
    assert_eq!(partner.get("metadata").status, 200, "which tells of nobody");
    baton
        .database
        .tamper("ALTER TABLE audit RENAME COLUMN elsewhere TO detail");
    waited(|| (partner.get("Basic/x").status == 200).then_some(()));
    assert_eq!(
        partner.get("Basic/y").status,
        404,
        "nothing was written without its record"
    );
    let events = events(&baton.database);
    assert!(
        events.iter().any(|event| event["action"] == "R"),
        "what was read is recorded after all"
    );
}

/// Until it is there, for ten seconds at most.
fn waited<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it does not come");
        std::thread::sleep(Duration::from_millis(100));
    }
}
