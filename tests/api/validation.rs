//! What breaks R4's rules is refused with the element's FHIRPath, and nothing of it is stored.
mod answers;
mod rules;
mod values;

use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    elements_are_known_typed_and_counted,
    contained_and_extensions_follow_their_rules
);

/// A Patient with these members.
fn patient(members: Value) -> Value {
    let mut patient = json!({"resourceType": "Patient"});
    merge(&mut patient, members);
    patient
}

/// An Observation that is valid until these members are set; null takes one away.
fn observation(members: Value) -> Value {
    let mut observation = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}});
    merge(&mut observation, members);
    observation
}

fn merge(into: &mut Value, members: Value) {
    let into = into.as_object_mut().expect("an object");
    for (name, value) in members.as_object().expect("an object").clone() {
        into.remove(&name);
        if value != "(absent)" {
            into.insert(name, value);
        }
    }
}

fn expressions(outcome: &Value) -> Vec<&str> {
    let issues = outcome["issue"].as_array().expect("issues").iter();
    let errors = issues.filter(|issue| issue["severity"] == "error");
    errors
        .map(|issue| issue["expression"][0].as_str().expect("an expression"))
        .collect()
}

/// Refused with 422 for exactly this element, saying something about it.
fn wrong(partner: &Client, resource: Value, expression: &str) {
    let path = resource["resourceType"].as_str().expect("a type").to_string();
    let reply = partner.post(&path, &resource);
    let outcome = reply.refused(422, "diagnostics");
    assert_eq!(expressions(&outcome), [expression], "{resource}");
    assert!(
        outcome["issue"][0]["diagnostics"]
            .as_str()
            .is_some_and(|text| text.len() > 10),
        "{outcome}"
    );
}

fn elements_are_known_typed_and_counted(baton: &Baton) {
    let partner = baton.partner();
    let faulty = [
        (patient(json!({"nonsense": 1})), "Patient.nonsense"),
        (
            patient(json!({"name": [{"famly": "x"}]})),
            "Patient.name[0].famly",
        ),
        (patient(json!({"active": "true"})), "Patient.active"),
        (patient(json!({"active": {"x": 1}})), "Patient.active"),
        (patient(json!({"name": {"family": "x"}})), "Patient.name"),
        (patient(json!({"name": ["x"]})), "Patient.name[0]"),
        (patient(json!({"gender": ["male"]})), "Patient.gender"),
        (
            patient(json!({"deceasedBoolean": true, "deceasedDateTime": "2020"})),
            "Patient.deceased",
        ),
        (
            patient(json!({"deceasedString": "yes"})),
            "Patient.deceasedString",
        ),
        (
            observation(json!({"valueString": "x", "valueInteger": 1})),
            "Observation.value",
        ),
        (observation(json!({"value": 1})), "Observation.value"),
        (observation(json!({"status": "(absent)"})), "Observation.status"),
        (observation(json!({"code": "(absent)"})), "Observation.code"),
        (
            observation(json!({"component": [{"valueString": "x"}]})),
            "Observation.component[0].code",
        ),
        (
            patient(json!({"link": [{"type": "seealso"}]})),
            "Patient.link[0].other",
        ),
        (
            patient(json!({"contact": [{"name": {"use": "official", "text": 5}}]})),
            "Patient.contact[0].name.text",
        ),
    ];
    for (resource, expression) in faulty {
        wrong(&partner, resource, expression);
    }
    assert!(partner.find("Patient").is_empty() && partner.find("Observation").is_empty());
}

fn contained_and_extensions_follow_their_rules(baton: &Baton) {
    let partner = baton.partner();
    let organization = json!({"resourceType": "Organization", "id": "o", "name": "x"});
    let faulty = [
        (json!({"contained": [organization]}), "Patient.contained[0]"),
        (
            json!({"managingOrganization": {"reference": "#none"}}),
            "Patient.managingOrganization.reference",
        ),
        (
            json!({"contained": [{"resourceType": "Organization", "id": "o", "name": 5}], "managingOrganization": {"reference": "#o"}}),
            "Patient.contained[0].name",
        ),
        (
            json!({"contained": [{"id": "o"}], "managingOrganization": {"reference": "#o"}}),
            "Patient.contained[0].resourceType",
        ),
        (json!({"extension": [{"url": "urn:x"}]}), "Patient.extension[0]"),
        (
            json!({"extension": [{"valueCode": "x"}]}),
            "Patient.extension[0].url",
        ),
        (
            json!({"extension": [{"url": "urn:x", "valueCode": "x", "valueString": "x"}]}),
            "Patient.extension[0].value",
        ),
        (
            json!({"text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>"}}),
            "Patient.text.div",
        ),
    ];
    for (members, expression) in faulty {
        wrong(&partner, patient(members), expression);
    }
}
