//! Values of a FHIRPath Patch: of a data type, or put together from parts where an element's type
//! has no name. <https://hl7.org/fhir/R4/fhirpatch.html>
use crate::registry::{Definition, ElementType, Member, registry};
use crate::tree::{NULL, Node};

/// What an operation brings.
#[derive(Clone, Debug)]
pub enum Given {
    /// `value[x]`: the type's name as in the member's, and the JSON of value and extensions.
    Typed { suffix: String, json: Json },
    /// Name and value of each part.
    Parts(Vec<(String, Given)>),
}

/// A value as JSON shows it: the member and, for primitives, the `_member` beside it.
#[derive(Clone, Debug, Default)]
pub struct Json {
    pub value: Option<Node<'static>>,
    pub beside: Option<Node<'static>>,
}

impl Given {
    pub fn read(part: &Node) -> Result<Given, String> {
        if let Some(parts) = part.get("part") {
            let each = parts.items().iter().map(|part| {
                let name = part.get("name").and_then(Node::as_str);
                Ok((name.ok_or("has a part without a name")?, Given::read(part)?))
            });
            return each.collect::<Result<_, String>>().map(Given::Parts);
        }
        let member = |prefix: &str| {
            let members = part.members().unwrap_or_default();
            let found = members
                .iter()
                .find_map(|(name, node)| Some((name.strip_prefix(prefix)?, node)));
            found.map(|(suffix, node)| (suffix.to_owned(), node.clone().into_owned()))
        };
        let (value, beside) = (member("value"), member("_value"));
        let suffix = value
            .as_ref()
            .or(beside.as_ref())
            .map(|(suffix, _)| suffix.clone());
        Ok(Given::Typed {
            suffix: suffix.ok_or("has a value without value[x] or parts")?,
            json: Json {
                value: value.map(|(_, node)| node),
                beside: beside.map(|(_, node)| node),
            },
        })
    }

    /// As the content of an element of that type.
    pub fn into_json(self, of: ElementType) -> Result<Json, String> {
        match (self, of) {
            (Given::Typed { json, .. }, _) => Ok(json),
            (Given::Parts(parts), ElementType::Complex(id)) => Ok(Json {
                value: Some(object(registry().definition(id), parts)?),
                beside: None,
            }),
            _ => Err("the value has parts, but the element has none".into()),
        }
    }

    /// The member of that definition a value of this type goes to: `value` and a Quantity lead to
    /// `valueQuantity`.
    pub fn member<'d>(&self, definition: &'d Definition, name: &str) -> Result<&'d Member, String> {
        let absent = || format!("{} has no element {name} for such a value", definition.name);
        if let Some(member) = definition.member(name) {
            return Ok(member);
        }
        let Given::Typed { suffix, .. } = self else {
            return Err(absent());
        };
        definition.member(&format!("{name}{suffix}")).ok_or_else(absent)
    }
}

fn object(definition: &Definition, parts: Vec<(String, Given)>) -> Result<Node<'static>, String> {
    let mut object = Node::Object(Vec::new());
    for (name, given) in parts {
        let member = given.member(definition, &name)?;
        let json = given.into_json(member.of)?;
        if definition.element(member).many {
            let at = object.get(&member.name).map_or(0, |list| list.items().len());
            insert(&mut object, &member.name, at, json);
        } else {
            set(&mut object, &member.name, json);
        }
    }
    Ok(object)
}

/// Sets the member and what is beside it.
pub fn set(object: &mut Node, name: &str, json: Json) {
    put(object, name, json.value);
    put(object, &format!("_{name}"), json.beside);
}

fn put(object: &mut Node, name: &str, node: Option<Node<'static>>) {
    match node {
        None => drop(object.remove(name)),
        Some(node) => {
            if let Some(place) = object.member_mut(name, || NULL) {
                *place = node;
            }
        }
    }
}

/// Inserts into the list of that name, keeping the list beside it in step.
pub fn insert(object: &mut Node, name: &str, at: usize, json: Json) {
    let beside = format!("_{name}");
    let (known, known_beside) = (object.get(name).is_some(), object.get(&beside).is_some());
    if known || json.value.is_some() {
        splice(object, name, at, json.value.unwrap_or(NULL));
    }
    if known_beside || json.beside.is_some() {
        splice(object, &beside, at, json.beside.unwrap_or(NULL));
    }
}

/// Lists that say nothing about their end are shorter than where something is put.
fn splice(object: &mut Node, name: &str, at: usize, node: Node<'static>) {
    if let Some(Node::Array(items)) = object.member_mut(name, || Node::Array(Vec::new())) {
        while items.len() < at {
            items.push(NULL);
        }
        items.insert(at, node);
    }
}
