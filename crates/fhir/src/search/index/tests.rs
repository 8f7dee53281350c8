use super::{Entry, EntryValue, compiled, entries, hash, met, normalise, pairs, places, stored, usual};
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
                compiled::sources(param).count(),
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

fn blood_pressure(status: Value) -> Resource {
    let component = |code: &str, value: i32| {
        json!({
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
        })
    };
    let observation = json!({
        "resourceType": "Observation", "status": status,
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [component("8480-6", 120), component("8462-4", 80), {"code": {"text": "x"}}],
    });
    Resource::from_value(observation).expect("a resource")
}

#[test]
fn a_component_and_its_quantity_share_a_row() {
    let param = |code: &str| {
        registry()
            .param(TypeId::of("Observation").expect("known"), code)
            .expect("known")
    };
    let rows = stored(&blood_pressure(json!("final")));
    let of = |code: &str| rows.iter().filter(|row| row.param == param(code).id).count();
    assert_eq!(
        (of("code"), of("component-code"), of("component-value-quantity")),
        (1, 3, 0)
    );
    assert_eq!(rows.len(), 4, "{rows:#?}");
    for (code, expected) in [
        ("component-value-quantity", vec![("component-code", true)]),
        ("code-value-quantity", vec![("code", true)]),
        ("value-quantity", vec![("value-quantity", false)]),
        (
            "combo-code-value-quantity",
            vec![("code", true), ("component-code", true)],
        ),
        ("component-code-value-quantity", vec![("component-code", true)]),
        ("combo-code", vec![("code", true), ("component-code", true)]),
        (
            "combo-value-quantity",
            vec![("component-code", true), ("value-quantity", false)],
        ),
        ("category", vec![("category", false)]),
    ] {
        let found: Vec<_> = places(param(code))
            .iter()
            .map(|place| (place.id, place.coded))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(code, coded)| (param(code).id, *coded))
            .collect();
        assert_eq!(found, expected, "{code}");
    }
}

#[test]
fn a_code_holds_the_value_of_its_resource_which_has_a_row_too() {
    let observation = json!({
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}, {"code": "glucose"}]},
        "valueQuantity": {"value": 220.5, "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    });
    let value = EntryValue::Quantity {
        value: 220.5,
        system: Some("http://unitsofmeasure.org".into()),
        code: Some("mg/dL".into()),
    };
    let rows: Vec<_> = stored(&Resource::from_value(observation).expect("a resource"))
        .into_iter()
        .map(|row| row.value)
        .collect();
    let beside = |found: &&EntryValue| matches!(found, EntryValue::Coded { quantity: Some(beside), .. } if **beside == value);
    assert_eq!(rows.iter().filter(beside).count(), 2, "{rows:#?}");
    assert!(rows.contains(&value) && rows.len() == 3, "{rows:#?}");
}

/// Its rows could not hold another.
#[test]
fn beside_a_code_there_is_one_quantity() {
    for on in registry().types() {
        let pairs = registry().params(*on).iter().filter_map(pairs::parts);
        let mut codes: Vec<_> = pairs.map(|parts| parts.code.id).collect();
        let all = codes.len();
        codes.sort_unstable_by_key(|id| id.0);
        codes.dedup();
        assert_eq!(codes.len(), all, "{}", on.name());
    }
}

#[test]
fn the_usual_status_has_no_row_and_every_other_has() {
    let param = registry()
        .param(TypeId::of("Observation").expect("known"), "status")
        .expect("known");
    let codes = |status: Value| {
        let rows = stored(&blood_pressure(status)).into_iter();
        let of_status = rows.filter(|row| row.param == param.id);
        of_status
            .map(|row| match row.value {
                EntryValue::Token { code, .. } => code,
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(json!("final")), [""; 0]);
    assert_eq!(codes(json!("amended")), ["amended"]);
    // Validation refuses these; searches must not take them for final all the same.
    assert_eq!(codes(json!("odd")), ["", "odd"]);
    assert_eq!(codes(json!(null)), [""]);
}

#[test]
fn what_is_usual_is_one_code_of_a_required_element() {
    let all = registry().types().iter().flat_map(|on| registry().params(*on));
    let usual: Vec<_> = all.filter_map(|param| Some((param, usual(param)?))).collect();
    assert_eq!(
        usual.len(),
        include_str!("../../../data/usual.tsv").lines().count()
    );
    for (param, usual) in usual {
        let name = param.expression.rsplit('.').next().expect("a path");
        let element = registry()
            .resource(param.on)
            .elements
            .iter()
            .find(|element| element.name == name);
        let element = element.expect("an element of the resource");
        let known = element.binding.expect("bound").contains_code(usual.code);
        assert!(
            known && element.required && !element.many && param.same_as.is_empty(),
            "{}",
            param.url
        );
        let mut readers = registry().params(param.on).iter();
        assert!(
            !readers.any(|other| other.same_as.contains(&param.id)),
            "{}",
            param.url
        );
    }
}

#[test]
fn codes_that_meet_are_of_parameters_with_rows_of_their_own() {
    let lines = include_str!("../../../data/met.tsv").lines();
    for line in lines.clone() {
        let on = TypeId::of(line.split('\t').next().expect("a type")).expect("known");
        for param in line.split('\t').skip(1) {
            let param = registry().param(on, param).expect("known");
            let is_alone = param.same_as.is_empty() && usual(param).is_none();
            assert!(param.kind == ParamKind::Token && is_alone, "{line}");
        }
    }
    let noted = registry().types().iter().map(|on| met(*on).len());
    assert_eq!(noted.sum::<usize>(), lines.count());
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
