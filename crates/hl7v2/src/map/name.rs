//! XPN and the names inside XCN to HumanName.
use super::json::{element, list};
use super::period::since_2_7;
use super::scope::Scope;
use crate::Place;
use crate::codes::{Table, translate};
use crate::message::Rep;
use serde_json::{Value, json};

/// XPN: family, given, further given, suffix, prefix, degree, type, and the time it was in use.
pub(super) fn xpn(scope: &mut Scope<'_>, rep: Rep<'_>, place: &Place) -> Option<Value> {
    let kind = rep
        .component(7)
        .text()
        .and_then(|kind| translate(Table::NameUse, &kind));
    let period = since_2_7(scope, rep, (12, 13), 10, place);
    build(rep, 1, kind.map(|row| json!(row.code)), period)
}

/// XCN: the same parts one component later.
pub(super) fn xcn(rep: Rep<'_>) -> Option<Value> {
    build(rep, 2, None, None)
}

/// `Dr. Ann B. Lee` as one line.
pub(super) fn display(rep: Rep<'_>) -> Option<String> {
    let part = |number| rep.component(number).text();
    let parts: Vec<String> = [part(6), part(3), part(4), part(2), part(5)]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn build(rep: Rep<'_>, first: usize, usage: Option<Value>, period: Option<Value>) -> Option<Value> {
    let part = |offset: usize| rep.component(first + offset).text().map(Value::from);
    let family = part(0);
    let given = list([part(1), part(2)].into_iter().flatten());
    family.as_ref().or(given.as_ref())?;
    element([
        ("use", usage),
        ("family", family),
        ("given", given),
        ("prefix", list(part(4))),
        ("suffix", list([part(3), part(5)].into_iter().flatten())),
        ("period", period),
    ])
}
