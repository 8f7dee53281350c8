//! A professional chooses whose record, and which stay, an app works with: among those they may see.
use super::app::*;
use super::browser::{Browser, Shown};
use crate::on_both;
use crate::support::Baton;
use serde_json::json;

/// What is typed into the search of the picker.
type Fields = &'static [(&'static str, &'static str)];

on_both!(
    patients_are_found_among_those_one_may_see,
    nobody_else_can_be_chosen,
    a_stay_is_chosen_or_not
);

const STAY_SCOPE: &str = "openid fhirUser launch/patient launch/encounter patient/Task.rs";

/// Doc is Ada's and Bob's doctor; Eve has another one.
fn world(baton: &Baton) {
    account(baton, "doc", "Practitioner/d1", &[]);
    let everything = baton.partner();
    let people = [
        ("ada", "Lovelace", "1970-01-02", "d1", true),
        ("bob", "Lovelock", "1980-03-04", "d1", true),
        ("old", "Lovelace", "1970-01-02", "d1", false),
        ("eve", "Lovelace", "1970-01-02", "d2", true),
    ];
    for (id, family, born, doctor, active) in people {
        let patient = json!({
            "resourceType": "Patient", "id": id, "active": active, "birthDate": born,
            "name": [{"family": family, "given": [id]}],
            "identifier": [{"system": "urn:mrn", "value": format!("mrn-{id}")}],
            "generalPractitioner": [{"reference": format!("Practitioner/{doctor}")}]
        });
        assert_eq!(everything.put(&format!("Patient/{id}"), &patient).status, 201);
    }
    for (id, day) in [("first", "2026-01-05"), ("second", "2026-02-06")] {
        let stay = json!({
            "resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "IMP", "display": "inpatient"},
            "subject": {"reference": "Patient/ada"}, "period": {"start": format!("{day}T10:00:00Z")}
        });
        assert_eq!(everything.put(&format!("Encounter/{id}"), &stay).status, 201);
    }
}

fn picker(app: &App, browser: &Browser, scope: &str) -> Shown {
    let shown = browser.open(&app.request(scope, &[]));
    let shown = browser.sign_in(&shown, "doc", PASSWORD);
    assert_eq!(shown.title(), "Choose a patient");
    shown
}

fn patients_are_found_among_those_one_may_see(baton: &Baton) {
    world(baton);
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = picker(&app, &browser, SCOPE);
    assert!(shown.choices().is_empty(), "nothing was looked for");
    let cases: [(Fields, &[&str]); 7] = [
        (&[("name", "lovel")], &["ada", "bob"]),
        (&[("name", "Lovelace")], &["ada"]),
        (&[("birthdate", "1980-03-04")], &["bob"]),
        (&[("identifier", "mrn-ada")], &["ada"]),
        (&[("name", "lovel"), ("birthdate", "1970-01-02")], &["ada"]),
        (&[("identifier", "mrn-eve")], &[]),
        (&[("birthdate", "last spring")], &[]),
    ];
    for (typed, found) in cases {
        let shown = browser.submit(&shown, "find", typed);
        let mut choices = shown.choices();
        choices.sort();
        assert_eq!(choices, found, "{typed:?}");
        assert!(!shown.url.contains("lovel"), "names are in no address");
        let says_so = shown.reply.text.contains("No patient whom you may see");
        assert_eq!(says_so, found.is_empty());
        assert!(
            shown.reply.text.contains(&format!("value=\"{}\"", typed[0].1)),
            "what was typed stays"
        );
    }
    let found = browser.submit(&shown, "find", &[("identifier", "mrn-ada")]);
    assert!(found.reply.text.contains("ada Lovelace") && found.reply.text.contains("born 1970-01-02"));
    let shown = browser.submit(&found, "patient", &[("choice", "ada")]);
    assert!(shown.reply.text.contains("ada Lovelace"), "whom it is about");
    let granted = app
        .redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    assert_eq!(granted["patient"], "ada");
    assert!(!baton.log().contains("Lovelace"));
}

fn nobody_else_can_be_chosen(baton: &Baton) {
    world(baton);
    let (app, browser) = (App::public(baton, SCOPE), Browser::new(baton));
    let shown = picker(&app, &browser, SCOPE);
    let found = browser.submit(&shown, "find", &[("name", "lovel")]);
    for id in ["eve", "nobody", "", "ada,bob", "../eve"] {
        let refused = browser.submit(&found, "patient", &[("choice", id)]);
        assert_eq!(
            (refused.reply.status, refused.title()),
            (403, "This cannot go on"),
            "{id}"
        );
    }
    let early = browser.submit(&found, "patient", &[("action", "consent"), ("choice", "allow")]);
    assert_eq!(early.title(), "Choose a patient");
}

fn a_stay_is_chosen_or_not(baton: &Baton) {
    world(baton);
    let (app, browser) = (App::public(baton, STAY_SCOPE), Browser::new(baton));
    let shown = picker(&app, &browser, STAY_SCOPE);
    let found = browser.submit(&shown, "find", &[("name", "ada")]);
    let shown = browser.submit(&found, "patient", &[("choice", "ada")]);
    assert_eq!(shown.title(), "Choose a visit");
    assert_eq!(shown.choices(), ["second", "first", ""], "the newest first");
    let refused = browser.submit(&shown, "encounter", &[("choice", "elsewhere")]);
    assert_eq!(refused.reply.status, 403);
    let shown = browser.submit(&shown, "encounter", &[("choice", "first")]);
    let granted = app
        .redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    assert_eq!(
        (&granted["patient"], &granted["encounter"]),
        (&json!("ada"), &json!("first"))
    );

    let shown = browser.open(&app.request(STAY_SCOPE, &[]));
    let found = browser.submit(&shown, "find", &[("name", "bob")]);
    let shown = browser.submit(&found, "patient", &[("choice", "bob")]);
    assert!(shown.reply.text.contains("There is none that you may see"));
    let shown = browser.submit(&shown, "encounter", &[("choice", "")]);
    let granted = app
        .redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    assert!(granted.get("encounter").is_none());
}
