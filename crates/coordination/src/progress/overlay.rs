//! Laying a new derivation over a stored resource without undoing what people did.
use super::{Hand, Shape, extension_in, hand, has_other_owner, is_touched, reason_of, shape};
use crate::codes::extension;
use serde_json::{Map, Value, json};

/// The stored resource with the new derivation laid over it.
pub fn overlay(stored: &Value, derived: &Value) -> Value {
    let hand = hand(stored);
    let (Some(old), Some(new)) = (stored.as_object(), derived.as_object()) else {
        return derived.clone();
    };
    let mut result = old.clone();
    if hand == Hand::Done {
        repoint(&mut result, new);
        return Value::Object(result);
    }
    let narrow = derived["resourceType"] == "Task" && is_touched(stored);
    for (name, value) in new {
        if !narrow || FOLLOWS_THE_STAY.contains(&name.as_str()) {
            result.insert(name.clone(), merged(shape(derived), name, old.get(name), value));
        }
    }
    for name in shape(derived)
        .shared
        .iter()
        .filter(|name| !new.contains_key(**name))
    {
        let theirs = merged(shape(derived), name, old.get(*name), &json!([]));
        match theirs.as_array().is_some_and(|theirs| !theirs.is_empty()) {
            true => result.insert((*name).to_owned(), theirs),
            false => result.shift_remove(*name),
        };
    }
    for name in WITHDRAWN {
        let kept = narrow && (name == "owner" || name == "statusReason" && reason_of(stored).is_none());
        if !new.contains_key(name) && !kept {
            result.shift_remove(name);
        }
    }
    if has_other_owner(stored) {
        restore(&mut result, old, "owner");
    }
    settle_status(&mut result, old, derived, hand);
    Value::Object(result)
}

/// Even work a person has taken over follows the stay in these.
const FOLLOWS_THE_STAY: [&str; 7] = [
    "for",
    "encounter",
    "basedOn",
    "authoredOn",
    "restriction",
    "extension",
    "instantiatesCanonical",
];
/// Baton's members that go when the derivation has them no longer.
const WITHDRAWN: [&str; 7] = [
    "statusReason",
    "owner",
    "requester",
    "careManager",
    "encounter",
    "prediction",
    "basis",
];
/// Where the patient is named.
const SUBJECTS: [&str; 3] = ["for", "subject", "patient"];

/// Work that is over only follows the patient to a surviving record.
fn repoint(result: &mut Map<String, Value>, new: &Map<String, Value>) {
    for name in SUBJECTS {
        if let (Some(_), Some(subject)) = (result.get(name), new.get(name)) {
            result.insert(name.to_owned(), subject.clone());
        }
    }
}

fn restore(result: &mut Map<String, Value>, old: &Map<String, Value>, name: &str) {
    if let Some(value) = old.get(name) {
        result.insert(name.to_owned(), value.clone());
    }
}

fn merged(shape: &Shape, name: &str, old: Option<&Value>, new: &Value) -> Value {
    let (Some(old), Some(fresh)) = (old.and_then(Value::as_array), new.as_array()) else {
        return match (name, old) {
            ("restriction", Some(old)) => with_period(old, new),
            _ => new.clone(),
        };
    };
    let theirs: Box<dyn Fn(&&Value) -> bool> = match name {
        "extension" => Box::new(|entry| {
            !entry["url"]
                .as_str()
                .is_some_and(|url| url.starts_with(extension::PREFIX))
        }),
        _ if shape.shared.contains(&name) => {
            Box::new(|entry| !entry["id"].as_str().is_some_and(|id| id.starts_with("derived-")))
        }
        _ => return new.clone(),
    };
    fresh.iter().chain(old.iter().filter(theirs)).cloned().collect()
}

/// Repetitions and recipients of a restriction are not Baton's.
fn with_period(old: &Value, new: &Value) -> Value {
    let mut restriction = old.clone();
    restriction["period"] = new["period"].clone();
    restriction
}

/// The status: Baton's own follows the derivation; a person's stays while the work has ground.
fn settle_status(result: &mut Map<String, Value>, old: &Map<String, Value>, derived: &Value, hand: Hand) {
    let closing = reason_of(derived).is_some();
    let before = match hand {
        Hand::Person => old.get("status").cloned(),
        Hand::Interrupted => extension_in(old, extension::STATUS_BEFORE)
            .and_then(|e| e.get("valueCode"))
            .cloned(),
        Hand::Baton | Hand::Done => None,
    };
    match (before, closing) {
        (Some(before), true) => {
            set(result, "status", &derived["status"]);
            if let Some(reason) = derived.get("statusReason") {
                set(result, "statusReason", reason);
            }
            add_extension(
                result,
                json!({ "url": extension::STATUS_BEFORE, "valueCode": before }),
            );
        }
        (Some(before), false) => set(result, "status", &before),
        (None, _) => {
            set(result, "status", &derived["status"]);
            if let Some(reason) = derived.get("statusReason") {
                set(result, "statusReason", reason);
            }
        }
    }
}

fn set(result: &mut Map<String, Value>, name: &str, value: &Value) {
    result.insert(name.to_owned(), value.clone());
}

/// A stored resource whose ground is gone and cannot be derived again: closed where it stands.
pub fn closed(stored: &Value, status: &str, reason: &Value) -> Value {
    let hand = hand(stored);
    let Some(old) = stored.as_object().filter(|_| hand != Hand::Done) else {
        return stored.clone();
    };
    let mut closing = json!({ "resourceType": stored["resourceType"], "status": status });
    let mark = json!({ "url": extension::REASON, "valueCodeableConcept": reason });
    let mut result = old.clone();
    if let Some(Value::Array(list)) = result.get_mut("extension") {
        list.retain(|e| e["url"] != extension::REASON && e["url"] != extension::STATUS_BEFORE);
    }
    if stored["resourceType"] == "Task" {
        closing["statusReason"] = reason.clone();
    } else {
        closing["extension"] = json!([mark]);
        add_extension(&mut result, mark);
    }
    settle_status(&mut result, old, &closing, hand);
    if result.get("extension").is_some_and(|list| *list == json!([])) {
        result.shift_remove("extension");
    }
    Value::Object(result)
}

fn add_extension(resource: &mut Map<String, Value>, extension: Value) {
    if let Value::Array(list) = resource.entry("extension").or_insert_with(|| json!([])) {
        list.push(extension);
    }
}
