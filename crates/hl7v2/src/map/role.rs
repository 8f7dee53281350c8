//! Who plays which part: ROL, PRT (since 2.7) and PD1.
use super::json::{Object, identified};
use super::scope::Scope;
use super::{organization, practitioner};
use crate::Place;
use crate::codes::{Row, Table, translate};
use crate::message::Segment;
use serde_json::Value;
use std::collections::HashSet;

struct Role<'a> {
    segment: Segment<'a>,
    /// HL7 table 0443
    code: String,
    /// The field of its people.
    people: usize,
}

/// None when the segment is no role, or takes one back (table 0287).
fn role(segment: Segment<'_>) -> Option<Role<'_>> {
    let (code, people) = match segment.name() {
        "ROL" => (3, 4),
        "PRT" => (4, 5),
        _ => return None,
    };
    let ended = matches!(segment.field(2).text().as_deref(), Some("DE" | "RM"));
    let code = segment.field(code).text().filter(|_| !ended)?;
    Some(Role {
        segment,
        code: code.to_ascii_uppercase(),
        people,
    })
}

/// The parts in the visit that segments after PV1 tell of.
pub(super) fn of_visit(scope: &mut Scope<'_>) -> Vec<(Row, Object)> {
    let message = scope.message;
    let roles = message
        .segments()
        .skip_while(|segment| segment.name() != "PV1")
        .filter_map(role);
    let mut found = Vec::new();
    for role in roles {
        let Some(row) = translate(Table::Participation, &role.code) else {
            continue;
        };
        let people = practitioner::references(scope, role.segment, role.people);
        found.extend(people.into_iter().map(|person| (row, person)));
    }
    found
}

/// PD1-4, PD1-3 and whoever ROL or PRT calls the primary care provider.
pub(super) fn general_practitioners(scope: &mut Scope<'_>) -> Vec<Value> {
    let message = scope.message;
    let mut found: Vec<Object> = Vec::new();
    if let Some(pd1) = message.segment("PD1") {
        found.extend(practitioner::references(scope, pd1, 4));
        let places = pd1.field(3).reps();
        found.extend(places.filter_map(|rep| organization::xon(scope, rep, Place::field("PD1", 3))));
    }
    for role in message
        .segments()
        .filter_map(role)
        .filter(|role| role.code == "PP")
    {
        found.extend(practitioner::references(scope, role.segment, role.people));
    }
    let mut seen = HashSet::new();
    // Who is known by name alone has no reference.
    let known = |person: &Object| {
        let by = if person.contains_key("reference") {
            "reference"
        } else {
            "display"
        };
        seen.insert(identified(person, by).to_owned())
    };
    found.into_iter().filter(known).map(Value::Object).collect()
}
