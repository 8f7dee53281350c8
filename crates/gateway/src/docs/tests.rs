//! The documents are whole: references resolve, operation ids are unique, examples are valid.
use super::{DOCUMENTS, examples};
use fhir::Resource;
use serde_json::Value;
use std::collections::HashSet;

fn references(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_string());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_resolves() {
    for document in DOCUMENTS {
        let value: Value = serde_json::from_str(&document.text()).expect("JSON");
        let mut found = HashSet::new();
        references(&value, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.trim_start_matches('#');
            assert!(
                value.pointer(pointer).is_some(),
                "{} in {}",
                reference,
                document.file
            );
        }
    }
}

/// <https://spec.openapis.org/oas/v3.1.0#components-object>
#[test]
fn components_have_names() {
    let sound = |name: &String| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !name.is_empty() && name.chars().all(fits)
    };
    for document in DOCUMENTS {
        let value: Value = serde_json::from_str(&document.text()).expect("JSON");
        let kinds = value["components"].as_object().expect("components").values();
        let names: Vec<&String> = kinds
            .filter_map(Value::as_object)
            .flat_map(|kind| kind.keys())
            .collect();
        let odd: Vec<_> = names.iter().filter(|name| !sound(name)).collect();
        assert!(
            names.len() > 100 && odd.is_empty(),
            "{odd:?} in {}",
            document.file
        );
    }
}

#[test]
fn operation_ids_are_unique() {
    for document in DOCUMENTS {
        let value: Value = serde_json::from_str(&document.text()).expect("JSON");
        let mut seen = HashSet::new();
        let paths = value["paths"].as_object().expect("paths");
        for operation in paths
            .values()
            .flat_map(|item| item.as_object().expect("a path item").values())
        {
            let id = operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("no operationId: {operation}"));
            assert!(seen.insert(id.to_string()), "{id} twice in {}", document.file);
        }
        assert!(seen.len() > 100);
    }
}

#[test]
fn examples_are_valid_resources() {
    for example in examples::all() {
        let resource = Resource::from_value(example).expect("a resource");
        assert_eq!(
            fhir::validate::validate(&resource),
            [],
            "{}",
            resource.type_id.name()
        );
    }
}
