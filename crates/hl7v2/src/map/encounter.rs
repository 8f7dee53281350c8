//! PV1 and PV2 to elements of Encounter. Status is not among them: it follows from the triggers.
use super::concept::{self, concept};
use super::json::{self, Object, element, list, object, said};
use super::period::ordered;
use super::scope::Scope;
use super::when::When;
use super::{condition, hospitalization, location, organization, practitioner, role, stay};
use crate::Place;
use crate::codes::{Row, Table, target, translate};
use crate::message::{Field, Segment};
use crate::time::Moment;
use fhir::event::{Key, Trigger};
use serde_json::{Value, json};

pub(super) fn elements(scope: &mut Scope<'_>, stay: &Key, trigger: Trigger, when: &When) -> Object {
    let mut elements = object([
        ("identifier", list(stay::identifiers(scope, stay))),
        ("diagnosis", list(condition::all(scope, stay))),
        (
            "serviceProvider",
            Some(Value::Object(organization::facility(scope))),
        ),
    ]);
    if let Some(pv1) = scope.message.segment("PV1") {
        elements.extend(visit(scope, pv1, trigger, when));
    }
    if let Some(reason) = reason(scope.message.field("PV2", 3)) {
        elements.insert("reasonCode".into(), reason);
    }
    elements
}

fn visit(scope: &mut Scope<'_>, pv1: Segment<'_>, trigger: Trigger, when: &When) -> Object {
    let service = concept(
        pv1.field(10).rep(0),
        Some("http://terminology.hl7.org/CodeSystem/v2-0069"),
    );
    object([
        ("class", class(scope, pv1.field(2))),
        ("type", said(pv1.field(4), list(admission_type(pv1.field(4))))),
        ("serviceType", said(pv1.field(10), service)),
        ("priority", said(pv1.field(4), priority(pv1.field(4)))),
        ("participant", list(participants(scope, pv1))),
        ("period", period(scope, pv1, trigger, when)),
        ("hospitalization", hospitalization::elements(scope, pv1, trigger)),
        ("location", list(location::current(scope, pv1.field(3).rep(0)))),
    ])
}

/// By the sender's map, else the standard's; an unknown class stays as it is, without a system.
fn class(scope: &mut Scope<'_>, field: Field<'_>) -> Option<Value> {
    let place = Place::field("PV1", 2);
    let Some(sent) = field.text() else {
        scope.fault(
            "class-missing",
            place,
            "PV1-2 is required; without a class no care is planned from this stay",
        );
        return None;
    };
    let own = scope
        .sender
        .maps
        .classes
        .get(&sent)
        .and_then(|code| target(Table::Class, code));
    match own.or_else(|| translate(Table::Class, &sent)) {
        Some(row) => Some(concept::coded(row)),
        None => {
            scope.fault(
                "class-unknown",
                place,
                "add this code to the sender's classes and reprocess the message",
            );
            Some(json!({"code": concept::code(&sent)}))
        }
    }
}

/// PV1-4 in HL7's letters or in NUBC's digits.
fn admission_type(field: Field<'_>) -> Option<Value> {
    concept::by_table(
        field.rep(0),
        Table::AdmissionType,
        Some("http://terminology.hl7.org/CodeSystem/v2-0007"),
    )
}

/// How urgent the admission was, keeping the code it is told by.
fn priority(field: Field<'_>) -> Option<Value> {
    let code = field.text()?;
    let rows = [Table::Priority, Table::AdmissionType].map(|table| translate(table, &code));
    let codings = rows.into_iter().flatten().map(|row: Row| concept::coded(row));
    element([("coding", list(codings))])
}

/// Attending, referring, consulting, admitting; and whoever ROL or PRT adds to the visit.
fn participants(scope: &mut Scope<'_>, pv1: Segment<'_>) -> Vec<Value> {
    let mut found = Vec::new();
    for (field, role) in [(7, "ATND"), (8, "REF"), (9, "CON"), (17, "ADM")] {
        let people = practitioner::references(scope, pv1, field);
        found.extend(people.into_iter().map(|person| participant(role, person)));
    }
    found.extend(
        role::of_visit(scope)
            .into_iter()
            .map(|(row, person)| participant(row.code, person)),
    );
    json::distinct(found)
}

fn participant(role: &str, person: Object) -> Value {
    let kind = target(Table::Participation, role).map(concept::coded);
    json!({"type": [{"coding": list(kind)}], "individual": person})
}

/// PV1-44 and PV1-45; an admission or discharge without them began or ended when it occurred.
fn period(scope: &mut Scope<'_>, pv1: Segment<'_>, trigger: Trigger, when: &When) -> Option<Value> {
    let begins = matches!(trigger, Trigger::Admit | Trigger::Register);
    let ends = trigger == Trigger::Discharge;
    let mut bound = |number: usize, happened: bool| {
        let stated = scope.moment(pv1, number);
        let vouched = happened && !pv1.field(number).is_null();
        stated.or_else(|| vouched.then(|| when.moment.clone()))
    };
    let (begun, ended) = (bound(44, begins), bound(45, ends));
    let (start, end) = match ordered(begun.as_ref(), ended.as_ref()) {
        Some(ordered) => ordered,
        None => {
            scope.fault(
                "period-inverted",
                Place::field("PV1", 45),
                "the visit ends before it starts (PV1-44)",
            );
            // The event itself vouches for one of the two.
            let keep = |moment: Option<Moment>, kept: bool| moment.filter(|_| kept).map(|moment| moment.text);
            (keep(begun, !ends), keep(ended, ends))
        }
    };
    json::element([
        ("start", said(pv1.field(44), start.map(Value::from))),
        ("end", said(pv1.field(45), end.map(Value::from))),
    ])
}

/// PV2-3, the reason for admission.
fn reason(field: Field<'_>) -> Option<Value> {
    said(field, list(field.reps().filter_map(|rep| concept(rep, None))))
}
