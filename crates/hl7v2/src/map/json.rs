//! Building elements: what is not there is left out, what is deleted is `null`.
use crate::message::Field;
use serde_json::{Map, Value};
use std::collections::HashSet;

pub(super) type Object = Map<String, Value>;

/// An object of the members that have a value. Empty lists and objects are no values in FHIR.
pub(super) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Object {
    let full = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    full.filter(|(_, value)| !is_hollow(value)).collect()
}

/// The same as an element: none when nothing is in it.
pub(super) fn element<const N: usize>(members: [(&str, Option<Value>); N]) -> Option<Value> {
    let object = object(members);
    (!object.is_empty()).then_some(Value::Object(object))
}

/// What a field says about an element: `""` deletes, empty says nothing.
pub(super) fn said(field: Field<'_>, value: Option<Value>) -> Option<Value> {
    if field.is_null() { Some(Value::Null) } else { value }
}

/// A list, or none when it would be empty.
pub(super) fn list(values: impl IntoIterator<Item = Value>) -> Option<Value> {
    let values: Vec<Value> = values.into_iter().collect();
    (!values.is_empty()).then_some(Value::Array(values))
}

/// Without repetitions.
pub(super) fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    values
        .into_iter()
        .filter(|value| seen.insert(value.to_string()))
        .collect()
}

pub(super) fn identified<'a>(resource: &'a Object, member: &str) -> &'a str {
    resource.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}
