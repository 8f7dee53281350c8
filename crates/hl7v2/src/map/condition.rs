//! DG1 to Condition (encounter-diagnosis) and `Encounter.diagnosis`.
use super::concept::{self, concept};
use super::json::{Object, distinct, list, object};
use super::practitioner;
use super::scope::Scope;
use crate::codes::{Table, translate};
use crate::message::Segment;
use fhir::event::{Key, condition_id};
use serde_json::{Value, json};

/// Adds the Conditions and answers the entries of `Encounter.diagnosis`.
pub(super) fn all(scope: &mut Scope<'_>, stay: &Key) -> Vec<Value> {
    let segments: Vec<Segment<'_>> = scope.message.segments_named("DG1").collect();
    let entries = segments
        .into_iter()
        .filter_map(|dg1| diagnosis(scope, dg1, stay))
        .collect();
    // The same code as admission and as discharge diagnosis is one Condition used twice.
    distinct(entries)
}

fn diagnosis(scope: &mut Scope<'_>, dg1: Segment<'_>, stay: &Key) -> Option<Value> {
    let code = code(dg1)?;
    let coding = &code["coding"][0];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let system = text(&coding["system"]).unwrap_or_default();
    let id = condition_id(
        stay,
        &system,
        &text(&coding["code"]).or_else(|| text(&code["text"]))?,
    );
    let kind = dg1.field(6).text().unwrap_or_default().to_ascii_uppercase();
    // DG1-21
    let deleted = dg1.field(21).text().as_deref() == Some("D");
    let resource = condition(scope, dg1, &id, code, &kind, deleted);
    scope.own(resource);
    let usage = translate(Table::DiagnosisUse, &kind).map(|row| json!({"coding": [concept::coded(row)]}));
    let rank = dg1
        .field(15)
        .text()
        .and_then(|rank| rank.parse::<u32>().ok())
        .filter(|rank| *rank > 0);
    let entry = object([
        ("condition", Some(json!({"reference": format!("Condition/{id}")}))),
        ("use", usage),
        ("rank", rank.map(Value::from)),
    ]);
    (!deleted).then_some(Value::Object(entry))
}

fn condition(
    scope: &mut Scope<'_>,
    dg1: Segment<'_>,
    id: &str,
    code: Value,
    kind: &str,
    deleted: bool,
) -> Object {
    let system = |name: &str| format!("http://terminology.hl7.org/CodeSystem/{name}");
    let status = |name: &str, code: &str| json!({"coding": [{"system": system(name), "code": code}]});
    let certainty = match kind {
        _ if deleted => "entered-in-error",
        "F" => "confirmed",
        _ => "provisional",
    };
    let category = json!({"coding": [{"system": system("condition-category"), "code": "encounter-diagnosis",
        "display": "Encounter Diagnosis"}]});
    let onset = scope.moment(dg1, 5).map(|moment| json!(moment.text));
    let asserter = practitioner::references(scope, dg1, 16).into_iter().next();
    object([
        ("resourceType", Some(json!("Condition"))),
        ("id", Some(json!(id))),
        // con-5: what was entered in error has no clinical status.
        (
            "clinicalStatus",
            (!deleted).then(|| status("condition-clinical", "active")),
        ),
        (
            "verificationStatus",
            Some(status("condition-ver-status", certainty)),
        ),
        ("category", list([category])),
        ("code", Some(code)),
        ("subject", Some(json!({"reference": "Patient/{patient}"}))),
        ("encounter", Some(json!({"reference": "Encounter/{stay}"}))),
        ("onsetDateTime", onset),
        ("asserter", asserter.map(Value::Object)),
    ])
}

/// DG1-3, or DG1-4 in words; DG1-2 is where old senders name the coding system.
fn code(dg1: Segment<'_>) -> Option<Value> {
    let method = dg1.field(2).text().and_then(|method| concept::system(&method));
    let mut code = match concept(dg1.field(3).rep(0), method.as_deref()) {
        Some(code) => code,
        None => return Some(json!({"text": dg1.field(4).text()?})),
    };
    let coded_only = dg1.field(3).component(2).text().is_none() && dg1.field(3).component(9).text().is_none();
    if let (true, Some(words)) = (coded_only, dg1.field(4).text()) {
        code["text"] = json!(words);
    }
    Some(code)
}
