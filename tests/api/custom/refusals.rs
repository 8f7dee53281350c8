//! Definitions that cannot be used are refused by whichever door they come, at the element; those
//! that are not active are only stored.
use super::{define, definition, ids, set, state, with};
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    unusable_definitions_are_refused_at_every_door,
    drafts_do_nothing_until_they_are_active,
    codes_are_unique_on_their_base,
    who_may_reindex
);

fn stored(client: &Client) -> usize {
    client.find("SearchParameter").len()
}

fn expression_of(outcome: &Value) -> String {
    outcome["issue"].to_string()
}

fn unusable_definitions_are_refused_at_every_door(baton: &Baton) {
    let client = baton.partner();
    let slip = definition("slip", "Patient", "token", "Patient.nmae.use");
    for outcome in [
        client
            .post("SearchParameter", &slip)
            .refused(422, "no element `nmae`"),
        client
            .put("SearchParameter/slip", &slip)
            .refused(422, "no element `nmae`"),
        client
            .post("", &bundle("transaction", &slip))
            .refused(422, "no element `nmae`"),
    ] {
        assert!(expression_of(&outcome).contains(".expression\""), "{outcome}");
    }
    let answer = client.post("", &bundle("batch", &slip)).ok();
    assert_eq!(
        answer["entry"][0]["response"]["status"].as_str().map(|s| &s[..3]),
        Some("422"),
        "{answer}"
    );
    let validated = client.post("SearchParameter/$validate", &slip).ok();
    assert!(validated.to_string().contains("no element `nmae`"), "{validated}");
    // What depends on what else is there is found by the write itself.
    let parts = json!({"component": [
        {"definition": "urn:nowhere", "expression": "use"},
        {"definition": "http://hl7.org/fhir/SearchParameter/individual-family", "expression": "family"},
    ]});
    let composite = with(definition("pair", "Patient", "composite", "Patient.name"), parts);
    for outcome in [
        client
            .put("SearchParameter/pair", &composite)
            .refused(422, "canonical url"),
        client
            .post("", &bundle("transaction", &composite))
            .refused(422, "canonical url"),
    ] {
        assert!(
            expression_of(&outcome).contains("component[0].definition"),
            "{outcome}"
        );
    }
    let patch = json!([{"op": "replace", "path": "/expression", "value": "Patient.frobnicate()"}]);
    define(
        &client,
        &[definition("right", "Patient", "token", "Patient.name.use")],
    );
    client
        .send_text(
            "PATCH",
            "SearchParameter/right",
            "application/json-patch+json",
            patch.to_string(),
        )
        .refused(422, "frobnicate");
    assert_eq!(stored(&client), 1);
}

fn bundle(kind: &str, resource: &Value) -> Value {
    json!({"resourceType": "Bundle", "type": kind, "entry": [
        {"resource": resource, "request": {"method": "POST", "url": "SearchParameter"}},
    ]})
}

fn drafts_do_nothing_until_they_are_active(baton: &Baton) {
    let client = baton.partner();
    client
        .put(
            "Patient/p",
            &json!({"resourceType": "Patient", "id": "p", "name": [{"use": "nickname"}]}),
        )
        .ok();
    let sound = definition("name-use", "Patient", "token", "Patient.name.use");
    let broken = with(
        sound.clone(),
        json!({"status": "draft", "expression": "Patient.("}),
    );
    client.put("SearchParameter/name-use", &broken).ok();
    assert_eq!(state(&client, "name-use"), "inactive");
    client
        .get("Patient?name-use=nickname")
        .refused(400, "not known for Patient");
    define(&client, std::slice::from_ref(&sound));
    assert_eq!(ids(&client, "Patient?name-use=nickname"), set(&["p"]));
    client
        .put(
            "SearchParameter/name-use",
            &with(sound, json!({"status": "retired"})),
        )
        .ok();
    client
        .get("Patient?name-use=nickname")
        .refused(400, "not known for Patient");
    super::until("removed", || state(&client, "name-use") == "inactive");
}

fn codes_are_unique_on_their_base(baton: &Baton) {
    let client = baton.partner();
    let first = definition("name-use", "Patient", "token", "Patient.name.use");
    define(&client, std::slice::from_ref(&first));
    let second = with(first, json!({"id": "other", "url": "urn:scene:other"}));
    client
        .put("SearchParameter/other", &second)
        .refused(422, "SearchParameter/name-use already");
    client
        .put(
            "SearchParameter/other",
            &with(
                second.clone(),
                json!({"base": ["Practitioner"],
        "expression": "Practitioner.name.use"}),
            ),
        )
        .ok();
    let clash = with(
        second,
        json!({"code": "birthdate", "expression": "Patient.birthDate", "type": "date"}),
    );
    client
        .post("SearchParameter", &clash)
        .refused(422, "individual-birthdate");
    let official = definition("o", "Patient", "token", "Patient.active");
    let official = with(
        official,
        json!({"url": "http://hl7.org/fhir/SearchParameter/Patient-active"}),
    );
    client.post("SearchParameter", &official).refused(422, "built in");
}

fn who_may_reindex(baton: &Baton) {
    let client = baton.partner();
    define(
        &client,
        &[definition("name-use", "Patient", "token", "Patient.name.use")],
    );
    let reader = baton.client("system/*.rs");
    assert_eq!(reader.get("SearchParameter/$reindex-status").status, 200);
    let again = json!({"resourceType": "Parameters"});
    reader
        .post("SearchParameter/name-use/$reindex", &again)
        .refused(403, "system/SearchParameter.u");
    client
        .get("SearchParameter/name-use/$reindex")
        .refused(405, "by POST");
    client
        .post("SearchParameter/nobody/$reindex", &again)
        .refused(404, "");
    client
        .get("SearchParameter/nobody/$reindex-status")
        .refused(404, "");
    let begun = client.post("SearchParameter/name-use/$reindex", &again).ok();
    assert_ne!(super::parameter(&begun, "state"), "serving", "{begun}");
    // The old rows serve while the new ones are made.
    client.get("Patient?name-use=official").ok();
    super::settled(&client, &["name-use"]);
    client.get("Patient?name-use=official").ok();
}
