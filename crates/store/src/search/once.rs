//! Along the index of a text a resource is met once for each text it has; it counts where its own first
//! (downwards: last) one stands. <https://hl7.org/fhir/R4/search.html#sort>
//!
//! Rows of texts are ordered by text, so a statement could not ask that of a resource by a seek.
use super::Found;
use super::cursor::{Cursor, Value};
use super::matches::{Course, cursor_at};
use super::page::Window;
use super::walk::Along;
use crate::StoreError;
use fhir::search::Query;
use std::collections::HashSet;

/// The window's share of what was found along an index, without those that do not count there.
pub fn each(
    query: &Query,
    found: Vec<Found>,
    window: &Window,
    course: &Course,
) -> Result<Vec<Found>, StoreError> {
    let [key] = &course.order[..] else {
        return Ok(found);
    };
    let Some(Along::Text(_)) = key.along(window) else {
        return Ok(found);
    };
    let mut seen = HashSet::new();
    let mut left = Vec::new();
    for row in found {
        let at = cursor_at(query, &course.order, &row, false)?;
        let (here, from) = (position(&at), window.cursor.as_ref().map(position));
        let beyond = from.is_none_or(|from| {
            if key.descending() {
                here < from
            } else {
                here > from
            }
        });
        if beyond && seen.insert(row.key) {
            left.push(row);
        }
    }
    left.truncate(usize::try_from(window.limit).unwrap_or(usize::MAX));
    Ok(left)
}

fn position(cursor: &Cursor) -> (Option<&str>, i64) {
    (cursor.values.first().and_then(text), cursor.key)
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
