//! Strings, names and addresses: every part is found by itself.
//! <https://hl7.org/fhir/R4/search.html#string>
use super::EntryValue;
use super::text::{clip, normalise};
use serde_json::Value;

const NAME_PARTS: [&str; 5] = ["text", "family", "given", "prefix", "suffix"];
const ADDRESS_PARTS: [&str; 7] = [
    "text",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
];

pub fn extract(value: &Value, fhir_type: &str, out: &mut Vec<EntryValue>) {
    let parts: &[&str] = match fhir_type {
        "HumanName" => &NAME_PARTS,
        "Address" => &ADDRESS_PARTS,
        _ => return text(value, out),
    };
    for part in parts {
        match value.get(part) {
            Some(Value::Array(texts)) => texts.iter().for_each(|t| text(t, out)),
            Some(one) => text(one, out),
            None => {}
        }
    }
}

fn text(value: &Value, out: &mut Vec<EntryValue>) {
    if let Some(text) = value.as_str() {
        out.push(EntryValue::Str {
            norm: normalise(text),
            exact: clip(text).to_string(),
        });
    }
}
