//! Codes, identifiers, contact points and plain values. <https://hl7.org/fhir/R4/search.html#token>
use super::EntryValue;
use super::text::clip;
use serde_json::Value;

pub fn extract(value: &Value, fhir_type: &str, out: &mut Vec<EntryValue>) {
    let before = out.len();
    match fhir_type {
        "CodeableConcept" => {
            for coding in value["coding"].as_array().into_iter().flatten() {
                push(coding.get("system"), coding.get("code"), out);
            }
        }
        "Identifier" | "ContactPoint" => push(value.get("system"), value.get("value"), out),
        _ if value.is_object() => push(value.get("system"), value.get("code"), out),
        _ => push(None, Some(value), out),
    }
    if out.len() == before {
        out.push(EntryValue::Token {
            system: None,
            code: String::new(),
        });
    }
}

fn push(system: Option<&Value>, code: Option<&Value>, out: &mut Vec<EntryValue>) {
    let system = system.and_then(Value::as_str).map(str::to_string);
    let code = match code {
        Some(Value::String(code)) => clip(code).to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ if system.is_some() => String::new(),
        _ => return,
    };
    out.push(EntryValue::Token { system, code });
}
