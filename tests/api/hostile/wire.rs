//! Bytes that are hardly HTTP. <https://www.rfc-editor.org/rfc/rfc9112>
use crate::support::Baton;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

pub struct Raw {
    what: &'static str,
    bytes: Vec<u8>,
}

impl Raw {
    /// Answered with a 2xx or 4xx, or hung up on.
    pub fn wrong(&self, baton: &Baton) -> Option<String> {
        let said = exchange(baton, &self.bytes).unwrap_or_default();
        let status = said.get(9..12).and_then(|status| status.parse::<u16>().ok());
        let right = said.is_empty() || status.is_some_and(|status| status < 500);
        (!right).then(|| format!("{}: {}", self.what, said.chars().take(200).collect::<String>()))
    }
}

fn exchange(baton: &Baton, bytes: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(baton.base.trim_start_matches("http://"))?;
    stream.set_read_timeout(Some(super::PATIENCE))?;
    // It may hang up before all is said.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut said = Vec::new();
    // What came before a reset counts.
    let _ = stream.read_to_end(&mut said);
    Ok(String::from_utf8_lossy(&said).into_owned())
}

pub fn written(token: Option<&str>) -> Vec<Raw> {
    let token = token.unwrap_or_default();
    let head = |line: &str, more: &[u8]| {
        let mut bytes =
            format!("{line}\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n")
                .into_bytes();
        bytes.extend_from_slice(more);
        bytes.extend_from_slice(b"\r\n");
        bytes
    };
    let get = |more: &[u8]| head("GET /fhir/Patient?name=x HTTP/1.1", more);
    let header = |value: Vec<u8>| [b"X-Long: ".to_vec(), value, b"\r\n".to_vec()].concat();
    let with = |bytes: Vec<u8>, body: &[u8]| [bytes, body.to_vec()].concat();
    let post = |more: &[u8]| head("POST /fhir/Basic HTTP/1.1", more);
    let all = [
        ("nothing", Vec::new()),
        ("noise", vec![0xff; 10_000]),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("MLLP", b"\x0bMSH|^~\\&|A|B\r\x1c\r".to_vec()),
        ("a giant header", get(&header(vec![b'a'; 1_000_000]))),
        ("many headers", get(&b"X-Many: 1\r\n".repeat(10_000))),
        ("a NUL in a header", get(&header(b"a\0b".to_vec()))),
        ("no UTF-8 in a header", get(&header(b"\xc3\x28".to_vec()))),
        ("no UTF-8 as a token", b"GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n".to_vec()),
        ("no UTF-8 in Prefer", get(b"Prefer: \xff\r\nIf-None-Match: \xff\r\nAccept: \xff\r\n")),
        ("a giant address", head(&format!("GET /fhir/Patient?name={} HTTP/1.1", "a".repeat(1_000_000)), b"")),
        ("a long address", head(&format!("GET /fhir/Patient?identifier={} HTTP/1.1", "a,".repeat(20_000)), b"")),
        ("bytes in an address", [b"GET /fhir/Patient?name=\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()].concat()),
        ("no address", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("an absolute address", head("GET http://other.example/fhir/Patient HTTP/1.1", b"")),
        ("a method of its own", head("EXPLODE /fhir/Patient HTTP/1.1", b"")),
        ("TRACE", head("TRACE /fhir/Patient HTTP/1.1", b"")),
        ("two lengths", with(post(b"Content-Length: 2\r\nContent-Length: 3\r\n"), b"{}")),
        ("length and chunks", with(post(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"), b"0\r\n\r\n")),
        ("a length that lies", with(post(b"Content-Type: application/fhir+json\r\nContent-Length: 1000\r\n"), b"{}")),
        ("a length beyond all", with(post(b"Content-Length: 99999999999999999999\r\n"), b"{}")),
        ("a huge chunk", with(post(b"Transfer-Encoding: chunked\r\n"), b"ffffffffffffffff\r\n{}")),
        ("a broken chunk", with(post(b"Transfer-Encoding: chunked\r\n"), b"zz\r\n{}")),
        ("If-Match of nonsense", head("PUT /fhir/Basic/x HTTP/1.1", b"If-Match: W/\"99999999999999999999\"\r\nContent-Length: 0\r\n")),
        ("Range", get(b"Range: bytes=0-18446744073709551615\r\n")),
        ("dates of nonsense", get(b"If-Modified-Since: yesterday\r\n")),
    ];
    all.into_iter().map(|(what, bytes)| Raw { what, bytes }).collect()
}
