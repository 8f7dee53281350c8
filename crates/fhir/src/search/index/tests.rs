use super::{Entry, EntryValue, compiled, entries, hash, normalise};
use crate::path::Expr;
use crate::registry::{ParamKind, registry};
use crate::{Resource, TypeId};
use proptest::prelude::*;
use serde_json::{Value, json};

fn indexed(value: Value) -> Vec<Entry> {
    entries(&Resource::from_value(value).expect("a resource"))
}

fn of(value: Value, code: &str) -> Vec<EntryValue> {
    let type_id = TypeId::of(value["resourceType"].as_str().expect("a type")).expect("known");
    let param = registry().param(type_id, code).expect("a parameter");
    indexed(value)
        .into_iter()
        .filter(|entry| entry.param == param.id)
        .map(|entry| entry.value)
        .collect()
}

fn token(system: Option<&str>, code: &str) -> EntryValue {
    EntryValue::Token {
        system: system.map(str::to_string),
        code: code.to_string(),
    }
}

#[test]
fn every_path_in_the_registry_compiles() {
    let all = registry().types().iter().flat_map(|on| registry().params(*on));
    let plain = all.filter(|param| param.kind != ParamKind::Special);
    let broken: Vec<_> = plain
        .filter(|param| Expr::compile(param.expression).is_err())
        .map(|p| p.url)
        .collect();
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn what_a_parameter_reads_owns_its_rows() {
    for param in registry().types().iter().flat_map(|on| registry().params(*on)) {
        for id in &param.same_as {
            let source = registry().param_by_id(*id).expect("known");
            assert!(
                source.same_as.is_empty() && source.on == param.on,
                "{} reads {}",
                param.url,
                source.url
            );
        }
        if !param.same_as.is_empty() {
            assert_eq!(
                compiled::paths(param).count(),
                param.same_as.len(),
                "{}",
                param.url
            );
        }
    }
}

#[test]
fn tokens_of_every_shape() {
    let patient = json!({
        "resourceType": "Patient",
        "identifier": [{"system": "urn:x", "value": "1"}, {"value": "2"}],
        "active": true,
        "telecom": [{"system": "phone", "value": "555"}],
        "maritalStatus": {"text": "it is complicated"},
    });
    assert_eq!(
        of(patient.clone(), "identifier"),
        [token(None, "2"), token(Some("urn:x"), "1")]
    );
    assert_eq!(of(patient.clone(), "active"), [token(None, "true")]);
    assert_eq!(of(patient.clone(), "phone"), [token(Some("phone"), "555")]);
    assert_eq!(of(patient, "email"), []);
}

#[test]
fn a_concept_without_codes_is_still_there() {
    let condition =
        json!({"resourceType": "Condition", "subject": {"display": "someone"}, "code": {"text": "x"}});
    assert_eq!(of(condition.clone(), "code"), [token(None, "")]);
    assert_eq!(of(condition, "subject"), [EntryValue::Url(String::new())]);
}

#[test]
fn names_are_found_by_every_part() {
    let patient = json!({"resourceType": "Patient", "name": [{"family": "Müller", "given": ["Ann", "Eva"]}]});
    let names: Vec<_> = of(patient, "name")
        .into_iter()
        .map(|value| match value {
            EntryValue::Str { norm, .. } => norm,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["ann", "eva", "muller"]);
}

#[test]
fn an_open_period_reaches_to_the_end_of_time() {
    let encounter = json!({
        "resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"},
        "period": {"start": "2026-11-22T10:00:00Z"},
    });
    let [EntryValue::Date { low, high }] = of(encounter, "date")[..] else {
        panic!()
    };
    assert_eq!((low, high), (1_795_341_600_000_000, i64::MAX));
}

#[test]
fn references_are_local_elsewhere_or_by_identifier() {
    let task = |reference: Value| json!({"resourceType": "Task", "status": "ready", "intent": "order", "owner": reference});
    let local = EntryValue::Local {
        type_id: TypeId::of("Practitioner").expect("known"),
        id: "1".into(),
    };
    assert_eq!(
        of(task(json!({"reference": "Practitioner/1"})), "owner"),
        std::slice::from_ref(&local)
    );
    assert_eq!(
        of(task(json!({"reference": "Practitioner/1/_history/2"})), "owner"),
        [local]
    );
    let url = "https://else.example/Practitioner/1";
    assert_eq!(
        of(task(json!({"reference": url})), "owner"),
        [EntryValue::Url(url.into())]
    );
    let by_identifier = of(
        task(json!({"identifier": {"system": "s", "value": "v"}})),
        "owner",
    );
    assert!(by_identifier.contains(&EntryValue::Identifier {
        system: Some("s".into()),
        code: "v".into()
    }));
}

#[test]
fn money_is_a_quantity_of_its_currency() {
    let invoice = json!({"resourceType": "Invoice", "status": "issued", "totalNet": {"value": 12.5, "currency": "EUR"}});
    let system = Some("urn:iso:std:iso:4217".to_string());
    let expected = EntryValue::Quantity {
        value: 12.5,
        system,
        code: Some("EUR".into()),
    };
    assert_eq!(of(invoice, "totalnet"), [expected]);
}

#[test]
fn a_vital_sign_owns_few_rows() {
    let observation = json!({
        "resourceType": "Observation", "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": "Patient/1"}, "encounter": {"reference": "Encounter/1"},
        "effectiveDateTime": "2026-11-22T10:00:00Z",
        "valueQuantity": {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
    });
    let rows = indexed(observation);
    assert!(rows.len() <= 8, "{rows:#?}");
}

#[test]
fn no_system_is_zero_and_no_other_is() {
    assert_eq!((hash(None), hash(Some(""))), (0, 0));
    assert_ne!(hash(Some("http://loinc.org")), 0);
}

proptest! {
    #[test]
    fn folding_is_idempotent_and_bounded(text in any::<String>()) {
        let once = normalise(&text);
        prop_assert_eq!(&normalise(&once), &once);
        prop_assert!(once.len() <= 1_000);
    }

    #[test]
    fn extraction_never_panics(text in any::<String>(), number in any::<f64>()) {
        let junk = json!({
            "resourceType": "Observation", "code": text, "subject": {"reference": text}, "issued": text,
            "valueQuantity": {"value": number, "unit": text}, "component": [{"code": {"coding": [{"system": text}]}}],
        });
        indexed(junk);
    }
}
