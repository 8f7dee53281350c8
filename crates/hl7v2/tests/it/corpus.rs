//! 263 messages of two converters' test suites, when they are at hand.
use crate::NOW;
use hl7v2::map::adt;
use hl7v2::{Message, Sender};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

pub fn root() -> Option<PathBuf> {
    let cache = || {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        Some(
            std::env::var_os("XDG_CACHE_HOME")
                .map(PathBuf::from)
                .or(home)?
                .join("baton-corpus"),
        )
    };
    let root = std::env::var_os("BATON_CORPUS")
        .map(PathBuf::from)
        .or_else(cache)?;
    let found = root.join("hl7v2");
    if !found.is_dir() {
        println!("skipped: no corpus");
        return None;
    }
    Some(found)
}

fn files(folder: &Path, extension: &str, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, out);
        } else if path.extension().is_some_and(|found| found == extension) {
            out.push(path);
        }
    }
}

pub fn messages(root: &Path) -> Vec<(PathBuf, Message)> {
    let mut paths = Vec::new();
    files(root, "hl7", &mut paths);
    assert!(paths.len() >= 263, "only {} messages", paths.len());
    let parse = |path: PathBuf| {
        let message = Message::parse(&fs::read(&path).unwrap());
        let message = message.unwrap_or_else(|reject| panic!("{}: {reject}", path.display()));
        (path, message)
    };
    paths.into_iter().map(parse).collect()
}

/// The corpus marks many messages as tests.
pub fn sender_for(message: &Message) -> Sender {
    let mut sender = crate::sender();
    sender.maps.processing = message.field("MSH", 11).text().unwrap_or("P".into());
    sender
}

#[test]
fn all_real_messages_parse_and_every_adt_is_mapped_or_refused() {
    let Some(root) = root() else { return };
    let (mut mapped, mut refused) = (0, 0);
    for (path, message) in messages(&root) {
        let kind = message.field("MSH", 9).text();
        match adt(&message, &sender_for(&message), NOW) {
            Ok(result) => {
                mapped += 1;
                assert!(!result.events.is_empty(), "{}", path.display());
            }
            Err(reject) => {
                refused += 1;
                let reason = format!("{}: {reject}", path.display());
                println!("{reason}");
                assert!(matches!(reject.error, 101 | 200..=203), "{reason}");
                assert_eq!(reject.error == 200, kind.as_deref() != Some("ADT"), "{reason}");
            }
        }
    }
    println!("{mapped} mapped, {refused} refused");
    assert!(mapped > 50);
}

#[test]
fn line_endings_and_marks_do_not_matter() {
    let Some(root) = root() else { return };
    for (path, message) in messages(&root) {
        if !message.faults().is_empty() {
            continue;
        }
        let lines: Vec<&str> = message.segments().map(|segment| segment.raw()).collect();
        let again = Message::parse(format!("\u{feff}{}\n", lines.join("\n")).as_bytes()).unwrap();
        let lines_again: Vec<&str> = again.segments().map(|segment| segment.raw()).collect();
        assert_eq!(lines, lines_again, "{}", path.display());
    }
}

/// Names and identifiers agree with what another converter makes of the same ADT messages.
#[test]
fn another_converter_sees_the_same_patient() {
    let Some(root) = root() else { return };
    let mut compared = 0;
    for (path, message) in messages(&root) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let kind: String = stem.splitn(3, '-').take(2).collect::<Vec<_>>().join("_");
        let expected = root
            .join("ms-fhir-converter/expected")
            .join(kind)
            .join(format!("{stem}-expected.json"));
        let (Ok(text), Ok(result)) = (
            fs::read_to_string(expected),
            adt(&message, &sender_for(&message), NOW),
        ) else {
            continue;
        };
        let bundle: Value = serde_json::from_str(&text).unwrap();
        let entries = bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| &entry["resource"]);
        let patients: Vec<&Value> = entries
            .filter(|resource| resource["resourceType"] == "Patient")
            .collect();
        // Of merges the other converter makes no Patient.
        if patients.is_empty() {
            continue;
        }
        let person = Value::Object(result.events[0].person.clone());
        let values = |patient: &Value| texts(patient, "identifier", "value");
        let family = |patient: &Value| texts(patient, "name", "family");
        let same = patients
            .iter()
            .any(|patient| family(patient).first() == family(&person).first());
        assert!(same, "{stem}: family name");
        let known: Vec<String> = patients.iter().flat_map(|patient| values(patient)).collect();
        assert!(
            values(&person).iter().any(|value| known.contains(value)),
            "{stem}: identifiers"
        );
        compared += 1;
    }
    assert!(compared >= 10, "only {compared} compared");
}

fn texts(resource: &Value, list: &str, member: &str) -> Vec<String> {
    let items = resource[list].as_array().into_iter().flatten();
    items
        .filter_map(|item| Some(item[member].as_str()?.to_owned()))
        .collect()
}
