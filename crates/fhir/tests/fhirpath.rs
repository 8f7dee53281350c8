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
    (
        "testQuantityLiteralWeekToString",
        "calendar words are kept as UCUM codes",
    ),
    (
        "testStringQuantityMonthLiteralToQuantity",
        "UCUM's months and the calendar's are one",
    ),
    (
        "testStringQuantityYearLiteralToQuantity",
        "UCUM's years and the calendar's are one",
    ),
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
    ("testPolymorphismB", "guides' expressions name valueQuantity"),
    ("testPolymorphicsB", "guides' expressions name valueQuantity"),
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

/// Functions of later versions than N1, or that need a terminology or profile server.
const NOT_OFFERED: &[&str] = &[
    "conformsTo",
    "decode",
    "encode",
    "escape",
    "highBoundary",
    "lowBoundary",
    "precision",
    "sort",
    "unescape",
];

#[derive(Default)]
struct Tally {
    right: usize,
    different: usize,
    not_offered: usize,
    without_input: usize,
    wrong: Vec<String>,
}

#[test]
fn official_expressions_give_official_results() {
    let Some(suite) = common::corpus("fhir-test-cases/r4") else {
        return;
    };
    let Some(examples) = common::corpus("r4-examples/resources") else {
        return;
    };
    let inputs = inputs(&examples, &suite.join("examples"));
    let mut tally = Tally::default();
    let text = std::fs::read_to_string(suite.join("fhirpath/tests-fhir-r4.xml")).expect("the suite");
    for case in cases(&text) {
        let Some(resource) = inputs.get(case.input.as_str()) else {
            tally.without_input += 1;
            continue;
        };
        let different = DIFFERENT.iter().any(|(name, _)| *name == case.name);
        match (agrees(&case, resource), different) {
            (Ok(true), false) => tally.right += 1,
            (Ok(false), true) => tally.different += 1,
            (Ok(_), _) => tally.wrong.push(format!("{}: {}", case.name, case.expression)),
            (Err(error), _)
                if NOT_OFFERED
                    .iter()
                    .any(|f| error.contains(&format!("no function {f}()"))) =>
            {
                tally.not_offered += 1;
            }
            (Err(error), _) => tally.wrong.push(format!("{}: {error}", case.name)),
        }
    }
    println!(
        "{} right, {} different, {} not offered, {} without their input",
        tally.right, tally.different, tally.not_offered, tally.without_input
    );
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
    assert!(tally.right >= 780, "only {} expressions were right", tally.right);
}

/// An error where the expression does not compile though it should.
fn agrees(case: &Case, resource: &Value) -> Result<bool, String> {
    let expression = match Expr::compile(&case.expression) {
        Ok(expression) => expression,
        Err(_) if case.invalid => return Ok(true),
        Err(error) => return Err(error.to_string()),
    };
    let env = Env::default().at(1_700_000_000_000_000);
    let found: Vec<String> = expression.evaluate(resource, &env).iter().map(shown).collect();
    Ok(match case.predicate {
        true => vec![(!found.is_empty() && found != ["false"]).to_string()] == case.outputs,
        false => found == case.outputs || (case.invalid && found.is_empty()),
    })
}

fn shown(item: &Item) -> String {
    item.text().unwrap_or_else(|| format!("{:?}", item.json()))
}

fn inputs(examples: &Path, suite: &Path) -> HashMap<&'static str, Value> {
    let files = [
        ("patient-example.xml", examples.join("Patient-example.json")),
        (
            "observation-example.xml",
            examples.join("Observation-example.json"),
        ),
        (
            "appointment-examplereq.json",
            examples.join("Appointment-examplereq.json"),
        ),
        (
            "questionnaire-example.xml",
            suite.join("questionnaire-example.json"),
        ),
        ("codesystem-example.xml", suite.join("codesystem-example.json")),
    ];
    let load = |file: &Path| {
        let bytes = std::fs::read(file).expect("an example");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let given = files.into_iter().map(|(input, file)| (input, load(&file)));
    given
        .chain([("", Value::Object(serde_json::Map::new()))])
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
