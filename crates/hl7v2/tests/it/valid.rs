//! Everything the mapping makes is structurally valid R4.
use crate::NOW;
use crate::{ADMIT, DISCHARGE, MERGE, corpus, map, sender, with};
use fhir::Resource;
use fhir::event::Event;
use hl7v2::Message;
use hl7v2::map::adt;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The fragment as the resource that coordination makes of it, deletions done.
fn whole(kind: &str, fragment: &Map<String, Value>, required: Value) -> Value {
    let mut resource = Map::from_iter([
        ("resourceType".to_owned(), json!(kind)),
        ("id".to_owned(), json!("x")),
    ]);
    resource.extend(required.as_object().cloned().into_iter().flatten());
    resource.extend(fragment.clone());
    without_null(Value::Object(resource))
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members
                .into_iter()
                .map(|(name, value)| (name, without_null(value)));
            let hollow = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
            Value::Object(kept.filter(|(_, value)| !hollow(value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_null).collect()),
        other => other,
    }
}

fn resources(event: &Event) -> Vec<Value> {
    let class = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"});
    let encounter = json!({"status": "in-progress", "class": class});
    let mut all = vec![
        whole("Patient", &event.person, json!({})),
        whole("Encounter", &event.encounter, encounter),
    ];
    let related = event
        .related
        .iter()
        .map(|related| Value::Object(related.resource.clone()).to_string());
    let filled = related.map(|text| text.replace("{patient}", "p").replace("{stay}", "s"));
    all.extend(filled.map(|text| serde_json::from_str::<Value>(&text).unwrap()));
    all
}

fn problems(event: &Event) -> Vec<String> {
    let check = |value: Value| {
        let kind = value["resourceType"].as_str().unwrap_or_default().to_owned();
        let issues = match Resource::from_value(value) {
            Ok(resource) => fhir::validate::validate(&resource),
            Err(issues) => issues,
        };
        issues
            .into_iter()
            .filter(|issue| issue.is_error())
            .map(move |issue| format!("{kind}: {issue}"))
    };
    resources(event).into_iter().flat_map(check).collect()
}

#[test]
fn the_fixtures_make_valid_resources() {
    let cancelled = with(&with(DISCHARGE, "MSH", 9, "ADT^A13"), "PV1", 45, "\"\"");
    let doubtful = with(&with(DISCHARGE, "PV1", 36, "Q  X"), "PV1", 2, "odd  class");
    for text in [ADMIT, DISCHARGE, MERGE, &cancelled, &doubtful] {
        for event in map(text).events {
            assert_eq!(problems(&event), [""; 0]);
        }
    }
}

#[test]
fn real_messages_make_valid_resources() {
    let Some(root) = corpus::root() else { return };
    let mut wrong = Vec::new();
    for (path, message) in corpus::messages(&root) {
        let mapped = adt(&message, &corpus::sender_for(&message), NOW);
        let events = mapped.into_iter().flat_map(|mapped| mapped.events);
        let found = events.flat_map(|event| problems(&event));
        wrong.extend(found.map(|problem| format!("{}: {problem}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const HOSTILE: [&str; 10] = [
    "\"\"",
    "^^^^",
    "&&&",
    "~~",
    " x  y ",
    "\\X00\\",
    "\\.br\\",
    "99999999",
    "^^^ ^ ^ ",
    "<\u{1F600}>",
];

const SEGMENTS: [(&str, usize); 7] = [
    ("PID", 39),
    ("PV1", 52),
    ("DG1", 21),
    ("IN1", 50),
    ("NK1", 39),
    ("PD1", 21),
    ("PV2", 10),
];

fn hold(text: &str) {
    let mapped = adt(&Message::parse(text.as_bytes()).unwrap(), &sender(), NOW);
    for event in mapped.into_iter().flat_map(|mapped| mapped.events) {
        assert_eq!(problems(&event), [""; 0], "{text}");
    }
}

#[test]
fn hostile_segments_make_valid_resources_or_none() {
    for (segment, last) in SEGMENTS {
        for value in HOSTILE {
            let every = (1..=last).fold(ADMIT.to_owned(), |text, field| with(&text, segment, field, value));
            hold(&every);
            // The same with the keys intact, so that all of it is read.
            hold(&with(&with(&every, "PID", 3, "1^^^A^MR"), "PV1", 19, "V1"));
        }
    }
}

#[test]
fn hostile_fields_make_valid_resources_or_none() {
    for (segment, last) in SEGMENTS {
        for field in 1..=last {
            hold(&with(ADMIT, segment, field, HOSTILE[field % HOSTILE.len()]));
        }
    }
}

proptest! {
    #[test]
    fn no_field_breaks_the_mapping(
        at in 0..SEGMENTS.len(),
        field in 1usize..53,
        value in "\\PC{0,20}([~^&\\\\]\\PC{0,9}){0,9}",
    ) {
        let value = value.replace('|', "");
        let text = with(ADMIT, SEGMENTS[at].0, field, &value);
        let mapped = adt(&Message::parse(text.as_bytes()).unwrap(), &sender(), NOW);
        prop_assert!(mapped.is_ok() || SEGMENTS[at].0 == "PID");
    }
}
