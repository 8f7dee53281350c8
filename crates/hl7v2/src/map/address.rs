//! XAD to Address.
use super::json::{element, list};
use super::period::since_2_7;
use super::scope::Scope;
use crate::Place;
use crate::codes::{Table, translate};
use crate::message::Rep;
use serde_json::{Value, json};

pub(super) fn xad(scope: &mut Scope<'_>, rep: Rep<'_>, place: &Place) -> Option<Value> {
    let text = |number: usize| rep.component(number).text().map(Value::from);
    let content = [1, 2, 3, 4, 5, 6, 9]
        .into_iter()
        .any(|number| text(number).is_some());
    if !content {
        return None;
    }
    let kind = rep.component(7).text();
    let coded = |table| {
        kind.as_deref()
            .and_then(|kind| translate(table, kind))
            .map(|row| json!(row.code))
    };
    element([
        ("use", coded(Table::AddressUse)),
        ("type", coded(Table::AddressType)),
        ("line", list([street(rep), text(2)].into_iter().flatten())),
        ("city", text(3)),
        ("district", text(9)),
        ("state", text(4)),
        ("postalCode", text(5)),
        ("country", text(6)),
        ("period", since_2_7(scope, rep, (13, 14), 12, place)),
    ])
}

/// SAD: the whole street address, or name and number of the house apart.
fn street(rep: Rep<'_>) -> Option<Value> {
    let part = |number| rep.component(1).subcomponent(number);
    match (part(1), part(3), part(2)) {
        // The first part should hold the other two; some put the house number alone there.
        (Some(whole), _, Some(street)) if !whole.contains(&street) => {
            Some(json!(format!("{whole} {street}")))
        }
        (Some(whole), ..) => Some(json!(whole)),
        (None, Some(number), Some(street)) => Some(json!(format!("{number} {street}"))),
        (None, number, street) => street.or(number).map(Value::from),
    }
}
