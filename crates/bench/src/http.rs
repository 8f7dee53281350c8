//! A load client that costs little: raw HTTP/1.1 over kept-alive connections, and the constant
//! handler that reads are compared with.
use actix_web::{App, HttpResponse, HttpServer, web};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

const FHIR: &str = "application/fhir+json";

/// The requests of one run, or of several.
#[derive(Default)]
pub struct Load {
    pub seconds: f64,
    /// Milliseconds, sorted.
    pub latencies: Vec<f64>,
    /// Processor time of the server, where that was asked for.
    pub server_seconds: f64,
}

impl Load {
    pub fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get((share * last as f64) as usize)
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.seconds
    }

    /// Microseconds of the server's processor time for a request.
    pub fn server_micros(&self) -> f64 {
        self.server_seconds * 1e6 / self.latencies.len() as f64
    }

    /// What this takes of what the other can do, in percent.
    pub fn cost_beside(&self, other: &Load) -> f64 {
        (1.0 - self.rate() / other.rate()) * 100.0
    }

    pub fn add(&mut self, other: Load) {
        self.seconds += other.seconds;
        self.server_seconds += other.server_seconds;
        self.latencies.extend(other.latencies);
        self.latencies.sort_by(f64::total_cmp);
    }
}

/// One kept-alive connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: &str) -> Connection {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("nodelay");
        Connection {
            stream: BufReader::with_capacity(64 * 1024, stream),
        }
    }

    /// Sends the bytes of a request and reads the whole response: status and body.
    pub fn send(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        let (status, _, body) = self.located(request);
        (status, body)
    }

    /// The same with the `Location` there may be.
    pub fn located(&mut self, request: &[u8]) -> (u16, String, Vec<u8>) {
        self.stream.get_mut().write_all(request).expect("sent");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a status line");
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let (mut length, mut location) = (0, String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            if line.trim().is_empty() {
                break;
            }
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or(0);
                }
                Some((name, value)) if name.eq_ignore_ascii_case("location") => {
                    location = value.trim().to_string();
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, location, body)
    }
}

/// Where a FHIR server answers, and to whom.
#[derive(Clone)]
pub struct Door {
    pub address: String,
    /// What stands before the type in a path.
    pub base: &'static str,
    pub token: String,
}

impl Door {
    /// The bytes of a request for what is below the base, or the base itself.
    pub fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        request(method, &self.path(path), &self.token, FHIR, body)
    }

    /// The same with the whole resource in the answer to a write.
    pub fn asking_for_all(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        preferring(
            "representation",
            method,
            &self.path(path),
            &self.token,
            FHIR,
            body,
        )
    }

    fn path(&self, path: &str) -> String {
        match (self.base, path) {
            (base, "") if !base.is_empty() => base.to_string(),
            (base, path) => format!("{base}/{path}"),
        }
    }
}

/// The bytes of a request; an empty token or body is left out.
pub fn request(method: &str, path: &str, token: &str, media: &str, body: &str) -> Vec<u8> {
    preferring("minimal", method, path, token, media, body)
}

fn preferring(answer: &str, method: &str, path: &str, token: &str, media: &str, body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\n");
    if !token.is_empty() {
        text += &format!("Authorization: Bearer {token}\r\n");
    }
    if !body.is_empty() {
        text += &format!(
            "Content-Type: {media}\r\nContent-Length: {}\r\nPrefer: return={answer}\r\n",
            body.len()
        );
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// Keeps `clients` connections busy for a while; `make` writes request `n` of client `c`. All are answered well.
pub fn load<F>(address: &str, clients: usize, time: Duration, make: F) -> Load
where
    F: Fn(usize, usize) -> Vec<u8> + Send + Sync + 'static,
{
    answered(address, clients, time, make, true)
}

/// The same; what is refused does not count, unless `all` must be answered well.
pub fn answered<F>(address: &str, clients: usize, time: Duration, make: F, all: bool) -> Load
where
    F: Fn(usize, usize) -> Vec<u8> + Send + Sync + 'static,
{
    let make = Arc::new(make);
    let start = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|client| {
            let (make, address) = (make.clone(), address.to_string());
            std::thread::spawn(move || one_client(&address, client, start + time, &*make, all))
        })
        .collect();
    let mut latencies: Vec<f64> = threads
        .into_iter()
        .flat_map(|t| t.join().expect("a client"))
        .collect();
    let seconds = start.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    Load {
        seconds,
        latencies,
        server_seconds: 0.0,
    }
}

fn one_client(
    address: &str,
    client: usize,
    until: Instant,
    make: &dyn Fn(usize, usize) -> Vec<u8>,
    all: bool,
) -> Vec<f64> {
    let mut connection = Connection::open(address);
    let mut latencies = Vec::new();
    for n in 0.. {
        let request = make(client, n);
        let sent = Instant::now();
        let (status, body) = connection.send(&request);
        let good = status < 300;
        assert!(good || !all, "{status} {}", String::from_utf8_lossy(&body));
        if good {
            latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
        } else {
            // Who gives up may close the connection, too.
            connection = Connection::open(address);
        }
        if Instant::now() > until {
            break;
        }
    }
    latencies
}

/// `baton-bench constant BYTES`: an actix server answering every request with the same bytes.
pub fn serve_constant(bytes: usize) {
    let body = "x".repeat(bytes);
    actix_rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let body = body.clone();
            App::new().default_service(web::to(move || {
                let body = body.clone();
                async move {
                    HttpResponse::Ok()
                        .content_type("application/fhir+json")
                        .body(body)
                }
            }))
        })
        .tcp_nodelay(true)
        .bind("127.0.0.1:0")
        .expect("a free port");
        println!("{}", server.addrs()[0]);
        server.run().await.expect("it runs");
    });
}
