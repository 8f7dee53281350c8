//! One shape, asked over and over by one client.
use super::Bench;
use super::shapes::Shape;
use crate::http::{self, Connection};
use std::time::{Duration, Instant};

/// Enough for a 99th percentile.
const REQUESTS: usize = 300;
const WARM_UP: usize = 10;
/// A slow shape is cut off: its numbers are clear by then.
const TIME: Duration = Duration::from_secs(4);

/// Milliseconds, and how many matches a page held.
#[derive(Clone, Copy)]
pub struct Answer {
    pub p50: f64,
    pub p99: f64,
    pub matches: f64,
}

pub fn all(bench: &Bench, shape: &Shape) -> Answer {
    let mut connection = Connection::open(&bench.server.address);
    let start = Instant::now();
    let (mut latencies, mut matches, mut n) = (Vec::new(), 0, 0);
    while n < WARM_UP + REQUESTS && start.elapsed() < TIME {
        let path = request(bench, shape, n);
        let sent = Instant::now();
        let (status, body) = connection.send(&path);
        let took = sent.elapsed().as_secs_f64() * 1000.0;
        let text = String::from_utf8_lossy(&body);
        assert!(status < 300, "{}: {status} {text}", shape.name);
        if n >= WARM_UP || took > 200.0 {
            latencies.push(took);
            matches += text.matches("\"mode\":\"match\"").count();
        }
        n += 1;
    }
    latencies.sort_by(f64::total_cmp);
    let asked = latencies.len() as f64;
    let load = http::Load {
        latencies,
        ..http::Load::default()
    };
    Answer {
        p50: load.percentile(0.5),
        p99: load.percentile(0.99),
        matches: matches as f64 / asked,
    }
}

pub fn request(bench: &Bench, shape: &Shape, n: usize) -> Vec<u8> {
    let path = (shape.ask)(&mut bench.sample.draw(n));
    http::request("GET", &format!("/fhir/{}", encoded(&path)), &bench.token, "", "")
}

/// What a request line cannot hold.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'|' | b'[' | b']' | b'$' | b' ' | b'{' | b'}' | 0x80.. => text += &format!("%{byte:02X}"),
            _ => text.push(char::from(byte)),
        }
    }
    text
}
