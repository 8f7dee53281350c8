//! PID, PD1 and their kin to elements of Patient.
use super::concept::by_table;
use super::identifier::Identifiers;
use super::json::{Object, element, list, object, said};
use super::scope::Scope;
use super::{address, contact, contact_point, extension, name, role};
use crate::Place;
use crate::codes::{Table, translate};
use crate::message::{Field, Segment};
use serde_json::{Value, json};

/// What PID says.
pub(super) fn elements(scope: &mut Scope<'_>, pid: Segment<'_>, identifiers: &Identifiers) -> Object {
    let place = |number: usize| Place::field("PID", number).nth(pid.sequence());
    let names = list(
        pid.field(5)
            .reps()
            .filter_map(|rep| name::xpn(scope, rep, &place(5))),
    );
    let addresses = list(
        pid.field(11)
            .reps()
            .filter_map(|rep| address::xad(scope, rep, &place(11))),
    );
    let marital = by_table(
        pid.field(16).rep(0),
        Table::Marital,
        Some("http://terminology.hl7.org/CodeSystem/v2-0002"),
    );
    let mut elements = object([
        ("extension", list(extension::all(pid))),
        (
            "identifier",
            list(
                identifiers
                    .all()
                    .map(|identifier| Value::Object(identifier.json.clone())),
            ),
        ),
        ("name", said(pid.field(5), names)),
        ("telecom", telecom(pid)),
        ("gender", gender(scope, pid)),
        ("address", said(pid.field(11), addresses)),
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
    let practitioners = role::general_practitioners(scope);
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
    let time = time.map(extension::birth_time);
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
