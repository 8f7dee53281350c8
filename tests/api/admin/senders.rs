//! Senders kept by a program: what they send is taken as long as they may.
use super::json;
use crate::audit::book::events;
use crate::auth::partner::{fails, text};
use crate::on_both;
use crate::support::messages::Adt;
use crate::support::{Baton, Client, Reply};
use serde_json::Value;
use std::time::{Duration, Instant};

on_both!(
    a_sender_from_its_making_to_its_end,
    each_letter_is_asked_for,
    what_cannot_be_is_refused
);

fn general() -> Value {
    json!({"name": "General East", "application": "ADT1", "facility": "GENERAL", "timezone": "America/New_York"})
}

const PATH: &str = "/admin/senders/General%20East";

/// Once the server knows, which takes a second at most.
fn answers(partner: &Client, number: usize, code: &str) {
    let began = Instant::now();
    loop {
        let adt = Adt::new("A01", &format!("P-{number}"), &format!("V-{number}"));
        let answer = partner.hl7(&adt.text()).text;
        if answer.contains(&format!("MSA|{code}|")) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{answer}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn a_sender_from_its_making_to_its_end(baton: &Baton) {
    let (admin, partner) = (baton.client("admin/Sender.crus"), baton.partner());
    let sender = made(&admin);
    assert_eq!(sender["timezone"], "America/New_York");
    let adt = Adt::new("A01", "P-0", "V-0").text();
    assert!(adt.contains("|ADT1|GENERAL|"), "the scene's sender: {adt}");
    answers(&partner, 1, "AA");
    let mut changed = general();
    changed["maps"] = json!({"classes": {"OBS": "OBSENC"}});
    let replaced = json(&admin, "PUT", PATH, &changed).ok();
    assert_eq!(replaced["maps"]["classes"], json!({"OBS": "OBSENC"}));
    let post = |what: &str| Reply::of(admin.request("POST", &format!("{PATH}/{what}"))).ok();
    assert!(post("disable")["disabled"].is_string());
    answers(&partner, 2, "AR");
    assert!(post("enable")["disabled"].is_null());
    answers(&partner, 3, "AA");
    let shown = admin.get(PATH).ok();
    assert_eq!(shown["maps"], replaced["maps"]);
    assert_eq!(admin.get("/admin/senders").ok()["senders"], json!([shown]));
    let recorded = events(&baton.database);
    let changes = recorded.iter().filter(|event| {
        event["subtype"][0]["code"] == "110133"
            && event.to_string().contains("General East")
            && event["outcome"] == "0"
    });
    assert_eq!(changes.count(), 4);
}

fn made(admin: &Client) -> Value {
    let reply = json(admin, "POST", "/admin/senders", &general());
    assert_eq!(reply.status, 201, "{}", reply.text);
    assert!(reply.header("location").ends_with(PATH));
    reply.json()
}

fn each_letter_is_asked_for(baton: &Baton) {
    made(&baton.client("admin/Sender.c"));
    let disable = format!("{PATH}/disable");
    for (letter, method, path) in [
        ("s", "GET", "/admin/senders"),
        ("r", "GET", PATH),
        ("c", "POST", "/admin/senders"),
        ("u", "PUT", PATH),
        ("u", "POST", &disable),
    ] {
        let others: String = "crus".chars().filter(|one| !letter.contains(*one)).collect();
        for scope in [
            &format!("admin/Sender.{others}"),
            "admin/Client.cruds",
            "admin/Account.crus",
        ] {
            let refused = json(&baton.client(scope), method, path, &general());
            fails(
                &refused,
                403,
                "insufficient_scope",
                &format!("admin/Sender.{letter}"),
            );
        }
    }
}

fn what_cannot_be_is_refused(baton: &Baton) {
    let admin = baton.client("admin/Sender.crus");
    made(&admin);
    let with = |member: &str, value: Value| {
        let mut changed = general();
        changed[member] = value;
        changed
    };
    for (body, words) in [
        (json!({}), "`application`"),
        (with("timezone", json!("Nowhere/Land")), "`timezone`"),
        (with("map", json!({})), "`maps`"),
        (with("maps", json!({"classes": {"OBS": "nonsense"}})), "nonsense"),
        (with("name", Value::Null), "`name`"),
    ] {
        let refused = json(&admin, "POST", "/admin/senders", &body);
        fails(&refused, 400, "invalid_client_metadata", words);
    }
    let again = json(&admin, "POST", "/admin/senders", &general());
    fails(&again, 409, "conflict", "of that name");
    let other = with("name", json!("other"));
    let refused = json(&admin, "POST", "/admin/senders", &other);
    fails(&refused, 409, "conflict", "`General East`");
    let nobody = with("name", json!("nobody"));
    let refused = json(&admin, "PUT", "/admin/senders/nobody", &nobody);
    fails(&refused, 404, "not_found", "no such sender");
    let refused = json(&admin, "PUT", PATH, &other);
    fails(&refused, 400, "invalid_client_metadata", "`name`");
    let refused = admin.get("/admin/senders/nobody");
    fails(&refused, 404, "not_found", "no such sender");
    assert_eq!(text(&admin.get(PATH).ok(), "facility"), "GENERAL");
}
