//! The official FHIRPath expressions that stay within what Baton offers give the official results.
mod common;

use fhir::path::{Env, Expr, Item};
use regex_lite::Regex;
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// Where Baton differs, and why that does not matter to searches and protocols.
const DIFFERENT: &[(&str, &str)] = &[
    ("testDollarOrderNotAllowed", "a type checker's complaint"),
    ("testLiteralTimeUTC", "a time with a zone is read as one"),
    (
        "testLiteralTimeTimezoneOffset",
        "a time with a zone is read as one",
    ),
    (
        "testDecimalLiteralToString",
        "trailing zeros of decimals are not kept",
    ),
    ("testToString4", "trailing zeros of decimals are not kept"),
    ("testQuantityLiteralWkToString", "no text form of quantities"),
    ("testQuantityLiteralWeekToString", "no text form of quantities"),
    ("testQuantity4", "~ compares quantities exactly"),
    ("testEquivalent11", "~ compares decimals exactly"),
    ("testQuantity9", "no products of units"),
    ("testQuantity10", "no products of units"),
    ("testQuantity11", "no products of units"),
    ("testCollectionBoolean1", "empty, not an error"),
    ("testSingle2", "empty, not an error"),
    ("testIif6", "one item counts as true"),
    ("testIif10", "any input is taken"),
    ("testConcatenate4", "the first item is taken"),
    (
        "testPlusDate14",
        "UCUM's months and years move dates like the calendar's",
    ),
    (
        "testPlusDate16",
        "UCUM's months and years move dates like the calendar's",
    ),
    (
        "testPlusDate17",
        "UCUM's months and years move dates like the calendar's",
    ),
    ("testPlusDate19", "milliseconds are kept"),
    ("testType12", "FHIR and System types are one"),
    ("testType14", "FHIR and System types are one"),
    ("testType22", "FHIR and System types are one"),
    (
        "testFHIRPathAsFunction21",
        "as() filters collections, as R4's search expressions need",
    ),
    (
        "testFHIRPathIsFunction8",
        "asks for an extension the R4 example does not have",
    ),
    (
        "testFHIRPathIsFunction9",
        "asks for an extension the R4 example does not have",
    ),
    (
        "testFHIRPathIsFunction10",
        "asks for an extension the R4 example does not have",
    ),
];

struct Case {
    name: String,
    expression: String,
    invalid: bool,
    predicate: bool,
    input: String,
    outputs: Vec<String>,
}

#[test]
fn official_expressions_give_official_results() {
    let Some(suite) = common::corpus("fhir-test-cases/r4/fhirpath/tests-fhir-r4.xml") else {
        return;
    };
    let Some(examples) = common::corpus("r4-examples/resources") else {
        return;
    };
    let inputs = inputs(&examples);
    let (mut right, mut wrong) = (0, Vec::new());
    for case in cases(&std::fs::read_to_string(suite).expect("the suite")) {
        let Some(resource) = inputs.get(case.input.as_str()) else {
            continue;
        };
        let known = DIFFERENT.iter().any(|(name, _)| *name == case.name);
        match agrees(&case, resource) {
            Some(true) => right += 1,
            Some(false) if !known => wrong.push(format!("{}: {}", case.name, case.expression)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(right >= 600, "only {right} expressions were evaluated");
}

/// None where the expression uses a function Baton does not offer, which it says.
fn agrees(case: &Case, resource: &Value) -> Option<bool> {
    let expression = match Expr::compile(&case.expression) {
        Ok(expression) => expression,
        Err(_) => return case.invalid.then_some(true),
    };
    let env = Env::default().at(1_700_000_000_000_000);
    let found: Vec<String> = expression.evaluate(resource, &env).iter().map(shown).collect();
    Some(match case.predicate {
        true => vec![(!found.is_empty() && found != ["false"]).to_string()] == case.outputs,
        false => found == case.outputs || (case.invalid && found.is_empty()),
    })
}

fn shown(item: &Item) -> String {
    let flag = item.as_bool().map(|flag| flag.to_string());
    let text = flag.or_else(|| item.as_str().map(str::to_owned));
    let number = || item.as_f64().map(|number| number.to_string());
    text.or_else(number)
        .unwrap_or_else(|| format!("{:?}", item.json()))
}

fn inputs(examples: &Path) -> HashMap<&'static str, Value> {
    let files = [
        ("patient-example.xml", "Patient-example.json"),
        ("observation-example.xml", "Observation-example.json"),
        ("appointment-examplereq.json", "Appointment-examplereq.json"),
    ];
    let load = |file: &str| {
        let bytes = std::fs::read(examples.join(file)).expect("an example");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    files
        .into_iter()
        .map(|(input, file)| (input, load(file)))
        .collect()
}

fn cases(xml: &str) -> Vec<Case> {
    let test = pattern(r#"(?s)<test ([^>]*)>(.*?)</test>"#);
    let expression = pattern(r#"(?s)<expression([^>]*)>(.*?)</expression>"#);
    let output = pattern(r#"(?s)<output[^>]*?(?:/>|>(.*?)</output>)"#);
    let mut cases = Vec::new();
    for found in test.captures_iter(xml) {
        let Some(inner) = expression.captures(&found[2]) else {
            continue;
        };
        let outputs = output
            .captures_iter(&found[2])
            .map(|o| o.get(1).map_or("", |text| text.as_str()));
        cases.push(Case {
            name: attribute(&found[1], "name"),
            expression: plain(&inner[2]),
            invalid: !attribute(&inner[1], "invalid").is_empty(),
            predicate: attribute(&found[1], "predicate") == "true",
            input: attribute(&found[1], "inputfile"),
            outputs: outputs
                .map(|text| plain(text).trim_start_matches('@').to_owned())
                .collect(),
        });
    }
    cases
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

fn attribute(head: &str, name: &str) -> String {
    let found = pattern(&format!("{name}=\"([^\"]*)\""))
        .captures(head)
        .map(|found| found[1].to_owned());
    found.unwrap_or_default()
}

fn plain(xml: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    named.iter().fold(xml.to_owned(), |text, (entity, character)| {
        text.replace(entity, character)
    })
}
