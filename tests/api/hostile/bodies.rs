//! Resources, patches and bundles that no client means.
use super::{Client, Reply, answer};
use crate::parameters::resources;
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

pub struct Body {
    method: &'static str,
    path: String,
    media: &'static str,
    text: Vec<u8>,
}

const FHIR: &str = "application/fhir+json";
const JSON_PATCH: &str = "application/json-patch+json";

impl Body {
    fn new(method: &'static str, path: &str, media: &'static str, text: impl Into<Vec<u8>>) -> Body {
        Body {
            method,
            path: path.to_string(),
            media,
            text: text.into(),
        }
    }

    pub fn shown(&self) -> String {
        format!(
            "{} {} {}",
            self.method,
            self.path,
            String::from_utf8_lossy(&self.text)
        )
    }

    pub fn send(&self, partner: &Client) -> Result<Reply, String> {
        let request = partner
            .request(self.method, &self.path)
            .header("content-type", self.media);
        answer(request.body(self.text.clone()))
    }
}

pub fn written() -> Vec<Body> {
    [texts(), patches(), path_patches(), bundles()]
        .into_iter()
        .flatten()
        .collect()
}

/// The same text, wherever a body is read.
fn texts() -> Vec<Body> {
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    let basic = |member: &str| {
        format!("{{\"resourceType\":\"Basic\",\"code\":{{\"text\":\"x\"}},{member}}}").into_bytes()
    };
    let texts: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"\"\"".to_vec(),
        b"0".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"resourceType\":null}".to_vec(),
        b"{\"resourceType\":[]}".to_vec(),
        b"{\"resourceType\":\"\"}".to_vec(),
        b"{\"resourceType\":\"Nothing\"}".to_vec(),
        b"{\"resourceType\":\"Basic\"".to_vec(),
        b"<Basic xmlns=\"http://hl7.org/fhir\"/>".to_vec(),
        nested("[", "]", 5_000).into_bytes(),
        nested("{\"a\":", "}", 5_000).into_bytes(),
        basic(&format!("\"extension\":{}", nested("[", "]", 3_000))),
        basic(&format!(
            "\"contained\":[{}1{}]",
            "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":".repeat(500),
            "}]}".repeat(500)
        )),
        basic("\"id\":\"a\",\"id\":\"b\""),
        basic("\"code\":{}"),
        basic("\"code\":null"),
        basic("\"author\":{\"reference\":\"\"}"),
        basic("\"created\":\"2024-13-45\""),
        basic("\"created\":1e400"),
        basic("\"\\u0000\":1"),
        basic("\"\":1"),
        basic("\"extension\":[{\"url\":\"u\",\"valueDecimal\":1e999999}]"),
        basic("\"extension\":[{\"url\":\"u\",\"valueInteger\":99999999999999999999}]"),
        basic("\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns='x'><script>1</script></div>\"}"),
        basic(&format!(
            "\"extension\":[{{\"url\":\"u\",\"valueDecimal\":{}}}]",
            "9".repeat(5_000)
        )),
        basic(&format!(
            "\"extension\":[{{\"url\":\"u\",\"valueDecimal\":0.{}}}]",
            "9".repeat(5_000)
        )),
        basic(&format!("\"{}\":1", "a".repeat(100_000))),
        basic(&format!(
            "\"extension\":[{}]",
            vec!["{\"url\":\"u\"}"; 20_000].join(",")
        )),
        basic("\"extension\":[{\"url\":\"u\",\"valueString\":\"\\ud800\"}]"),
        basic("\"meta\":{\"versionId\":\"\\\\\\\"\",\"lastUpdated\":\"x\"}"),
    ];
    let doors = [
        ("POST", "Basic"),
        ("PUT", "Basic/hostile"),
        ("POST", ""),
        ("POST", "Basic/$validate"),
        ("POST", "$process-message"),
        ("POST", "Patient/$match"),
        ("POST", "Patient/ann/$meta-add"),
    ];
    let every = |(method, path): &(&'static str, &str)| {
        let door = |text: &Vec<u8>| Body::new(method, path, FHIR, text.clone());
        texts.iter().map(door).collect::<Vec<_>>()
    };
    doors.iter().flat_map(every).collect()
}

fn patches() -> Vec<Body> {
    let doubled = |path: &str, count: usize| {
        let double = json!({"op": "copy", "from": path, "path": format!("{path}/-")});
        Value::Array(vec![double; count]).to_string()
    };
    let nested = json!([{"op": "add", "path": "/contact", "value": [{"extension": [{"url": "u"}]}]}, {"op": "copy", "from": "/contact", "path": "/contact/0/extension/0/extension"}]);
    let wide: String = (0..200_000).map(|n| format!(",\"m{n}\":1")).collect();
    let deeper = json!({"op": "copy", "from": "", "path": "/contained"});
    let mut texts = vec![
        format!("[{{\"op\":\"add\",\"path\":\"/contact\",\"value\":{{\"a\":1{wide}}}}}]"),
        Value::Array(vec![deeper; 1_000]).to_string(),
        doubled("/name", 40),
        doubled("", 40),
        doubled("/name/0/given", 40),
        nested.to_string(),
        "[".repeat(10_000),
        "{}".to_string(),
        "null".to_string(),
        "[]".to_string(),
        "[null]".to_string(),
        "[{}]".to_string(),
    ];
    let grow = json!([{"op": "copy", "from": "/name/0/extension", "path": "/name/0/extension/0/extension"}]);
    texts.push(grow.to_string());
    let same = json!({"op": "copy", "from": "/name", "path": "/name/0/x"});
    texts.push(Value::Array(vec![same; 60]).to_string());
    texts.push(
        Value::Array(vec![
            json!({"op": "test", "path": "/active", "value": true});
            20_000
        ])
        .to_string(),
    );
    for path in [
        "",
        "/",
        "//",
        "/name/-1",
        "/name/01",
        "/name/99999999999999999999",
        "/name/-",
        "/~",
        "/~2",
        "/name/0/~1~0",
        "name",
        "/id",
        "/resourceType",
        "/meta/versionId",
        "/\u{0}",
    ] {
        for op in ["add", "remove", "replace", "move", "copy", "test", "explode"] {
            texts.push(json!([{"op": op, "path": path, "from": path, "value": 1}]).to_string());
        }
    }
    texts
        .into_iter()
        .map(|text| Body::new("PATCH", "Patient/cleo", JSON_PATCH, text))
        .collect()
}

fn path_patches() -> Vec<Body> {
    let patch = |kind: &str, path: &str| {
        json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}, {"name": "name", "valueString": "x"}, {"name": "value", "valueString": "x"},
            {"name": "index", "valueInteger": -1}, {"name": "source", "valueInteger": 2_147_483_647}, {"name": "destination", "valueInteger": -2_147_483_648_i64}]}]})
    };
    let product = |depth: usize| {
        format!(
            "{}1{}",
            "(1|2|3|4|5|6|7|8|9).select(".repeat(depth),
            ")".repeat(depth)
        )
    };
    let all = |depth: usize| format!("Patient.name.repeat($this){}", ".descendants()".repeat(depth));
    let paths = [
        "Patient".to_string(),
        "Patient.name".to_string(),
        "Patient.name[99999999999]".to_string(),
        "Patient.name[-1]".to_string(),
        "Patient.".to_string(),
        "(".repeat(5_000),
        "Patient.name.where(".to_string(),
        product(4),
        product(9),
        product(200),
        all(3),
        all(12),
        "Patient.repeat(children())".to_string(),
        "Patient.name.where(given.matches('(a+)+$'))".to_string(),
        "'a'.replaceMatches('(a*)*b','x')".to_string(),
        format!("Patient{}", ".name".repeat(10_000)),
        format!("1{}", "+1".repeat(20_000)),
        format!("{}true", "not ".repeat(1_000)),
        "9999999999999999999999 + 1".to_string(),
        "1/0".to_string(),
        "'x'.toInteger() * 2147483647 * 2147483647".to_string(),
        "@2024-02-30".to_string(),
        "%resource.%resource".to_string(),
        "\u{0}".to_string(),
        "Patient.name | Patient.name | Patient".to_string(),
        "(1|2|3|4|5).aggregate($total | ($total | $this | 10).select($this + 1))".to_string(),
        format!("iif(true, {})", "iif(true, ".repeat(2_000)),
    ];
    let kinds = ["add", "insert", "delete", "replace", "move", "nothing"];
    paths
        .iter()
        .enumerate()
        .flat_map(|(at, path)| {
            let some: Vec<_> = kinds
                .iter()
                .skip(at % 2)
                .step_by(2)
                .map(|kind| Body::new("PATCH", "Patient/cleo", FHIR, patch(kind, path).to_string()))
                .collect();
            some
        })
        .collect()
}

fn bundles() -> Vec<Body> {
    let entry = |method: &str, url: &str| json!({"fullUrl": "urn:uuid:0", "resource": {"resourceType": "Basic", "code": {"text": "x"}}, "request": {"method": method, "url": url}});
    let bundle = |kind: &str, entries: Vec<Value>| {
        json!({"resourceType": "Bundle", "type": kind, "entry": entries}).to_string()
    };
    let mut texts = Vec::new();
    for kind in ["transaction", "batch"] {
        for (method, url) in [
            ("POST", ""),
            ("POST", "Nothing"),
            ("PUT", "Basic"),
            ("PUT", "Basic/"),
            ("PUT", "Basic?identifier="),
            ("PUT", "Basic?nothing=x"),
            ("PUT", "Basic/a/b/c"),
            ("GET", "Patient?name=%00"),
            ("GET", "Patient?_count=0&_summary=x"),
            ("GET", "../../healthz"),
            ("GET", "http://169.254.169.254/latest"),
            ("GET", "$process-message"),
            ("POST", "Patient/$match"),
            ("POST", "$process-message"),
            ("PATCH", "Basic/x"),
            ("DELETE", "Basic"),
            ("DELETE", "Basic?code=x"),
            ("EXPLODE", "Basic"),
            ("", "Basic"),
            ("GET", "Patient/ann/_history/x"),
            ("GET", ""),
            ("POST", "\u{0}"),
            ("GET", "?_type=Patient"),
            (
                "GET",
                "Organization?_id=ring-0&_include:iterate=*&_revinclude:iterate=*:*",
            ),
        ] {
            texts.push(bundle(kind, vec![entry(method, url)]));
        }
        texts.push(bundle(kind, vec![Value::Null]));
        texts.push(bundle(kind, vec![json!({}); 2_000]));
        texts.push(bundle(kind, vec![entry("POST", "Basic"); 50]));
        texts.push(bundle(
            kind,
            vec![entry("PUT", "Basic/twice"), entry("PUT", "Basic/twice")],
        ));
        texts.push(bundle(
            kind,
            vec![
                entry("DELETE", "Basic/twice"),
                entry("PUT", "Basic/twice"),
                entry("GET", "Basic/twice"),
            ],
        ));
        texts.push(json!({"resourceType": "Bundle", "type": kind, "entry": {}}).to_string());
        texts.push(json!({"resourceType": "Bundle", "type": kind, "entry": [{"resource": {"resourceType": "Bundle", "type": kind, "entry": [entry("POST", "Basic")]}, "request": {"method": "POST", "url": ""}}]}).to_string());
    }
    texts.extend(ring_of_references());
    for kind in ["searchset", "history", "message", "document", "nothing", ""] {
        texts.push(bundle(kind, vec![entry("POST", "Basic")]));
    }
    let by_any_door =
        |text: String| ["", "$process-message"].map(|path| Body::new("POST", path, FHIR, text.clone()));
    texts.into_iter().flat_map(by_any_door).collect()
}

/// Entries that refer to each other, to themselves, and to what many criteria find.
fn ring_of_references() -> Vec<String> {
    let member = |at: usize, to: String| json!({"fullUrl": format!("urn:uuid:{at:08}-0000-4000-8000-000000000000"), "resource": {"resourceType": "Organization", "name": "Hostile", "partOf": {"reference": to}}, "request": {"method": "POST", "url": "Organization"}});
    let ring = (0..50).map(|at| {
        member(
            at,
            format!("urn:uuid:{:08}-0000-4000-8000-000000000000", (at + 1) % 50),
        )
    });
    let criteria = [
        "Organization?name=ring",
        "Organization?name=nobody",
        "Organization?nothing=x",
        "Nothing?x=y",
        "Organization?",
        "?x",
        "Organization?name=a&name=b&_include=*",
        "urn:uuid:nobody",
    ];
    let found = criteria.iter().map(|to| vec![member(0, to.to_string())]);
    std::iter::once(ring.collect())
        .chain(found)
        .map(|entries: Vec<Value>| {
            json!({"resourceType": "Bundle", "type": "transaction", "entry": entries}).to_string()
        })
        .collect()
}

const SPLICES: [&[u8]; 20] = [
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\\u0000",
    b"\\ud800",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"1e999",
    b"-",
    b"[[[[[[[[",
    b"\"id\":\"x\",",
    b"true",
    b"{\"a\":",
    b"\\",
];

/// Good resources with bytes cut out, put in, or swapped.
pub fn mutated(rng: &mut StdRng, count: usize) -> Vec<Body> {
    let good = resources("world");
    (0..count)
        .map(|_| {
            let resource = &good[rng.random_range(0..good.len())];
            let path = format!(
                "{}/{}-hostile",
                resource["resourceType"].as_str().expect("a type"),
                rng.random_range(0..5)
            );
            let mut text = resource.to_string().into_bytes();
            for _ in 0..rng.random_range(1..5) {
                mutate(&mut text, rng);
            }
            Body::new("PUT", &path, FHIR, text)
        })
        .collect()
}

fn mutate(text: &mut Vec<u8>, rng: &mut StdRng) {
    let (a, b) = (rng.random_range(0..=text.len()), rng.random_range(0..=text.len()));
    let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 30));
    match rng.random_range(0..4) {
        0 => drop(text.splice(
            from..from,
            SPLICES[rng.random_range(0..SPLICES.len())].iter().copied(),
        )),
        1 => drop(text.drain(from..to)),
        2 => {
            let again = text[from..to].repeat(rng.random_range(1..50));
            text.splice(to..to, again);
        }
        _ => text[from..to].reverse(),
    }
}
