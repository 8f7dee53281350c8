//! Setting `id` and `meta` in JSON text without touching another byte.
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
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

/// `text` is one JSON object.
pub(super) fn stamped(text: &str, stamp: &Stamp) -> String {
    let members = Members::of(text, 0);
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
    let members = Members::of(&text[span.clone()], span.start);
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
    fn of(text: &'a str, offset: usize) -> Members<'a> {
        let raw: RawMembers = serde_json::from_str(text).unwrap_or_default();
        let members = raw.0.into_iter().map(|(name, value)| {
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

#[derive(Default)]
struct RawMembers<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(RawVisitor)
    }
}

/// A borrowed name where the text has no escapes in it.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawMembers<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut all = RawMembers::default();
        while let Some((Name(name), value)) = members.next_entry()? {
            all.0.push((name, value));
        }
        Ok(all)
    }
}
