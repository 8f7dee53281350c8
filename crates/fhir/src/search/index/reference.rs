//! References, canonicals and their identifiers. <https://hl7.org/fhir/R4/references.html>
use super::EntryValue;
use super::text::clip;
use crate::TypeId;
use crate::base::Bases;
use serde_json::Value;

pub fn extract(value: &Value, out: &mut Vec<EntryValue>) {
    match value {
        Value::String(canonical) => literal(canonical, out),
        Value::Object(_) if value.get("resourceType").is_some() => out.push(inline(value)),
        _ => match value.get("reference").and_then(Value::as_str) {
            Some(text) => literal(text, out),
            None => out.push(unknown()),
        },
    }
    if let Some(code) = value.pointer("/identifier/value").and_then(Value::as_str) {
        let system = value
            .pointer("/identifier/system")
            .and_then(Value::as_str)
            .map(str::to_string);
        out.push(EntryValue::Identifier {
            system,
            code: clip(code).to_string(),
        });
    }
}

fn literal(text: &str, out: &mut Vec<EntryValue>) {
    let local = parse(text);
    match local {
        // What is contained cannot be found from outside.
        None if text.starts_with('#') => out.push(unknown()),
        None => out.push(EntryValue::Url(clip(text).to_string())),
        Some(_) => {}
    }
    out.extend(local.map(|(type_id, id)| EntryValue::Local {
        type_id,
        id: id.to_string(),
    }));
}

/// A URL of our own is both: as it was before the server had that base, and where it leads.
pub fn led_here(value: &EntryValue, bases: &Bases) -> Option<EntryValue> {
    let EntryValue::Url(url) = value else {
        return None;
    };
    let (type_id, id) = parse(bases.relative(url)?)?;
    let id = id.to_string();
    Some(EntryValue::Local { type_id, id })
}

/// A resource in place of a reference, as a Bundle has it.
fn inline(value: &Value) -> EntryValue {
    let type_id = value["resourceType"].as_str().and_then(TypeId::of);
    match (type_id, value["id"].as_str()) {
        (Some(type_id), Some(id)) => EntryValue::Local {
            type_id,
            id: id.to_string(),
        },
        _ => unknown(),
    }
}

fn unknown() -> EntryValue {
    EntryValue::Url(String::new())
}

/// `Type/id` or `Type/id/_history/version`; versions share the index row of their resource.
pub fn parse(text: &str) -> Option<(TypeId, &str)> {
    let (name, rest) = text.split_once('/')?;
    let id = rest.split_once("/_history/").map_or(rest, |(id, _)| id);
    let type_id = TypeId::of(name)?;
    crate::search::parse::is_id(id).then_some((type_id, id))
}
