//! Headers in both directions: what cannot be read is not taken for absent, and what was heeded is
//! told. <https://hl7.org/fhir/R4/http.html#Http-Headers>
use super::{basic, conditionally, with_id};
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use std::io::{Read, Write};
use std::net::TcpStream;

on_both!(
    conditions_that_cannot_be_read_are_refused,
    preferences_that_were_followed_are_told,
    every_address_tells_its_methods,
    what_is_too_long_is_refused_with_a_reason,
    requests_in_a_row_are_answered_in_a_row
);

/// A create with these header lines, byte for byte.
fn raw(baton: &Baton, partner: &Client, request: &str, headers: &[&[u8]], body: &str) -> String {
    let mut stream = TcpStream::connect(baton.base.trim_start_matches("http://")).expect("a connection");
    let token = partner.token.as_deref().unwrap_or_default();
    let mut bytes =
        format!("{request} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n").into_bytes();
    for header in headers {
        bytes.extend(*header);
        bytes.extend(b"\r\n");
    }
    let media = "Content-Type: application/fhir+json\r\nConnection: close\r\n";
    bytes.extend(format!("{media}Content-Length: {}\r\n\r\n{body}", body.len()).bytes());
    stream.write_all(&bytes).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn conditions_that_cannot_be_read_are_refused(baton: &Baton) {
    let partner = baton.partner();
    partner.put("Basic/h", &with_id("h", "x")).ok();
    let body = with_id("h", "y").to_string();
    let put = |headers: &[&[u8]]| raw(baton, &partner, "PUT /fhir/Basic/h", headers, &body);
    for headers in [
        &[&b"If-Match: W/\"\xff\""[..]][..],
        &[b"If-Match: W/\"1\"", b"If-Match: W/\"2\""],
        &[b"If-Match: W/1"],
        &[b"If-Match: \"1\", \"2\""],
        &[b"If-None-Match: W/\"1\""],
        &[b"If-Match: W/\"1\"", b"If-None-Match: *"],
        &[b"If-Unmodified-Since: Sun, 22 Nov 2026 13:52:18 GMT"],
    ] {
        let answer = put(headers);
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(
            answer.contains("OperationOutcome") && answer.contains("If-") || answer.contains("if-match"),
            "{answer}"
        );
    }
    assert_eq!(
        partner.get("Basic/h").header("etag"),
        "W/\"1\"",
        "nothing was written"
    );
    let strong = put(&[b"If-Match: \"1\""]);
    assert!(strong.starts_with("HTTP/1.1 200"), "{strong}");
    let body = basic("twice").to_string();
    let create = |header: &[u8]| raw(baton, &partner, "POST /fhir/Basic", &[header], &body);
    assert!(create(b"If-None-Exist: ident\xff").starts_with("HTTP/1.1 400"));
    assert!(create("If-None-Exist: identifier=urn:é|1".as_bytes()).starts_with("HTTP/1.1 201"));
    let read =
        |header: (&str, &str)| Reply::of(partner.request("GET", "Basic/h").header(header.0, header.1)).status;
    assert_eq!(
        read(("if-modified-since", "yesterday")),
        200,
        "no date, no condition"
    );
    assert_eq!(read(("if-none-match", "nonsense")), 200);
}

fn preferences_that_were_followed_are_told(baton: &Baton) {
    let partner = baton.partner();
    let create = |prefer: &str| conditionally(&partner, "POST", "Basic", ("prefer", prefer), &basic("x"));
    let applied = |reply: &Reply| reply.header("preference-applied").to_string();
    assert_eq!(applied(&create("return=minimal")), "return=minimal");
    assert_eq!(
        applied(&create("return=\"representation\"; handling=strict")),
        "return=representation, handling=strict"
    );
    let plain = create("respond-async, return=everything, wait=10");
    assert_eq!(
        (plain.status, applied(&plain)),
        (201, String::new()),
        "done at once, and not said otherwise"
    );
    let lenient = |path: &str| Reply::of(partner.request("GET", path).header("prefer", "handling=lenient"));
    let search = lenient("Basic?colour=red&_id=none");
    assert_eq!(applied(&search), "handling=lenient");
    let bundle = search.ok();
    assert!(
        !bundle["link"][0]["url"]
            .as_str()
            .expect("self")
            .contains("colour"),
        "{bundle}"
    );
    assert_eq!(bundle["entry"][0]["search"]["mode"], "outcome");
    assert!(bundle["entry"][0].to_string().contains("colour"), "{bundle}");
    let history = lenient("Basic/_history?colour=red").ok();
    assert!(
        !history["link"][0]["url"]
            .as_str()
            .expect("self")
            .contains("colour")
    );
    let several = lenient("?_type=Basic,Patient&colour=red").ok();
    assert!(
        !several["link"][0]["url"]
            .as_str()
            .expect("self")
            .contains("colour"),
        "{several}"
    );
    lenient("Basic?_count=many").refused(400, "_count");
}

fn every_address_tells_its_methods(baton: &Baton) {
    let partner = baton.partner();
    let options = |path: &str| Reply::of(partner.request("OPTIONS", path));
    let of_type = options("Basic");
    assert_eq!(of_type.status, 204);
    assert_eq!(
        of_type.header("allow"),
        "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    );
    assert!(of_type.header("accept-patch").contains("json-patch"));
    assert_eq!(options("metadata").header("allow"), "GET, HEAD, OPTIONS");
    let trace = Reply::of(partner.request("TRACE", "Basic/1"));
    trace.refused(405, "does not take the method");
    assert_eq!(trace.header("allow"), "GET, HEAD, PUT, PATCH, DELETE");
    partner.put("Basic/head", &with_id("head", "x")).ok();
    for path in [
        "metadata",
        "Basic",
        "Basic/head",
        "Basic/head/_history",
        "Basic/head/_history/1",
        "Basic/_history",
        "_history",
        "?_type=Basic",
        "Basic/head/$meta",
        "Patient/x/Task",
        "/openapi.json",
        "/healthz",
    ] {
        let (get, head) = (partner.get(path), Reply::of(partner.request("HEAD", path)));
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("etag"), get.header("etag"), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
    }
    let preflight = partner
        .request("OPTIONS", "Basic")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "PATCH");
    assert_eq!(Reply::of(preflight).header("access-control-allow-origin"), "*");
}

fn what_is_too_long_is_refused_with_a_reason(baton: &Baton) {
    let partner = baton.partner();
    partner
        .get(&format!("Basic?_id={}", "x".repeat(62_000)))
        .refused(414, "_search");
    let large = partner
        .request("GET", "Basic")
        .header("x-large", "x".repeat(70_000));
    Reply::of(large).refused(431, "headers");
    let several = (0..70).fold(partner.request("GET", "Basic"), |request, n| {
        request.header(format!("x-{n}"), "x".repeat(1_000))
    });
    Reply::of(several).refused(431, "headers");
}

fn requests_in_a_row_are_answered_in_a_row(baton: &Baton) {
    let partner = baton.partner();
    for n in 0..5 {
        partner
            .put(&format!("Basic/p{n}"), &with_id(&format!("p{n}"), "x"))
            .ok();
    }
    let token = partner.token.as_deref().unwrap_or_default();
    let request =
        |n: usize| format!("GET /fhir/Basic/p{n} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    let mut all: String = (0..4).map(|n| request(n) + "\r\n").collect();
    all += &(request(4) + "Connection: close\r\n\r\n");
    let mut stream = TcpStream::connect(baton.base.trim_start_matches("http://")).expect("a connection");
    stream.write_all(all.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answers");
    let places: Vec<usize> = (0..5)
        .map(|n| {
            answer
                .find(&format!("\"id\":\"p{n}\""))
                .expect("an answer to each")
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}
