//! Period: FHIR insists that it starts before it ends (per-1), senders do not.
use super::json::element;
use super::scope::Scope;
use crate::Place;
use crate::message::Rep;
use crate::time::Moment;
use fhir::datetime::parse_range;
use serde_json::{Value, json};

/// Of two times in the wrong order the start is believed.
pub(super) fn period(start: Option<Moment>, end: Option<Moment>) -> Option<Value> {
    let (start, end) = match ordered(start.as_ref(), end.as_ref()) {
        Some((start, end)) => (start, end),
        None => (start.map(|start| start.text), None),
    };
    element([
        ("start", start.map(|text| json!(text))),
        ("end", end.map(|text| json!(text))),
    ])
}

/// When a name or address was in use: two components, or the range that held both before 2.7.
pub(super) fn since_2_7(
    scope: &mut Scope<'_>,
    rep: Rep<'_>,
    (start, end): (usize, usize),
    range: usize,
    place: &Place,
) -> Option<Value> {
    let mut bound = |at: usize, part: usize| {
        let text = rep
            .component(at)
            .text()
            .or_else(|| rep.component(range).subcomponent(part));
        scope.date(text, || Place {
            component: at,
            ..place.clone()
        })
    };
    period(bound(start, 1), bound(end, 2))
}

/// Both as FHIR writes them, or None when they are in the wrong order. A time and a mere date of
/// the same day can only be compared as dates.
pub(super) fn ordered(
    start: Option<&Moment>,
    end: Option<&Moment>,
) -> Option<(Option<String>, Option<String>)> {
    let texts = (
        start.map(|start| start.text.clone()),
        end.map(|end| end.text.clone()),
    );
    let (Some(start), Some(end)) = (start, end) else {
        return Some(texts);
    };
    if fits(&start.text, &end.text) {
        return Some(texts);
    }
    let dates = (start.date(), end.date());
    let comparable = start.has_time() != end.has_time() && fits(dates.0, dates.1);
    comparable.then(|| (Some(dates.0.to_owned()), Some(dates.1.to_owned())))
}

fn fits(start: &str, end: &str) -> bool {
    match (parse_range(start), parse_range(end)) {
        (Some(start), Some(end)) => start == end || start.high < end.low,
        _ => false,
    }
}
