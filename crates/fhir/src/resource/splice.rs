//! Setting `id` and `meta` in JSON text without touching another byte.
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// What a commit sets.
pub(super) struct Stamp<'a> {
    pub id: &'a str,
    pub version: &'a str,
    pub last_updated: &'a str,
}

/// The members that a stamp sets, or is set behind.
pub(super) const TOUCHED: [&str; 3] = ["resourceType", "id", "meta"];

/// `text` is one JSON object with so many of the members in [`TOUCHED`]: behind them nothing is looked at.
pub(super) fn stamped(text: &str, stamp: &Stamp, touched: usize) -> String {
    let members = Members::of(text, 0, touched);
    let start = members
        .end_of("resourceType")
        .unwrap_or_else(|| members.open(text));
    let separator = if members.end_of("resourceType").is_some() {
        ","
    } else {
        ""
    };
    let mut edits = Edits::default();
    match members.span("id") {
        Some(span) => edits.replace(span, quoted(stamp.id)),
        None => edits.insert(start, format!("{separator}\"id\":{}", quoted(stamp.id))),
    }
    match members.span("meta") {
        Some(span) if text[span.clone()].starts_with('{') => stamp_meta(text, span, stamp, &mut edits),
        Some(span) => edits.replace(span, new_meta(stamp)),
        None => edits.insert(
            members.end_of("id").unwrap_or(start),
            format!(",\"meta\":{}", new_meta(stamp)),
        ),
    }
    edits.apply(text)
}

fn stamp_meta(text: &str, span: Range<usize>, stamp: &Stamp, edits: &mut Edits) {
    let members = Members::of(&text[span.clone()], span.start, usize::MAX);
    let mut new = String::new();
    for (name, value) in [("versionId", stamp.version), ("lastUpdated", stamp.last_updated)] {
        match members.span(name) {
            Some(span) => edits.replace(span, quoted(value)),
            None => new += &format!("\"{name}\":{},", quoted(value)),
        }
    }
    if members.0.is_empty() {
        new.pop();
    }
    edits.insert(span.start + 1, new);
}

fn new_meta(stamp: &Stamp) -> String {
    format!(
        "{{\"versionId\":{},\"lastUpdated\":{}}}",
        quoted(stamp.version),
        quoted(stamp.last_updated)
    )
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Replacements by place; several insertions at one place keep their order.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    fn replace(&mut self, span: Range<usize>, with: String) {
        self.0.push((span, with));
    }

    fn insert(&mut self, at: usize, text: String) {
        self.0.push((at..at, text));
    }

    fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(span, _)| span.start);
        let grown: usize = self.0.iter().map(|(_, new)| new.len()).sum();
        let mut out = String::with_capacity(text.len() + grown);
        let mut done = 0;
        for (span, new) in self.0 {
            out.push_str(&text[done..span.start]);
            out.push_str(&new);
            done = span.end;
        }
        out.push_str(&text[done..]);
        out
    }
}

/// Members of one object with the byte spans of their values.
struct Members<'a>(Vec<(Cow<'a, str>, Range<usize>)>);

impl<'a> Members<'a> {
    /// `offset` is where `text` stands in the whole.
    fn of(text: &'a str, offset: usize, touched: usize) -> Members<'a> {
        let mut raw = Vec::new();
        let until = Until {
            members: &mut raw,
            touched,
        };
        // An error says that there is more than was wanted: the whole was parsed before.
        let _ = until.deserialize(&mut serde_json::Deserializer::from_str(text));
        let members = raw.into_iter().map(|(name, value)| {
            let start = value.get().as_ptr().addr() - text.as_ptr().addr() + offset;
            (name, start..start + value.get().len())
        });
        Members(members.collect())
    }

    fn span(&self, name: &str) -> Option<Range<usize>> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, span)| span.clone())
    }

    fn end_of(&self, name: &str) -> Option<usize> {
        self.span(name).map(|span| span.end)
    }

    /// Just behind the opening brace.
    fn open(&self, text: &str) -> usize {
        text.find('{').map_or(text.len(), |brace| brace + 1)
    }
}

/// A borrowed name where the text has no escapes in it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Collects members until so many of the touched ones were seen.
struct Until<'m, 'a> {
    members: &'m mut Vec<(Cow<'a, str>, &'a RawValue)>,
    touched: usize,
}

impl<'de> DeserializeSeed<'de> for Until<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Until<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        while self.touched > 0
            && let Some((Name(name), value)) = members.next_entry()?
        {
            self.touched -= usize::from(TOUCHED.contains(&&*name));
            self.members.push((name, value));
        }
        Ok(())
    }
}
