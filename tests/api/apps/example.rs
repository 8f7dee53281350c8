//! `examples/smart-app` against `baton demo`, in Chromium: from signing in to a task that is completed.
use super::accessible;
use super::browser::Browser;
use super::chromium::Look;
use super::sandbox::Sandbox;
use crate::on_both_databases;
use crate::support::{Database, tools};
use serde_json::{Value, json};

on_both_databases!(
    a_patient_completes_a_task,
    an_ehr_opens_it_with_the_patient_it_shows
);

const FIRST: &str = "#open li:first-child";

/// None where there is no browser, or no library for the app.
fn open(look: Look, database: Database) -> Option<(Sandbox, Browser)> {
    tools::modules_of_example()?;
    let browser = Browser::start(look, database.folder())?;
    let sandbox = Sandbox::start(database);
    browser.open(&sandbox.app);
    browser.shows("#start", "Sign in");
    accessible::check(&browser);
    Some((sandbox, browser))
}

fn sign_in(sandbox: &Sandbox, browser: &Browser, name: &str) {
    browser.press("Sign in");
    browser.arrives(&format!("{}/oauth/authorize/", sandbox.base));
    accessible::check(browser);
    browser.fill("#name", name);
    browser.fill("#password", sandbox.password(name));
    browser.press("Sign in");
}

fn allow(sandbox: &Sandbox, browser: &Browser) {
    browser.shows("h1", "Allow Care plan app?");
    accessible::check(browser);
    browser.press("Allow");
    browser.arrives(&sandbox.app);
    browser.shows("#whose", "Okafor");
    assert_eq!(
        browser.url(),
        sandbox.app,
        "neither code nor state stay in the address"
    );
}

/// The tasks of the patient whom the app shows, by the server.
fn listed(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.partner().find("Task?patient.name=Okafor&_sort=due")
}

fn a_patient_completes_a_task(database: Database) {
    let Some((sandbox, browser)) = open(Look::Desktop, database) else {
        return;
    };
    sign_in(&sandbox, &browser, "grace");
    browser.press("Do not allow");
    browser.shows("#said", "You did not allow");
    browser.press("Sign in");
    allow(&sandbox, &browser);
    accessible::check(&browser);

    let before = listed(&sandbox);
    assert!(
        before.iter().all(|task| task["status"] == "requested"),
        "{before:#?}"
    );
    let title = before[0]["code"]["text"].as_str().expect("a title");
    browser.shows("#plans", "Transitional care after discharge");
    for words in [title, "Due ", "With Casey Rivera"] {
        browser.shows(FIRST, words);
    }
    browser.click(&format!("{FIRST} button"));
    browser.shows("#said", &format!("Done: {title}."));
    browser.shows("#done", title);
    accessible::check(&browser);
    let after = listed(&sandbox);
    let completed: Vec<&Value> = after
        .iter()
        .filter(|task| task["status"] == "completed")
        .collect();
    assert_eq!(completed.len(), 1, "{after:#?}");
    assert_eq!(completed[0]["id"], before[0]["id"]);
    assert!(
        completed[0]["executionPeriod"]["end"].is_string(),
        "{completed:#?}"
    );

    meanwhile(&sandbox, &browser, &after[1]);
    stays_signed_in(&sandbox, &browser);
    signs_out(&sandbox, &browser);
    assert_eq!(
        browser.complaints(),
        [""; 0],
        "nothing went wrong that was not meant to"
    );
}

/// Where an EHR sends the browser to open the app for this patient.
fn launched(sandbox: &Sandbox, patient: &Value) -> String {
    let config = reqwest::blocking::get(format!("{}config.json", sandbox.app)).expect("it is served");
    let config: Value = serde_json::from_str(&config.text().expect("text")).expect("JSON");
    let launch = json!({"client_id": config["clientId"], "patient": patient["id"]});
    let partner = sandbox.partner();
    let begun = partner.send_text("POST", "/oauth/launch", "application/json", launch.to_string());
    assert_eq!(begun.status, 201, "{}", begun.text);
    begun.json()["launch_url"]
        .as_str()
        .expect("an address")
        .to_owned()
}

fn an_ehr_opens_it_with_the_patient_it_shows(database: Database) {
    let Some((sandbox, browser)) = open(Look::Desktop, database) else {
        return;
    };
    let patient = sandbox.partner().only("Patient?name=Okafor");
    let address = launched(&sandbox, &patient);
    browser.open(&address);
    browser.arrives(&format!("{}/oauth/authorize/", sandbox.base));
    browser.fill("#name", "casey");
    browser.fill("#password", sandbox.password("casey"));
    browser.press("Sign in");
    // Nobody has to choose whose record it is.
    allow(&sandbox, &browser);
    browser.shows("#plans", "Transitional care after discharge");
    assert_eq!(tokens(&browser)["patient"], patient["id"]);
    browser.click(&format!("{FIRST} button"));
    browser.shows("#said", "Done: ");
    accessible::check(&browser);
    signs_out(&sandbox, &browser);
    assert_eq!(browser.complaints(), [""; 0]);
    // The same launch again, and one that names another server.
    browser.open(&address);
    browser.shows("#problem", "`launch` is unknown, was used before, or is over");
    let (_, launch) = address.split_once("launch=").expect("a launch");
    browser.open(&format!(
        "{}?iss=https://other.example/fhir&launch={launch}",
        sandbox.app
    ));
    browser.shows("#problem", "for a server that it does not know");
}

/// Somebody else changed the task while the page was open.
fn meanwhile(sandbox: &Sandbox, browser: &Browser, task: &Value) {
    let mut begun = task.clone();
    begun["status"] = json!("in-progress");
    let partner = sandbox.partner();
    partner.put(&crate::support::care::reference(task), &begun).ok();
    browser.click(&format!("{FIRST} button"));
    browser.shows("#said", "changed this task meanwhile");
    browser.shows(FIRST, "Under way");
    let refused = browser.complaints();
    assert!(refused.len() == 1 && refused[0].contains("412"), "{refused:#?}");
}

/// What the library keeps in the tab.
const KEPT: &str =
    "const key = JSON.parse(sessionStorage.SMART_KEY); const kept = JSON.parse(sessionStorage[key]);";

fn tokens(browser: &Browser) -> Value {
    browser.run(&format!("{KEPT} return kept.tokenResponse"))
}

/// Beyond the five minutes of a token: the library gets the next one when it takes this one to be over.
fn stays_signed_in(sandbox: &Sandbox, browser: &Browser) {
    let before = tokens(browser);
    browser.run(&format!(
        "{KEPT} kept.expiresAt = 1; sessionStorage[key] = JSON.stringify(kept)"
    ));
    browser.open(&sandbox.app);
    browser.shows("#whose", "Okafor");
    let after = tokens(browser);
    for name in ["access_token", "refresh_token"] {
        assert!(before[name].is_string() && after[name].is_string());
        assert_ne!(before[name], after[name], "{name}");
    }
}

/// What the tab had is worth nothing afterwards.
fn signs_out(sandbox: &Sandbox, browser: &Browser) {
    let tokens = tokens(browser);
    browser.press("Sign out");
    browser.shows("#start", "Sign in");
    assert_eq!(browser.run("return sessionStorage.length"), 0);
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let mut anyone = crate::support::Client::anonymous(&sandbox.base);
    let refresh = text("refresh_token");
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    assert_eq!(anyone.form("/oauth/token", &again).status, 400);
    anyone.token = Some(text("access_token"));
    assert_eq!(anyone.get("Task").status, 401);
}

#[test]
fn a_coordinator_chooses_a_patient_on_a_phone() {
    let Some((sandbox, browser)) = open(Look::Phone, Database::sqlite()) else {
        return;
    };
    sign_in(&sandbox, &browser, "casey");
    browser.shows("h1", "Choose a patient");
    accessible::check(&browser);
    browser.fill("#name", "okaf");
    browser.press("Search");
    browser.shows("main", "Grace L Okafor");
    accessible::check(&browser);
    browser.click("button.choice");
    allow(&sandbox, &browser);
    accessible::check(&browser);
    browser.click(&format!("{FIRST} button"));
    browser.shows("#said", "Done: ");
    let done = listed(&sandbox);
    assert_eq!(
        done.iter().filter(|task| task["status"] == "completed").count(),
        1
    );
    takes_back(&sandbox, &browser);
}

/// From the page of one's own apps, which needs no second sign-in.
fn takes_back(sandbox: &Sandbox, browser: &Browser) {
    let token = tokens(browser)["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    browser.open(&format!("{}/oauth/account/apps", sandbox.base));
    browser.shows("h2", "Care plan app");
    accessible::check(browser);
    browser.press("Take back");
    browser.shows("[role=status]", "You have allowed no app anything.");
    let mut anyone = crate::support::Client::anonymous(&sandbox.base);
    anyone.token = Some(token);
    assert_eq!(anyone.get("Task").status, 401);
    browser.press("Sign out");
    browser.shows("main", "Sign in to see which apps");
    accessible::check(browser);
}
