//! XCN to Practitioner: one directory entry per authority and number.
use super::authority::system_of;
use super::identifier::NPI;
use super::json::{Object, list, object};
use super::scope::Scope;
use super::{identifier, name};
use crate::Place;
use crate::message::Rep;
use crate::message::Segment;
use fhir::event::{Key, directory_id};
use serde_json::{Value, json};

/// A reference to the person; by name alone when there is no number to know them by.
pub(super) fn reference(scope: &mut Scope<'_>, rep: Rep<'_>, place: Place) -> Option<Object> {
    let display = name::display(rep);
    let Some(value) = rep.component(1).text() else {
        return Some(object([("display", Some(json!(display?)))]));
    };
    let kind = rep.component(13).text().map(|kind| kind.to_ascii_uppercase());
    let named = rep.component(9);
    let system = match kind.as_deref() {
        Some("NPI") if named.subcomponent(2).is_none() => NPI.to_owned(),
        // A hospital's own numbers for its staff rarely name an authority; no cause for doubt.
        _ => {
            let default = scope.facility.system.clone();
            system_of(
                scope,
                named,
                Some(&default),
                Place {
                    component: 9,
                    ..place
                },
            )
        }
    };
    let kind = if system == NPI {
        Some("NPI")
    } else {
        kind.as_deref()
    };
    let number = identifier::plain(&system, &value, kind);
    let resource = object([
        ("resourceType", Some(json!("Practitioner"))),
        (
            "id",
            Some(json!(directory_id("Practitioner", &Key { system, value }))),
        ),
        ("identifier", list([Value::Object(number.json)])),
        ("name", list(name::xcn(rep))),
    ]);
    Some(scope.share(resource, display))
}

/// All people in a field.
pub(super) fn references(scope: &mut Scope<'_>, segment: Segment<'_>, field: usize) -> Vec<Object> {
    let place = Place::field(segment.name(), field).nth(segment.sequence());
    let reps = segment.field(field).reps();
    reps.filter_map(|rep| reference(scope, rep, place.clone()))
        .collect()
}
