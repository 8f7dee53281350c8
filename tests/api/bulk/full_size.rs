//! 50,000 entries and 100 MB in one request. Takes half a minute in a release build, so it runs on
//! request only.
use super::{entries, statuses, total};
use crate::support::{Baton, Database, Options};
use serde_json::{Value, json};

/// Resident memory during it. The debug build has other sizes; the limit is for release.
const KILOBYTES: u64 = 1024 * 1024;

#[test]
#[ignore = "100 MB"]
fn sqlite() {
    full_size(&Baton::start(Database::sqlite(), Options::default()));
}

#[test]
#[ignore = "100 MB"]
fn postgres() {
    if let Some(database) = Database::postgres() {
        full_size(&Baton::start(database, Options::default()));
    }
}

/// 50,000 entries, padded to 100 MB.
fn bundle() -> (String, usize) {
    let mut all = entries(25_000, "full");
    let padding = "x".repeat(1_850);
    for entry in all
        .iter_mut()
        .filter(|entry| entry["resource"]["resourceType"] == "Observation")
    {
        entry["resource"]["note"] = json!([{"text": padding}, {"text": padding}]);
    }
    let count = all.len();
    let text = json!({"resourceType": "Bundle", "type": "transaction", "entry": all}).to_string();
    (text, count)
}

fn full_size(baton: &Baton) {
    let partner = baton.partner();
    let (text, count) = bundle();
    assert!(
        count == 50_000 && text.len() > 100_000_000,
        "{count} {}",
        text.len()
    );
    let last = text.rfind("\"final\"").expect("an observation");
    let bad = format!("{}\"finis\"{}", &text[..last], &text[last + 7..]);
    let media = "application/fhir+json";
    let outcome = partner.send_text("POST", "", media, bad).refused(422, "status");
    assert_eq!(
        outcome["issue"][0]["expression"][0],
        "Bundle.entry[49999].resource.status"
    );
    assert_eq!(total(&partner, "Patient?_summary=count"), 0);
    let begun = std::time::Instant::now();
    let done = partner.send_text("POST", "", media, text);
    println!(
        "{count} entries in {:?}, peak {} MiB",
        begun.elapsed(),
        baton.peak_kilobytes() / 1024
    );
    assert_eq!(statuses(&done), (50_000, 0));
    assert_eq!(total(&partner, "Observation?_summary=count"), 25_000);
    let one: Value = partner.only("Observation?subject:Patient.identifier=urn:bulk|full-24999");
    assert_eq!(one["valueInteger"], 24_999);
    assert!(baton.peak_kilobytes() < KILOBYTES, "{}", baton.peak_kilobytes());
}
