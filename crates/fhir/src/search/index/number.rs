//! Numbers and quantities. <https://hl7.org/fhir/R4/search.html#quantity>
use super::EntryValue;
use serde_json::Value;

const CURRENCIES: &str = "urn:iso:std:iso:4217";

/// A number, or a Range whose missing end is open.
pub fn numbers(value: &Value, out: &mut Vec<EntryValue>) {
    if let Some(number) = value.as_f64() {
        out.push(EntryValue::Number {
            low: number,
            high: number,
        });
        return;
    }
    let (low, high) = (decimal(value, "/low/value"), decimal(value, "/high/value"));
    if low.is_some() || high.is_some() {
        out.push(EntryValue::Number {
            low: low.unwrap_or(f64::MIN),
            high: high.unwrap_or(f64::MAX),
        });
    }
}

/// A Quantity or one of its kin, Money, or both ends of a Range.
pub fn quantities(value: &Value, out: &mut Vec<EntryValue>) {
    let ends = [value.get("low"), value.get("high")];
    if ends.iter().any(Option::is_some) {
        ends.into_iter().flatten().for_each(|end| quantities(end, out));
        return;
    }
    let Some(number) = decimal(value, "/value") else {
        return;
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_string);
    let (system, code) = match text("currency") {
        Some(currency) => (Some(CURRENCIES.to_string()), Some(currency)),
        None => (text("system"), text("code").or_else(|| text("unit"))),
    };
    out.push(EntryValue::Quantity {
        value: number,
        system,
        code,
    });
}

/// Latitude and longitude in one row, for `near`.
pub fn position(value: &Value, out: &mut Vec<EntryValue>) {
    if let (Some(latitude), Some(longitude)) = (decimal(value, "/latitude"), decimal(value, "/longitude")) {
        out.push(EntryValue::Number {
            low: latitude,
            high: longitude,
        });
    }
}

fn decimal(value: &Value, pointer: &str) -> Option<f64> {
    value.pointer(pointer)?.as_f64()
}
