//! How fragments of FHIR elements add up: an absent member says nothing, `null` deletes
//! (HL7 v2.5.1 §2.5.3, the two quotes), anything else is the last word so far.
use serde_json::{Map, Value};

/// Choice elements of Patient: setting one member takes the others away.
const CHOICES: &[&[&str]] = &[
    &["deceasedDateTime", "deceasedBoolean"],
    &["multipleBirthInteger", "multipleBirthBoolean"],
];

/// Lays `from` over `into`. Members named in `deep` are merged one level deeper.
pub fn lay_over(into: &mut Map<String, Value>, from: &Map<String, Value>, deep: &[&str]) {
    for (name, value) in from {
        if says_less(into, name, value) {
            continue;
        }
        drop_alternatives(into, name, from);
        match (value, into.get_mut(name)) {
            (Value::Null, _) => {
                into.shift_remove(name);
            }
            (Value::Array(new), Some(Value::Array(old))) if name == "extension" => unite_extensions(old, new),
            (Value::Object(new), Some(Value::Object(old))) if deep.contains(&name.as_str()) => {
                lay_over(old, new, &[]);
            }
            (Value::Object(new), _) if deep.contains(&name.as_str()) => {
                let mut fresh = Map::new();
                lay_over(&mut fresh, new, &[]);
                into.insert(name.clone(), Value::Object(fresh));
            }
            _ => {
                into.insert(name.clone(), value.clone());
            }
        }
    }
}

/// A bare "yes" after a time of death or a birth order adds nothing to it.
fn says_less(into: &Map<String, Value>, name: &str, value: &Value) -> bool {
    let fuller = match name {
        "deceasedBoolean" => "deceasedDateTime",
        "multipleBirthBoolean" => "multipleBirthInteger",
        _ => return false,
    };
    *value == Value::Bool(true) && into.contains_key(fuller)
}

/// Extensions of another url stay.
fn unite_extensions(into: &mut Vec<Value>, from: &[Value]) {
    into.retain(|known| !from.iter().any(|new| new["url"] == known["url"]));
    into.extend(from.iter().cloned());
}

/// A new value supersedes the other members of its choice and the extensions of the old value.
fn drop_alternatives(into: &mut Map<String, Value>, name: &str, from: &Map<String, Value>) {
    let shadow = format!("_{name}");
    if !from.contains_key(&shadow) {
        into.shift_remove(&shadow);
    }
    for choice in CHOICES.iter().filter(|choice| choice.contains(&name)) {
        for other in choice
            .iter()
            .filter(|other| **other != name && !from.contains_key(**other))
        {
            into.shift_remove(*other);
        }
    }
}

/// Adds identifiers to a list; the same system and value is one identifier, its last copy stays.
pub fn unite_identifiers(into: &mut Vec<Value>, from: &[Value]) {
    for identifier in from.iter().filter(|identifier| identifier.is_object()) {
        match into.iter_mut().find(|known| same_identifier(known, identifier)) {
            Some(known) => *known = identifier.clone(),
            None => into.push(identifier.clone()),
        }
    }
}

pub fn same_identifier(a: &Value, b: &Value) -> bool {
    a["system"] == b["system"] && a["value"] == b["value"]
}

/// The list under a member; empty when there is none.
pub fn list<'a>(of: &'a Map<String, Value>, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Fills in the literal `Patient/{patient}` and `Encounter/{stay}` of related resources.
pub fn point_at(value: &mut Value, patient: &str, stay: &str) {
    match value {
        Value::String(text) if text == "Patient/{patient}" => *text = format!("Patient/{patient}"),
        Value::String(text) if text == "Encounter/{stay}" => *text = format!("Encounter/{stay}"),
        Value::Array(items) => items.iter_mut().for_each(|item| point_at(item, patient, stay)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| point_at(member, patient, stay)),
        _ => {}
    }
}

/// Whether a related resource belongs to the stay and not only to the patient.
pub fn mentions_stay(value: &Value) -> bool {
    match value {
        Value::String(text) => text == "Encounter/{stay}",
        Value::Array(items) => items.iter().any(mentions_stay),
        Value::Object(members) => members.values().any(mentions_stay),
        _ => false,
    }
}

/// What was stored and no event speaks of stays; the rest is as folded. Keeps the stored order
/// of members, so that an unchanged resource is the same text.
pub fn overlay(
    stored: Option<&Map<String, Value>>,
    folded: &Map<String, Value>,
    managed: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let mut result = Map::new();
    for (name, value) in stored.into_iter().flatten() {
        match folded.get(name) {
            Some(new) => result.insert(name.clone(), new.clone()),
            None if managed(name) => None,
            None => result.insert(name.clone(), value.clone()),
        };
    }
    for (name, value) in folded {
        if !result.contains_key(name) {
            result.insert(name.clone(), value.clone());
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn laid(base: Value, over: Value) -> Value {
        let mut into = base.as_object().cloned().unwrap_or_default();
        lay_over(&mut into, over.as_object().unwrap_or(&Map::new()), &["period"]);
        Value::Object(into)
    }

    #[test]
    fn absent_says_nothing_and_null_deletes() {
        assert_eq!(
            laid(json!({"a": 1, "b": 2}), json!({"a": null, "c": 3})),
            json!({"b": 2, "c": 3})
        );
        assert_eq!(
            laid(
                json!({"period": {"start": "x"}}),
                json!({"period": {"end": "y", "start": null}})
            ),
            json!({"period": {"end": "y"}})
        );
    }

    #[test]
    fn a_choice_holds_one_member_and_a_time_of_death_outlives_a_flag() {
        let dead = json!({"deceasedDateTime": "2026-01-01"});
        assert_eq!(laid(dead.clone(), json!({"deceasedBoolean": true})), dead);
        assert_eq!(
            laid(dead, json!({"deceasedBoolean": false})),
            json!({"deceasedBoolean": false})
        );
    }

    #[test]
    fn a_new_value_takes_the_old_extensions_away() {
        assert_eq!(
            laid(
                json!({"birthDate": "1", "_birthDate": {}}),
                json!({"birthDate": "2"})
            ),
            json!({"birthDate": "2"})
        );
    }
}
