use super::*;
use serde_json::json;

fn issues(value: Value) -> Vec<(String, IssueCode)> {
    let resource = Resource::from_value(value).expect("a resource");
    let found = validate(&resource).into_iter();
    found
        .map(|issue| (issue.expression.expect("an expression"), issue.code))
        .collect()
}

#[track_caller]
fn wrong(value: Value, expected: &[(&str, IssueCode)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(at, code)| ((*at).to_owned(), *code))
        .collect();
    assert_eq!(issues(value), expected);
}

/// A Patient with the given members.
fn patient(members: Value) -> Value {
    let mut patient = json!({"resourceType": "Patient"});
    let more = members.as_object().expect("an object").clone();
    patient.as_object_mut().expect("an object").extend(more);
    patient
}

#[test]
fn a_full_resource_is_accepted() {
    let value = json!({
        "resourceType": "Observation",
        "id": "a.b-C",
        "meta": {"profile": ["http://example.org/p|1"], "lastUpdated": "2024-01-01T00:00:00.000+10:00"},
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
        "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
        "extension": [{"url": "urn:x", "extension": [{"url": "y", "valueCode": "z"}]}],
        "status": "final",
        "code": {"text": "a\u{a0}b"},
        "performer": [{"reference": "#o"}, {"reference": "Patient/1/_history/2"}],
        "effectiveDateTime": "2024-02-29",
        "_issued": {"extension": [{"url": "urn:absent", "valueString": "x"}]},
        "valueQuantity": {"value": 1.0e-3, "comparator": "<"},
        "component": [{"code": {"text": "x"}, "valueString": "x", "_valueString": {"id": "x"}}],
    });
    wrong(value, &[]);
}

#[test]
fn elements_must_be_known_complete_and_single() {
    let value = json!({
        "resourceType": "Observation",
        "statsu": "final",
        "code": [{"text": "x"}],
        "category": {"text": "x"},
        "valueString": "x",
        "valueBoolean": true,
        "component": [{"valueFoo": 1}],
    });
    let expected = [
        ("Observation.statsu", IssueCode::Structure),
        ("Observation.code", IssueCode::Structure),
        ("Observation.category", IssueCode::Structure),
        ("Observation.value", IssueCode::Structure),
        ("Observation.component[0].valueFoo", IssueCode::Structure),
        ("Observation.component[0].code", IssueCode::Required),
        ("Observation.status", IssueCode::Required),
    ];
    wrong(value, &expected);
}

#[test]
fn nothing_is_empty_or_null() {
    let value = patient(json!({
        "active": null,
        "name": [],
        "telecom": [null],
        "address": [{}],
        "gender": "",
        "maritalStatus": {"coding": [{"code": "M"}, 5]},
    }));
    let expected = [
        ("Patient.active", IssueCode::Structure),
        ("Patient.name", IssueCode::Structure),
        ("Patient.telecom[0]", IssueCode::Structure),
        ("Patient.address[0]", IssueCode::Structure),
        ("Patient.gender", IssueCode::Value),
        ("Patient.maritalStatus.coding[1]", IssueCode::Structure),
    ];
    wrong(value, &expected);
}

#[test]
fn nulls_pair_values_with_their_extensions() {
    let extension = json!({"extension": [{"url": "urn:x", "valueCode": "x"}]});
    wrong(
        patient(json!({"name": [{"given": ["a", null], "_given": [null, extension]}]})),
        &[],
    );
    wrong(patient(json!({"name": [{"_given": [extension]}]})), &[]);
    let unpaired = patient(json!({"name": [{"given": ["a", null], "_given": [extension, null]}]}));
    wrong(unpaired, &[("Patient.name[0].given[1]", IssueCode::Structure)]);
    let valued = patient(json!({"_birthDate": {"value": 1}}));
    wrong(valued, &[("Patient.birthDate.value", IssueCode::Structure)]);
    wrong(
        patient(json!({"_name": [{}]})),
        &[("Patient._name", IssueCode::Structure)],
    );
}

#[test]
fn primitives_have_their_form() {
    let wrong_values = json!({
        "resourceType": "Basic",
        "code": {"text": "\u{1}"},
        "created": "2023-02-30",
        "implicitRules": "a b",
        "language": " en",
        "meta": {"lastUpdated": "2024-01-01T00:00:00", "versionId": "a_b"},
    });
    let expected = [
        ("Basic.code.text", IssueCode::Value),
        ("Basic.created", IssueCode::Value),
        ("Basic.implicitRules", IssueCode::Value),
        ("Basic.language", IssueCode::Value),
        ("Basic.meta.lastUpdated", IssueCode::Value),
        ("Basic.meta.versionId", IssueCode::Value),
    ];
    wrong(wrong_values, &expected);
}

#[test]
fn extension_values_follow_their_type() {
    let extension = |value: &str, content: Value| json!({"url": "urn:x", value: content});
    let right = [
        ("valueOid", json!("urn:oid:1.2.0")),
        (
            "valueUuid",
            json!("urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
        ),
        ("valueBase64Binary", json!("QU\r\nJD")),
        ("valueTime", json!("23:59:60")),
        ("valuePositiveInt", json!(1)),
        ("valueInteger", json!(-2147483648_i64)),
        ("valueInstant", json!("2024-01-01T00:00:00.123456Z")),
    ];
    let all: Vec<_> = right
        .into_iter()
        .map(|(name, value)| extension(name, value))
        .collect();
    wrong(patient(json!({"extension": all})), &[]);
    let faulty = [
        ("valueOid", json!("urn:oid:1.02")),
        ("valueUuid", json!("urn:uuid:C757873D")),
        ("valueBase64Binary", json!("QUJ")),
        ("valueTime", json!("23:59")),
        ("valuePositiveInt", json!(0)),
        ("valueInteger", json!(1.5)),
        ("valueUnsignedInt", json!("1")),
        ("valueBoolean", json!("true")),
        ("valueId", json!("x".repeat(65))),
    ];
    for (name, value) in faulty {
        let value = patient(json!({"extension": [extension(name, value)]}));
        wrong(value, &[("Patient.extension[0].value", IssueCode::Value)]);
    }
}

#[test]
fn extensions_have_a_value_or_extensions() {
    let both = json!({"url": "urn:x", "valueCode": "x", "extension": [{"url": "y", "valueCode": "x"}]});
    let value = patient(json!({"extension": [{"url": "urn:x"}, both, {"valueCode": "x"}]}));
    let expected = [
        ("Patient.extension[0]", IssueCode::Invariant),
        ("Patient.extension[1]", IssueCode::Invariant),
        ("Patient.extension[2].url", IssueCode::Required),
    ];
    wrong(value, &expected);
}

#[test]
fn required_codes_are_checked() {
    wrong(
        patient(json!({"gender": "M"})),
        &[("Patient.gender", IssueCode::CodeInvalid)],
    );
    let status = |system: &str, code: &str| {
        let concept = json!({"coding": [{"system": system, "code": code}]});
        json!({"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "clinicalStatus": concept})
    };
    let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    wrong(status(system, "active"), &[]);
    wrong(
        status(system, "busy"),
        &[("Condition.clinicalStatus", IssueCode::CodeInvalid)],
    );
    wrong(
        status("urn:other", "active"),
        &[("Condition.clinicalStatus", IssueCode::CodeInvalid)],
    );
}

#[test]
fn references_have_a_form_and_a_target() {
    let links = [
        "Patient/1",
        "http://h/fhir/Patient/1",
        "urn:uuid:x",
        "Patient?identifier=a|b",
        "Group/1",
    ];
    for link in links {
        let value = json!({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": link}});
        wrong(value, &[]);
    }
    for link in [
        "Pat/1",
        "1",
        "Patient/",
        "x/Patient/1",
        "Patient/a_b",
        "Patient /1",
        "/Patient/1",
    ] {
        let value = json!({"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": link}});
        wrong(value, &[("Basic.subject.reference", IssueCode::Value)]);
    }
    let organization = Resource::from_value(json!({
        "resourceType": "Encounter", "status": "planned", "class": {"code": "IMP"},
        "subject": {"reference": "Organization/1"},
    }));
    let found = validate(&organization.expect("a resource"));
    assert!(
        matches!(&found[..], [warning] if !warning.is_error()),
        "{found:?}"
    );
}

#[test]
fn contained_resources_are_used_and_flat() {
    let organization = |id: &str| json!({"resourceType": "Organization", "id": id, "name": "x"});
    let nested = json!({"resourceType": "Patient", "id": "n", "contained": [organization("i")]});
    let value = patient(json!({
        "contained": [organization("a"), organization("b"), organization("b"), nested, {"resourceType": "Organization", "name": "x"}],
        "managingOrganization": {"reference": "#a"},
        "generalPractitioner": [{"reference": "#b"}, {"reference": "#none"}, {"reference": "#n"}],
        "link": [{"type": "seealso", "other": {"reference": "#"}}],
    }));
    let expected = [
        ("Patient.contained[2].id", IssueCode::Duplicate),
        ("Patient.contained[3].contained", IssueCode::Invariant),
        ("Patient.contained[4].id", IssueCode::Required),
        ("Patient.generalPractitioner[1].reference", IssueCode::NotFound),
        ("Patient.contained[2]", IssueCode::Invariant),
    ];
    let found: Vec<_> = issues(value)
        .into_iter()
        .filter(|(_, code)| *code != IssueCode::Value)
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(at, code)| ((*at).to_owned(), *code))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn narrative_is_a_harmless_div() {
    let narrative = |div: &str| patient(json!({"text": {"status": "generated", "div": div}}));
    wrong(
        narrative("<div xmlns='http://www.w3.org/1999/xhtml'><p>x</p></div>"),
        &[],
    );
    let faulty = [
        "<p>x</p>",
        "<div>x</div>",
        "<div xmlns='http://www.w3.org/1999/xhtml'><SCRIPT>x</SCRIPT></div>",
    ];
    for div in faulty {
        wrong(narrative(div), &[("Patient.text.div", IssueCode::Invariant)]);
    }
}

#[test]
fn bundles_and_parameters_are_walked() {
    let bad = json!({"resourceType": "Patient", "gender": "x"});
    let bundle = json!({
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"fullUrl": "Patient/1", "resource": bad}, {"resource": {"resourceType": "Foo"}}],
    });
    let expected = [
        ("Bundle.entry[0].resource.gender", IssueCode::CodeInvalid),
        ("Bundle.entry[0].fullUrl", IssueCode::Value),
        ("Bundle.entry[1].resource.resourceType", IssueCode::Structure),
    ];
    wrong(bundle, &expected);
    let parameters = json!({"resourceType": "Parameters", "parameter": [{"name": "x", "resource": bad}]});
    wrong(
        parameters,
        &[("Parameters.parameter[0].resource.gender", IssueCode::CodeInvalid)],
    );
}

#[test]
fn periods_run_forward() {
    let period =
        |start: &str, end: &str| patient(json!({"name": [{"period": {"start": start, "end": end}}]}));
    wrong(period("2024-01-01", "2024-01-01"), &[]);
    wrong(period("2024", "2025-01"), &[]);
    wrong(
        period("2024-01-02", "2024-01-01"),
        &[("Patient.name[0].period", IssueCode::Invariant)],
    );
}

#[test]
fn findings_are_limited() {
    let strange: serde_json::Map<_, _> = (0..2000).map(|n| (format!("x{n}"), json!(1))).collect();
    let resource = Resource::from_value(patient(Value::Object(strange))).expect("a resource");
    assert_eq!(validate(&resource).len(), MAX_ISSUES);
}

/// Many contained resources and references to them take time in proportion.
#[test]
fn contained_resources_scale() {
    let contained: Vec<_> = (0..20_000)
        .map(|n| json!({"resourceType": "Practitioner", "id": n.to_string(), "active": true}))
        .collect();
    let links: Vec<_> = (0..20_000)
        .map(|n| json!({"reference": format!("#{n}")}))
        .collect();
    wrong(
        patient(json!({"contained": contained, "generalPractitioner": links})),
        &[],
    );
}
