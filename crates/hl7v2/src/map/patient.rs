//! PID, PD1 and their kin to elements of Patient.
use super::concept::by_table;
use super::identifier::Identifiers;
use super::json::{Object, element, identified, list, object, said};
use super::scope::Scope;
use super::{address, contact, contact_point, name, organization, practitioner};
use crate::Place;
use crate::codes::{Row, Table, translate};
use crate::message::{Field, Segment};
use serde_json::{Value, json};
use std::collections::HashSet;

const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition";
const CORE: &str = "http://hl7.org/fhir/StructureDefinition";

/// What PID says.
pub(super) fn elements(scope: &mut Scope<'_>, pid: Segment<'_>, identifiers: &Identifiers) -> Object {
    let zone = scope.sender.timezone;
    let names = pid.field(5).reps().filter_map(|rep| name::xpn(rep, zone));
    let addresses = pid.field(11).reps().filter_map(|rep| address::xad(rep, zone));
    let marital = by_table(
        pid.field(16).rep(0),
        Table::Marital,
        Some("http://terminology.hl7.org/CodeSystem/v2-0002"),
    );
    let mut elements = object([
        ("extension", list(extensions(pid))),
        (
            "identifier",
            list(
                identifiers
                    .all()
                    .map(|identifier| Value::Object(identifier.json.clone())),
            ),
        ),
        ("name", said(pid.field(5), list(names))),
        ("telecom", telecom(pid)),
        ("gender", gender(scope, pid)),
        ("address", said(pid.field(11), list(addresses))),
        ("maritalStatus", said(pid.field(16), marital)),
        ("communication", said(pid.field(15), list(communication(pid)))),
    ]);
    elements.extend(birth(scope, pid));
    elements.extend(multiple_birth(pid));
    elements.extend(death(scope, pid));
    elements
}

/// What the segments around PID add: next of kin and who cares for the patient in general.
pub(super) fn surroundings(scope: &mut Scope<'_>, person: &mut Object) {
    let contacts = contact::all(scope);
    let practitioners = general_practitioners(scope);
    person.extend(object([
        ("contact", list(contacts)),
        ("generalPractitioner", list(practitioners)),
    ]));
}

fn telecom(pid: Segment<'_>) -> Option<Value> {
    let fields = [(13, Some("home")), (14, Some("work")), (40, None)]
        .map(|(number, usage)| (pid.field(number), usage));
    let deleted = fields.iter().any(|(field, _)| field.is_null());
    let points = fields
        .into_iter()
        .flat_map(|(field, usage)| field.reps().filter_map(move |rep| contact_point::xtn(rep, usage)));
    list(points).or(deleted.then_some(Value::Null))
}

fn gender(scope: &mut Scope<'_>, pid: Segment<'_>) -> Option<Value> {
    let field = pid.field(8);
    let row = field.text().map(|code| translate(Table::Gender, &code));
    if row.is_some_and(|row| row.is_none()) {
        let place = Place::field("PID", 8).nth(pid.sequence());
        scope.fault(
            "gender-unknown",
            place,
            "not a code of HL7 table 0001; taken as unknown",
        );
    }
    said(field, row.map(|row| json!(row.map_or("unknown", |row| row.code))))
}

fn birth(scope: &mut Scope<'_>, pid: Segment<'_>) -> Object {
    let moment = scope.moment(pid, 7);
    let time = moment.as_ref().filter(|moment| moment.has_time());
    let time = time.map(|moment| extension(CORE, "patient-birthTime", "valueDateTime", json!(moment.text)));
    object([
        (
            "birthDate",
            said(pid.field(7), moment.as_ref().map(|moment| json!(moment.date()))),
        ),
        ("_birthDate", element([("extension", list(time))])),
    ])
}

/// PID-24 and PID-25
fn multiple_birth(pid: Segment<'_>) -> Object {
    let order = pid.field(25).text().and_then(|order| order.parse::<u32>().ok());
    let multiple = indicator(pid.field(24));
    object([
        ("multipleBirthInteger", order.map(Value::from)),
        (
            "multipleBirthBoolean",
            multiple.filter(|_| order.is_none()).map(Value::from),
        ),
    ])
}

/// PID-29 and PID-30. `N` revokes an earlier death, date and all.
fn death(scope: &mut Scope<'_>, pid: Segment<'_>) -> Object {
    let date = scope.moment(pid, 29);
    match (date, indicator(pid.field(30))) {
        (_, Some(false)) => object([
            ("deceasedDateTime", Some(Value::Null)),
            ("deceasedBoolean", Some(json!(false))),
        ]),
        (Some(date), _) => object([("deceasedDateTime", Some(json!(date.text)))]),
        (None, dead) => object([
            ("deceasedDateTime", said(pid.field(29), None)),
            ("deceasedBoolean", said(pid.field(30), dead.map(Value::from))),
        ]),
    }
}

/// HL7 table 0136
fn indicator(field: Field<'_>) -> Option<bool> {
    match field.text()?.to_ascii_uppercase().as_str() {
        "Y" | "YES" | "1" | "TRUE" => Some(true),
        "N" | "NO" | "0" | "FALSE" => Some(false),
        _ => None,
    }
}

fn communication(pid: Segment<'_>) -> Option<Value> {
    let rep = pid.field(15).rep(0);
    let known = rep
        .component(1)
        .text()
        .and_then(|code| translate(Table::Language, &code));
    let language = match known {
        Some(row) => super::concept::translated(row, rep),
        // Codes outside BCP 47 are not allowed here; the words are.
        None => json!({"text": rep.component(2).text().or_else(|| rep.component(1).text())?}),
    };
    Some(json!({"language": language, "preferred": true}))
}

fn extensions(pid: Segment<'_>) -> Vec<Value> {
    let maiden = pid.field(6).text();
    let maiden = maiden.map(|name| extension(CORE, "patient-mothersMaidenName", "valueString", json!(name)));
    let race = coded(pid.field(10), Table::Race);
    let ethnicity = coded(pid.field(22), Table::Ethnicity);
    let named = |url: &str, parts: Option<Value>| {
        parts.map(|parts| json!({"url": format!("{US_CORE}/{url}"), "extension": parts}))
    };
    [
        named("us-core-race", race),
        named("us-core-ethnicity", ethnicity),
        maiden,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// US Core's race and ethnicity: the OMB categories that are certain, and all as text.
fn coded(field: Field<'_>, table: Table) -> Option<Value> {
    let mut rows: Vec<Row> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    for rep in field.reps() {
        let row = rep.component(1).text().and_then(|code| translate(table, &code));
        let said = rep.component(2).text().or(row.map(|row| row.display.to_owned()));
        words.extend(said.or_else(|| rep.component(1).text()));
        rows.extend(row.filter(|row| rows.iter().all(|known| known.code != row.code)));
    }
    // Ethnicity has one category, race up to five.
    let most = if table == Table::Ethnicity { 1 } else { 5 };
    let category = |row: Row| json!({"url": "ombCategory", "valueCoding": super::concept::coded(row)});
    let text = (!words.is_empty()).then(|| json!({"url": "text", "valueString": words.join(", ")}));
    text.and_then(|text| list(rows.into_iter().take(most).map(category).chain([text])))
}

fn extension(base: &str, name: &str, kind: &str, value: Value) -> Value {
    json!({"url": format!("{base}/{name}"), kind: value})
}

/// PD1-4, PD1-3 and whoever ROL or PRT calls the primary care provider.
fn general_practitioners(scope: &mut Scope<'_>) -> Vec<Value> {
    let mut found: Vec<Object> = Vec::new();
    for segment in scope.message.segments() {
        let primary = |role: usize| {
            segment
                .field(role)
                .text()
                .is_some_and(|role| role.eq_ignore_ascii_case("PP"))
        };
        match segment.name() {
            "PD1" => {
                found.extend(practitioner::references(scope, segment, 4));
                let places = segment.field(3).reps();
                found.extend(places.filter_map(|rep| organization::xon(scope, rep, Place::field("PD1", 3))));
            }
            "ROL" if primary(3) => found.extend(practitioner::references(scope, segment, 4)),
            "PRT" if primary(4) => found.extend(practitioner::references(scope, segment, 5)),
            _ => {}
        }
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
