use super::{Custom, CustomParams, Definition, Standing, interned, problems, read};
use crate::path::Expr;
use crate::registry::registry;
use crate::search::index::{EntryValue, entries, entries_with};
use crate::search::parse::{Limits, parse_with};
use crate::{IssueCode, ParamId, Resource, TypeId};
use serde_json::{Value, json};

fn definition() -> Value {
    json!({
        "resourceType": "SearchParameter", "id": "p", "url": "urn:x:eye", "name": "Eye", "status": "active",
        "description": "Eye colour", "code": "eye", "base": ["Patient"], "type": "token",
        "expression": "Patient.extension.where(url = 'urn:eye').value",
    })
}

fn with(changes: Value) -> Value {
    let mut all = definition();
    for (name, value) in changes.as_object().expect("an object") {
        all[name] = value.clone();
    }
    all
}

#[test]
fn bad_definitions_are_refused_at_the_element() {
    let cases = [
        (json!({"code": "_eye"}), "SearchParameter.code"),
        (json!({"code": "eye:x"}), "SearchParameter.code"),
        (
            json!({"code": "birthdate", "type": "date", "expression": "Patient.birthDate"}),
            "SearchParameter.code",
        ),
        (
            json!({"url": "http://hl7.org/fhir/SearchParameter/Patient-name"}),
            "SearchParameter.url",
        ),
        (json!({"type": "special"}), "SearchParameter.type"),
        (json!({"expression": null}), "SearchParameter.expression"),
        (
            json!({"expression": "Patient.name.where("}),
            "SearchParameter.expression",
        ),
        (
            json!({"expression": "Patient.nmae"}),
            "SearchParameter.expression",
        ),
        (
            json!({"expression": "Patient.name.where(ues = 'x')"}),
            "SearchParameter.expression",
        ),
        (
            json!({"expression": "Patient.name.frobnicate()"}),
            "SearchParameter.expression",
        ),
        (
            json!({"expression": "Observation.status"}),
            "SearchParameter.expression",
        ),
        (
            json!({"expression": "Patient.name"}),
            "SearchParameter.expression",
        ),
        (
            json!({"type": "date", "expression": "Patient.active"}),
            "SearchParameter.expression",
        ),
        (
            json!({"type": "quantity", "expression": "Patient.deceased.as(Quantity)"}),
            "SearchParameter.expression",
        ),
        (json!({"base": ["Patient", "Nobody"]}), "SearchParameter.base[1]"),
        (
            json!({"base": ["Patient", "Device"]}),
            "SearchParameter.expression",
        ),
        (json!({"target": ["Patient"]}), "SearchParameter.target"),
        (
            json!({"type": "reference", "target": ["Group", "Nobody"], "expression": "Patient.link.other"}),
            "SearchParameter.target[1]",
        ),
        (
            json!({"modifier": ["missing", "exact"]}),
            "SearchParameter.modifier[1]",
        ),
        (json!({"comparator": ["gt"]}), "SearchParameter.comparator[0]"),
        (json!({"xpathUsage": "phonetic"}), "SearchParameter.xpathUsage"),
        (
            json!({"component": [{"definition": "urn:x", "expression": "use"}]}),
            "SearchParameter.component",
        ),
        (
            json!({"type": "composite", "expression": "Patient.name"}),
            "SearchParameter.component",
        ),
        (
            json!({"type": "composite", "expression": "Patient.name", "component": [
                {"definition": "http://hl7.org/fhir/SearchParameter/individual-family", "expression": "family"},
                {"definition": "http://hl7.org/fhir/SearchParameter/individual-given", "expression": "gvien"},
            ]}),
            "SearchParameter.component[1].expression",
        ),
    ];
    for (change, element) in cases {
        let found = problems(&with(change.clone()));
        assert!(
            found
                .iter()
                .any(|issue| issue.expression.as_deref() == Some(element)),
            "{change}: {found:?}"
        );
    }
}

#[test]
fn what_is_not_active_is_stored_and_does_nothing() {
    for status in ["draft", "retired", "unknown"] {
        let found = read(&with(json!({"status": status, "expression": "("})), None);
        assert_eq!(found, Ok(Vec::new()));
    }
}

#[test]
fn a_definition_derived_from_an_official_one_is_served_by_it() {
    let derived = json!({
        "code": "birthdate", "type": "date", "expression": "Patient.birthDate",
        "derivedFrom": "http://hl7.org/fhir/SearchParameter/individual-birthdate|4.0.1",
    });
    assert_eq!(read(&with(derived), None), Ok(Vec::new()));
}

#[test]
fn abstract_bases_are_every_type() {
    let every = with(json!({"base": ["Resource"], "expression": "meta.versionId", "type": "token"}));
    let found = read(&every, None).expect("sound");
    assert_eq!(found.len(), registry().types().len());
}

#[test]
fn components_are_parameters_of_the_same_base() {
    let composite = with(json!({
        "type": "composite", "expression": "Patient.name", "component": [
            {"definition": "http://hl7.org/fhir/SearchParameter/individual-family", "expression": "family"},
            {"definition": "urn:nowhere", "expression": "given"},
        ],
    }));
    assert_eq!(problems(&composite), []);
    let issues = read(&composite, Some(CustomParams::none())).expect_err("unknown");
    assert_eq!(
        issues[0].expression.as_deref(),
        Some("SearchParameter.component[1].definition")
    );
}

/// Every expression of R4 leads somewhere on its type, or cannot be told.
#[test]
fn typing_accepts_the_official_expressions() {
    let params = registry().types().iter().flat_map(|on| registry().params(*on));
    for param in params.filter(|param| !param.expression.is_empty()) {
        let path = Expr::compile(param.expression).expect("compiles");
        if let Err(error) = path.types(param.on) {
            panic!("{}.{}: {} {error}", param.on.name(), param.code, param.expression);
        }
    }
}

fn set(standing: Standing) -> CustomParams {
    let found: Vec<Definition> = read(&definition(), None).expect("sound");
    let param = interned(ParamId(7), &found[0]).expect("compiles");
    assert!(std::ptr::eq(
        param,
        interned(ParamId(7), &found[0]).expect("the same")
    ));
    CustomParams::new(1, [Custom { param, standing }])
}

#[test]
fn values_are_indexed_beside_those_of_r4() {
    let patient = json!({
        "resourceType": "Patient", "extension": [{"url": "urn:eye", "valueCode": "blue"}], "gender": "female",
    });
    let patient = Resource::from_value(patient).expect("a resource");
    let (without, with) = (entries(&patient), entries_with(&patient, &set(Standing::Serving)));
    assert_eq!(with.len(), without.len() + 1);
    let own = with
        .iter()
        .find(|entry| entry.param == ParamId(7))
        .expect("found");
    assert!(matches!(&own.value, EntryValue::Token { code, .. } if code == "blue"));
}

#[test]
fn a_parameter_being_built_says_how_far_it_is() {
    let limits = Limits {
        default_count: 1,
        max_count: 1,
    };
    let search = |custom: &CustomParams, name: &str| {
        let pairs = [(name.to_owned(), "blue".to_owned())];
        let on = TypeId::of("Patient").expect("a type");
        parse_with(on, &pairs, "http://x/fhir", limits, true, custom)
    };
    let building = set(Standing::Building { done: 3, total: 9 });
    for name in ["eye", "eye:not", "eye:missing"] {
        let issues = search(&building, name).expect_err("not yet");
        assert_eq!(issues[0].code, IssueCode::Transient, "{issues:?}");
        assert!(issues[0].diagnostics.contains("3 of 9"), "{issues:?}");
    }
    let (query, _) = search(&set(Standing::Serving), "eye").expect("serving");
    assert_eq!(query.custom, [ParamId(7)]);
    let unknown = search(CustomParams::none(), "eye").expect("ignored").1;
    assert!(unknown[0].diagnostics.contains("is not known for Patient"));
}
