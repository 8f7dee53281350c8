//! The official examples are accepted as they are, and what is wrong is refused.
mod common;

use fhir::Resource;
use fhir::base::Bases;
use fhir::search::holds::Subject;
use fhir::search::reach::{Reach, Share, Whose, patients};
use fhir::validate::validate;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// What the official package itself gets wrong.
const WRONG_EXAMPLES: [(&str, &str); 1] = [("Questionnaire-qs1.json", "items without the required linkId")];

/// Refused by other servers for reasons Baton does not share.
const ACCEPTED_NEGATIVES: [(&str, &str); 1] = [(
    "parameters-reference-bad.json",
    "points to resources outside of it; reference integrity is a server setting",
)];

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let named = entries.filter(|path| path.extension().is_some_and(|end| end == "json"));
    named
        .map(|path| (name_of(&path), std::fs::read(&path).expect("a file")))
        .collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn errors(bytes: &[u8]) -> Vec<String> {
    let issues = Resource::parse(bytes).map_or_else(|issues| issues, |resource| validate(&resource));
    issues
        .iter()
        .filter(|issue| issue.is_error())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn official_examples_are_accepted() {
    let Some(dir) = common::corpus("r4-examples/resources") else {
        return;
    };
    let mut failed = Vec::new();
    for (name, bytes) in files(&dir) {
        let known = WRONG_EXAMPLES.iter().any(|(wrong, _)| *wrong == name);
        let found = errors(&bytes);
        if known == found.is_empty() {
            failed.push(format!("{name}: {found:#?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn official_negatives_are_refused() {
    let Some(dir) = common::corpus("negatives") else {
        return;
    };
    for (name, bytes) in files(&dir) {
        let known = ACCEPTED_NEGATIVES.iter().any(|(accepted, _)| *accepted == name);
        assert_eq!(errors(&bytes).is_empty(), known, "{name}");
    }
}

/// Whether somebody may read a resource is decided by a part of it.
#[test]
fn the_part_of_an_example_that_tells_whose_it_is_says_the_same_as_all_of_it() {
    let Some(dir) = common::corpus("r4-examples/resources") else {
        return;
    };
    let mut theirs = Reach::NOTHING;
    theirs.add(Share {
        whose: Whose::Patient("any".into()),
        narrowed: Vec::new(),
    });
    let mut told = 0;
    for (name, bytes) in files(&dir) {
        let whole = Resource::parse(&bytes).expect("an example");
        let part = theirs.part(whole.type_id, &whole.text).expect("a part of it");
        let found = of_whom(&whole, &whole.value);
        assert_eq!(of_whom(&whole, &part), found, "{name}");
        told += usize::from(!found.is_empty());
    }
    assert!(told > 100, "{told}");
}

fn of_whom(of: &Resource, seen: &Value) -> BTreeSet<String> {
    patients(Subject {
        on: of.type_id,
        id: "own",
        updated: 0,
        resource: seen,
        bases: &Bases::default(),
    })
}
