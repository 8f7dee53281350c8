//! The official examples, searches with known answers, refusals and synthetic patients, where the
//! corpus is on this machine: in `$BATON_CORPUS`, else in `baton-corpus` of the cache folder.
use crate::support::{Baton, Client, Database, Options};
use crate::{on_both, on_both_databases};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

on_both!(
    official_examples_come_back_as_sent,
    searches_answer_as_known,
    negatives_are_refused,
);
on_both_databases!(synthetic_patients_are_imported);

/// What the official package itself gets wrong.
const WRONG_EXAMPLES: [(&str, &str); 1] = [("Questionnaire-qs1.json", "items without the required linkId")];

/// Refused by the validator they were written for, for reasons Baton does not share.
const ACCEPTED_NEGATIVES: [(&str, &str); 1] = [(
    "parameters-reference-bad.json",
    "it refers to resources it does not hold; servers may hold them",
)];

const VERSION: &str = "a reference to a version is a reference to its resource";
const NO_VALUE: &str =
    "an element without a date (a text, a pattern of repetition) or number has none to find";
const ESCAPED: &str = "an escaped bar is a bar";

/// Searches where Baton's answer differs from the known one, and why.
const OTHER_ANSWERS: [(&str, &str); 9] = [
    ("AuditEvent?patient:missing=true", VERSION),
    ("AuditEvent?patient=Patient/example", VERSION),
    ("AuditEvent?patient:Patient=example", VERSION),
    ("CarePlan?activity-date:missing=true", NO_VALUE),
    ("Immunization?date:missing=true", NO_VALUE),
    ("Observation?combo-value-quantity:missing=true", NO_VALUE),
    ("Observation?component-value-quantity:missing=true", NO_VALUE),
    ("ServiceRequest?occurrence:missing=true", NO_VALUE),
    (
        "Subscription?criteria:exact=Observation?code=http://loinc.org\\|1975-2",
        ESCAPED,
    ),
];

/// Whether this difference from the known number is understood.
fn explained(path: &str, found: u64, known: u64) -> bool {
    // The one wrong example, which is not stored, is a Questionnaire.
    let without_wrong = path.starts_with("Questionnaire?") && found + 1 == known;
    without_wrong || OTHER_ANSWERS.iter().any(|(other, _)| *other == path)
}

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

/// What a case may have in its path as it stands.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'?')
    .remove(b'&')
    .remove(b'=')
    .remove(b':')
    .remove(b',')
    .remove(b'$')
    .remove(b'%')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'*');

/// A spread of the cases, or all of them with `BATON_CORPUS_FULL` set.
fn cases() -> Option<Vec<Value>> {
    let text = std::fs::read(corpus("r4-search-cases.json")?).expect("a file");
    let all: Vec<Value> = serde_json::from_slice(&text).expect("JSON");
    let step = if std::env::var_os("BATON_CORPUS_FULL").is_some() {
        1
    } else {
        8
    };
    Some(all.into_iter().step_by(step).collect())
}

fn searches_answer_as_known(baton: &Baton) {
    let (Some(cases), Some(examples)) = (cases(), examples()) else {
        return;
    };
    let partner = baton.partner();
    let loaded: BTreeSet<String> = examples.keys().cloned().collect();
    put_all(&partner, examples);
    let mut others = Vec::new();
    for case in &cases {
        let path = case["path"].as_str().expect("a path");
        let found = partner.find(&utf8_percent_encode(path, PLAIN).to_string());
        // What Baton brings itself, such as its protocols, is not counted.
        let ours = found
            .iter()
            .filter_map(identity)
            .filter(|one| loaded.contains(one))
            .count();
        let known = case["matches"].as_u64().expect("a number");
        if ours as u64 != known {
            others.push((path, ours as u64, known));
        }
    }
    let same = cases.len() - others.len();
    others.retain(|(path, found, known)| !explained(path, *found, *known));
    println!(
        "{same} of {} searches answer as known, {} otherwise without a reason",
        cases.len(),
        others.len()
    );
    assert!(others.is_empty(), "{others:#?}");
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

/// The seeds (hospitals and practitioners), and the smallest patients.
fn synthea(folder: &Path, patients: usize) -> Vec<PathBuf> {
    let mut all: Vec<(bool, u64, PathBuf)> = files(folder)
        .into_iter()
        .map(|(name, text)| (!name.starts_with("0-"), text.len() as u64, folder.join(name)))
        .collect();
    all.sort();
    let seeds = all.iter().filter(|(patient, ..)| !patient).count();
    all.into_iter()
        .take(seeds + patients)
        .map(|(_, _, path)| path)
        .collect()
}

fn synthetic_patients_are_imported(database: Database) {
    let Some(folder) = corpus("synthea/blaze-2021") else {
        return;
    };
    let paths = synthea(&folder, 3);
    let args: Vec<&str> = std::iter::once("import")
        .chain(paths.iter().filter_map(|path| path.to_str()))
        .collect();
    let import = || {
        let output = database.run(&args);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    import();
    let database = Arc::new(database);
    let baton = Baton::on(database.clone(), &Options::default());
    let partner = baton.partner();
    let count = |path: &str| {
        partner.get(&format!("{path}?_summary=count")).ok()["total"]
            .as_u64()
            .expect("a total")
    };
    assert_eq!(count("Patient"), 3);
    let kinds = [
        "Organization",
        "Practitioner",
        "Encounter",
        "Observation",
        "Condition",
        "Claim",
    ];
    let before: Vec<u64> = kinds.iter().map(|kind| count(kind)).collect();
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    for encounter in partner.find("Encounter?_count=500") {
        let text = encounter.to_string();
        assert!(
            !text.contains("\"urn:uuid:") && !text.contains("Practitioner?"),
            "links are resolved: {text}"
        );
        let subject = encounter["subject"]["reference"].as_str().expect("a subject");
        assert_eq!(partner.get(subject).status, 200, "{subject}");
    }
    let again = database.run(&args);
    assert!(
        again.status.success(),
        "{}",
        String::from_utf8_lossy(&again.stderr)
    );
    assert_eq!(
        kinds.iter().map(|kind| count(kind)).collect::<Vec<u64>>(),
        before,
        "nothing comes twice"
    );
}
