//! CWE and friends to CodeableConcept.
use super::json::{element, list, object};
use crate::codes::{Row, Table, translate};
use crate::message::Rep;
use serde_json::{Value, json};

/// A coded field as sent. `table` is the system of codes that name none.
pub(super) fn concept(rep: Rep<'_>, table: Option<&str>) -> Option<Value> {
    let text = |number: usize| rep.component(number).text();
    let codings = [coding(rep, 1, table), coding(rep, 4, None)]
        .into_iter()
        .flatten();
    let said = text(9)
        .or_else(|| text(2))
        .or_else(|| text(5))
        .or_else(|| text(1))
        .or_else(|| text(4));
    element([("coding", list(codings)), ("text", said.map(Value::from))])
}

/// A translated code beside what was sent: its words, or the code where it is another.
pub(super) fn translated(row: Row, rep: Rep<'_>) -> Value {
    let text = |number: usize| rep.component(number).text();
    let other = || text(1).filter(|code| code != row.code);
    let said = text(9).or_else(|| text(2)).or_else(other);
    json!({"coding": [coded(row)], "text": said.unwrap_or_else(|| row.display.to_owned())})
}

pub(super) fn coded(row: Row) -> Value {
    json!({"system": row.system, "code": row.code, "display": row.display})
}

/// By the table when it knows the code, else as sent.
pub(super) fn by_table(rep: Rep<'_>, table: Table, system: Option<&str>) -> Option<Value> {
    let code = rep.component(1).text();
    match code.and_then(|code| translate(table, &code)) {
        Some(row) => Some(translated(row, rep)),
        None => concept(rep, system),
    }
}

/// Components first..first+2: code, display, coding system.
fn coding(rep: Rep<'_>, first: usize, table: Option<&str>) -> Option<Value> {
    let code = code(&rep.component(first).text()?);
    let named = rep.component(first + 2).text();
    let system = match &named {
        Some(name) => system(name),
        None => table.map(str::to_owned),
    };
    let version = rep.component(if first == 1 { 7 } else { 8 }).text();
    Some(Value::Object(object([
        ("system", system.map(Value::from)),
        ("version", version.map(Value::from)),
        ("code", Some(json!(code))),
        ("display", rep.component(first + 1).text().map(Value::from)),
    ])))
}

/// HL7 table 0396 names, HL7's own tables, OIDs and URIs; local systems have none.
pub(super) fn system(name: &str) -> Option<String> {
    let table = name.to_ascii_uppercase();
    let own = table
        .strip_prefix("HL7")
        .map(|rest| rest.trim_start_matches(['-', ' ']));
    match own.filter(|number| number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit())) {
        Some(number) => Some(format!("http://terminology.hl7.org/CodeSystem/v2-{number}")),
        None => known_system(name),
    }
}

fn known_system(name: &str) -> Option<String> {
    let oid = |name: &str| name.len() > 3 && name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match translate(Table::System, name) {
        Some(row) => Some(row.system.to_owned()),
        None if oid(name) && name.contains('.') => Some(format!("urn:oid:{name}")),
        None if name.contains("://") && !name.contains(' ') => Some(name.to_owned()),
        None => None,
    }
}

/// FHIR codes have no doubled or outer blanks.
pub(super) fn code(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
