//! What there is to read in a resource: its narrative, and the texts that are written for people.
//!
//! Element types decide: `string` and `markdown` are texts; codes, uris, dates and the values of
//! identifiers are not, they have parameters of their own.
use crate::TypeId;
use crate::registry::{Definition, ElementType, Primitive, registry};
use serde_json::Value;

/// Of a longer text only the beginning is found.
const MOST: usize = 64 * 1024;
/// Strings that name things instead of telling about them.
const NAMES: [(&str, &str); 4] = [
    ("Identifier", "value"),
    ("Reference", "reference"),
    ("Coding", "version"),
    ("Element", "id"),
];

/// The narrative without its markup.
pub fn narrative(resource: &Value) -> String {
    let mut text = String::new();
    if let Some(div) = resource.pointer("/text/div").and_then(Value::as_str) {
        plain(div, &mut text);
    }
    text
}

/// Every text of the resource, the narrative included, with blanks between.
pub fn content(resource: &Value) -> String {
    let mut all = String::new();
    self::resource(resource, &mut all);
    all.truncate(all.floor_char_boundary(MOST));
    all
}

fn resource(resource: &Value, all: &mut String) {
    if let Some(on) = resource["resourceType"].as_str().and_then(TypeId::of) {
        object(resource, registry().resource(on), all);
    }
}

fn object(value: &Value, definition: &Definition, all: &mut String) {
    for (name, value) in value.as_object().into_iter().flatten() {
        if let Some(member) = definition.member(name)
            && all.len() < MOST
            && !(value.is_string() && is_name(definition, name))
        {
            each(value, member.of, all);
        }
    }
}

fn is_name(definition: &Definition, member: &str) -> bool {
    member == "id" || NAMES.contains(&(definition.name, member))
}

fn each(value: &Value, of: ElementType, all: &mut String) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, of, all)),
        Value::String(text) => leaf(text, of, all),
        Value::Object(_) => match of {
            ElementType::Complex(id) => object(value, registry().definition(id), all),
            ElementType::Resource => resource(value, all),
            ElementType::Primitive(_) => {}
        },
        _ => {}
    }
}

fn leaf(text: &str, of: ElementType, all: &mut String) {
    match of {
        ElementType::Primitive(Primitive::String | Primitive::Markdown) => {
            all.push_str(text);
            all.push(' ');
        }
        ElementType::Primitive(Primitive::Xhtml) => plain(text, all),
        _ => {}
    }
}

fn plain(div: &str, text: &mut String) {
    let mut inside = false;
    for c in div.chars() {
        if text.len() >= MOST {
            break;
        }
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text.push(' ');
}
