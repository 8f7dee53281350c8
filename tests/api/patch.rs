//! PATCH in its forms, alone, by criteria, and in Bundles. <https://hl7.org/fhir/R4/http.html#patch>
use crate::on_both;
use crate::support::messages::unique;
use crate::support::{Baton, Client, Reply};
use base64::Engine as _;
use serde_json::{Value, json};

on_both!(
    json_patch_keeps_what_it_does_not_touch,
    a_merge_patch_is_what_libraries_call_json,
    fhirpath_patch_changes_lists,
    a_patch_is_refused_with_its_reason,
    patches_by_criteria,
    patches_in_bundles,
    concurrent_patches_are_all_there,
);

const JSON_PATCH: &str = "application/json-patch+json";

fn patch(client: &Client, path: &str, operations: &Value) -> Reply {
    client.send_text("PATCH", path, JSON_PATCH, operations.to_string())
}

/// Parameters of one operation: its parts by name.
fn parameters(parts: &[(&str, &str, Value)]) -> Value {
    let part = |(name, kind, value): &(&str, &str, Value)| {
        let mut part = json!({"name": name});
        part[*kind] = value.clone();
        part
    };
    let parts: Vec<Value> = parts.iter().map(part).collect();
    json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]})
}

fn patient(client: &Client, family: &str) -> String {
    let created = client
        .post(
            "Patient",
            &json!({"resourceType": "Patient", "name": [{"family": family}], "active": true}),
        )
        .ok();
    format!("Patient/{}", created["id"].as_str().expect("an id"))
}

fn json_patch_keeps_what_it_does_not_touch(baton: &Baton) {
    let partner = baton.partner();
    let text = r#"{"resourceType":"Observation","status":"preliminary","code":{"text":"weight"},"valueQuantity":{"value":70.10,"unit":"kg"}}"#;
    let created = partner.send_text("POST", "Observation", "application/fhir+json", text);
    let path = format!("Observation/{}", created.ok()["id"].as_str().expect("an id"));
    let patched = patch(
        &partner,
        &path,
        &json!([
            {"op": "test", "path": "/status", "value": "preliminary"},
            {"op": "replace", "path": "/status", "value": "final"},
            {"op": "add", "path": "/note", "value": [{"text": "seen"}]},
        ]),
    );
    assert_eq!(patched.status, 200, "{}", patched.text);
    assert_eq!(patched.header("etag"), "W/\"2\"");
    let read = partner.get(&path);
    assert!(
        read.text.contains("70.10") && read.text.contains("\"final\""),
        "{}",
        read.text
    );
    assert_eq!(
        partner
            .find(&format!("Observation?_id={}&status=final", &path[12..]))
            .len(),
        1
    );
    let again = patch(
        &partner,
        &path,
        &json!([{"op": "replace", "path": "/status", "value": "final"}]),
    );
    assert_eq!(again.header("etag"), "W/\"2\"", "nothing changed");
}

fn a_merge_patch_is_what_libraries_call_json(baton: &Baton) {
    let partner = baton.partner();
    let path = patient(&partner, &unique("Merge"));
    for (media, part) in [
        (
            "application/merge-patch+json",
            json!({"gender": "female", "active": null}),
        ),
        (
            "application/json",
            json!({"resourceType": "Patient", "birthDate": "1950-02-14"}),
        ),
    ] {
        let patched = partner.send_text("PATCH", &path, media, part.to_string());
        assert_eq!(patched.status, 200, "{}", patched.text);
    }
    let now = partner.get(&path).ok();
    assert_eq!(
        (&now["gender"], &now["birthDate"], now.get("active")),
        (&json!("female"), &json!("1950-02-14"), None)
    );
    let operations = parameters(&[
        ("type", "valueCode", json!("replace")),
        ("path", "valueString", json!("Patient.gender")),
        ("value", "valueCode", json!("other")),
    ]);
    let by_path = partner.send_text("PATCH", &path, "application/json", operations.to_string());
    assert_eq!(by_path.ok()["gender"], "other", "Parameters are a FHIRPath Patch");
    for (part, status, words) in [
        (json!({"gender": "unheard of"}), 422, "gender"),
        (json!({"id": "another"}), 422, "id"),
        (json!(["gender"]), 400, "object"),
    ] {
        let refused = partner.send_text("PATCH", &path, "application/merge-patch+json", part.to_string());
        refused.refused(status, words);
    }
}

fn fhirpath_patch_changes_lists(baton: &Baton) {
    let partner = baton.partner();
    let path = patient(&partner, "Sample");
    let add = parameters(&[
        ("type", "valueCode", json!("add")),
        ("path", "valueString", json!("Patient")),
        ("name", "valueString", json!("identifier")),
        (
            "value",
            "valueIdentifier",
            json!({"system": "urn:x", "value": "1"}),
        ),
    ]);
    let patched = partner.send("PATCH", &path, &add).ok();
    assert_eq!(patched["identifier"][0]["value"], "1");
    let delete = parameters(&[
        ("type", "valueCode", json!("delete")),
        (
            "path",
            "valueString",
            json!("Patient.identifier.where(system = 'urn:x')"),
        ),
    ]);
    assert_eq!(partner.send("PATCH", &path, &delete).ok().get("identifier"), None);
    let minimal = Reply::of(
        partner
            .request("PATCH", &path)
            .header("content-type", "application/fhir+json")
            .header("prefer", "return=minimal")
            .body(add.to_string()),
    );
    assert_eq!((minimal.status, minimal.text.as_str()), (200, ""));
}

fn a_patch_is_refused_with_its_reason(baton: &Baton) {
    let partner = baton.partner();
    let path = patient(&partner, "Sample");
    let wrong = |operations: Value, status, words| patch(&partner, &path, &operations).refused(status, words);
    wrong(json!([{"op": "remove", "path": "/gender"}]), 422, "operation 0");
    wrong(
        json!([{"op": "add", "path": "/gender", "value": "neither"}]),
        422,
        "gender",
    );
    wrong(
        json!([{"op": "replace", "path": "/id", "value": "other"}]),
        422,
        "id",
    );
    wrong(
        json!([{"op": "test", "path": "/active", "value": false}]),
        422,
        "test failed",
    );
    wrong(
        json!([{"op": "nonsense", "path": "/active"}]),
        400,
        "add, remove, replace",
    );
    wrong(json!({"op": "remove"}), 400, "array of operations");
    let text = partner.send_text("PATCH", &path, "text/plain", "x");
    text.refused(415, "json-patch");
    assert!(text.header("accept-patch").contains(JSON_PATCH));
    patch(&partner, "Patient/never-was", &json!([])).refused(404, "no Patient");
    let stale = Reply::of(
        partner
            .request("PATCH", &path)
            .header("content-type", JSON_PATCH)
            .header("if-match", "W/\"7\"")
            .body("[]"),
    );
    stale.refused(412, "version 1");
    let reader = baton.client("system/Patient.rs");
    patch(&reader, &path, &json!([])).refused(403, "system/Patient.u");
    assert_eq!(partner.get(&path).header("etag"), "W/\"1\"");
    partner.delete(&path);
    patch(&partner, &path, &json!([])).refused(410, "deleted");
}

fn patches_by_criteria(baton: &Baton) {
    let partner = baton.partner();
    let family = unique("Criteria");
    patient(&partner, &family);
    let deactivate = json!([{"op": "replace", "path": "/active", "value": false}]);
    let by = format!("Patient?family={family}");
    assert_eq!(patch(&partner, &by, &deactivate).ok()["active"], false);
    patch(&partner, "Patient?family=nobody-at-all", &deactivate).refused(404, "match no Patient");
    patient(&partner, &family);
    patch(&partner, &by, &deactivate).refused(412, "match");
    patch(&partner, "Patient", &deactivate).refused(400, "criteria");
}

fn patches_in_bundles(baton: &Baton) {
    let partner = baton.partner();
    let (first, second) = (patient(&partner, "First"), patient(&partner, "Second"));
    let operations = json!([{"op": "replace", "path": "/active", "value": false}]).to_string();
    let data = base64::engine::general_purpose::STANDARD.encode(operations);
    let binary = json!({"resourceType": "Binary", "contentType": JSON_PATCH, "data": data});
    let replace = parameters(&[
        ("type", "valueCode", json!("replace")),
        ("path", "valueString", json!("Patient.active")),
        ("value", "valueBoolean", json!(false)),
    ]);
    let entry = |url: &str, resource: &Value| json!({"resource": resource, "request": {"method": "PATCH", "url": url}});
    for kind in ["transaction", "batch"] {
        let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": [entry(&first, &binary), entry(&second, &replace)]});
        let answer = partner.post("", &bundle).ok();
        assert_eq!(answer["entry"][1]["response"]["status"], "200 OK", "{answer}");
        assert_eq!(
            answer["entry"][0]["response"]["etag"], "W/\"2\"",
            "the second time nothing changes: {answer}"
        );
    }
    assert_eq!(partner.get(&first).ok()["active"], false);
    let broken = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        entry(&first, &parameters(&[("type", "valueCode", json!("delete")), ("path", "valueString", json!("Patient.active"))])),
        entry("Patient/never-was", &replace),
    ]});
    partner.post("", &broken).refused(404, "Bundle.entry[1]");
    assert_eq!(partner.get(&first).ok()["active"], false, "all or nothing");
}

fn concurrent_patches_are_all_there(baton: &Baton) {
    let partner = baton.partner();
    let path = patient(&partner, "Busy");
    std::thread::scope(|scope| {
        for number in 0..16 {
            let (partner, path) = (&partner, &path);
            scope.spawn(move || {
                let given =
                    json!([{"op": "add", "path": "/name/-", "value": {"text": format!("n{number}")}}]);
                assert_eq!(patch(partner, path, &given).status, 200);
            });
        }
    });
    let names = partner.get(&path).ok();
    assert_eq!(names["name"].as_array().expect("names").len(), 17);
}
