use super::{Lookup, Needed};
use crate::search::Token;
use crate::{Issue, IssueCode};
use serde_json::{Value, json};

/// A library of two value sets and a code system in which a > b > d and a > c.
fn fetch(needed: Needed) -> Result<Option<Value>, Issue> {
    Ok(match (needed.resource, needed.url) {
        ("CodeSystem", "urn:cs") => Some(json!({"content": "complete", "concept": [
            {"code": "a", "concept": [{"code": "b"}, {"code": "c"}]},
            {"code": "d", "property": [{"code": "parent", "valueCode": "b"}]},
        ]})),
        ("CodeSystem", "urn:part") => Some(json!({"content": "fragment"})),
        ("ValueSet", "urn:vs") => Some(json!({"compose": {
            "include": [{"system": "urn:cs", "filter": [{"property": "concept", "op": "is-a", "value": "a"}]}],
            "exclude": [{"system": "urn:cs", "concept": [{"code": "c"}]}],
        }})),
        ("ValueSet", "urn:open") => {
            Some(json!({"compose": {"include": [{"system": "urn:other"}, {"valueSet": ["urn:vs"]}]}}))
        }
        ("ValueSet", "urn:less") => Some(json!({"compose": {
            "include": [{"system": "urn:cs"}], "exclude": [{"system": "urn:cs", "concept": [{"code": "a"}]}],
        }})),
        ("ValueSet", "urn:both") => Some(json!({"compose": {"include": [
            {"system": "urn:cs", "concept": [{"code": "b"}, {"code": "c"}], "valueSet": ["urn:vs"]},
        ]}})),
        ("ValueSet", "urn:loop") => Some(json!({"compose": {"include": [{"valueSet": ["urn:loop"]}]}})),
        ("ValueSet", "urn:bomb") => {
            Some(json!({"compose": {"include": vec![json!({"valueSet": ["urn:bomb"]}); 50]}}))
        }
        ("ValueSet", "urn:wide") => {
            let many: Vec<_> = (0..40)
                .map(|at| json!({"valueSet": [format!("urn:wide{at}")]}))
                .collect();
            Some(json!({"compose": {"include": many}}))
        }
        ("ValueSet", url) if url.starts_with("urn:wide") => {
            let vs = json!({"valueSet": ["urn:vs"]});
            Some(json!({"compose": {"include": [vs.clone(), vs]}}))
        }
        ("ValueSet", "urn:expanded") => Some(json!({"expansion": {"total": 2, "contains": [
            {"system": "urn:cs", "code": "a", "abstract": true, "contains": [{"system": "urn:cs", "code": "b"}]},
        ]}})),
        ("ValueSet", "urn:partial") => Some(json!({"expansion": {"total": 9, "contains": []}})),
        _ => None,
    })
}

/// Codes by their letters, whole systems as they are.
fn codes(lookup: Lookup) -> Result<String, IssueCode> {
    let found = lookup.codes(&mut fetch).map_err(|issue: Issue| issue.code)?;
    let mut found: Vec<_> = found
        .into_iter()
        .map(|token| match token {
            Token::SystemCode(_, code) => code,
            Token::System(system) => system,
            other => panic!("{other:?}"),
        })
        .collect();
    found.sort();
    Ok(found.join(" "))
}

fn within(url: &str) -> Result<String, IssueCode> {
    codes(Lookup::In(vec![url.to_string()]))
}

#[test]
fn value_sets_are_told_from_what_is_stored() {
    assert_eq!(within("urn:vs").as_deref(), Ok("a b d"));
    assert_eq!(within("urn:open").as_deref(), Ok("a b d urn:other"));
    assert_eq!(within("urn:less").as_deref(), Ok("b c d"));
    assert_eq!(within("urn:both").as_deref(), Ok("b"));
    assert_eq!(within("urn:expanded").as_deref(), Ok("b"));
    let of_fhir = within("http://hl7.org/fhir/ValueSet/administrative-gender");
    assert_eq!(of_fhir.as_deref(), Ok("female male other unknown"));
}

#[test]
fn what_is_not_known_is_refused() {
    for url in ["urn:nowhere", "urn:loop", "urn:partial"] {
        assert_eq!(within(url), Err(IssueCode::NotSupported), "{url}");
    }
    assert_eq!(within("urn:wide"), Err(IssueCode::TooCostly));
    assert!(within("urn:bomb").is_err());
    let part = vec![("urn:part".to_string(), "a".to_string())];
    assert_eq!(codes(Lookup::Below(part)), Err(IssueCode::NotSupported));
}

#[test]
fn subsumption_goes_both_ways() {
    let of = |code: &str| vec![("urn:cs".to_string(), code.to_string())];
    assert_eq!(codes(Lookup::Below(of("b"))).as_deref(), Ok("b d"));
    assert_eq!(codes(Lookup::Above(of("d"))).as_deref(), Ok("a b d"));
}
