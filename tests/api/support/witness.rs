//! What scenes send and get that no log may repeat: tokens and secrets, names and identifiers of people,
//! what was searched for. Every server's log is held against it when the server ends.
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use reqwest::blocking::Request;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};

/// Words by the server they were said to, `http://host:port`.
static HEARD: LazyLock<Mutex<HashMap<String, BTreeSet<String>>>> = LazyLock::new(Mutex::default);

/// What every message of `messages` says about its patient, whichever way it was sent.
const OF_MESSAGES: [&str; 6] = [
    "Sample^Robin",
    "19500214",
    "1950-02-14",
    "1 Main St",
    "Springfield",
    "(217)555-0100",
];

/// Shorter ones stand in other words, or are a scene's nonsense.
const SHORTEST_SECRET: usize = 16;
const SHORTEST_WORD: usize = 8;
const LONGEST_SECRET: usize = 64;
/// Members of JSON that say who somebody is; `value` only beside a `system`.
const PERSONAL: [&str; 9] = [
    "family",
    "given",
    "birthDate",
    "line",
    "city",
    "postalCode",
    "value",
    "div",
    "text",
];
const SECRET: [&str; 5] = [
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "code",
];
/// Parameters whose values are words of the protocol.
const PLAIN: [&str; 8] = [
    "grant_type",
    "client_assertion_type",
    "scope",
    "client_id",
    "redirect_uri",
    "response_type",
    "iss",
    "error",
];
/// Search parameters that say how to search, not for whom.
const MANNER: [&str; 12] = [
    "_sort",
    "_include",
    "_revinclude",
    "_count",
    "_summary",
    "_elements",
    "_total",
    "_format",
    "_type",
    "_since",
    "_cursor",
    "_explain",
];

/// Takes note of a request before it is sent.
pub fn sent(request: &Request) {
    let mut words = Words::default();
    for (name, value) in request.url().query_pairs() {
        if !MANNER.contains(&&*name) && !PLAIN.contains(&&*name) {
            words.word(&value);
        }
    }
    if let Some(value) = request.headers().get("authorization") {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        words.secret(
            value
                .split_once(' ')
                .map_or(&*value, |(_, credential)| credential),
        );
    }
    if let Some(bytes) = request.body().and_then(|body| body.as_bytes()) {
        words.body(&String::from_utf8_lossy(bytes));
    }
    words.keep(&request.url().origin().ascii_serialization());
}

/// Takes note of what an answer hands out.
pub fn received(base: &str, text: &str) {
    let answer: Value = serde_json::from_str(text).unwrap_or_default();
    let mut words = Words::default();
    for name in SECRET {
        words.secret(answer[name].as_str().unwrap_or_default());
    }
    words.keep(base);
}

/// The words of this server that its log repeats.
pub fn leaks(base: &str, log: &str) -> Vec<String> {
    // Whoever asks over TLS, or by name, talks to the same server.
    let port = base.rsplit(':').next().unwrap_or_default();
    let heard = HEARD.lock().expect("not poisoned");
    let of_server = heard.iter().filter(|(of, _)| of.rsplit(':').next() == Some(port));
    let words: Vec<&str> = of_server
        .flat_map(|(_, words)| words.iter().map(String::as_str))
        .chain(OF_MESSAGES)
        .collect();
    // Quick to build; the logs of scenes are short.
    let kind = Some(AhoCorasickKind::NoncontiguousNFA);
    let finder = AhoCorasick::builder().kind(kind).build(&words).expect("words");
    let found: BTreeSet<&str> = finder
        .find_iter(log)
        .map(|found| words[found.pattern().as_usize()])
        .collect();
    found.into_iter().map(str::to_string).collect()
}

/// Forgets a server that ended: its port may be another's soon.
pub fn forget(base: &str) {
    let port = base.rsplit(':').next().unwrap_or_default();
    let mut heard = HEARD.lock().expect("not poisoned");
    heard.retain(|of, _| of.rsplit(':').next() != Some(port));
}

/// Such as the id of a request or the address of the server, which an AuditEvent names and the log too.
fn is_technical(text: &str) -> bool {
    let random_id = text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    random_id || text.parse::<std::net::IpAddr>().is_ok()
}

#[derive(Default)]
struct Words(BTreeSet<String>);

impl Words {
    /// The end of it, where a token has its signature: what comes before is alike in many.
    fn secret(&mut self, text: &str) {
        let from = text.len().saturating_sub(LONGEST_SECRET);
        if text.len() >= SHORTEST_SECRET
            && let Some(end) = text.get(from..)
        {
            self.0.insert(end.to_string());
        }
    }

    fn word(&mut self, text: &str) {
        if (SHORTEST_WORD..=128).contains(&text.len()) && !is_technical(text) {
            self.0.insert(text.to_string());
        }
    }

    fn body(&mut self, text: &str) {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => self.json(&value),
            Err(_) if text.starts_with("MSH|") => self.message(text),
            Err(_) => self.form(text),
        }
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let personal =
                        PERSONAL.contains(&&**name) && (name != "value" || members.contains_key("system"));
                    match member {
                        Value::String(text) if personal => self.word(text),
                        Value::Array(items) if personal => {
                            items
                                .iter()
                                .filter_map(Value::as_str)
                                .for_each(|text| self.word(text));
                        }
                        _ => {}
                    }
                    self.json(member);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.json(item)),
            _ => {}
        }
    }

    /// Every component of the patient's segments.
    fn message(&mut self, text: &str) {
        let segments = text.split(['\r', '\n']).filter(|segment| {
            ["PID", "NK1", "MRG", "GT1", "IN1"]
                .iter()
                .any(|name| segment.starts_with(name))
        });
        for component in segments.flat_map(|segment| segment.split(['|', '^', '~', '&'])) {
            self.word(component);
        }
    }

    fn form(&mut self, text: &str) {
        for (name, value) in reqwest::Url::parse(&format!("x:?{text}"))
            .iter()
            .flat_map(|url| url.query_pairs())
        {
            if !PLAIN.contains(&&*name) && !MANNER.contains(&&*name) {
                self.secret(&value);
            }
        }
    }

    fn keep(self, base: &str) {
        if !self.0.is_empty() {
            let mut heard = HEARD.lock().expect("not poisoned");
            heard.entry(base.to_string()).or_default().extend(self.0);
        }
    }
}
