//! search by GET and POST: parameters, paging, includes, links.
use crate::server::{Baton, send};
use reqwest::Method;
use serde_json::{Value, json};

fn ids(bundle: &Value, mode: &str) -> Vec<String> {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let wanted = entries.iter().filter(|entry| entry["search"]["mode"] == mode);
    wanted
        .map(|entry| entry["resource"]["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn link(bundle: &Value, relation: &str) -> Option<String> {
    let links = bundle["link"].as_array()?;
    let found = links.iter().find(|link| link["relation"] == relation)?;
    found["url"].as_str().map(str::to_owned)
}

fn stocked() -> Baton {
    let baton = Baton::start();
    baton
        .put(
            "/Patient/p",
            &json!({"resourceType": "Patient", "id": "p", "name": [{"family": "Óne"}]}),
        )
        .expect(201);
    for number in 1..=5 {
        let observation = json!({
            "resourceType": "Observation", "id": format!("o{number}"), "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "subject": {"reference": "Patient/p"}
        });
        baton
            .put(&format!("/Observation/o{number}"), &observation)
            .expect(201);
    }
    baton
}

#[test]
fn pages_follow_links_to_the_end() {
    let baton = stocked();
    let mut seen = Vec::new();
    let mut next = Some(format!(
        "{}/Observation?code=http://loinc.org|8867-4&_count=2",
        baton.base
    ));
    while let Some(url) = next {
        let page = baton.get(url.trim_start_matches(&baton.base)).expect(200).json();
        assert_eq!(page["type"], "searchset");
        assert_eq!(page.get("total"), None, "totals only when asked for");
        assert!(link(&page, "self").is_some());
        seen.extend(ids(&page, "match"));
        next = link(&page, "next");
    }
    assert_eq!(seen, ["o1", "o2", "o3", "o4", "o5"]);
}

#[test]
fn includes_totals_and_counts() {
    let baton = stocked();
    let with_patient = baton
        .get("/Observation?_include=Observation:patient&_count=3&_total=accurate")
        .expect(200)
        .json();
    assert_eq!(with_patient["total"], 5);
    assert_eq!(ids(&with_patient, "match").len(), 3);
    assert_eq!(ids(&with_patient, "include"), ["p"]);
    assert_eq!(
        with_patient["entry"][0]["fullUrl"],
        format!("{}/Observation/o1", baton.base)
    );
    let reverse = baton
        .get("/Patient?name=one&_revinclude=Observation:patient")
        .expect(200)
        .json();
    assert_eq!(
        (ids(&reverse, "match").len(), ids(&reverse, "include").len()),
        (1, 5)
    );
    let count = baton.get("/Observation?_summary=count").expect(200).json();
    assert_eq!((count["total"].clone(), count.get("entry")), (json!(5), None));
    let none = baton.get("/Observation?code=other").expect(200).json();
    assert_eq!(none.get("entry"), None, "no empty arrays in FHIR JSON");
}

#[test]
fn post_takes_form_and_address_together() {
    let baton = stocked();
    let form = |body: &str| {
        let request = baton.request(Method::POST, "/Observation/_search?_count=1");
        send(
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.to_owned()),
        )
    };
    let found = form("code=http%3A%2F%2Floinc.org%7C8867-4&subject=Patient%2Fp")
        .expect(200)
        .json();
    assert_eq!(ids(&found, "match"), ["o1"]);
    form("colour=red").expect(400).issue();
    let wrong = baton
        .request(Method::POST, "/Observation/_search")
        .header("content-type", "text/plain")
        .body("a=b");
    send(wrong).expect(415).issue();
}

#[test]
fn lenient_handling_warns_inside_the_bundle() {
    let baton = stocked();
    let lenient = baton
        .request(Method::GET, "/Patient?colour=red&_id=p")
        .header("prefer", "handling=lenient");
    let bundle = send(lenient).expect(200).json();
    assert_eq!(ids(&bundle, "match"), ["p"]);
    let outcome = bundle["entry"]
        .as_array()
        .expect("entries")
        .last()
        .expect("an outcome")
        .clone();
    assert_eq!(outcome["search"]["mode"], "outcome");
    assert_eq!(outcome["resource"]["issue"][0]["severity"], "warning");
    assert!(!link(&bundle, "self").expect("self").contains("colour"));
}

#[test]
fn includes_beyond_the_page_are_told() {
    let baton = Baton::start();
    let observations: Vec<Value> = (0..1_100)
        .map(|_| {
            json!({"request": {"method": "POST", "url": "Observation"}, "resource": {
                "resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "subject": {"reference": "Patient/p"}
            }})
        })
        .collect();
    baton
        .put("/Patient/p", &json!({"resourceType": "Patient", "id": "p"}))
        .expect(201);
    baton
        .post(
            "",
            &json!({"resourceType": "Bundle", "type": "transaction", "entry": observations}),
        )
        .expect(200);
    let bundle = baton
        .get("/Patient?_id=p&_revinclude=Observation:subject")
        .expect(200)
        .json();
    assert!(ids(&bundle, "include").len() <= 1_000);
    let outcome = bundle["entry"]
        .as_array()
        .expect("entries")
        .last()
        .expect("an outcome")
        .clone();
    assert_eq!(outcome["resource"]["issue"][0]["code"], "incomplete");
}
