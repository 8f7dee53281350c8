//! Absolute references to the server's own base lead where relative ones do, under every base it
//! was ever served, and stay as they were written.
use crate::support::care::{encounter, iso, patient};
use crate::support::messages::{Adt, days_ago, unique};
use crate::support::{Baton, Client, Database, Options};
use crate::{on_both, on_both_databases};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

on_both!(
    they_are_found_and_followed,
    what_they_were_is_forgotten,
    a_transition_follows_them,
    a_merge_takes_them_along
);
on_both_databases!(a_new_base_finds_what_is_there, two_servers_on_one_database);

fn person(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"family": "Adams"}],
           "identifier": [{"system": "urn:x", "value": id}]})
}

fn observation(id: &str, subject: &str) -> Value {
    json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "weight"},
           "subject": {"reference": subject}})
}

fn stock(client: &Client, resources: &[Value]) {
    for resource in resources {
        client
            .put(&crate::support::care::reference(resource), resource)
            .ok();
    }
}

fn ids(client: &Client, search: &str) -> Vec<String> {
    let bundle = client.get(search).ok();
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = entries
        .map(|entry| entry["resource"]["id"].as_str().expect("an id").to_owned())
        .collect();
    ids.sort_unstable();
    ids
}

fn they_are_found_and_followed(baton: &Baton) {
    let client = baton.partner();
    let own = format!("{}/fhir", baton.base);
    let absolute = format!("{own}/Patient/p");
    stock(
        &client,
        &[
            person("p"),
            observation("absolute", &absolute),
            observation("relative", "Patient/p"),
            observation("versioned", &format!("{absolute}/_history/1")),
            observation("foreign", "https://elsewhere.example/fhir/Patient/p"),
            observation("beside", &format!("{own}/more/Patient/p")),
        ],
    );
    let mine = ["absolute", "relative", "versioned"];
    let with_patient = ["absolute", "p", "relative", "versioned"];
    for (search, expected) in [
        ("Observation?subject=Patient/p".to_owned(), &mine[..]),
        ("Observation?subject=p".to_owned(), &mine),
        ("Observation?patient=p".to_owned(), &mine),
        (format!("Observation?subject={absolute}"), &mine),
        (format!("Observation?subject:Patient={absolute}"), &mine),
        ("Observation?patient.family=adams".to_owned(), &mine),
        ("Observation?subject:Patient.identifier=urn:x|p".to_owned(), &mine),
        ("Patient/p/Observation".to_owned(), &mine),
        ("Patient?_has:Observation:subject:_id=absolute".to_owned(), &["p"]),
        ("Patient?_has:Observation:subject:_id=foreign".to_owned(), &[]),
        (
            "Observation?_id=absolute,foreign&_include=Observation:subject".to_owned(),
            &["absolute", "foreign", "p"],
        ),
        (
            "Patient?_id=p&_revinclude=Observation:subject".to_owned(),
            &with_patient,
        ),
        ("Patient/p/$everything".to_owned(), &with_patient),
        (
            "Observation?subject=https://elsewhere.example/fhir/Patient/p".to_owned(),
            &["foreign"],
        ),
        (format!("Observation?subject={own}/more/Patient/p"), &["beside"]),
        ("Observation?subject:missing=true".to_owned(), &[]),
    ] {
        assert_eq!(ids(&client, &search), expected, "{search}");
    }
    let text = client.get("Observation/absolute").text;
    assert!(text.contains(&format!("\"reference\":\"{absolute}\"")), "{text}");
}

fn what_they_were_is_forgotten(baton: &Baton) {
    let client = baton.partner();
    let own = format!("{}/fhir", baton.base);
    stock(
        &client,
        &[
            person("p"),
            person("q"),
            observation("o", &format!("{own}/Patient/p")),
        ],
    );
    stock(&client, &[observation("o", &format!("{own}/Patient/q"))]);
    let of = |id: &str| ids(&client, &format!("Observation?subject=Patient/{id}"));
    assert_eq!((of("p"), of("q")), (vec![], vec!["o".to_owned()]));
    stock(&client, &[observation("o", "Patient/q")]);
    assert_eq!((of("p"), of("q")), (vec![], vec!["o".to_owned()]));
    stock(
        &client,
        &[observation("o", "https://elsewhere.example/fhir/Patient/q")],
    );
    assert_eq!((of("p"), of("q")), (vec![], vec![]));
    stock(&client, &[observation("o", &format!("{own}/Patient/p"))]);
    client.delete("Observation/o");
    assert_eq!((of("p"), of("q")), (vec![], vec![]));
}

fn a_transition_follows_them(baton: &Baton) {
    let client = baton.partner();
    let own = format!("{}/fhir", baton.base);
    let id = unique("own");
    let mut person = patient(&id);
    person["generalPractitioner"][0]["reference"] = json!(format!("{own}/Practitioner/family-doctor"));
    client.put(&format!("Patient/{id}"), &person).ok();
    let mut stay = encounter(&id, &iso(days_ago(5)), &iso(days_ago(1)));
    stay["subject"]["reference"] = json!(format!("{own}/Patient/{id}"));
    let path = crate::support::care::reference(&stay);
    let course = client.course_of(client.put(&path, &stay).ok());
    assert_eq!(course.statuses(), ["active", "active", "active", "requested"]);
    assert_eq!(course.plan["subject"]["reference"], format!("Patient/{id}"));
    let worklist = format!("Task?patient={own}/Patient/{id}&status=requested");
    assert_eq!(client.find(&worklist).len(), course.tasks.len());
    // One more stay, and this one ends.
    let mut back = encounter(&id, &iso(days_ago(0)), &iso(days_ago(0)));
    back["status"] = json!("in-progress");
    back["period"].as_object_mut().expect("a period").remove("end");
    back["subject"]["reference"] = json!(format!("{own}/Patient/{id}"));
    client.put(&crate::support::care::reference(&back), &back).ok();
    let ended = client.course_of(client.get(&path).ok());
    assert_eq!(ended.statuses(), ["finished", "revoked", "inactive", "cancelled"]);
}

fn a_merge_takes_them_along(baton: &Baton) {
    baton.sender();
    let client = baton.partner();
    let (loser, survivor) = (unique("P"), unique("P"));
    for number in [&loser, &survivor] {
        let mut told = Adt::new("A31", number, "");
        told.visit = None;
        client.taken(&told);
    }
    let id = |number: &str| {
        let person = client.only(&format!("Patient?identifier={number}&active:not=false"));
        person["id"].as_str().expect("an id").to_owned()
    };
    let (from, to) = (id(&loser), id(&survivor));
    let own = format!("{}/fhir", baton.base);
    stock(&client, &[observation("o", &format!("{own}/Patient/{from}"))]);
    let mut merge = Adt::new("A40", &survivor, "");
    (merge.visit, merge.merged) = (None, Some(loser));
    client.taken(&merge);
    let moved = client.get("Observation/o").ok();
    assert_eq!(moved["subject"]["reference"], format!("{own}/Patient/{to}"));
    assert_eq!(ids(&client, &format!("Observation?patient={to}")), ["o"]);
}

fn under(database: &Arc<Database>, url: &str) -> Baton {
    let options = Options {
        args: vec!["--public-url".into(), url.into()],
        ..Options::default()
    };
    Baton::on(database.clone(), &options)
}

/// What is indexed in the background is there soon.
fn soon(client: &Client, search: &str, expected: &[&str]) {
    let begun = Instant::now();
    while ids(client, search) != expected {
        assert!(begun.elapsed() < Duration::from_secs(60), "{search}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn soon_counts(client: &Client, search: &str, expected: usize) {
    let begun = Instant::now();
    while client.get(search).ok()["total"] != expected {
        assert!(begun.elapsed() < Duration::from_secs(60), "{search}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn a_new_base_finds_what_is_there(database: Database) {
    let database = Arc::new(database);
    let first = under(&database, "https://old.example");
    let client = first.partner();
    let at = |host: &str, id: &str| format!("https://{host}.example/fhir/Patient/{id}");
    let many: Vec<String> = (0..1_100).map(|n| format!("n{n:04}")).collect();
    let batch: Vec<Value> = many
        .iter()
        .map(|id| {
            let mut one = observation(id, &at("new", "many"));
            one["focus"] = json!([{"reference": at("new", "many")}]);
            json!({"resource": one, "request": {"method": "PUT", "url": format!("Observation/{id}")}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": batch});
    assert_eq!(client.post("", &bundle).status, 200);
    stock(
        &client,
        &[
            person("p"),
            person("q"),
            observation("of-old", &at("old", "p")),
            observation("of-new", &at("new", "p")),
            observation("changed", &at("new", "p")),
        ],
    );
    assert_eq!(ids(&client, "Observation?subject=Patient/p"), ["of-old"]);
    first.terminate();

    let second = under(&database, "https://new.example");
    let client = second.partner();
    // Rows of a version that is no more are not to come back.
    stock(&client, &[observation("changed", &at("new", "q"))]);
    soon(&client, "Observation?subject=Patient/p", &["of-new", "of-old"]);
    // The parameters come one after another.
    for parameter in ["subject", "patient", "focus"] {
        let search = format!("Observation?{parameter}=Patient/many&_summary=count");
        soon_counts(&client, &search, many.len());
    }
    assert_eq!(ids(&client, "Observation?subject=Patient/q"), ["changed"]);
    assert_eq!(
        ids(&client, "Observation?patient.identifier=urn:x|q"),
        ["changed"]
    );
    for host in ["old", "new"] {
        let found = ids(&client, &format!("Observation?subject={}", at(host, "p")));
        assert_eq!(found, ["of-new", "of-old"], "{host}");
    }
    stock(&client, &[observation("of-new", "Patient/q")]);
    assert_eq!(ids(&client, "Observation?subject=Patient/p"), ["of-old"]);
    second.kill();
    // Nothing is left to do, and nothing is lost.
    let third = under(&database, "https://new.example");
    let client = third.partner();
    assert_eq!(ids(&client, "Observation?subject=Patient/p"), ["of-old"]);
    assert_eq!(
        ids(&client, "Observation?subject=Patient/q"),
        ["changed", "of-new"]
    );
}

/// Each writes about the other's base.
fn two_servers_on_one_database(database: Database) {
    if database.url().starts_with("sqlite") {
        return;
    }
    let database = Arc::new(database);
    let north = under(&database, "https://north.example");
    let south = under(&database, "https://south.example");
    let client = north.partner();
    let other = south.partner();
    stock(
        &client,
        &[
            person("p"),
            observation("a", "https://south.example/fhir/Patient/p"),
        ],
    );
    soon(&client, "Observation?subject=Patient/p", &["a"]);
    stock(
        &other,
        &[observation("b", "https://north.example/fhir/Patient/p")],
    );
    assert_eq!(ids(&client, "Observation?subject=Patient/p"), ["a", "b"]);
    stock(
        &client,
        &[observation("a", "https://south.example/fhir/Patient/q")],
    );
    assert_eq!(ids(&other, "Observation?subject=Patient/p"), ["b"]);
}
