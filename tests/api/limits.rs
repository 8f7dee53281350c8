//! Bad input and bad clients: refused within limits while the others are served.
//!
//! Servers here have small limits, so that the scenes need neither megabytes nor minutes.
use crate::support::{Baton, Client, Database, Options, Reply};
use crate::{on_both, on_both_databases};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

on_both!(
    hostile_json_is_refused,
    numbers_keep_their_digits,
    headers_have_a_limit,
    a_hundred_connections_are_served,
);
on_both_databases!(
    large_bodies_are_refused,
    compressed_bodies_are_read_within_the_limit,
    bundles_have_a_limit,
    slow_clients_are_cut_off,
);

/// A server whose settings file has these lines.
fn limited(database: Database, settings: &str) -> Baton {
    let file = database.folder().join("baton.toml");
    std::fs::write(&file, settings).expect("a settings file");
    let args = vec!["--config".to_string(), file.display().to_string()];
    Baton::start(
        database,
        Options {
            args,
            ..Options::default()
        },
    )
}

const JSON: &str = "application/fhir+json";

fn basic(text: &str) -> Value {
    json!({"resourceType": "Basic", "code": {"text": text}})
}

fn alive(partner: &Client) {
    assert_eq!(partner.post("Basic", &basic("alive")).status, 201);
}

fn hostile_json_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let nested = |depth: usize| {
        let (open, close) = ("{\"extension\":[".repeat(depth), "]}".repeat(depth));
        format!("{{\"resourceType\":\"Basic\",\"code\":{{\"text\":\"x\"}},\"extension\":[{open}{close}]}}")
    };
    for depth in [1_000, 100_000] {
        partner
            .send_text("POST", "Basic", JSON, nested(depth))
            .refused(400, "nested deeper");
    }
    partner
        .send_text("POST", "Basic", JSON, "[".repeat(200_000))
        .refused(400, "issue");
    partner
        .send_text(
            "POST",
            "",
            JSON,
            format!(
                "{{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":{}",
                "[".repeat(200_000)
            ),
        )
        .refused(400, "issue");
    partner
        .send_text(
            "POST",
            "Basic",
            JSON,
            &b"{\"resourceType\":\"Basic\",\"code\":{\"text\":\"\xc3\x28\"}}"[..],
        )
        .refused(400, "UTF-8");
    let twice = "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"a\",\"text\":\"b\"}}";
    partner
        .send_text("POST", "Basic", JSON, twice)
        .refused(400, "twice");
    let nul = "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"a\\u0000b\"}}";
    let outcome = partner
        .send_text("POST", "Basic", JSON, nul)
        .refused(422, "Basic.code.text");
    assert_eq!(outcome["issue"][0]["expression"][0], "Basic.code.text");
    partner
        .send_text(
            "POST",
            "Basic",
            JSON,
            "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"a\0b\"}}",
        )
        .refused(400, "issue");
    alive(&partner);
}

fn numbers_keep_their_digits(baton: &Baton) {
    let partner = baton.partner();
    let observation = |value: &str| {
        format!(
            "{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x\"}},\"valueQuantity\":{{\"value\":{value}}}}}"
        )
    };
    for value in [
        "99999999999999999999999999999999999999.99",
        "1E400",
        "-1e-400",
        "0.00000000000000000000000000000001",
    ] {
        let reply = partner.send_text("POST", "Observation", JSON, observation(value));
        match reply.status {
            201 => assert!(
                reply.text.contains(&format!("\"value\":{value}}}")),
                "{}",
                reply.text
            ),
            _ => drop(reply.refused(400, "issue")),
        }
    }
    for value in ["01", "+1", ".5", "5.", "NaN", "Infinity", "0x10"] {
        partner
            .send_text("POST", "Observation", JSON, observation(value))
            .refused(400, "issue");
    }
    partner
        .get("Observation?value-quantity=1e999999999999")
        .refused(400, "value-quantity");
    partner
        .get("Observation?_count=99999999999999999999999")
        .refused(400, "_count");
    alive(&partner);
}

fn headers_have_a_limit(baton: &Baton) {
    let partner = baton.partner();
    let reply = partner
        .request("GET", "Basic")
        .header("x-large", "x".repeat(1 << 20))
        .send();
    // The server may close before a client has written everything.
    assert!(reply.is_err() || reply.is_ok_and(|r| r.status().is_client_error()));
    let long = format!("Basic?_id={}", "x,".repeat(1 << 19));
    let reply = partner.request("GET", &long).send();
    assert!(reply.is_err() || reply.is_ok_and(|r| r.status().is_client_error()));
    alive(&partner);
}

fn a_hundred_connections_are_served(baton: &Baton) {
    let partner = baton.partner();
    let address = baton.base.trim_start_matches("http://");
    let idle: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(address).expect("a connection"))
        .collect();
    let clients: Vec<_> = (0..100)
        .map(|n| {
            // A client of its own has a connection of its own.
            let mut client = baton.anonymous();
            client.token = partner.token.clone();
            std::thread::spawn(move || client.post("Basic", &basic(&n.to_string())).status)
        })
        .collect();
    assert!(
        clients
            .into_iter()
            .all(|client| client.join().expect("no panic") == 201)
    );
    assert_eq!(partner.get("Basic?_summary=count").ok()["total"], 100);
    drop(idle);
}

fn large_bodies_are_refused(database: Database) {
    let baton = limited(database, "[limits]\nbody = 100000\nmessage = 20000\n");
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

/// A gzip member of stored blocks: larger than its content, and simple.
fn stored_gzip(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut chunks = content.chunks(65_535).peekable();
    while let Some(chunk) = chunks.next() {
        let length = u16::try_from(chunk.len()).expect("at most 65535");
        bytes.push(u8::from(chunks.peek().is_none()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(chunk);
    }
    bytes.extend(crc32(content).to_le_bytes());
    bytes.extend(u32::try_from(content.len()).expect("small").to_le_bytes());
    bytes
}

fn crc32(content: &[u8]) -> u32 {
    !content.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Many spaces in few bytes: fixed Huffman codes, one literal and then matches of 258 at distance 1.
fn bomb(matches: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false];
    let code = |bits: &mut Vec<bool>, value: u32, width: u32| {
        bits.extend((0..width).rev().map(|bit| value >> bit & 1 == 1))
    };
    code(&mut bits, 0x30 + u32::from(b' '), 8);
    for _ in 0..matches {
        code(&mut bits, 0b1100_0101, 8);
        code(&mut bits, 0, 5);
    }
    code(&mut bits, 0, 7);
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bytes.extend(bits.chunks(8).map(|byte| {
        byte.iter()
            .enumerate()
            .fold(0, |sum, (place, bit)| sum | u8::from(*bit) << place)
    }));
    let content = vec![b' '; 1 + matches * 258];
    bytes.extend(crc32(&content).to_le_bytes());
    bytes.extend(u32::try_from(content.len()).expect("small").to_le_bytes());
    bytes
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

/// How long the server keeps a connection on which this comes and then a byte each 200 ms.
fn kept_for(baton: &Baton, start: &str) -> Duration {
    let mut stream = TcpStream::connect(baton.base.trim_start_matches("http://")).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .expect("a timeout");
    stream.write_all(start.as_bytes()).expect("sent");
    let begun = Instant::now();
    let mut buffer = [0; 1024];
    while begun.elapsed() < Duration::from_secs(30) {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(_) => continue,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                if stream.write_all(b"x").is_err() {
                    break;
                }
            }
            Err(_) => break,
        }
    }
    begun.elapsed()
}

fn slow_clients_are_cut_off(database: Database) {
    let baton = limited(database, "[limits]\nclient_seconds = 1\n");
    let partner = baton.partner();
    let token = partner.token.clone().expect("a token");
    let body = format!(
        "POST /fhir/Basic HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {JSON}\r\nContent-Length: 100000\r\n\r\n{{"
    );
    std::thread::scope(|scope| {
        let header = scope.spawn(|| kept_for(&baton, "GET /fhir/Basic HTTP/1.1\r\nX-Slow: "));
        let body = scope.spawn(|| kept_for(&baton, &body));
        while !(header.is_finished() && body.is_finished()) {
            let begun = Instant::now();
            alive(&partner);
            assert!(begun.elapsed() < Duration::from_secs(2), "others are served");
            std::thread::sleep(Duration::from_millis(100));
        }
        for kept in [header.join().expect("no panic"), body.join().expect("no panic")] {
            assert!(kept < Duration::from_secs(10), "{kept:?}");
        }
    });
}
