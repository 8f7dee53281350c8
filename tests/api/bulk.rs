//! Large transactions: set-based, all or nothing, and linear. Small here; `full_size` is the real thing:
//! `cargo test --release -p baton-gateway --test api -- --ignored full_size`
mod full_size;
mod import;

use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    many_entries_are_linked_and_found_again,
    one_bad_entry_at_the_end_leaves_nothing,
    overlapping_transactions_make_no_duplicates,
    references_to_versions_follow,
    canonicals_and_strings_stay
);

/// A patient by condition and an observation about each, by urn:uuid and by criteria in turn.
fn entries(patients: usize, run: &str) -> Vec<Value> {
    (0..patients)
        .flat_map(|n| {
            let mrn = format!("urn:bulk|{run}-{n}");
            let uuid = format!("urn:uuid:00000000-0000-4000-8000-{n:012}");
            let subject = if n % 2 == 0 {
                uuid.clone()
            } else {
                format!("Patient?identifier={mrn}")
            };
            [patient(&uuid, &mrn), observation(&subject, n)]
        })
        .collect()
}

fn patient(url: &str, mrn: &str) -> Value {
    let (system, value) = mrn.split_once('|').expect("system and value");
    json!({
        "fullUrl": url,
        "resource": {"resourceType": "Patient", "identifier": [{"system": system, "value": value}]},
        "request": {"method": "POST", "url": "Patient", "ifNoneExist": format!("identifier={mrn}")}
    })
}

fn observation(subject: &str, n: usize) -> Value {
    json!({
        "resource": {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
            "subject": {"reference": subject}, "valueInteger": n},
        "request": {"method": "POST", "url": "Observation"}
    })
}

fn transact(partner: &Client, entries: Vec<Value>) -> Reply {
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    partner.post("", &bundle)
}

/// How often each status was answered.
fn statuses(reply: &Reply) -> (usize, usize) {
    let answer = reply.ok();
    let entries = answer["entry"].as_array().expect("entries");
    let count = |status: &str| {
        let is = |entry: &&Value| {
            entry["response"]["status"]
                .as_str()
                .is_some_and(|s| s.starts_with(status))
        };
        entries.iter().filter(is).count()
    };
    (count("201"), count("200"))
}

fn total(partner: &Client, path: &str) -> u64 {
    partner.get(path).ok()["total"].as_u64().expect("a total")
}

fn many_entries_are_linked_and_found_again(baton: &Baton) {
    let partner = baton.partner();
    assert_eq!(statuses(&transact(&partner, entries(700, "a"))), (1_400, 0));
    assert_eq!(statuses(&transact(&partner, entries(700, "a"))), (700, 700));
    assert_eq!(total(&partner, "Patient?_summary=count"), 700);
    for n in [0, 1, 698, 699] {
        let about = format!("Observation?subject:Patient.identifier=urn:bulk|a-{n}&_summary=count");
        assert_eq!(total(&partner, &about), 2, "{n}");
    }
}

fn one_bad_entry_at_the_end_leaves_nothing(baton: &Baton) {
    let partner = baton.partner();
    partner
        .put(
            "Basic/guarded",
            &json!({"resourceType": "Basic", "id": "guarded", "code": {"text": "x"}}),
        )
        .ok();
    let with = |last: Value| {
        let mut all = entries(1_200, "b");
        all.push(last);
        transact(&partner, all)
    };
    let mut invalid = observation("Patient/x", 1);
    invalid["resource"]["status"] = json!("finished");
    let outcome = with(invalid).refused(422, "status");
    assert_eq!(
        outcome["issue"][0]["expression"][0],
        "Bundle.entry[2400].resource.status"
    );
    // Found out only after two thousand rows were written.
    let late = json!({
        "resource": {"resourceType": "Basic", "id": "guarded", "code": {"text": "y"}},
        "request": {"method": "PUT", "url": "Basic/guarded", "ifMatch": "W/\"7\""}
    });
    let outcome = with(late).refused(412, "version 1");
    assert_eq!(outcome["issue"][0]["expression"][0], "Bundle.entry[2400]");
    let lost = observation("Patient?identifier=urn:bulk|nobody", 1);
    let outcome = with(lost).refused(412, "finds no resource");
    assert_eq!(
        outcome["issue"][0]["expression"][0],
        "Bundle.entry[2400].resource.subject.reference"
    );
    assert_eq!(total(&partner, "Patient?_summary=count"), 0);
    assert_eq!(total(&partner, "Observation?_summary=count"), 0);
    assert_eq!(partner.get("Basic/guarded").header("etag"), "W/\"1\"");
}

fn overlapping_transactions_make_no_duplicates(baton: &Baton) {
    let partner = baton.partner();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let partner = partner.clone();
            let mut mine = entries(300, "c");
            if writer % 2 == 1 {
                mine.rotate_left(200);
            }
            std::thread::spawn(move || statuses(&transact(&partner, mine)))
        })
        .collect();
    let all: Vec<(usize, usize)> = writers.into_iter().map(|w| w.join().expect("no panic")).collect();
    let created: usize = all.iter().map(|(created, _)| created).sum();
    assert_eq!(created, 300 + 4 * 300, "{all:?}");
    assert_eq!(total(&partner, "Patient?_summary=count"), 300);
    for n in [0, 1, 299] {
        let about = format!("Observation?subject:Patient.identifier=urn:bulk|c-{n}&_summary=count");
        assert_eq!(total(&partner, &about), 4, "{n}");
    }
}

fn references_to_versions_follow(baton: &Baton) {
    let partner = baton.partner();
    let url = "urn:uuid:00000000-0000-4000-8000-000000000001";
    let all = vec![
        patient(url, "urn:bulk|v"),
        observation(&format!("{url}/_history/1"), 1),
        observation("http://there/Patient/7/_history/3", 2),
    ];
    transact(&partner, all).ok();
    let id = partner.only("Patient?identifier=urn:bulk|v")["id"].clone();
    let subject = |n: i32| {
        partner
            .find("Observation")
            .into_iter()
            .find(|o| o["valueInteger"] == n)
            .expect("stored")["subject"]["reference"]
            .clone()
    };
    let id = id.as_str().expect("an id");
    assert_eq!(subject(1), format!("Patient/{id}/_history/1"));
    assert_eq!(
        subject(2),
        "http://there/Patient/7/_history/3",
        "nothing of this Bundle"
    );
}

/// <https://hl7.org/fhir/R4/http.html#trules>
fn canonicals_and_strings_stay(baton: &Baton) {
    let partner = baton.partner();
    let url = "urn:uuid:00000000-0000-4000-8000-000000000002";
    let plan = json!({
        "resource": {"resourceType": "CarePlan", "status": "active", "intent": "plan",
            "subject": {"reference": url}, "instantiatesUri": [url], "instantiatesCanonical": [url],
            "identifier": [{"system": "urn:x", "value": url}], "note": [{"text": url}]},
        "request": {"method": "POST", "url": "CarePlan"}
    });
    transact(&partner, vec![plan, patient(url, "urn:bulk|k")]).ok();
    let id = partner.only("Patient?identifier=urn:bulk|k")["id"].clone();
    let place = format!("Patient/{}", id.as_str().expect("an id"));
    let stored = partner.only(&format!("CarePlan?subject={place}"));
    assert_eq!(stored["instantiatesUri"][0], place);
    assert_eq!(stored["instantiatesCanonical"][0], url);
    assert_eq!(stored["identifier"][0]["value"], url);
    assert_eq!(stored["note"][0]["text"], url);
}
