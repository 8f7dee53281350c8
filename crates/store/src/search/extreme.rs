//! The value by which a resource stands in an order, read from its entries.
//!
//! Index rows are written from the same entries, so this is what the engine compared.
use super::cursor::Value;
use fhir::registry::SearchParam;
use fhir::search::index::{Entry, EntryValue, rows};

/// The smallest value, or downwards the greatest, as [`Family::sort_value`] picks it.
pub fn extreme(param: &SearchParam, entries: &[Entry], descending: bool) -> Value {
    let ids = rows(param);
    let own = entries
        .iter()
        .filter(|entry| ids.contains(&entry.param))
        .filter(|e| in_scope(param, &e.value));
    let values = own.filter_map(|entry| sort_value(&entry.value, descending));
    let better = |a: Value, b: Value| {
        if (compare(&a, &b).is_gt()) == descending {
            a
        } else {
            b
        }
    };
    values.reduce(better).unwrap_or(Value::Missing)
}

fn in_scope(param: &SearchParam, value: &EntryValue) -> bool {
    match value {
        EntryValue::Local { type_id, .. } => {
            param.only_targets.is_empty() || param.only_targets.contains(type_id)
        }
        EntryValue::Url(_) => param.only_targets.is_empty(),
        _ => true,
    }
}

fn sort_value(value: &EntryValue, descending: bool) -> Option<Value> {
    Some(match value {
        EntryValue::Token { code, .. } => Value::Text(code.clone()),
        EntryValue::Uri(text) | EntryValue::Url(text) => Value::Text(text.clone()),
        EntryValue::Local { id, .. } => Value::Text(id.clone()),
        EntryValue::Str { norm, .. } => Value::Text(norm.clone()),
        EntryValue::Date { low, .. } => Value::Big(*low),
        EntryValue::Number { low, high } => bits(if descending { *high } else { *low }),
        EntryValue::Quantity { value, .. } => bits(*value),
        // The latter is in rows alone.
        EntryValue::Identifier { .. } | EntryValue::Coded { .. } => return None,
    })
}

/// As rows hold it: no negative zero.
fn bits(value: f64) -> Value {
    Value::Bits((value + 0.0).to_bits())
}

fn compare(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Big(a), Value::Big(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bits(a), Value::Bits(b)) => f64::from_bits(*a).total_cmp(&f64::from_bits(*b)),
        _ => std::cmp::Ordering::Equal,
    }
}
