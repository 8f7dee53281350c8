//! Bodies and Bundles beyond their limits, plain and compressed.
use super::gzip::{bomb, stored_brotli, stored_gzip};
use super::{JSON, alive, basic, limited};
use crate::on_both_databases;
use crate::support::{Database, Reply};
use serde_json::json;
use std::io::Read;

on_both_databases!(
    large_bodies_are_refused,
    compressed_bodies_are_read_within_the_limit,
    bundles_have_a_limit
);

fn large_bodies_are_refused(database: Database) {
    let baton = limited(
        database,
        "[limits]\nbody = 100000\nbundle = 100000\nmessage = 20000\n",
    );
    let partner = baton.partner();
    assert_eq!(partner.post("Basic", &basic(&"x".repeat(90_000))).status, 201);
    for path in ["Basic", "", "$process-message"] {
        partner
            .post(path, &basic(&"x".repeat(100_000)))
            .refused(413, "larger");
    }
    partner
        .put("Basic/large", &basic(&"x".repeat(100_000)))
        .refused(413, "larger");
    partner
        .form("Basic/_search", &[("_id", &"x".repeat(100_000))])
        .refused(413, "larger");
    let chunked = reqwest::blocking::Body::new(std::io::repeat(b' ').take(200_000));
    Reply::of(
        partner
            .request("POST", "Basic")
            .header("content-type", JSON)
            .body(chunked),
    )
    .refused(413, "larger");
    let message = partner.hl7(&format!(
        "MSH|^~\\&|A|B|||20260101||ADT^A01|1|P|2.5\rPID|{}",
        "x".repeat(30_000)
    ));
    assert_eq!(message.status, 413, "{}", message.text);
    alive(&partner);
}

fn compressed_bodies_are_read_within_the_limit(database: Database) {
    let baton = limited(database, "[limits]\nbody = 100000\n");
    let partner = baton.partner();
    let send = |encoding: &str, body: Vec<u8>| {
        Reply::of(
            partner
                .request("POST", "Basic")
                .header("content-type", JSON)
                .header("content-encoding", encoding)
                .body(body),
        )
    };
    let content = basic("zipped").to_string();
    assert_eq!(
        send("gzip", stored_gzip(content.as_bytes())).ok()["code"]["text"],
        "zipped"
    );
    let zipped = send("br", stored_brotli(content.as_bytes())).ok();
    assert_eq!(zipped["code"]["text"], "zipped");
    let large = stored_brotli(basic(&"x".repeat(200_000)).to_string().as_bytes());
    send("br", large).refused(413, "larger");
    send("br", content.clone().into_bytes()).refused(400, "Content-Encoding");
    let small = bomb(300);
    assert!(small.len() < 1_000);
    send("gzip", small).refused(400, "issue");
    let bomb = bomb(2_000);
    assert!(bomb.len() < 5_000, "the body itself is small");
    send("gzip", bomb).refused(413, "larger");
    send("gzip", content.clone().into_bytes()).refused(400, "Content-Encoding");
    send("zstd", content.into_bytes()).refused(415, "gzip");
    alive(&partner);
}

fn bundles_have_a_limit(database: Database) {
    let baton = limited(
        database,
        "[limits]\nbundle_entries = 20\nmax_count = 10\ndefault_count = 5\n",
    );
    let partner = baton.partner();
    let bundle = |count: usize| {
        let entry = json!({"resource": basic("x"), "request": {"method": "POST", "url": "Basic"}});
        json!({"resourceType": "Bundle", "type": "transaction", "entry": vec![entry; count]})
    };
    partner.post("", &bundle(20)).ok();
    let refused = partner.post("", &bundle(21)).refused(413, "20 entries");
    assert_eq!(refused["issue"][0]["code"], "too-costly");
    let entries = |path: &str| partner.get(path).ok()["entry"].as_array().map_or(0, Vec::len);
    assert_eq!(
        (
            entries("Basic"),
            entries("Basic?_count=1000"),
            entries("Basic/_history?_count=1000")
        ),
        (5, 10, 10)
    );
    assert_eq!(partner.find("Basic?_count=1000").len(), 20);
}
