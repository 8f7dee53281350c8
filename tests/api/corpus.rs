//! The official examples, searches with known answers, refusals and synthetic patients, where the
//! corpus is on this machine: in `$BATON_CORPUS`, else in `baton-corpus` of the cache folder.
mod cases;
mod synthetic;

use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

on_both!(official_examples_come_back_as_sent, negatives_are_refused);

/// What the official package itself gets wrong.
const WRONG_EXAMPLES: [(&str, &str); 1] = [("Questionnaire-qs1.json", "items without the required linkId")];

/// Refused by the validator they were written for, for reasons Baton does not share.
const ACCEPTED_NEGATIVES: [(&str, &str); 1] = [(
    "parameters-reference-bad.json",
    "it refers to resources it does not hold; servers may hold them",
)];

fn corpus(part: &str) -> Option<PathBuf> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = || path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")));
    let root = path("BATON_CORPUS").or_else(|| Some(cache()?.join("baton-corpus")));
    let found = root.map(|root| root.join(part)).filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: no corpus");
    }
    found
}

/// Names and texts of a folder's JSON files.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let paths = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let json = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    json.map(|path| (name(&path), std::fs::read(&path).expect("a file")))
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// `Type/id` of a resource that has both.
fn identity(resource: &Value) -> Option<String> {
    Some(format!(
        "{}/{}",
        resource["resourceType"].as_str()?,
        resource["id"].as_str()?
    ))
}

/// The examples by `Type/id`.
fn examples() -> Option<BTreeMap<String, Vec<u8>>> {
    let folder = corpus("r4-examples/resources")?;
    let right = files(&folder)
        .into_iter()
        .filter(|(name, _)| WRONG_EXAMPLES.iter().all(|(wrong, _)| wrong != name));
    let identified = right.filter_map(|(_, text)| {
        let resource: Value = serde_json::from_slice(&text).expect("JSON");
        Some((identity(&resource)?, text))
    });
    Some(identified.collect())
}

/// `work` on every item, several at a time.
fn spread<T: Send + Sync + 'static>(items: Vec<T>, work: impl Fn(&T) + Clone + Send + 'static) {
    const WORKERS: usize = 8;
    let items = Arc::new(items);
    let workers: Vec<_> = (0..WORKERS)
        .map(|first| {
            let (items, work) = (items.clone(), work.clone());
            std::thread::spawn(move || items.iter().skip(first).step_by(WORKERS).for_each(work))
        })
        .collect();
    workers
        .into_iter()
        .for_each(|worker| worker.join().expect("no panic"));
}

fn put_all(partner: &Client, examples: BTreeMap<String, Vec<u8>>) {
    let partner = partner.clone();
    spread(
        examples.into_iter().collect(),
        move |(path, text): &(String, Vec<u8>)| {
            let reply = partner.send_text("PUT", path, "application/fhir+json", text.clone());
            assert_eq!(reply.status, 201, "{path}: {}", reply.text);
        },
    );
}

/// Every member as it is written, `meta` as what it says besides version and time.
fn members(text: &[u8]) -> (BTreeMap<String, String>, Value) {
    let raw: BTreeMap<String, &RawValue> = serde_json::from_slice(text).expect("an object");
    let meta = raw.get("meta").map_or(Value::Null, |meta| {
        serde_json::from_str(meta.get()).expect("JSON")
    });
    let mut meta = meta.as_object().cloned().unwrap_or_default();
    meta.retain(|name, _| name != "versionId" && name != "lastUpdated");
    let others = raw.into_iter().filter(|(name, _)| name != "meta");
    (
        others
            .map(|(name, value)| (name, value.get().to_string()))
            .collect(),
        meta.into(),
    )
}

fn official_examples_come_back_as_sent(baton: &Baton) {
    let Some(examples) = examples() else { return };
    assert!(examples.len() > 600, "{}", examples.len());
    let partner = baton.partner();
    put_all(&partner, examples.clone());
    let reader = partner.clone();
    spread(
        examples.into_iter().collect(),
        move |(path, sent): &(String, Vec<u8>)| {
            let read = reader.get(path);
            assert_eq!(read.status, 200, "{path}");
            assert_eq!(members(read.text.as_bytes()), members(sent), "{path}");
        },
    );
    let folder = corpus("r4-examples/resources").expect("it was there");
    for (name, reason) in WRONG_EXAMPLES {
        let text = std::fs::read(folder.join(name)).expect("a file");
        let type_name = name.split('-').next().expect("a type");
        let reply = partner.send_text("POST", type_name, "application/fhir+json", text);
        assert_eq!(reply.status, 422, "{name} ({reason}): {}", reply.text);
    }
}

fn negatives_are_refused(baton: &Baton) {
    let Some(folder) = corpus("negatives") else { return };
    let partner = baton.partner();
    let negatives = files(&folder);
    assert!(negatives.len() > 10);
    for (name, text) in negatives {
        let said = String::from_utf8_lossy(&text);
        // Some are no JSON at all, so the type is looked for in the text.
        let after = said.split_once("resourceType").map_or("", |(_, after)| after);
        let type_name = after
            .split(|c: char| !c.is_ascii_alphabetic())
            .find(|word| !word.is_empty());
        let reply = partner.send_text(
            "POST",
            type_name.unwrap_or("Patient"),
            "application/fhir+json",
            text.clone(),
        );
        let accepted = ACCEPTED_NEGATIVES.iter().any(|(known, _)| *known == name);
        let expected: &[u16] = if accepted { &[201] } else { &[400, 422] };
        assert!(
            expected.contains(&reply.status),
            "{name}: {} {}",
            reply.status,
            reply.text
        );
    }
}
