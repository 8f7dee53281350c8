//! R4's invariants, narrative and hostile content at the front door, and `$validate` saying the same.
use super::{expressions, observation, patient, wrong};
use crate::on_both;
use crate::support::{Baton, Client};
use serde_json::{Value, json};

on_both!(
    invariants_refuse,
    advice_does_not_refuse,
    validate_says_what_a_write_would,
    narrative_is_harmless,
    bundles_name_the_entry,
    nothing_hostile_is_stored
);

fn task(members: Value) -> Value {
    let mut task = json!({"resourceType": "Task", "status": "requested", "intent": "order"});
    super::merge(&mut task, members);
    task
}

/// Resources that break one rule each, its key, and where.
fn broken() -> Vec<(&'static str, &'static str, Value)> {
    let quantity = json!({"value": 1, "code": "mm[Hg]"});
    let plan = json!({"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": {"reference": "Patient/1"},
        "activity": [{"reference": {"reference": "Task/1"}, "detail": {"status": "scheduled"}}]});
    let condition = json!({"resourceType": "Condition", "subject": {"reference": "Patient/1"}, "abatementString": "x",
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}});
    let organization = json!({"resourceType": "Organization", "name": "x", "telecom": [{"system": "phone", "value": "1"}, {"use": "home", "system": "phone", "value": "1"}]});
    vec![
        (
            "obs-6",
            "Observation",
            observation(json!({"valueString": "x", "dataAbsentReason": {"text": "x"}})),
        ),
        (
            "obs-3",
            "Observation.referenceRange[0]",
            observation(json!({"referenceRange": [{"type": {"text": "x"}}]})),
        ),
        (
            "qty-3",
            "Observation.value",
            observation(json!({"valueQuantity": quantity})),
        ),
        (
            "per-1",
            "Observation.effective",
            observation(json!({"effectivePeriod": {"start": "2024-02-01", "end": "2024-01-01"}})),
        ),
        (
            "pat-1",
            "Patient.contact[1]",
            patient(json!({"contact": [{"name": {"text": "x"}}, {"gender": "male"}]})),
        ),
        (
            "cpt-2",
            "Patient.telecom[0]",
            patient(json!({"telecom": [{"value": "555"}]})),
        ),
        (
            "ele-1",
            "Patient.birthDate",
            patient(json!({"_birthDate": {"id": "x"}})),
        ),
        (
            "ele-1",
            "Patient.maritalStatus",
            patient(json!({"maritalStatus": {"id": "x"}})),
        ),
        (
            "ext-1",
            "Patient.extension[0]",
            patient(json!({"extension": [{"url": "urn:x"}]})),
        ),
        (
            "ref-1",
            "Patient.managingOrganization.reference",
            patient(json!({"managingOrganization": {"reference": "#o"}})),
        ),
        (
            "dom-4",
            "Patient.contained[0].meta.versionId",
            patient(json!({
            "contained": [{"resourceType": "Organization", "id": "o", "name": "x", "meta": {"versionId": "1"}}],
            "managingOrganization": {"reference": "#o"}})),
        ),
        (
            "inv-1",
            "Task",
            task(json!({"authoredOn": "2024-02-01", "lastModified": "2024-01-01"})),
        ),
        ("cpl-3", "CarePlan.activity[0]", plan),
        ("con-4", "Condition", condition),
        ("org-3", "Organization.telecom[1]", organization),
    ]
}

fn invariants_refuse(baton: &Baton) {
    let partner = baton.partner();
    for (key, expression, resource) in broken() {
        let name = resource["resourceType"].as_str().expect("a type").to_owned();
        let outcome = partner.post(&name, &resource).refused(422, key);
        assert_eq!(expressions(&outcome), [expression], "{outcome}");
        let text = outcome["issue"][0]["diagnostics"].as_str().expect("a text");
        assert!(text.starts_with(&format!("{key}: ")), "{text}");
        assert!(partner.find(&name).is_empty(), "{name} is not stored");
    }
    let both =
        observation(json!({"valueQuantity": {"value": 1, "code": "x"}, "dataAbsentReason": {"text": "x"}}));
    let outcome = partner.post("Observation", &both).refused(422, "obs-6");
    assert_eq!(expressions(&outcome), ["Observation.value", "Observation"]);
}

fn advice_does_not_refuse(baton: &Baton) {
    let partner = baton.partner();
    let set = json!({"resourceType": "ValueSet", "status": "active", "name": "not a name"});
    assert_eq!(partner.post("ValueSet", &set).status, 201);
    let outcome = partner.post("ValueSet/$validate", &set).ok();
    assert_eq!(said(&outcome, "warning"), ["dom-6", "vsd-0"]);
    assert_eq!(said(&outcome, "error"), [""; 0]);
}

/// The keys of the issues of that severity.
fn said<'a>(outcome: &'a Value, severity: &str) -> Vec<&'a str> {
    let issues = outcome["issue"].as_array().expect("issues").iter();
    let of_severity = issues.filter(|issue| issue["severity"] == severity);
    let texts = of_severity.filter_map(|issue| issue["diagnostics"].as_str()?.split_once(':'));
    texts.map(|(key, _)| key).collect()
}

fn validate_says_what_a_write_would(baton: &Baton) {
    let partner = baton.partner();
    for (key, expression, resource) in broken() {
        let name = resource["resourceType"].as_str().expect("a type").to_owned();
        for mode in ["", "?mode=create", "?mode=update"] {
            let outcome = partner.post(&format!("{name}/$validate{mode}"), &resource).ok();
            assert_eq!(expressions(&outcome), [expression], "{key} {outcome}");
            assert_eq!(said(&outcome, "error"), [key]);
        }
    }
    let stored = partner.post("Patient", &patient(json!({"active": true}))).ok();
    let path = format!("Patient/{}/$validate", stored["id"].as_str().expect("an id"));
    assert_eq!(said(&partner.get(&path).ok(), "warning"), ["dom-6"]);
}

fn narrative_is_harmless(baton: &Baton) {
    let partner = baton.partner();
    let told = |inner: &str| {
        let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
        patient(json!({"text": {"status": "generated", "div": div}}))
    };
    for inner in [
        "<script>x</script>",
        "<p onclick=\"x()\">x</p>",
        "<a href=\"javascript:x()\">x</a>",
        "<iframe src=\"http://x\">x</iframe>",
        "<p>x",
        "a & b",
        "<p style=\"background: url(http://x)\">x</p>",
    ] {
        wrong(&partner, told(inner), "Patient.text.div");
    }
    let right = "<p class=\"a\">x &amp; <b>y</b><br/><a href=\"#z\">z</a></p>";
    assert_eq!(partner.post("Patient", &told(right)).status, 201);
    let deep = told(&("<b>".repeat(20_000) + "x" + &"</b>".repeat(20_000)));
    wrong(&partner, deep, "Patient.text.div");
    let outcome = partner.post("Patient/$validate", &told(" ")).ok();
    assert_eq!(said(&outcome, "warning"), ["txt-2"]);
}

fn bundles_name_the_entry(baton: &Baton) {
    let partner = baton.partner();
    let faulty = patient(json!({"name": [{"given": ["a", 1]}], "contact": [{"gender": "male"}]}));
    let entry = |n: usize, resource: &Value| json!({"fullUrl": format!("http://x/Patient/{n}"), "resource": resource, "request": {"method": "POST", "url": "Patient"}});
    let good = patient(json!({"active": true}));
    let transaction = json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry(0, &good), entry(1, &faulty)]});
    let outcome = partner.post("", &transaction).refused(422, "pat-1");
    let expected = [
        "Bundle.entry[1].resource.name[0].given[1]",
        "Bundle.entry[1].resource.contact[0]",
    ];
    let mut found = expressions(&outcome);
    found.sort();
    let mut sorted = expected;
    sorted.sort();
    assert_eq!(found, sorted);
    let collection = json!({"resourceType": "Bundle", "type": "collection", "total": 1, "entry": [
        {"fullUrl": "http://x/Patient/1", "resource": faulty}, {"fullUrl": "http://x/Patient/1", "resource": good}]});
    let outcome = partner.post("Bundle", &collection).refused(422, "bdl-7");
    let mut found = expressions(&outcome);
    found.sort();
    let expected = [
        "Bundle",
        "Bundle",
        "Bundle.entry[0].resource.contact[0]",
        "Bundle.entry[0].resource.name[0].given[1]",
    ];
    assert_eq!(found, expected);
}

fn nothing_hostile_is_stored(baton: &Baton) {
    let partner = baton.partner();
    let extension = |value: Value| patient(json!({"extension": [value]}));
    for value in [
        json!({"url": "urn:x", "valueUri": "a\u{0}b"}),
        json!({"url": "urn:x", "valueUrl": "http://x/\u{1f}"}),
        json!({"url": "urn:x", "valueCanonical": "\u{0}"}),
        json!({"url": "urn:x", "valueCode": "\u{0}"}),
        json!({"url": "urn:x", "valueString": "\u{0}"}),
        json!({"url": "urn:x", "valueMarkdown": "\u{0}"}),
        json!({"url": "urn:x", "valueBase64Binary": "AAA\u{0}"}),
        json!({"url": "urn:x", "valueId": "\u{0}"}),
    ] {
        wrong(&partner, extension(value), "Patient.extension[0].value");
    }
    wrong(
        &partner,
        extension(json!({"url": "a\u{0}", "valueCode": "x"})),
        "Patient.extension[0].url",
    );
    wrong(
        &partner,
        patient(json!({"name": [{"id": "\u{0}", "text": "x"}]})),
        "Patient.name[0].id",
    );
    wrong(
        &partner,
        patient(json!({"name": [{"text": "x".repeat(1_048_577)}]})),
        "Patient.name[0].text",
    );
    for depth in [90, 200, 20_000] {
        let text = format!(
            "{{\"resourceType\":\"Patient\",\"extension\":{}{}}}",
            "[{\"url\":\"a\",\"extension\":".repeat(depth),
            "}]".repeat(depth)
        );
        refused(&partner, text.as_bytes());
    }
    let many = "{\"resourceType\":\"Patient\",".to_owned()
        + &(0..20_000).map(|n| format!("\"x{n}\":1,")).collect::<String>()
        + "\"active\":true}";
    let reply = partner.send_text("POST", "Patient", "application/fhir+json", many.as_bytes());
    let outcome = reply.refused(422, "more problems");
    assert_eq!(outcome["issue"].as_array().map(Vec::len), Some(500));
    assert!(partner.find("Patient").is_empty());
}

fn refused(partner: &Client, body: &[u8]) {
    let reply = partner.send_text("POST", "Patient", "application/fhir+json", body);
    assert!([400, 422].contains(&reply.status), "{}", reply.text);
}
