//! NK1 to `Patient.contact`.
use super::concept::by_table;
use super::json::{element, list};
use super::period::period;
use super::scope::Scope;
use super::{address, contact_point, name, organization};
use crate::Place;
use crate::codes::{Table, translate};
use crate::message::Segment;
use serde_json::{Value, json};

pub(super) fn all(scope: &mut Scope<'_>) -> Vec<Value> {
    let segments: Vec<Segment<'_>> = scope.message.segments_named("NK1").collect();
    segments
        .into_iter()
        .filter_map(|nk1| contact(scope, nk1))
        .collect()
}

fn contact(scope: &mut Scope<'_>, nk1: Segment<'_>) -> Option<Value> {
    let place = |number: usize| Place::field("NK1", number).nth(nk1.sequence());
    let reps = |number: usize| nk1.field(number).reps();
    let name = reps(2).find_map(|rep| name::xpn(scope, rep, &place(2)));
    let address = reps(4).find_map(|rep| address::xad(scope, rep, &place(4)));
    let home = reps(5).filter_map(|rep| contact_point::xtn(rep, Some("home")));
    let telecom = list(home.chain(reps(6).filter_map(|rep| contact_point::xtn(rep, Some("work")))));
    let employer = reps(13).find_map(|rep| organization::xon(scope, rep, place(13)));
    // pat-1: a contact is someone who can be named or reached.
    if name.is_none() && address.is_none() && telecom.is_none() && employer.is_none() {
        return None;
    }
    let gender = nk1
        .field(15)
        .text()
        .and_then(|code| translate(Table::Gender, &code));
    let mut date = |number| scope.moment(nk1, number);
    let period = period(date(8), date(9));
    element([
        ("relationship", list(relationships(nk1))),
        ("name", name),
        ("telecom", telecom),
        ("address", address),
        ("gender", gender.map(|row| json!(row.code))),
        ("organization", employer.map(Value::Object)),
        ("period", period),
    ])
}

/// NK1-3 how related, NK1-7 in what role to call.
fn relationships(nk1: Segment<'_>) -> Vec<Value> {
    let of = |number: usize, table: &str| {
        let system = format!("http://terminology.hl7.org/CodeSystem/v2-{table}");
        by_table(nk1.field(number).rep(0), Table::Relationship, Some(&system))
    };
    [of(3, "0063"), of(7, "0131")].into_iter().flatten().collect()
}
