//! Formats, limits, and refusals: always an OperationOutcome.
use crate::server::{Baton, fhir, send};
use reqwest::Method;
use serde_json::json;
use std::io::{Read, Write};

#[test]
fn formats_are_negotiated() {
    let baton = Baton::start();
    baton
        .put("/Patient/p", &json!({"resourceType": "Patient", "id": "p"}))
        .expect(201);
    let accept = |accept: &str| send(baton.request(Method::GET, "/Patient/p").header("accept", accept));
    for good in [
        "application/fhir+json",
        "application/json",
        "*/*",
        "text/html, application/xml;q=0.9, */*;q=0.8",
        "application/fhir+json; fhirVersion=4.0",
    ] {
        assert_eq!(
            accept(good).expect(200).header("content-type"),
            "application/fhir+json"
        );
    }
    for bad in [
        "application/fhir+xml",
        "application/fhir+json; fhirVersion=3.0",
        "text/turtle",
    ] {
        accept(bad).expect(406).issue();
    }
    baton.get("/Patient/p?_format=json").expect(200);
    baton.get("/Patient/p?_format=application/fhir+json").expect(200);
    baton.get("/Patient/p?_format=xml").expect(406).issue();
    baton.get("/Patient/p?_elements=colour").expect(400).issue();

    let post = |media: &str| {
        send(
            baton
                .request(Method::POST, "/Patient")
                .header("content-type", media)
                .body("{\"resourceType\":\"Patient\"}"),
        )
    };
    post("application/json; charset=UTF-8").expect(201);
    post("application/fhir+xml").expect(415).issue();
    post("application/fhir+json; charset=latin1").expect(415).issue();
    send(
        baton
            .request(Method::POST, "/Patient")
            .body("{\"resourceType\":\"Patient\"}"),
    )
    .expect(415)
    .issue();
}

#[test]
fn refusals_are_operation_outcomes() {
    let baton = Baton::start();
    let cases = [
        (Method::GET, "/Nothing/1", 404),
        (Method::GET, "/patient/1", 404),
        (Method::GET, "/Patient/1", 404),
        (Method::GET, "/Patient/1/2/3", 404),
        (Method::GET, "/Patient/1/_history/x", 404),
        (Method::PATCH, "/Patient/1", 415),
        (Method::POST, "/Patient/1", 405),
        (Method::DELETE, "/metadata", 405),
        (Method::GET, "/Patient?name=%ff", 400),
        (Method::GET, "/Patient?colour=red", 400),
        (Method::GET, "/Patient?_cursor=nonsense", 400),
        (Method::GET, "?_type=Colour", 400),
    ];
    for (method, path, status) in cases {
        let answer = send(baton.request(method.clone(), path)).expect(status);
        assert_eq!(answer.issue()["severity"], "error", "{method} {path}");
        if status == 405 {
            assert!(!answer.header("allow").is_empty(), "{method} {path}");
        }
    }
    let outside = reqwest::blocking::get(baton.base.replace("/fhir", "/nowhere")).expect("an answer");
    assert_eq!(outside.status(), 404);
}

#[test]
fn bad_bodies_name_what_is_wrong() {
    let baton = Baton::start();
    let post = |text: &str| {
        send(
            baton
                .request(Method::POST, "/Patient")
                .header("content-type", "application/fhir+json")
                .body(text.to_owned()),
        )
    };
    post("{").expect(400).issue();
    post("").expect(400).issue();
    post("[]").expect(400).issue();
    post("{\"resourceType\":\"Nothing\"}").expect(400).issue();
    post(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)))
        .expect(400)
        .issue();
    let invalid = baton.post(
        "/Patient",
        &json!({"resourceType": "Patient", "name": [{"gven": ["x"]}]}),
    );
    assert_eq!(
        invalid.expect(422).issue()["expression"][0],
        "Patient.name[0].gven"
    );
    let bytes = baton
        .request(Method::POST, "/Patient")
        .header("content-type", "application/fhir+json")
        .body(vec![0xff, 0xfe]);
    send(bytes).expect(400).issue();
}

#[test]
fn large_bodies_are_refused_also_when_compressed() {
    let baton = Baton::with(|config| config.limits.body = 10_000);
    let large = json!({"resourceType": "Patient", "name": [{"text": "x".repeat(20_000)}]});
    baton.post("/Patient", &large).expect(413).issue();
    let small = json!({"resourceType": "Patient", "name": [{"text": "y"}]}).to_string();
    let zipped = |text: &str| {
        let request = baton
            .request(Method::POST, "/Patient")
            .header("content-encoding", "gzip");
        send(
            request
                .header("content-type", "application/fhir+json")
                .body(gzip(text.as_bytes())),
        )
    };
    zipped(&small).expect(201);
    zipped(&large.to_string()).expect(413).issue();
    let unknown = baton
        .request(Method::POST, "/Patient")
        .header("content-encoding", "zip");
    send(fhir(unknown, &large)).expect(415).issue();
}

/// Gzip without compression: one stored block.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let length = u16::try_from(bytes.len()).expect("one block");
    out.push(1);
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(bytes);
    let crc = bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    });
    out.extend((!crc).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

#[test]
fn browsers_and_request_ids() {
    let baton = Baton::start();
    let preflight = baton
        .request(Method::OPTIONS, "/Patient")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST");
    let answer = send(preflight).expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let named = send(
        baton
            .request(Method::GET, "/metadata")
            .header("x-request-id", "abc-1"),
    )
    .expect(200);
    assert_eq!(named.header("x-request-id"), "abc-1");
    let unnamed = send(
        baton
            .request(Method::GET, "/metadata")
            .header("x-request-id", "a b"),
    )
    .expect(200);
    assert_eq!(unnamed.header("x-request-id").len(), 36);
}

#[test]
fn answers_are_compressed_on_request() {
    let baton = Baton::start();
    for (accepted, coding) in [("gzip", "gzip"), ("br", "br"), ("identity", "")] {
        let answer = baton
            .request(Method::GET, "/metadata")
            .header("accept-encoding", accepted)
            .send()
            .expect("an answer");
        let sent = answer
            .headers()
            .get("content-encoding")
            .map_or("", |value| value.to_str().expect("ASCII"));
        assert_eq!(sent, coding);
        assert!(!answer.bytes().expect("a body").is_empty());
    }
}

#[test]
fn a_slow_client_does_not_stay() {
    let baton = Baton::with(|config| config.limits.client_seconds = 1);
    let address = baton
        .base
        .trim_start_matches("http://")
        .trim_end_matches("/fhir")
        .to_owned();
    let mut socket = std::net::TcpStream::connect(address).expect("connects");
    socket
        .write_all(b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n")
        .expect("sends");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("closed by the server");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}
