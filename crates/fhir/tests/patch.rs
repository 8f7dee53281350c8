//! The official patch cases, and patches of any shape.
mod common;
mod xml;

use fhir::Resource;
use fhir::patch::Patch;
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn official_json_patch_cases() {
    let Some(file) = common::corpus("fhir-test-cases/r4/patch/json-patch-tests.json") else {
        return;
    };
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(file).expect("readable")).expect("JSON");
    assert!(cases.len() > 10);
    for case in cases {
        let patched = Patch::json(&case["patch"].to_string())
            .ok()
            .and_then(|patch| patch.apply(&case["doc"].to_string()).ok());
        // FHIR has no empty objects: both sides lose them.
        let nothing = Patch::json("[]").expect("a patch");
        let expected = case
            .get("expected")
            .map(|expected| nothing.apply(&expected.to_string()).expect("JSON"));
        assert_eq!(
            patched.as_deref().map(value),
            expected.as_deref().map(value),
            "{}",
            case["comment"]
        );
    }
}

#[test]
fn official_fhirpath_patch_cases() {
    let Some(file) = common::corpus("fhir-test-cases/r4/patch/fhir-patch-tests.xml") else {
        return;
    };
    let tests = xml::read(&std::fs::read_to_string(file).expect("readable"));
    assert!(tests.children.len() > 30);
    for case in &tests.children {
        let name = case.attribute("name");
        let part = |name: &str| case.children.iter().find(|child| child.name == name);
        let resource = |part: &xml::Element| xml::resource(&part.children[0]);
        let input = resource(part("input").expect("an input")).to_string();
        let diff = Resource::from_value(resource(part("diff").expect("a diff"))).expect("Parameters");
        let patched = Patch::parameters(&diff).expect(name).apply(&input);
        match part("output") {
            Some(output) => assert_eq!(narrated(&patched.expect(name)), resource(output), "{name}"),
            None => assert!(patched.is_err(), "{name}"),
        }
    }
}

fn narrated(text: &str) -> Value {
    let mut value = value(text);
    if let Some(div) = value.pointer_mut("/text/div") {
        *div = xml::NARRATIVE.into();
    }
    value
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

const TEXT: &str =
    r#"{"resourceType":"Patient","id":"1","name":[{"given":["Ann"],"_given":[{"id":"x"}]}],"active":true}"#;

proptest! {
    #[test]
    fn any_json_patch_ends_in_json_or_a_reason(
        op in "add|remove|replace|move|copy|test|x",
        path in "(/(name|0|1|-|given|_given|active|a~1b)){0,4}",
        from in "(/(name|0|given|active)){0,3}",
    ) {
        let patch = format!(r#"[{{"op":"{op}","path":"{path}","from":"{from}","value":[1.50]}}]"#);
        if let Ok(patched) = Patch::json(&patch).map_err(|_| ()).and_then(|patch| patch.apply(TEXT).map_err(|_| ())) {
            prop_assert_eq!(&value(&patched)["id"], "1");
        }
    }

    #[test]
    fn any_fhirpath_patch_ends_in_json_or_a_reason(
        kind in "add|insert|delete|replace|move",
        path in "Patient(\\.(name|given|active|contact|first\\(\\)|where\\(true\\)))+(\\[[0-2]\\])?",
        number in 0usize..3,
    ) {
        let parts = format!(
            r#"{{"name":"type","valueCode":"{kind}"}},{{"name":"path","valueString":"{path}"}},{{"name":"name","valueString":"given"}},{{"name":"value","valueString":"x"}},{{"name":"index","valueInteger":{number}}},{{"name":"source","valueInteger":{number}}},{{"name":"destination","valueInteger":0}}"#
        );
        let text = format!(r#"{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{parts}]}}]}}"#);
        let parameters = Resource::parse(text.as_bytes()).expect("a resource");
        if let Ok(patched) = Patch::parameters(&parameters).expect("a patch").apply(TEXT) {
            prop_assert_eq!(&value(&patched)["id"], "1");
        }
    }
}
