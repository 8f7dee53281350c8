//! An EHR opens an app with the patient it shows.
use super::app::*;
use super::browser::Browser;
use crate::auth::partner::{fails, text};
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    the_app_is_told_what_the_ehr_shows,
    a_launch_works_once_for_one_app_and_person,
    an_ehr_names_what_it_may_read
);

const EHR_SCOPE: &str = "openid fhirUser launch patient/Task.rs user/Task.rs";

fn begin(ehr: &Client, launch: &Value) -> Reply {
    ehr.send_text("POST", "/oauth/launch", "application/json", launch.to_string())
}

fn world(baton: &Baton) {
    patient(baton, "ada");
    let mut ada = baton.partner().get("Patient/ada").ok();
    ada["generalPractitioner"] = json!([{"reference": "Practitioner/d1"}]);
    baton.partner().put("Patient/ada", &ada).ok();
    let stay = json!({
        "resourceType": "Encounter", "id": "stay", "status": "in-progress", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/ada"}
    });
    assert_eq!(baton.partner().put("Encounter/stay", &stay).status, 201);
    account(baton, "doc", "Practitioner/d1", &[]);
}

fn the_app_is_told_what_the_ehr_shows(baton: &Baton) {
    world(baton);
    let app = App::registered(
        baton,
        EHR_SCOPE,
        &["--public", "--launch-url", "https://app.example/launch?mode=ehr"],
    );
    let launch = json!({
        "client_id": app.id, "patient": "ada", "encounter": "stay", "fhir_user": "Practitioner/d1",
        "intent": "reconcile-medications", "need_patient_banner": false
    });
    let begun = begin(&baton.client("system/Patient.r system/Encounter.r"), &launch);
    assert_eq!((begun.status, begun.header("cache-control")), (201, "no-store"));
    let begun = begun.ok();
    let url = reqwest::Url::parse(&text(&begun, "launch_url")).expect("an address");
    assert!(url.as_str().starts_with("https://app.example/launch?mode=ehr&"));
    let said: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(said["iss"], format!("{}/fhir", baton.base));

    let browser = Browser::new(baton);
    let shown = browser.open(&app.request(EHR_SCOPE, &[("launch", &said["launch"])]));
    let shown = browser.sign_in(&shown, "doc", PASSWORD);
    assert_eq!(shown.title(), "Allow Heart App?", "nothing is left to choose");
    let granted = app
        .redeem(&app.called_back(&browser.allow(&shown)), &Proof::Nothing)
        .ok();
    assert_eq!(
        (&granted["patient"], &granted["encounter"]),
        (&json!("ada"), &json!("stay"))
    );
    assert_eq!(
        (&granted["intent"], &granted["need_patient_banner"]),
        (&json!("reconcile-medications"), &json!(false))
    );
}

fn a_launch_works_once_for_one_app_and_person(baton: &Baton) {
    world(baton);
    let (app, other) = (App::public(baton, EHR_SCOPE), App::public(baton, EHR_SCOPE));
    let ehr = baton.client("system/Patient.r");
    let begun = || {
        text(
            &begin(
                &ehr,
                &json!({"client_id": app.id, "patient": "ada", "fhir_user": "Practitioner/d1"}),
            )
            .ok(),
            "launch",
        )
    };
    let browser = Browser::new(baton);
    let ask = |app: &App, launch: &str| browser.open(&app.request(EHR_SCOPE, &[("launch", launch)]));

    let launch = begun();
    assert_eq!(ask(&app, &launch).title(), "Sign in");
    for (app, launch) in [(&app, launch), (&app, "made-up".into()), (&other, begun())] {
        let told = ask(app, &launch).told();
        assert_eq!(told["error"], "invalid_request");
    }
    assert_eq!(
        browser.open(&app.request(EHR_SCOPE, &[])).told()["error"],
        "invalid_request",
        "`launch` without one"
    );
    // Somebody else at the keyboard; a patient whose record is another's.
    let shown = ask(&app, &begun());
    assert_eq!(
        browser.sign_in(&shown, "ada", PASSWORD).told()["error"],
        "access_denied"
    );
    baton
        .partner()
        .put("Patient/eve", &json!({"resourceType": "Patient", "id": "eve"}));
    let for_anybody = begin(&ehr, &json!({"client_id": app.id, "patient": "eve"})).ok();
    let told = ask(&app, &text(&for_anybody, "launch")).told();
    assert_eq!(told["error"], "access_denied");
    // A doctor whose patient it is not, though the EHR shows the record.
    for launch in [
        json!({"client_id": app.id, "patient": "eve"}),
        json!({"client_id": app.id, "patient": "eve", "fhir_user": "Practitioner/d1"}),
    ] {
        let launch = text(&begin(&ehr, &launch).ok(), "launch");
        let browser = Browser::new(baton);
        let shown = browser.open(&app.request(EHR_SCOPE, &[("launch", &launch)]));
        let told = browser.sign_in(&shown, "doc", PASSWORD).told();
        assert_eq!(told["error"], "access_denied");
        assert!(
            told["error_description"].contains("may not see this patient"),
            "{told:?}"
        );
    }
}

fn an_ehr_names_what_it_may_read(baton: &Baton) {
    world(baton);
    let app = App::public(baton, EHR_SCOPE);
    let launch = |change: Value| {
        let mut launch = json!({"client_id": app.id, "patient": "ada"});
        let change = change.as_object().expect("an object").clone();
        launch.as_object_mut().expect("an object").extend(change);
        launch
    };
    let ehr = baton.client("system/Patient.r system/Encounter.r");
    fails(
        &begin(&baton.client("system/Task.r"), &launch(json!({}))),
        403,
        "insufficient_scope",
        "system/Patient.r",
    );
    let narrow = baton.client("system/Patient.r");
    fails(
        &begin(&narrow, &launch(json!({"encounter": "stay"}))),
        403,
        "insufficient_scope",
        "system/Encounter.r",
    );
    for (change, words) in [
        (json!({"patient": "nobody"}), "no such Patient"),
        (json!({"encounter": "nowhere"}), "no such Encounter"),
        (json!({"client_id": "nobody"}), "registered app"),
        (json!({"fhir_user": "Device/1"}), "Device/1"),
        (json!({"more": 1}), "must be JSON"),
    ] {
        fails(&begin(&ehr, &launch(change)), 400, "invalid_request", words);
    }
    let other = json!({"resourceType": "Patient", "id": "eve"});
    baton.partner().put("Patient/eve", &other);
    fails(
        &begin(&ehr, &launch(json!({"patient": "eve", "encounter": "stay"}))),
        400,
        "invalid_request",
        "not one of",
    );
    let nobody = begin(&baton.anonymous(), &launch(json!({})));
    assert_eq!(nobody.status, 401);
    assert!(nobody.header("www-authenticate").starts_with("Bearer"));
    // A person's token opens no launches.
    let tokens = App::public(baton, SCOPE).tokens(&Browser::new(baton), SCOPE, "ada");
    let mut person = baton.anonymous();
    person.token = Some(text(&tokens, "access_token"));
    fails(
        &begin(&person, &launch(json!({}))),
        403,
        "insufficient_scope",
        "system/Patient.r",
    );
}
