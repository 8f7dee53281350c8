//! create, read, vread, update, delete, history and their conditions.
use crate::server::{Baton, fhir, send};
use reqwest::Method;
use serde_json::json;

#[test]
fn a_resource_lives_through_its_versions() {
    let baton = Baton::start();
    let created = baton
        .post("/Patient", &json!({"resourceType": "Patient", "active": true}))
        .expect(201);
    let location = created.header("location").to_owned();
    let id = created.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(location, format!("{}/Patient/{id}/_history/1", baton.base));
    assert_eq!(created.header("etag"), "W/\"1\"");
    assert!(created.header("last-modified").ends_with(" GMT"));

    let path = format!("/Patient/{id}");
    assert_eq!(baton.get(&path).expect(200).text, created.text);
    let changed = json!({"resourceType": "Patient", "id": id, "active": false});
    assert_eq!(baton.put(&path, &changed).expect(200).header("etag"), "W/\"2\"");
    assert_eq!(
        baton.put(&path, &changed).expect(200).header("etag"),
        "W/\"2\"",
        "unchanged content"
    );
    assert_eq!(
        baton.get(&format!("{path}/_history/1")).expect(200).json()["active"],
        true
    );

    let gone = baton.delete(&path).expect(204);
    assert!(gone.text.is_empty());
    baton.delete(&path).expect(204);
    assert_eq!(baton.get(&path).expect(410).issue()["code"], "deleted");
    baton.get(&format!("{path}/_history/3")).expect(410);
    assert_eq!(
        baton.put(&path, &changed).expect(201).header("etag"),
        "W/\"4\"",
        "brought back"
    );

    let history = baton.get(&format!("{path}/_history")).expect(200).json();
    let told: Vec<_> = history["entry"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| {
            (
                entry["request"]["method"].clone(),
                entry["response"]["etag"].clone(),
            )
        })
        .collect();
    let expected = [
        ("PUT", "W/\"4\""),
        ("DELETE", "W/\"3\""),
        ("PUT", "W/\"2\""),
        ("POST", "W/\"1\""),
    ];
    assert_eq!(told, expected.map(|(method, etag)| (json!(method), json!(etag))));
    assert_eq!(history["type"], "history");
}

#[test]
fn what_was_sent_is_served_byte_for_byte() {
    let baton = Baton::start();
    let text = r#"{"resourceType":"Observation","id":"x", "status":"final","code":{"text":"é\u00e9"},  "valueQuantity":{"value":1.10}}"#;
    let put = baton
        .request(Method::PUT, "/Observation/x")
        .header("content-type", "application/fhir+json")
        .body(text);
    send(put).expect(201);
    let read = baton.get("/Observation/x").expect(200).text;
    for part in [
        r#" "status":"final""#,
        r#""é\u00e9""#,
        r#"  "valueQuantity":{"value":1.10}"#,
    ] {
        assert!(read.contains(part), "{read}");
    }
    let pretty = baton.get("/Observation/x?_pretty=true").expect(200).text;
    assert!(
        pretty.contains("\n") && pretty.contains("\"value\": 1.10"),
        "{pretty}"
    );
}

#[test]
fn history_pages_and_since() {
    let baton = Baton::start();
    for active in [true, false, true, false, true] {
        baton.put(
            "/Patient/p",
            &json!({"resourceType": "Patient", "id": "p", "active": active}),
        );
    }
    let first = baton.get("/Patient/p/_history?_count=2").expect(200).json();
    assert_eq!(first["entry"].as_array().expect("entries").len(), 2);
    let links = first["link"].as_array().expect("links").iter();
    let mut next = links.filter(|link| link["relation"] == "next");
    let next = next.next().expect("a next page")["url"]
        .as_str()
        .expect("next")
        .trim_start_matches(&baton.base)
        .to_owned();
    let second = baton.get(&next).expect(200).json();
    assert_eq!(second["entry"][0]["response"]["etag"], "W/\"3\"");
    let future = baton
        .get("/Patient/p/_history?_since=2999-01-01T00:00:00Z")
        .expect(200)
        .json();
    assert_eq!(future.get("entry"), None);
    assert_eq!(
        baton.get("/Patient/_history").expect(200).json()["entry"]
            .as_array()
            .map(Vec::len),
        Some(5)
    );
    assert_eq!(
        baton.get("/_history").expect(200).json()["entry"]
            .as_array()
            .map(Vec::len),
        Some(5)
    );
    baton.get("/Patient/never/_history").expect(404).issue();
    baton
        .get("/Patient/p/_history?_since=yesterday")
        .expect(400)
        .issue();
    baton.get("/Patient/p/_history?_at=then").expect(400).issue();
}

#[test]
fn versions_guard_updates_and_spare_reads() {
    let baton = Baton::start();
    let patient = json!({"resourceType": "Patient", "id": "p"});
    baton.put("/Patient/p", &patient).expect(201);
    let put = |name: &str, value: &str, active: bool| {
        let body = json!({"resourceType": "Patient", "id": "p", "active": active});
        send(fhir(
            baton.request(Method::PUT, "/Patient/p").header(name, value),
            &body,
        ))
    };
    put("if-match", "W/\"1\"", true).expect(200);
    assert_eq!(
        put("if-match", "W/\"1\"", false).expect(412).issue()["code"],
        "conflict"
    );
    put("if-none-match", "*", false).expect(412).issue();
    put("if-match", "1", false).expect(400).issue();
    let known = baton
        .request(Method::GET, "/Patient/p")
        .header("if-none-match", "W/\"2\"");
    assert!(send(known).expect(304).text.is_empty());
    let since = baton.get("/Patient/p").header("last-modified").to_owned();
    send(
        baton
            .request(Method::GET, "/Patient/p")
            .header("if-modified-since", since),
    )
    .expect(304);
    send(
        baton
            .request(Method::DELETE, "/Patient/p")
            .header("if-match", "W/\"1\""),
    )
    .expect(412);
    let head = send(baton.request(Method::HEAD, "/Patient/p")).expect(200);
    assert!(head.text.is_empty() && head.header("etag") == "W/\"2\"");
}

#[test]
fn prefer_says_what_comes_back() {
    let baton = Baton::start();
    let patient = json!({"resourceType": "Patient"});
    let with = |prefer: &str| {
        send(fhir(
            baton.request(Method::POST, "/Patient").header("prefer", prefer),
            &patient,
        ))
        .expect(201)
    };
    assert!(with("return=minimal").text.is_empty());
    assert_eq!(with("return=representation").json()["resourceType"], "Patient");
    assert_eq!(with("return=OperationOutcome").issue()["severity"], "information");
}

#[test]
fn ids_must_agree_and_be_ids() {
    let baton = Baton::start();
    let other = json!({"resourceType": "Patient", "id": "q"});
    let refused = baton.put("/Patient/p", &other).expect(400);
    assert_eq!(refused.issue()["expression"][0], "Patient.id");
    baton
        .put("/Patient/p", &json!({"resourceType": "Patient"}))
        .expect(400)
        .issue();
    baton
        .put("/Patient/p_p", &json!({"resourceType": "Patient", "id": "p_p"}))
        .expect(400)
        .issue();
    baton.get("/Patient/p_p").expect(404).issue();
    baton
        .put(
            "/Patient/q",
            &json!({"resourceType": "Basic", "id": "q", "code": {"text": "x"}}),
        )
        .expect(400)
        .issue();
}

#[test]
fn conditional_interactions_find_one() {
    let baton = Baton::start();
    let patient = |family: &str| json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}], "name": [{"family": family}]});
    let create = || {
        let request = baton
            .request(Method::POST, "/Patient")
            .header("if-none-exist", "identifier=urn:x|1");
        send(fhir(request, &patient("A")))
    };
    let first = create().expect(201).json();
    assert_eq!(create().expect(200).json()["id"], first["id"]);
    let updated = baton
        .put("/Patient?identifier=urn:x|1", &patient("B"))
        .expect(200)
        .json();
    assert_eq!(updated["id"], first["id"]);
    baton.post("/Patient", &patient("C")).expect(201);
    assert_eq!(create().expect(412).issue()["code"], "multiple-matches");
    baton.delete("/Patient?identifier=urn:x|1").expect(412).issue();
    baton.delete("/Patient?name=C").expect(204);
    baton.delete("/Patient?name=C").expect(204);
    baton.delete("/Patient").expect(400).issue();
    assert_eq!(create().expect(200).json()["id"], first["id"]);
}

#[test]
fn concurrent_conditional_creates_make_one() {
    let baton = Baton::start();
    let body = json!({"resourceType": "Patient", "identifier": [{"system": "urn:x", "value": "1"}]});
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let create = || {
            let request = baton
                .request(Method::POST, "/Patient")
                .header("if-none-exist", "identifier=urn:x|1");
            send(fhir(request, &body)).status.as_u16()
        };
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(create)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("joined"))
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        15,
        "{statuses:?}"
    );
}
