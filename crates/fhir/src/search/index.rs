//! What a resource is found by: its index entries, extracted with compiled paths.
//! <https://hl7.org/fhir/R4/search.html#ptypes>
//!
//! One file per family of parameter types says how a FHIR data type becomes entries; this one
//! says which parameters apply and in which order entries come; `layout` says which of them share
//! a row, and which need none.
mod compiled;
mod date;
mod layout;
mod met;
mod number;
mod pairs;
mod reference;
mod string;
mod text;
mod token;

pub use compiled::rows;
pub use layout::{Place, Usual, pairs_of, places, stored, stored_with, usual};
pub use met::met;
pub use pairs::pairs;
pub use reference::parse as parse_reference;
pub use text::{clip, hash, normalise};

use crate::base::Bases;
use crate::path::{Env, Expr, Item};
use crate::registry::{Custom, CustomParams, ParamKind, SearchParam};
use crate::{ParamId, Resource, TypeId};
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Rises when the same resource would give other rows, so that stores rebuild their index.
pub const VERSION: u32 = 6;

/// One value of a resource under one parameter, or one index row to be.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub struct Entry {
    pub param: ParamId,
    pub value: EntryValue,
}

#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub enum EntryValue {
    /// `system` is None where the element has none; uris are tokens without a system. An empty
    /// code without a system says only that the element is there (for `:missing`).
    Token {
        system: Option<String>,
        code: String,
    },
    /// `Reference.identifier`, under the reference's own parameter.
    Identifier {
        system: Option<String>,
        code: String,
    },
    /// A reference to a resource here.
    Local {
        type_id: TypeId,
        id: String,
    },
    /// A reference elsewhere, a canonical or a URN; empty says only that the element is there.
    Url(String),
    /// Inclusive microseconds.
    Date {
        low: i64,
        high: i64,
    },
    /// `norm` from [`normalise`]; `exact` as written.
    Str {
        norm: String,
        exact: String,
    },
    Number {
        low: f64,
        high: f64,
    },
    /// `code` falls back to the unit where there is no code.
    Quantity {
        value: f64,
        system: Option<String>,
        code: Option<String>,
    },
    Uri(String),
    /// A code with the quantity beside it: in rows alone ([`stored`]).
    Coded {
        system: Option<String>,
        code: String,
        quantity: Option<Box<EntryValue>>,
    },
}

/// All values of a resource by R4's parameters, without duplicates, in a stable order.
pub fn entries(resource: &Resource) -> Vec<Entry> {
    entries_with(resource, CustomParams::none())
}

/// The same with the parameters a database adds.
pub fn entries_with(resource: &Resource, custom: &CustomParams) -> Vec<Entry> {
    let mut found = Vec::new();
    for (param, path) in compiled::owned(resource.type_id) {
        let values = values(&resource.value, param.kind, path);
        found.extend(values.into_iter().map(|value| Entry {
            param: param.id,
            value,
        }));
    }
    for Custom { param, .. } in custom.of(resource.type_id) {
        add(&resource.value, param, &mut found);
    }
    sorted(found, &custom.bases)
}

/// What one parameter finds in a resource, under the ids of its rows.
pub fn entries_of(resource: &Value, param: &SearchParam, bases: &Bases) -> Vec<Entry> {
    let mut found = Vec::new();
    add(resource, param, &mut found);
    sorted(found, bases)
}

/// A composite has no entries: its parts do.
fn add(resource: &Value, param: &SearchParam, found: &mut Vec<Entry>) {
    for (id, path) in compiled::sources(param) {
        let values = values(resource, param.kind, path);
        found.extend(values.into_iter().map(|value| Entry { param: id, value }));
    }
}

fn sorted(mut found: Vec<Entry>, bases: &Bases) -> Vec<Entry> {
    let here = |entry: &Entry| {
        let value = reference::led_here(&entry.value, bases)?;
        Some(Entry { value, ..*entry })
    };
    let here: Vec<_> = found.iter().filter_map(here).collect();
    found.extend(here);
    found.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    found.dedup();
    found
}

/// Names of the members that a parameter looks at; None where that cannot be told.
pub fn starts(param: &SearchParam) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for (_, path) in compiled::sources(param) {
        all.extend_from_slice(path.starts()?);
    }
    Some(all)
}

/// What one reference parameter leads to, for includes.
pub fn references(resource: &Value, param: &SearchParam, bases: &Bases) -> Vec<(TypeId, String)> {
    let found = compiled::sources(param).flat_map(|(_, path)| values(resource, ParamKind::Reference, path));
    let local = found.filter_map(
        |value| match reference::led_here(&value, bases).unwrap_or(value) {
            EntryValue::Local { type_id, id } => Some((type_id, id)),
            _ => None,
        },
    );
    local
        .filter(|(t, _)| param.only_targets.is_empty() || param.only_targets.contains(t))
        .collect()
}

/// The elements a parameter selects.
pub fn nodes<'a>(resource: &'a Value, param: &'a SearchParam) -> impl Iterator<Item = &'a Value> {
    compiled::sources(param)
        .flat_map(|(_, path)| path.evaluate(resource, &Env::default()))
        .filter_map(|item| item.json())
}

fn values(resource: &Value, kind: ParamKind, path: &Expr) -> Vec<EntryValue> {
    extract_all(path.evaluate(resource, &Env::default()), kind)
}

/// The same with a path that starts at one element of the resource.
pub fn values_of(path: &Expr, element: &Item, resource: &Value, kind: ParamKind) -> Vec<EntryValue> {
    extract_all(path.evaluate_on(element, resource, &Env::default()), kind)
}

/// With where the references among them lead when they are to our own bases.
pub fn with_own(mut values: Vec<EntryValue>, bases: &Bases) -> Vec<EntryValue> {
    let here: Vec<_> = values
        .iter()
        .filter_map(|value| reference::led_here(value, bases))
        .collect();
    values.extend(here);
    values
}

fn extract_all(items: Vec<Item>, kind: ParamKind) -> Vec<EntryValue> {
    let mut out = Vec::new();
    for item in items {
        let Some(value) = json(&item) else { continue };
        extract(&value, item.type_name(), kind, &mut out);
    }
    out
}

/// The element itself, or what the path computed (`Patient.deceased` as a boolean).
fn json<'a>(item: &Item<'a>) -> Option<Cow<'a, Value>> {
    item.json()
        .map(Cow::Borrowed)
        .or_else(|| item.as_bool().map(|flag| Cow::Owned(Value::Bool(flag))))
}

fn extract(value: &Value, fhir_type: &str, kind: ParamKind, out: &mut Vec<EntryValue>) {
    match kind {
        ParamKind::Token => token::extract(value, fhir_type, out),
        ParamKind::Reference => reference::extract(value, out),
        ParamKind::String => string::extract(value, fhir_type, out),
        ParamKind::Date => date::extract(value, fhir_type, out),
        ParamKind::Number => number::numbers(value, out),
        ParamKind::Quantity => number::quantities(value, out),
        ParamKind::Uri => out.extend(value.as_str().map(|uri| EntryValue::Uri(clip(uri).to_string()))),
        ParamKind::Special => number::position(value, out),
        ParamKind::Composite => {}
    }
}

#[cfg(test)]
mod tests;
