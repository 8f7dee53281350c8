//! Dates, periods and timings as ranges. <https://hl7.org/fhir/R4/search.html#date>
use super::EntryValue;
use crate::datetime::{DateRange, parse_range};
use serde_json::Value;

pub fn extract(value: &Value, fhir_type: &str, out: &mut Vec<EntryValue>) {
    let range = match fhir_type {
        "Period" => period(value),
        "Timing" => timing(value),
        _ => point(Some(value)),
    };
    out.extend(range.map(|DateRange { low, high }| EntryValue::Date { low, high }));
}

fn point(value: Option<&Value>) -> Option<DateRange> {
    parse_range(value?.as_str()?)
}

/// An open end reaches to the end of time.
fn period(value: &Value) -> Option<DateRange> {
    let (start, end) = (point(value.get("start")), point(value.get("end")));
    if start.is_none() && end.is_none() {
        return None;
    }
    Some(DateRange {
        low: start.map_or(i64::MIN, |s| s.low),
        high: end.map_or(i64::MAX, |e| e.high),
    })
}

/// From the first to the last time a Timing names; how it repeats in between is not searched.
fn timing(value: &Value) -> Option<DateRange> {
    let events = value["event"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|event| point(Some(event)));
    let bounds = value.pointer("/repeat/boundsPeriod").and_then(period);
    events.chain(bounds).reduce(|a, b| DateRange {
        low: a.low.min(b.low),
        high: a.high.max(b.high),
    })
}
