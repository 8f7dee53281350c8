//! Clients that are slow, many, or say too much.
use super::{JSON, alive, basic, limited};
use crate::support::{Baton, Database};
use crate::{on_both, on_both_databases};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

on_both!(headers_have_a_limit, a_hundred_connections_are_served);

on_both_databases!(slow_clients_are_cut_off);

fn headers_have_a_limit(baton: &Baton) {
    // The connection of whoever sends too much is cut; what is asked next must not come upon it.
    let sender = baton.partner();
    let reply = sender
        .request("GET", "Basic")
        .header("x-large", "x".repeat(1 << 20))
        .send();
    // The server may close before a client has written everything.
    assert!(reply.is_err() || reply.is_ok_and(|r| r.status().is_client_error()));
    let long = format!("Basic?_id={}", "x,".repeat(1 << 19));
    let reply = sender.request("GET", &long).send();
    assert!(reply.is_err() || reply.is_ok_and(|r| r.status().is_client_error()));
    alive(&baton.partner());
}

fn connect(baton: &Baton) -> TcpStream {
    let stream = TcpStream::connect(baton.base.trim_start_matches("http://")).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .expect("a timeout");
    stream
}

/// A create up to its body of `length` bytes.
fn create(token: &str, length: usize) -> String {
    format!(
        "POST /fhir/Basic HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// The status line, while a byte comes each 200 ms when the server says nothing.
fn status(stream: &mut TcpStream, meanwhile: &[u8]) -> String {
    let (begun, mut answer) = (Instant::now(), Vec::new());
    while begun.elapsed() < Duration::from_secs(20) && !answer.contains(&b'\r') {
        let mut buffer = [0; 1024];
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => answer.extend(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                stream
                    .write_all(meanwhile)
                    .expect("the server listens until it answers");
            }
            Err(error) => panic!("{error}"),
        }
    }
    String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .unwrap_or_default()
        .to_string()
}

fn a_hundred_connections_are_served(baton: &Baton) {
    let partner = baton.partner();
    let token = partner.token.clone().expect("a token");
    let idle: Vec<TcpStream> = (0..100).map(|_| connect(baton)).collect();
    let mut busy: Vec<TcpStream> = (0..100).map(|_| connect(baton)).collect();
    let body = basic("x").to_string();
    let request = create(&token, body.len()) + &body;
    for stream in &mut busy {
        stream.write_all(request.as_bytes()).expect("sent");
    }
    for stream in &mut busy {
        assert_eq!(status(stream, b""), "HTTP/1.1 201 Created");
    }
    assert_eq!(partner.get("Basic?_summary=count").ok()["total"], 100);
    drop(idle);
}

fn slow_clients_are_cut_off(database: Database) {
    let baton = limited(database, "[limits]\nclient_seconds = 1\n");
    let partner = baton.partner();
    let token = partner.token.clone().expect("a token");
    let slow = |start: &str| {
        let (begun, mut stream) = (Instant::now(), connect(&baton));
        stream.write_all(start.as_bytes()).expect("sent");
        assert_eq!(status(&mut stream, b"x"), "HTTP/1.1 408 Request Timeout");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    };
    std::thread::scope(|scope| {
        let header = scope.spawn(|| slow("GET /fhir/Basic HTTP/1.1\r\nX-Slow: "));
        let body = scope.spawn(|| slow(&create(&token, 100_000)));
        while !(header.is_finished() && body.is_finished()) {
            let begun = Instant::now();
            alive(&partner);
            assert!(begun.elapsed() < Duration::from_secs(2), "others are served");
            std::thread::sleep(Duration::from_millis(100));
        }
    });
}
