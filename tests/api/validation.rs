//! What breaks R4's rules is refused with the element's FHIRPath, and nothing of it is stored.
use crate::on_both;
use crate::support::{Baton, Client, Reply};
use serde_json::{Value, json};

on_both!(
    elements_are_known_typed_and_counted,
    primitives_have_their_form,
    nothing_is_empty,
    codes_come_from_required_bindings,
    contained_and_extensions_follow_their_rules,
    all_findings_come_at_once,
    unreadable_json_is_refused,
    update_and_transaction_validate_too,
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

fn primitives_have_their_form(baton: &Baton) {
    let partner = baton.partner();
    for date in [
        "2023-02-30",
        "2023-13",
        "23-01-01",
        "2023-1-1",
        "2023-01-01T10:00:00Z",
        "0000",
    ] {
        wrong(&partner, patient(json!({"birthDate": date})), "Patient.birthDate");
    }
    for instant in [
        "2023-01-01T10:00:00",
        "2023-01-01T24:00:00Z",
        "2023-01-01T10:00Z",
        "2023-01-01T10:00:00+15:00",
    ] {
        wrong(
            &partner,
            observation(json!({"effectiveDateTime": instant})),
            "Observation.effective",
        );
    }
    let extension = |value: Value| patient(json!({"extension": [merge_url(value)]}));
    let faulty = [
        json!({"valueInteger": 2147483648_i64}),
        json!({"valueInteger": 1.5}),
        json!({"valuePositiveInt": 0}),
        json!({"valueUnsignedInt": -1}),
        json!({"valueDecimal": "1.0"}),
        json!({"valueTime": "25:00:00"}),
        json!({"valueInstant": "2023-01-01"}),
        json!({"valueBase64Binary": "a"}),
        json!({"valueOid": "1.2.3"}),
        json!({"valueUuid": "00000000-0000-4000-8000-000000000001"}),
        json!({"valueId": "a_b"}),
        json!({"valueCode": " a"}),
        json!({"valueUri": "a b"}),
        json!({"valueString": "\u{7}"}),
    ];
    for value in faulty {
        wrong(&partner, extension(value), "Patient.extension[0].value");
    }
    wrong(
        &partner,
        patient(json!({"name": [{"given": ["a", 1]}]})),
        "Patient.name[0].given[1]",
    );
    wrong(
        &partner,
        patient(json!({"meta": {"profile": ["a b"]}})),
        "Patient.meta.profile[0]",
    );
    wrong(
        &partner,
        patient(json!({"generalPractitioner": [{"reference": "Doctor/1"}]})),
        "Patient.generalPractitioner[0].reference",
    );
}

fn merge_url(mut value: Value) -> Value {
    value["url"] = json!("urn:x");
    value
}

fn nothing_is_empty(baton: &Baton) {
    let partner = baton.partner();
    let faulty = [
        (json!({"name": []}), "Patient.name"),
        (json!({"name": [{}]}), "Patient.name[0]"),
        (json!({"name": [null]}), "Patient.name[0]"),
        (json!({"name": [{"given": []}]}), "Patient.name[0].given"),
        (json!({"name": [{"family": ""}]}), "Patient.name[0].family"),
        (
            json!({"name": [{"given": ["a", null]}]}),
            "Patient.name[0].given[1]",
        ),
        (json!({"maritalStatus": {}}), "Patient.maritalStatus"),
        (json!({"birthDate": null}), "Patient.birthDate"),
        (json!({"_birthDate": {}}), "Patient.birthDate"),
        (json!({"name": null}), "Patient.name"),
    ];
    for (members, expression) in faulty {
        wrong(&partner, patient(members), expression);
    }
    let absent = json!({"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]});
    let paired = json!({"_birthDate": absent, "name": [{"given": ["a", null], "_given": [null, absent]}]});
    assert_eq!(partner.post("Patient", &patient(paired)).status, 201);
}

fn codes_come_from_required_bindings(baton: &Baton) {
    let partner = baton.partner();
    wrong(&partner, patient(json!({"gender": "M"})), "Patient.gender");
    wrong(
        &partner,
        patient(json!({"name": [{"use": "best"}]})),
        "Patient.name[0].use",
    );
    wrong(
        &partner,
        observation(json!({"status": "Final"})),
        "Observation.status",
    );
    let stay = |class: Value| json!({"resourceType": "Encounter", "status": "arrived", "class": class});
    wrong(
        &partner,
        json!({"resourceType": "Encounter", "status": "here", "class": {"code": "IMP"}}),
        "Encounter.status",
    );
    assert_eq!(
        partner
            .post("Encounter", &stay(json!({"system": "urn:mine", "code": "X"})))
            .status,
        201,
        "extensible"
    );
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

fn all_findings_come_at_once(baton: &Baton) {
    let partner = baton.partner();
    let reply = partner.post(
        "Patient",
        &patient(
            json!({"gender": "Secretvalue", "birthDate": "Secretvalue", "nonsense": 1, "name": [{"use": 5}]}),
        ),
    );
    let outcome = reply.refused(422, "Patient.");
    let mut found = expressions(&outcome);
    found.sort();
    assert_eq!(
        found,
        [
            "Patient.birthDate",
            "Patient.gender",
            "Patient.name[0].use",
            "Patient.nonsense"
        ]
    );
    assert!(!reply.text.contains("Secretvalue"), "values are not repeated");
}

fn unreadable_json_is_refused(baton: &Baton) {
    let partner = baton.partner();
    let send = |text: &[u8]| partner.send_text("POST", "Patient", "application/fhir+json", text);
    for text in [
        "",
        " ",
        "{",
        "[]",
        "5",
        "null",
        "{}",
        "{\"resourceType\": 5}",
        "{\"resourceType\":\"Patientt\"}",
        "{\"resourceType\":\"Patient\"} x",
        "{\"resourceType\":\"Patient\",}",
        "{'resourceType':'Patient'}",
        "{\"resourceType\":\"Patient\" /*x*/}",
        "{\"resourceType\":\"Patient\",\"active\":tru}",
        "{\"resourceType\":\"Patient\",\"id\":\"\\ud800\"}",
    ] {
        send(text.as_bytes()).refused(400, "diagnostics");
    }
    send(b"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}").refused(400, "UTF-8");
    send(b"{\"resourceType\":\"Patient\",\"active\":true,\"active\":false}").refused(400, "twice");
    assert!(partner.find("Patient").is_empty());
}

fn update_and_transaction_validate_too(baton: &Baton) {
    let partner = baton.partner();
    let faulty = json!({"resourceType": "Patient", "id": "v", "gender": "M"});
    let outcome = partner.put("Patient/v", &faulty).refused(422, "gender");
    assert_eq!(expressions(&outcome), ["Patient.gender"]);
    let outcome = partner
        .put("Patient?identifier=v", &faulty)
        .refused(422, "gender");
    assert_eq!(expressions(&outcome), ["Patient.gender"]);
    let entry = json!({"resource": faulty, "request": {"method": "PUT", "url": "Patient/v"}});
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    let reply: Reply = partner.post("", &bundle);
    assert_eq!(
        expressions(&reply.refused(422, "gender")),
        ["Bundle.entry[0].resource.gender"]
    );
    assert_eq!(partner.get("Patient/v").status, 404);
}
