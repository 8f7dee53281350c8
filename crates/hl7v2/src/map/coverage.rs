//! IN1 to Coverage.
use super::json::{Object, element, list, object};
use super::organization;
use super::period::period;
use super::scope::Scope;
use crate::codes::{Table, target, translate};
use crate::message::Segment;
use fhir::event::{Key, coverage_id};
use serde_json::{Value, json};

pub(super) fn all(scope: &mut Scope<'_>, patient: &Key) {
    let segments: Vec<Segment<'_>> = scope.message.segments_named("IN1").collect();
    for in1 in segments {
        if let Some(resource) = coverage(scope, in1, patient) {
            scope.own(resource);
        }
    }
}

/// None when the segment names no insurer: Coverage.payor is required.
fn coverage(scope: &mut Scope<'_>, in1: Segment<'_>, patient: &Key) -> Option<Object> {
    let payor = organization::payer(scope, in1.field(3).rep(0), in1.field(4).rep(0))?;
    let payer = in1.field(3).text().or_else(|| in1.field(4).text())?;
    // IN1-49 insured's number, IN1-36 policy number
    let member = in1.field(49).text().or_else(|| in1.field(36).text());
    let plan = in1.field(2).text();
    let told = member.clone().or_else(|| plan.clone()).unwrap_or_default();
    let mut date = |number| scope.moment(in1, number);
    let period = period(date(12), date(13));
    let names = [
        class("group", in1.field(8).text(), in1.field(9).text()),
        class("plan", plan, in1.field(2).component(2).text()),
    ];
    Some(object([
        ("resourceType", Some(json!("Coverage"))),
        ("id", Some(json!(coverage_id(patient, &payer, &told)))),
        ("status", Some(json!("active"))),
        ("subscriberId", member.map(Value::from)),
        ("beneficiary", Some(json!({"reference": "Patient/{patient}"}))),
        ("relationship", relationship(in1)),
        ("period", period),
        ("payor", list([Value::Object(payor)])),
        ("class", list(names.into_iter().flatten())),
        ("order", order(in1).map(Value::from)),
    ]))
}

fn class(kind: &str, value: Option<String>, name: Option<String>) -> Option<Value> {
    let system = "http://terminology.hl7.org/CodeSystem/coverage-class";
    let value = value?;
    element([
        (
            "type",
            Some(json!({"coding": [{"system": system, "code": kind}]})),
        ),
        ("value", Some(json!(value))),
        ("name", name.map(Value::from)),
    ])
}

/// IN1-17: what the patient is to the insured.
fn relationship(in1: Segment<'_>) -> Option<Value> {
    let code = in1.field(17).text()?;
    let row = translate(Table::Subscriber, &code).or_else(|| target(Table::Subscriber, "other"))?;
    Some(super::concept::translated(row, in1.field(17).rep(0)))
}

/// IN1-22 coordination of benefits, else IN1-1.
fn order(in1: Segment<'_>) -> Option<u32> {
    let number = |field: usize| in1.field(field).text()?.parse::<u32>().ok();
    number(22).or_else(|| number(1)).filter(|order| *order > 0)
}
