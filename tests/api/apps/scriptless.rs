//! Baton's own pages in a browser that runs no scripts.
use super::browser::Browser;
use super::chromium::Look;
use crate::launch::app::{App, PASSWORD, Proof, VERIFIER, account};
use crate::support::care::patient;
use crate::support::{Baton, Database, Options};
use serde_json::json;

#[test]
fn sign_in_pages_work_without_scripts() {
    let database = Database::sqlite();
    let Some(browser) = Browser::start(Look::WithoutScripts, database.folder()) else {
        return;
    };
    let baton = Baton::start(database, Options::default());
    let mut ada = patient("ada");
    ada["generalPractitioner"] = json!([{ "reference": "Practitioner/d1" }]);
    baton.partner().put("Patient/ada", &ada).ok();
    account(&baton, "doc", "Practitioner/d1", &[]);
    // Any page will do to come back to; this one is at hand.
    let back = format!("{}/healthz", baton.base);
    let scope = "openid launch/patient patient/Task.rs";
    let app = App::registered(&baton, scope, &["--public", "--redirect-uri", &back]);

    browser.open(&app.request(scope, &[("redirect_uri", &back)]));
    browser.fill("#name", "doc");
    browser.fill("#password", "not the password");
    browser.press("Sign in");
    browser.shows("[role=alert]", "That did not work");
    browser.fill("#name", "doc");
    browser.fill("#password", PASSWORD);
    browser.press("Sign in");
    // Both pages ask for a name: what comes next belongs on the second.
    browser.shows("h1", "Choose a patient");
    browser.fill("#name", "sample");
    browser.press("Search");
    browser.shows("main", "Robin Sample");
    browser.click("button.choice");
    browser.shows("h1", "Allow Heart App?");
    browser.press("Allow");
    browser.arrives(&back);

    let url = reqwest::Url::parse(&browser.url()).expect("an address");
    let code = url
        .query_pairs()
        .find(|(name, _)| name == "code")
        .expect("a code")
        .1;
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &back),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(app.ask(&grant, &Proof::Nothing).ok()["patient"], "ada");
    let refused = browser.complaints();
    assert!(
        refused.len() == 1 && refused[0].contains("422"),
        "no page asks for a script: {refused:#?}"
    );
}
