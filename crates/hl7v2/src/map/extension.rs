//! What Patient has no element for: race, ethnicity, birth time, mother's maiden name.
//! <https://hl7.org/fhir/us/core/StructureDefinition-us-core-race.html>
use super::concept;
use super::json::list;
use crate::codes::{Row, Table, translate};
use crate::message::{Field, Segment};
use crate::time::Moment;
use serde_json::{Value, json};

const US_CORE: &str = "http://hl7.org/fhir/us/core/StructureDefinition";
const CORE: &str = "http://hl7.org/fhir/StructureDefinition";

pub(super) fn all(pid: Segment<'_>) -> Vec<Value> {
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
    let category = |row: Row| json!({"url": "ombCategory", "valueCoding": concept::coded(row)});
    let text = (!words.is_empty()).then(|| json!({"url": "text", "valueString": words.join(", ")}));
    text.and_then(|text| list(rows.into_iter().take(most).map(category).chain([text])))
}

/// The time of birth beside its date.
pub(super) fn birth_time(moment: &Moment) -> Value {
    extension(CORE, "patient-birthTime", "valueDateTime", json!(moment.text))
}

fn extension(base: &str, name: &str, kind: &str, value: Value) -> Value {
    json!({"url": format!("{base}/{name}"), kind: value})
}
