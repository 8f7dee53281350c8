//! An OpenID provider of few words: a discovery document, keys, and whatever else a scene lets it say. It
//! speaks real HTTP on a port of its own.
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Provider {
    pub base: String,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    /// Method, path with query, head and body of each request.
    heard: Vec<Heard>,
    says: HashMap<String, Say>,
}

#[derive(Clone, Debug)]
pub struct Heard {
    pub path: String,
    pub head: String,
    pub body: String,
}

#[derive(Clone)]
enum Say {
    /// Status line and headers, then the body.
    This(String, String),
    /// A byte now and then, for ever.
    Drip,
}

pub const OK: &str = "200 OK\r\nContent-Type: application/json";

impl Provider {
    /// With these keys, and documents that tell where all is.
    pub fn start(keys: &Value) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let inside = Arc::new(Mutex::new(Inside::default()));
        let shared = inside.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        let provider = Provider { base, inside };
        let base = &provider.base;
        let document = json!({
            "issuer": base, "jwks_uri": format!("{base}/jwks"),
            "authorization_endpoint": format!("{base}/authorize"), "token_endpoint": format!("{base}/token"),
        });
        provider.says("/.well-known/openid-configuration", OK, document.to_string());
        provider.says("/jwks", OK, keys.to_string());
        provider
    }

    pub fn says(&self, path: &str, head: &str, body: String) {
        let mut inside = self.inside.lock().expect("not poisoned");
        inside.says.insert(path.into(), Say::This(head.into(), body));
    }

    pub fn drips(&self, path: &str) {
        let mut inside = self.inside.lock().expect("not poisoned");
        inside.says.insert(path.into(), Say::Drip);
    }

    /// What it was asked for at this path.
    pub fn heard(&self, path: &str) -> Vec<Heard> {
        let inside = self.inside.lock().expect("not poisoned");
        let all = inside.heard.iter().filter(|heard| heard.path == path);
        all.cloned().collect()
    }
}

fn serve(mut stream: TcpStream, inside: &Mutex<Inside>) {
    let Some(heard) = hear(&mut stream) else { return };
    let say = {
        let mut inside = inside.lock().expect("not poisoned");
        let say = inside.says.get(&heard.path).cloned();
        inside.heard.push(heard);
        say.unwrap_or(Say::This("404 Not Found".into(), String::new()))
    };
    answer(&mut stream, say);
}

fn hear(stream: &mut TcpStream) -> Option<Heard> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            if body.len() >= length.map_or(0, |text| text.trim().parse().unwrap_or(0)) {
                let path = head.split(' ').nth(1).unwrap_or_default().to_string();
                let (head, body) = (head.to_string(), body.to_string());
                return Some(Heard { path, head, body });
            }
        }
        match stream.read(&mut buffer) {
            Ok(size @ 1..) => bytes.extend_from_slice(&buffer[..size]),
            _ => return None,
        }
    }
}

fn answer(stream: &mut impl Write, say: Say) {
    let written = match say {
        Say::This(head, body) => stream.write_all(
            format!(
                "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        ),
        Say::Drip => stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
            .and_then(|()| {
                (0..200).try_for_each(|_| {
                    std::thread::sleep(Duration::from_millis(100));
                    stream.write_all(b" ")
                })
            }),
    };
    // Who asked may have had enough.
    drop(written);
}
