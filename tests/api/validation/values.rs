//! Primitives, codes and emptiness.
use super::{observation, patient, wrong};
use crate::on_both;
use crate::support::Baton;
use serde_json::{Value, json};

on_both!(
    primitives_have_their_form,
    nothing_is_empty,
    codes_come_from_required_bindings
);

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
