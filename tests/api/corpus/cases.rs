//! Searches over the official examples with known answers.
use super::{corpus, examples, identity, put_all};
use crate::on_both;
use crate::support::Baton;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeSet;

on_both!(searches_answer_as_known);

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
