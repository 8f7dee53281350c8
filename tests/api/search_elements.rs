//! Search that looks into elements, texts and terminology: composites, types of identifiers,
//! positions, `_filter`, words, value sets, units.
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    composites_pair_within_a_component,
    identifiers_by_type_and_codes_by_text,
    filter_expressions,
    places_nearby,
    value_sets_and_hierarchies,
    units_of_the_same_kind,
    items_of_a_list,
    plans_for_administrators,
);

fn put(partner: &Client, resource: Value) {
    let path = format!(
        "{}/{}",
        resource["resourceType"].as_str().expect("a type"),
        resource["id"].as_str().expect("an id")
    );
    partner.put(&path, &resource).ok();
}

/// Each search finds just these, in any order.
fn all_find(partner: &Client, table: &[(&str, &[&str])]) {
    for (path, expected) in table {
        let found = partner.find(path);
        let mut ids: Vec<_> = found
            .iter()
            .map(|one| one["id"].as_str().expect("an id"))
            .collect();
        ids.sort();
        assert_eq!(&ids, expected, "{path}");
    }
}

fn pressure(id: &str, systolic: f64, diastolic: f64) -> Value {
    let component = |code: &str, value: f64| {
        json!({
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
        })
    };
    json!({
        "resourceType": "Observation", "id": id, "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure panel"}]},
        "subject": {"reference": "Patient/p"},
        "component": [component("8480-6", systolic), component("8462-4", diastolic)],
    })
}

fn composites_pair_within_a_component(baton: &Baton) {
    let partner = baton.partner();
    put(&partner, pressure("high", 150.0, 80.0));
    put(&partner, pressure("swapped", 80.0, 150.0));
    all_find(
        &partner,
        &[
            (
                "Observation?component-code-value-quantity=8480-6$gt140",
                &["high"],
            ),
            (
                "Observation?combo-code-value-quantity=http://loinc.org|8462-4$gt140",
                &["swapped"],
            ),
            (
                "Observation?component-code-value-quantity=8480-6$gt140,8462-4$gt140",
                &["high", "swapped"],
            ),
            ("Observation?component-code-value-quantity=85354-9$gt140", &[]),
        ],
    );
    partner
        .get("Observation?component-code-value-quantity=8480-6")
        .refused(400, "joined by '$'");
}

fn identifiers_by_type_and_codes_by_text(baton: &Baton) {
    let partner = baton.partner();
    let typed = |code: &str, value: &str| {
        json!({
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}], "text": "Number"},
            "value": value,
        })
    };
    put(
        &partner,
        json!({"resourceType": "Patient", "id": "p", "identifier": [typed("MR", "7"), typed("SS", "8")]}),
    );
    put(&partner, pressure("one", 120.0, 80.0));
    all_find(
        &partner,
        &[
            (
                "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|7",
                &["p"],
            ),
            (
                "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|8",
                &[],
            ),
            ("Patient?identifier:text=numb", &["p"]),
            ("Observation?code:text=blood", &["one"]),
            ("Observation?code:text=pressure", &[]),
            ("Observation?_content=panel&subject=Patient/p", &["one"]),
            ("Observation?_text=panel", &[]),
        ],
    );
    partner
        .get("Patient?identifier:of-type=MR|7")
        .refused(400, "of-type");
}

fn filter_expressions(baton: &Baton) {
    let partner = baton.partner();
    for (id, family, born) in [("a", "Lind", "1950-03-01"), ("b", "Lindgren", "1960-03-01")] {
        put(
            &partner,
            json!({"resourceType": "Patient", "id": id, "name": [{"family": family}], "birthDate": born}),
        );
    }
    all_find(
        &partner,
        &[
            ("Patient?_filter=family eq lind", &["a"]),
            ("Patient?_filter=family sw lind and birthdate ge 1955", &["b"]),
            ("Patient?_filter=not(family eq lind) or birthdate lt 1940", &["b"]),
            ("Patient?_filter=gender pr true", &[]),
        ],
    );
    partner
        .get("Patient?_filter=family is lind")
        .refused(400, "_filter");
}

fn places_nearby(baton: &Baton) {
    let partner = baton.partner();
    for (id, latitude, longitude) in [("boston", 42.3601, -71.0589), ("providence", 41.824, -71.4128)] {
        let position = json!({"latitude": latitude, "longitude": longitude});
        put(
            &partner,
            json!({"resourceType": "Location", "id": id, "position": position}),
        );
    }
    all_find(
        &partner,
        &[
            ("Location?near=42.37|-71.11|10|km", &["boston"]),
            ("Location?near=42.37|-71.11|45|[mi_i]", &["boston", "providence"]),
        ],
    );
    partner.get("Location?near=142|-71").refused(400, "latitude");
}

fn value_sets_and_hierarchies(baton: &Baton) {
    let partner = baton.partner();
    put(
        &partner,
        json!({
            "resourceType": "CodeSystem", "id": "acts", "url": "urn:acts", "status": "active", "content": "complete",
            "concept": [{"code": "care", "concept": [{"code": "call"}]}, {"code": "bill"}],
        }),
    );
    put(
        &partner,
        json!({
            "resourceType": "ValueSet", "id": "calls", "url": "urn:calls", "status": "active",
            "compose": {"include": [{"system": "urn:acts", "concept": [{"code": "call"}]}]},
        }),
    );
    for code in ["call", "bill"] {
        let coding = json!({"coding": [{"system": "urn:acts", "code": code}]});
        put(
            &partner,
            json!({"resourceType": "Task", "id": code, "status": "requested", "intent": "order", "code": coding}),
        );
    }
    all_find(
        &partner,
        &[
            ("Task?code:in=urn:calls", &["call"]),
            ("Task?code:not-in=urn:calls", &["bill"]),
            ("Task?code:below=urn:acts|care", &["call"]),
            (
                "Task?status=http://hl7.org/fhir/task-status|requested",
                &["bill", "call"],
            ),
        ],
    );
    partner.get("Task?code:in=urn:unknown").refused(400, "not stored");
}

fn units_of_the_same_kind(baton: &Baton) {
    let partner = baton.partner();
    for (id, value, unit) in [("a", 120.0, "mg/dL"), ("b", 1.2, "g/L"), ("c", 120.0, "mmol/L")] {
        put(
            &partner,
            json!({
                "resourceType": "Observation", "id": id, "status": "final", "code": {"text": "Sugar"},
                "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": unit},
            }),
        );
    }
    all_find(
        &partner,
        &[
            (
                "Observation?value-quantity=120|http://unitsofmeasure.org|mg/dL",
                &["a", "b"],
            ),
            ("Observation?value-quantity=120", &["a", "c"]),
        ],
    );
}

fn items_of_a_list(baton: &Baton) {
    let partner = baton.partner();
    for id in ["a", "b"] {
        put(&partner, json!({"resourceType": "Patient", "id": id}));
    }
    put(
        &partner,
        json!({
            "resourceType": "List", "id": "mine", "status": "current", "mode": "working",
            "entry": [{"item": {"reference": "Patient/b"}}],
        }),
    );
    all_find(
        &partner,
        &[("Patient?_list=mine", &["b"]), ("Patient?_list=other", &[])],
    );
}

fn plans_for_administrators(baton: &Baton) {
    let partner = baton.partner();
    let told = partner.get("Patient?identifier=x&_explain=true").ok();
    let outcome = &told["entry"][0]["resource"]["issue"][0];
    assert_eq!(outcome["severity"], "information");
    let plan = outcome["diagnostics"].as_str().expect("a plan");
    assert!(plan.contains("idx_token"), "{plan}");
}
