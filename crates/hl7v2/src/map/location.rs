//! PL to Locations: building, floor, unit, room, bed, each part of the one before.
use super::authority::Authority;
use super::json::{Object, element, list, object};
use super::scope::Scope;
use super::{identifier, organization};
use crate::message::Rep;
use fhir::event::{Key, directory_id};
use serde_json::{Value, json};

const PHYSICAL_TYPES: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";

struct Level {
    code: &'static str,
    display: &'static str,
    /// With the places around it, as `4W 412 B`: a bed is always called A or B.
    name: String,
    /// Unique within the facility.
    value: String,
}

impl Level {
    fn physical_type(&self) -> Value {
        json!({"coding": [{"system": PHYSICAL_TYPES, "code": self.code, "display": self.display}]})
    }
}

/// The most granular place as an entry of `Encounter.location`.
pub(super) fn current(scope: &mut Scope<'_>, rep: Rep<'_>) -> Option<Value> {
    let stated = Authority::inner(rep.component(4))
        .system(scope.sender)
        .filter(|system| system.known);
    let system = stated.map_or_else(|| scope.facility.system.clone(), |system| system.uri);
    let manager = organization::facility(scope);
    let mut innermost: Option<(Object, Value)> = None;
    for level in levels(rep) {
        let parent = innermost.map(|(reference, _)| reference);
        let resource = location(&level, &system, parent, &manager);
        let kind = level.physical_type();
        innermost = Some((scope.share(resource, Some(level.name)), kind));
    }
    let (reference, kind) = innermost?;
    element([
        ("location", Some(Value::Object(reference))),
        ("physicalType", Some(kind)),
    ])
}

/// Outermost first. A place given as words only (PL.9) counts as a unit.
fn levels(rep: Rep<'_>) -> Vec<Level> {
    let part = |number: usize| rep.component(number).text();
    let (unit, room, bed) = (part(1), part(2), part(3));
    let join = |parts: &[&Option<String>]| {
        parts
            .iter()
            .map(|p| p.as_deref().unwrap_or(""))
            .collect::<Vec<_>>()
            .join("^")
    };
    let (building, floor) = (part(7), part(8));
    let words = part(9).filter(|_| unit.is_none() && room.is_none() && bed.is_none());
    let rows = [
        (
            "bu",
            "Building",
            &building,
            format!("building/{}", join(&[&building])),
        ),
        (
            "lvl",
            "Level",
            &floor,
            format!("floor/{}", join(&[&building, &floor])),
        ),
        ("wa", "Ward", &unit, join(&[&unit])),
        ("ro", "Room", &room, join(&[&unit, &room])),
        ("bd", "Bed", &bed, join(&[&unit, &room, &bed])),
        ("wa", "Ward", &words, join(&[&words])),
    ];
    let given = |(code, display, name, value): (_, _, &Option<String>, String)| {
        name.as_ref()?;
        let path = value.rsplit('/').next().unwrap_or_default();
        let name = path
            .split('^')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        Some(Level {
            code,
            display,
            name,
            value,
        })
    };
    rows.into_iter().filter_map(given).collect()
}

fn location(level: &Level, system: &str, parent: Option<Object>, manager: &Object) -> Object {
    let key = Key {
        system: system.to_owned(),
        value: level.value.clone(),
    };
    let number = identifier::plain(&key.system, &key.value, None).json;
    object([
        ("resourceType", Some(json!("Location"))),
        ("id", Some(json!(directory_id("Location", &key)))),
        ("identifier", list([Value::Object(number)])),
        ("status", Some(json!("active"))),
        ("name", Some(json!(level.name))),
        ("mode", Some(json!("instance"))),
        ("physicalType", Some(level.physical_type())),
        ("managingOrganization", Some(Value::Object(manager.clone()))),
        ("partOf", parent.map(Value::Object)),
    ])
}
