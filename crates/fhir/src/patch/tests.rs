use super::Patch;
use crate::Resource;

const PATIENT: &str = r#"{"resourceType":"Patient","id":"1","name":[{"given":["Ann","B"],"_given":[null,{"id":"x"}]}],"birthDate":"1950-02-14"}"#;

fn json(text: &str, patch: &str) -> Result<String, String> {
    let patch = Patch::json(patch).map_err(|issues| issues[0].to_string())?;
    patch.apply(text).map_err(|issue| issue.to_string())
}

/// One operation: type, path, then further parts.
fn path(text: &str, kind: &str, path: &str, parts: &str) -> Result<String, String> {
    let text_of = format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"operation","part":[{{"name":"type","valueCode":"{kind}"}},{{"name":"path","valueString":"{path}"}}{parts}]}}]}}"#
    );
    let parameters = Resource::parse(text_of.as_bytes()).expect("a resource");
    let patch = Patch::parameters(&parameters).map_err(|issues| issues[0].to_string())?;
    patch.apply(text).map_err(|issue| issue.to_string())
}

#[test]
fn what_is_not_touched_keeps_its_text() {
    let text =
        r#"{"resourceType":"Observation","valueQuantity":{"value":1.10,"unit":"\u006dg"},"status":"final"}"#;
    let patched = json(text, r#"[{"op":"replace","path":"/status","value":"amended"}]"#).unwrap();
    assert_eq!(patched, text.replace("final", "amended"));
    let spaced = text.replace(',', ", ");
    let same = json(&spaced, r#"[{"op":"test","path":"/status","value":"final"}]"#).unwrap();
    assert_eq!(same, spaced);
}

/// The examples of <https://www.rfc-editor.org/rfc/rfc7396#appendix-A> that are objects, as far as FHIR has such.
#[test]
fn a_merge_patch_is_a_part_as_it_shall_be() {
    let merged = |text: &str, patch: &str| {
        let patch = Patch::merge(patch).map_err(|issues| issues[0].to_string())?;
        patch.apply(text).map_err(|issue| issue.to_string())
    };
    for (text, patch, result) in [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (
            r#"{"a":{"b":"c","e":1.10}}"#,
            r#"{"a":{"b":"d","c":null}}"#,
            r#"{"a":{"b":"d","e":1.10}}"#,
        ),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (
            r#"{"a":"foo"}"#,
            r#"{"a":{"bb":{"ccc":null,"d":1}}}"#,
            r#"{"a":{"bb":{"d":1}}}"#,
        ),
        (r#"{"e":"f"}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"e":"f"}"#),
        (r#"{"a": "b"}"#, "{}", r#"{"a": "b"}"#),
    ] {
        assert_eq!(merged(text, patch).as_deref(), Ok(result), "{patch}");
    }
    for patch in [
        "[1]",
        "null",
        "x",
        r#"{"id":"2"}"#,
        r#"{"resourceType":null}"#,
        r#"{"a":1,"a":2}"#,
    ] {
        assert!(merged(PATIENT, patch).is_err(), "{patch}");
    }
}

#[test]
fn what_is_absent_cannot_be_removed_or_tested() {
    for patch in [
        r#"[{"op":"remove","path":"/gender"}]"#,
        r#"[{"op":"replace","path":"/name/3","value":{}}]"#,
        r#"[{"op":"test","path":"/birthDate","value":"1950-02-15"}]"#,
        r#"[{"op":"move","from":"/name","path":"/name/0"}]"#,
        r#"[{"op":"replace","path":"/id","value":"2"}]"#,
        r#"[{"op":"add","path":"","value":{"resourceType":"Person"}}]"#,
    ] {
        assert!(json(PATIENT, patch).is_err(), "{patch}");
    }
}

#[test]
fn an_emptied_list_is_gone() {
    let patched = json(PATIENT, r#"[{"op":"remove","path":"/name/0"}]"#).unwrap();
    assert!(!patched.contains("name"), "{patched}");
}

#[test]
fn extensions_move_with_their_values() {
    let first = r#",{"name":"index","valueInteger":0},{"name":"value","valueString":"Zoe"}"#;
    let inserted = path(PATIENT, "insert", "Patient.name[0].given", first).unwrap();
    assert!(
        inserted.contains(r#""given":["Zoe","Ann","B"],"_given":[null,null,{"id":"x"}]"#),
        "{inserted}"
    );
    let ends = r#",{"name":"source","valueInteger":1},{"name":"destination","valueInteger":0}"#;
    let moved = path(PATIENT, "move", "Patient.name[0].given", ends).unwrap();
    assert!(
        moved.contains(r#""given":["B","Ann"],"_given":[{"id":"x"},null]"#),
        "{moved}"
    );
    let deleted = path(PATIENT, "delete", "Patient.name[0].given[1]", "").unwrap();
    assert!(
        deleted.contains(r#""given":["Ann"]"#) && !deleted.contains("_given"),
        "{deleted}"
    );
}

#[test]
fn a_choice_changes_its_type() {
    let text = r#"{"resourceType":"Observation","valueString":"x"}"#;
    let patched = path(
        text,
        "replace",
        "Observation.value",
        r#",{"name":"value","valueInteger":3}"#,
    )
    .unwrap();
    assert_eq!(patched, r#"{"resourceType":"Observation","valueInteger":3}"#);
    let again = r#",{"name":"name","valueString":"value"},{"name":"value","valueBoolean":true}"#;
    assert!(path(text, "add", "Observation", again).is_err());
}

#[test]
fn a_path_means_one_element() {
    let text = r#"{"resourceType":"Patient","name":[{"family":"A"},{"family":"B"}]}"#;
    let refused = path(text, "delete", "Patient.name.family", "").unwrap_err();
    assert!(refused.contains("several"), "{refused}");
    assert_eq!(path(text, "delete", "Patient.gender", "").unwrap(), text);
}

#[test]
fn a_patch_cannot_grow_without_end() {
    let times = |operation: &str, count: usize| format!("[{}]", vec![operation; count].join(","));
    let refused = json(
        PATIENT,
        &times(r#"{"op":"copy","from":"/name","path":"/name/-"}"#, 60),
    )
    .unwrap_err();
    assert!(
        refused.contains("too much work") || refused.contains("deeper"),
        "{refused}"
    );
    let refused = json(
        PATIENT,
        &times(r#"{"op":"copy","from":"","path":"/contained"}"#, 600),
    )
    .unwrap_err();
    assert!(refused.contains("deeper"), "{refused}");
    let wide =
        r#"{"op":"copy","from":"/name/0","path":"/name/-"},{"op":"copy","from":"/name","path":"/name/0/x"}"#;
    let refused = json(PATIENT, &times(wide, 400)).unwrap_err();
    assert!(
        refused.contains("too much work") || refused.contains("deeper"),
        "{refused}"
    );
}

#[test]
fn paths_that_take_too_long_are_refused() {
    let product = format!("{}1{}", "(1|2|3|4|5|6|7|8|9).select(".repeat(9), ")".repeat(9));
    let refused = path(PATIENT, "delete", &product, "").unwrap_err();
    assert!(refused.contains("too much work"), "{refused}");
}
