//! From an element to its children, by the registry: choices are found under their plain name,
//! primitives keep the extensions beside them.
use super::item::{Data, Item, Of};
use crate::TypeId;
use crate::registry::{Definition, ElementType, Primitive, registry};
use crate::resource::beside_primitive;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Appends the children of that name.
pub(super) fn children<'a>(item: &Item<'a>, name: &str, out: &mut Vec<Item<'a>>) {
    let (value, extra, of) = match &item.data {
        Data::Node { value, extra, of } => (value, extra, of),
        Data::Type(namespace, _) if name == "namespace" => return out.push(Item::string(*namespace)),
        Data::Type(_, own) if name == "name" => return out.push(Item::string(own.clone())),
        _ => return,
    };
    match (of, value) {
        (Of::Complex(id), Value::Object(members)) => typed(registry().definition(*id), members, name, out),
        (Of::Unknown, Value::Object(members)) => {
            out.extend(members.get(name).into_iter().flat_map(each).map(Item::of_json));
        }
        (Of::Primitive(_), _) => {
            let beside = extra.and_then(|extra| extra.get(name));
            let of = if name == "extension" {
                extension()
            } else {
                ElementType::Primitive(Primitive::String)
            };
            out.extend(
                beside
                    .into_iter()
                    .flat_map(each)
                    .map(|value| Item::node(value, None, of)),
            );
        }
        _ => {}
    }
}

/// All children, in the order of the text.
pub(super) fn all<'a>(item: &Item<'a>) -> Vec<Item<'a>> {
    let mut out = Vec::new();
    match &item.data {
        Data::Node {
            value: Value::Object(members),
            of: Of::Complex(id),
            ..
        } => {
            let definition = registry().definition(*id);
            for name in members.keys() {
                let plain = name
                    .strip_prefix('_')
                    .filter(|plain| !members.contains_key(*plain))
                    .unwrap_or(name);
                if let Some(member) = definition.member(plain) {
                    member_items(members, plain, member.of, &mut out);
                }
            }
        }
        Data::Node {
            value: Value::Object(members),
            ..
        } => {
            out.extend(members.values().flat_map(each).map(Item::of_json));
        }
        _ => children(item, "extension", &mut out),
    }
    out
}

/// Looks at the members that are there, not at all that could be: most paths find nothing.
fn typed<'a>(definition: &Definition, members: &'a Map<String, Value>, name: &str, out: &mut Vec<Item<'a>>) {
    for key in members.keys() {
        let plain = key.strip_prefix('_').unwrap_or(key);
        if !plain.starts_with(name) || (plain.len() < key.len() && members.contains_key(plain)) {
            continue;
        }
        let member = definition
            .member(plain)
            // Implementation guides write `valueDateTime` too, as JSON has it.
            .filter(|member| plain == name || definition.element(member).name == name);
        if let Some(member) = member {
            member_items(members, plain, member.of, out);
        }
    }
}

/// The values of one JSON member, each paired with what stands beside it in `_name`.
fn member_items<'a>(members: &'a Map<String, Value>, name: &str, of: ElementType, out: &mut Vec<Item<'a>>) {
    let value = members.get(name);
    let extra = match of {
        ElementType::Primitive(_) => beside_primitive(members, name),
        _ => None,
    };
    match (value, extra) {
        (Some(value), None) => out.extend(each(value).iter().map(|value| Item::node(value, None, of))),
        (None, None) => {}
        (value, Some(extra)) => {
            let (values, extras) = (value.map_or(&[][..], each), each(extra));
            for at in 0..values.len().max(extras.len()) {
                let extra = extras.get(at).filter(|extra| !extra.is_null());
                out.push(Item::node(values.get(at).unwrap_or(&Value::Null), extra, of));
            }
        }
    }
}

/// A repeating element as its items, any other as itself.
fn each(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn extension() -> ElementType {
    registry()
        .definition_named("Extension")
        .map_or(ElementType::Resource, ElementType::Complex)
}

/// Contained resources by id.
pub(super) type Contained<'a> = HashMap<&'a str, &'a Value>;

pub(super) fn contained(resource: &Value) -> Contained<'_> {
    let all = resource
        .get("contained")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    all.iter()
        .filter_map(|inner| Some((inner.get("id")?.as_str()?, inner)))
        .collect()
}

/// What a reference leads to: a contained resource itself, or else the type its text names.
pub(super) fn resolve<'a>(item: &Item<'a>, contained: &Contained<'a>) -> Option<Item<'a>> {
    let value = item.json()?;
    let text = value.as_str().or_else(|| value.get("reference")?.as_str());
    if let Some(id) = text.and_then(|text| text.strip_prefix('#')) {
        return contained.get(id).map(|inner| Item::of_json(inner));
    }
    let named = || value.get("type")?.as_str().and_then(TypeId::of);
    let type_id = text.and_then(target_type).or_else(named)?;
    Some(Item {
        data: Data::Target(type_id),
    })
}

/// The type in `Patient/1`, `http://host/fhir/Patient/1` or `…/Patient/1/_history/2`.
fn target_type(reference: &str) -> Option<TypeId> {
    let unversioned = reference.split("/_history/").next()?;
    let (path, _id) = unversioned.rsplit_once('/')?;
    TypeId::of(path.rsplit('/').next()?)
}
