//! Each type of parameter with its modifiers and prefixes, on what was stored before it was defined
//! and on what came after.
use super::{define, definition, ids, set, with};
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    every_type_is_searched,
    it_is_advertised,
    official_definitions_of_guides_are_taken
);

const EXTENSION: &str = "urn:scene:extension";

fn patient(id: &str, extensions: &[(&str, Value)]) -> Value {
    let extension =
        |(kind, value): &(&str, Value)| json!({"url": format!("{EXTENSION}/{kind}"), *kind: value});
    let mut patient = json!({"resourceType": "Patient", "id": id, "gender": "female"});
    if !extensions.is_empty() {
        patient["extension"] = extensions.iter().map(extension).collect();
    }
    patient
}

fn of(kind: &str) -> String {
    format!("Patient.extension.where(url = '{EXTENSION}/{kind}').value")
}

/// One has all, another near misses, the third nothing.
fn put_patients(client: &Client, suffix: &str) {
    let coding = |code: &str, display: &str| json!({"coding": [{"system": "urn:eye", "code": code, "display": display}]});
    let quantity = |value: f64, code: &str| json!({"value": value, "unit": code, "system": "http://unitsofmeasure.org", "code": code});
    let hit = [
        ("valueCodeableConcept", coding("blue", "Sky blue")),
        (
            "valueIdentifier",
            json!({"system": "urn:badge", "value": "B7",
            "type": {"coding": [{"system": "urn:types", "code": "BADGE"}]}}),
        ),
        ("valueString", json!("Čápek the Elder")),
        ("valueDate", json!("2026-03-01")),
        ("valueDecimal", json!(7.25)),
        ("valueQuantity", quantity(2.5, "kg")),
        (
            "valueReference",
            json!({"reference": format!("Organization/home{suffix}")}),
        ),
        ("valueUri", json!("http://example.org/a/b")),
    ];
    let miss = [
        ("valueCodeableConcept", coding("green", "Grass green")),
        ("valueIdentifier", json!({"system": "urn:badge", "value": "B8"})),
        ("valueString", json!("Novák")),
        ("valueDate", json!("2026-03-02")),
        ("valueDecimal", json!(7.35)),
        ("valueQuantity", quantity(2600.0, "g")),
        (
            "valueReference",
            json!({"reference": format!("Organization/away{suffix}")}),
        ),
        ("valueUri", json!("http://example.org/c")),
    ];
    for (id, extensions) in [("hit", &hit[..]), ("miss", &miss[..]), ("none", &[])] {
        let id = format!("{id}{suffix}");
        client
            .put(&format!("Patient/{id}"), &patient(&id, extensions))
            .ok();
    }
    for (id, name) in [("home", "Home"), ("away", "Away")] {
        let id = format!("{id}{suffix}");
        let organization =
            json!({"resourceType": "Organization", "id": id, "name": format!("{name}{suffix}")});
        client.put(&format!("Organization/{id}"), &organization).ok();
    }
}

fn definitions() -> Vec<Value> {
    let on_patient = |id: &str, kind: &str, path: &str| definition(id, "Patient", kind, &of(path));
    vec![
        on_patient("eye", "token", "valueCodeableConcept"),
        on_patient("badge", "token", "valueIdentifier"),
        on_patient("alias", "string", "valueString"),
        on_patient("joined", "date", "valueDate"),
        on_patient("score", "number", "valueDecimal"),
        on_patient("mass", "quantity", "valueQuantity"),
        with(
            on_patient("clinic", "reference", "valueReference"),
            json!({"target": ["Organization"]}),
        ),
        on_patient("page", "uri", "valueUri"),
        with(
            definition("eye-gender", "Patient", "composite", "Patient"),
            json!({"component": [
                {"definition": "urn:scene:eye", "expression": of("valueCodeableConcept")},
                {"definition": "http://hl7.org/fhir/SearchParameter/individual-gender", "expression": "gender"},
            ]}),
        ),
    ]
}

fn every_type_is_searched(baton: &Baton) {
    let client = baton.partner();
    put_patients(&client, "");
    define(&client, &definitions());
    put_patients(&client, "2");
    let only_hits = [
        "eye=blue",
        "eye=urn:eye|blue",
        "eye=urn:eye|blue,urn:eye|brown",
        "eye:text=sky",
        "eye:missing=false&eye:not=green",
        "badge=urn:badge|B7",
        "badge:of-type=urn:types|BADGE|B7",
        "alias=capek",
        "alias:exact=Čápek the Elder",
        "alias:contains=ELDER",
        "joined=2026-03-01",
        "joined=lt2026-03-02",
        "joined=eb2026-03-02",
        "score=7.25",
        "score=lt7.3",
        "mass=2.5|http://unitsofmeasure.org|kg",
        "mass=lt2550|http://unitsofmeasure.org|g",
        "clinic:Organization.name=home",
        "clinic.name=home",
        "page=http://example.org/a/b",
        "page:below=http://example.org/a",
        "page:above=http://example.org/a/b/c",
        "eye-gender=blue$female",
        "_filter=eye eq blue and score lt 7.3",
    ];
    for search in only_hits {
        let search = search.replace(' ', "%20");
        assert_eq!(
            ids(&client, &format!("Patient?{search}")),
            set(&["hit", "hit2"]),
            "{search}"
        );
    }
    for code in [
        "eye", "badge", "alias", "joined", "score", "mass", "clinic", "page",
    ] {
        let found = ids(&client, &format!("Patient?{code}:missing=true"));
        assert_eq!(found, set(&["none", "none2"]), "{code}");
    }
    assert_eq!(ids(&client, "Patient?clinic=Organization/home"), set(&["hit"]));
    assert_eq!(
        ids(&client, "Organization?_has:Patient:clinic:eye=blue"),
        set(&["home", "home2"])
    );
    assert_eq!(ids(&client, "Patient?eye-gender=blue$male"), set(&[]));
    sorts(&client);
    includes(&client);
    conditions(&client);
}

/// By value, what has none last; over page links too.
fn sorts(client: &Client) {
    for (sort, first, last) in [
        ("score", "hit", "none"),
        ("-score", "miss", "none"),
        ("joined", "hit", "none"),
        ("-joined", "miss", "none"),
        ("alias", "hit", "none"),
        ("-mass", "miss", "none"),
        ("eye", "hit", "none"),
    ] {
        let found = client.find(&format!("Patient?_sort={sort}&_count=2"));
        let found: Vec<&str> = found
            .iter()
            .map(|one| one["id"].as_str().expect("an id"))
            .collect();
        assert_eq!(found.len(), 6, "{sort}: {found:?}");
        assert!(
            found[0].starts_with(first) && found[5].starts_with(last),
            "{sort}: {found:?}"
        );
    }
}

fn includes(client: &Client) {
    let names = |search: &str| -> std::collections::BTreeSet<String> {
        let bundle = client.get(search).ok();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let included = entries
            .iter()
            .filter(|entry| entry["search"]["mode"] == "include");
        included
            .map(|entry| entry["resource"]["id"].as_str().expect("an id").to_string())
            .collect()
    };
    assert_eq!(names("Patient?_id=hit&_include=Patient:clinic"), set(&["home"]));
    assert_eq!(names("Patient?_id=hit&_include=*"), set(&["home"]));
    assert_eq!(
        names("Organization?_id=home&_revinclude=Patient:clinic"),
        set(&["hit"])
    );
}

/// Conditional interactions find by it.
fn conditions(client: &Client) {
    let created = client
        .request("POST", "Patient")
        .header("content-type", "application/fhir+json")
        .header("if-none-exist", "badge=urn:badge|B7&_id=hit")
        .body(patient("x", &[]).to_string());
    assert_eq!(crate::support::Reply::of(created).status, 200);
    let entry = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": {"resourceType": "Basic", "code": {"text": "x"},
            "subject": {"reference": "Patient?badge=urn:badge|B9"}},
         "request": {"method": "POST", "url": "Basic"}},
        {"resource": patient("x", &[("valueIdentifier", json!({"system": "urn:badge", "value": "B9"}))]),
         "request": {"method": "POST", "url": "Patient"}},
    ]});
    let reply = client.post("", &entry);
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(ids(client, "Patient?badge=B9").len(), 1);
}

fn it_is_advertised(baton: &Baton) {
    let client = baton.partner();
    let advertised = |code: &str| {
        let statement = baton.anonymous().get("metadata").ok();
        let types = statement["rest"][0]["resource"]
            .as_array()
            .expect("types")
            .clone();
        let device = types
            .into_iter()
            .find(|of| of["type"] == "Device")
            .expect("Device");
        let params = device["searchParam"].as_array().expect("parameters").clone();
        let found = params.into_iter().find(|param| param["name"] == code);
        found.map(|param| (param, device["searchInclude"].to_string()))
    };
    assert!(advertised("holder").is_none());
    let holder = definition("holder", "Device", "reference", "Device.owner");
    define(&client, &[holder]);
    let (param, include) = advertised("holder").expect("advertised");
    assert_eq!(param["definition"], "urn:scene:holder");
    assert_eq!(param["type"], "reference");
    assert!(include.contains("Device:holder"), "{include}");
    client.delete("SearchParameter/holder");
    assert!(advertised("holder").is_none());
}

/// Guides define what R4 has once more, and extensions by the JSON name of their value.
fn official_definitions_of_guides_are_taken(baton: &Baton) {
    let client = baton.partner();
    let again = with(
        definition("guide-birthdate", "Patient", "date", "Patient.birthDate"),
        json!({"code": "birthdate", "derivedFrom": "http://hl7.org/fhir/SearchParameter/individual-birthdate"}),
    );
    client.put("SearchParameter/guide-birthdate", &again).ok();
    assert_eq!(super::state(&client, "guide-birthdate"), "inactive");
    let url = "http://hl7.org/fhir/us/core/SearchParameter/us-core-condition-asserted-date";
    let core = with(
        definition("guide-asserted", "Condition", "date", "Condition.extension.value"),
        json!({"code": "asserted-date", "url": url}),
    );
    client.put("SearchParameter/guide-asserted", &core).ok();
    assert_eq!(super::state(&client, "guide-asserted"), "inactive");
    let noted = "Condition.extension.where(url = 'urn:noted').valueDateTime";
    define(&client, &[definition("noted", "Condition", "date", noted)]);
    let condition = json!({
        "resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/p"},
        "extension": [{"url": "urn:noted", "valueDateTime": "2026-02-03"}],
    });
    client.put("Condition/c", &condition).ok();
    assert_eq!(ids(&client, "Condition?noted=2026-02"), set(&["c"]));
}
