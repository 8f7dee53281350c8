//! PL to Locations: building, floor, unit, room, bed, each part of the one before.
use super::authority::Authority;
use super::json::{Object, element, list, object};
use super::scope::Scope;
use super::{identifier, organization};
use crate::message::Rep;
use fhir::event::{Key, directory_id};
use serde_json::{Value, json};

const PHYSICAL_TYPES: &str = "http://terminology.hl7.org/CodeSystem/location-physical-type";

/// A kind of place: its code, and the components of PL that name it, its own the last.
struct Kind {
    code: &'static str,
    display: &'static str,
    /// Keeps a building apart from a unit of that name.
    scheme: &'static str,
    parts: &'static [usize],
}

/// Outermost first.
const KINDS: [Kind; 5] = [
    Kind {
        code: "bu",
        display: "Building",
        scheme: "building/",
        parts: &[7],
    },
    Kind {
        code: "lvl",
        display: "Level",
        scheme: "floor/",
        parts: &[7, 8],
    },
    Kind {
        code: "wa",
        display: "Ward",
        scheme: "",
        parts: &[1],
    },
    Kind {
        code: "ro",
        display: "Room",
        scheme: "",
        parts: &[1, 2],
    },
    Kind {
        code: "bd",
        display: "Bed",
        scheme: "",
        parts: &[1, 2, 3],
    },
];

/// A place given in words only (PL.9) counts as a unit.
const WORDS: Kind = Kind {
    code: "wa",
    display: "Ward",
    scheme: "",
    parts: &[9],
};

struct Level {
    kind: &'static Kind,
    /// With the places around it, as `4W 412 B`: a bed is always called A or B.
    name: String,
    /// Unique within the facility.
    value: String,
}

impl Level {
    fn physical_type(&self) -> Value {
        json!({"coding": [{"system": PHYSICAL_TYPES, "code": self.kind.code, "display": self.kind.display}]})
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

fn levels(rep: Rep<'_>) -> Vec<Level> {
    let found: Vec<Level> = KINDS.iter().filter_map(|kind| level(rep, kind)).collect();
    let placed = found.iter().any(|level| level.kind.scheme.is_empty());
    let words = if placed { None } else { level(rep, &WORDS) };
    found.into_iter().chain(words).collect()
}

fn level(rep: Rep<'_>, kind: &'static Kind) -> Option<Level> {
    let parts = kind.parts.iter().map(|number| rep.component(*number).text());
    let parts: Vec<Option<String>> = parts.collect();
    parts.last()?.as_ref()?;
    let name = parts.iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let path = parts
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect::<Vec<_>>()
        .join("^");
    Some(Level {
        kind,
        name,
        value: format!("{}{path}", kind.scheme),
    })
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
