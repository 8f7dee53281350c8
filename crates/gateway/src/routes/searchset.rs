//! Bundles as output: one buffer into which stored text is copied as it is.
//! <https://hl7.org/fhir/R4/bundle.html>
use serde_json::Value;
use std::borrow::Cow;

/// One entry: `rest` is the JSON text of further members, such as `"search":{"mode":"match"}`.
pub struct Entry<'a> {
    pub full_url: Option<String>,
    /// Empty for none.
    pub resource: Cow<'a, str>,
    pub rest: String,
}

impl<'a> Entry<'a> {
    /// What is to be said about the search itself.
    pub fn outcome(outcome: &'a str) -> Entry<'a> {
        Entry {
            full_url: None,
            resource: outcome.into(),
            rest: mode("outcome"),
        }
    }
}

/// Why an entry is in a searchset. <https://hl7.org/fhir/R4/valueset-search-entry-mode.html>
pub fn mode(how: &str) -> String {
    format!("\"search\":{{\"mode\":\"{how}\"}}")
}

/// The text of a whole Bundle.
pub fn bundle(kind: &str, total: Option<i64>, links: &[(&str, String)], entries: &[Entry]) -> String {
    let size: usize = entries.iter().map(|entry| entry.resource.len() + 200).sum();
    let mut text = String::with_capacity(size + 1024);
    text += &format!("{{\"resourceType\":\"Bundle\",\"type\":\"{kind}\"");
    if let Some(total) = total {
        text += &format!(",\"total\":{total}");
    }
    list(&mut text, "link", links, |text, (relation, url)| {
        *text += &format!("{{\"relation\":\"{relation}\",\"url\":{}}}", quoted(url));
    });
    list(&mut text, "entry", entries, push_entry);
    text.push('}');
    text
}

fn push_entry(text: &mut String, entry: &Entry) {
    text.push('{');
    if let Some(url) = &entry.full_url {
        *text += "\"fullUrl\":";
        *text += &quoted(url);
        text.push(',');
    }
    if !entry.resource.is_empty() {
        *text += "\"resource\":";
        *text += &entry.resource;
        text.push(',');
    }
    *text += &entry.rest;
    text.push('}');
}

/// An array member, left out when empty as JSON of FHIR wants it.
fn list<T>(text: &mut String, name: &str, items: &[T], push: impl Fn(&mut String, &T)) {
    if items.is_empty() {
        return;
    }
    *text += &format!(",\"{name}\":[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push(text, item);
    }
    text.push(']');
}

/// As a JSON string.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
