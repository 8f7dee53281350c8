//! How the patient came and went: `Encounter.hospitalization`.
use super::concept::{by_table, concept, translated};
use super::identifier::cx;
use super::json::{element, list, said};
use super::scope::Scope;
use crate::Place;
use crate::codes::{Table, target, translate};
use crate::message::Segment;
use fhir::event::Trigger;
use serde_json::{Value, json};

pub(super) fn elements(scope: &mut Scope<'_>, pv1: Segment<'_>, trigger: Trigger) -> Option<Value> {
    let one = |number: usize, table: &str| {
        let system = format!("http://terminology.hl7.org/CodeSystem/v2-{table}");
        said(
            pv1.field(number),
            concept(pv1.field(number).rep(0), Some(&system)),
        )
    };
    let all = |number: usize, table: &str| {
        let system = format!("http://terminology.hl7.org/CodeSystem/v2-{table}");
        said(
            pv1.field(number),
            list(
                pv1.field(number)
                    .reps()
                    .filter_map(|rep| concept(rep, Some(&system))),
            ),
        )
    };
    let (again, source) = (one(13, "0092"), one(14, "0023"));
    let (diet, courtesy, arrangement) = (all(38, "0114"), all(16, "0099"), all(15, "0009"));
    element([
        ("preAdmissionIdentifier", preadmission(scope, pv1)),
        ("admitSource", source),
        ("reAdmission", again),
        ("dietPreference", diet),
        ("specialCourtesy", courtesy),
        ("specialArrangement", arrangement),
        ("destination", destination(pv1)),
        ("dischargeDisposition", disposition(scope, pv1, trigger)),
    ])
}

/// PV1-5
fn preadmission(scope: &mut Scope<'_>, pv1: Segment<'_>) -> Option<Value> {
    let default = Some(scope.facility.system.clone());
    let number = cx(
        scope,
        pv1.field(5).rep(0),
        default.as_ref(),
        Place::field("PV1", 5),
    );
    said(pv1.field(5), number.map(|number| Value::Object(number.json)))
}

/// PV1-37 names a place elsewhere, rarely by a code that means anything here.
fn destination(pv1: Segment<'_>) -> Option<Value> {
    let field = pv1.field(37);
    let name = field.component(9).text().or_else(|| field.text());
    said(field, name.map(|name| json!({"display": name})))
}

/// PV1-36 as a NUBC discharge status. What cannot be translated is kept and reported, as what
/// follows a discharge depends on it.
fn disposition(scope: &mut Scope<'_>, pv1: Segment<'_>, trigger: Trigger) -> Option<Value> {
    let (field, place) = (pv1.field(36), Place::field("PV1", 36));
    let Some(sent) = field.text() else {
        if trigger == Trigger::Discharge {
            scope.fault(
                "disposition-missing",
                place,
                "PV1-36 must say where the patient was discharged to",
            );
        }
        return said(field, None);
    };
    let own = scope
        .sender
        .maps
        .dispositions
        .get(&sent)
        .and_then(|code| target(Table::Disposition, code));
    let squeezed: String = sent.chars().filter(char::is_ascii_alphanumeric).collect();
    match own.or_else(|| translate(Table::Disposition, &squeezed)) {
        Some(row) => Some(translated(row, field.rep(0))),
        None => {
            scope.fault(
                "disposition-unknown",
                place,
                "add this code to the sender's dispositions and reprocess",
            );
            by_table(field.rep(0), Table::Disposition, None)
        }
    }
}
