//! FHIR's XML as far as the official patch cases use it, turned into JSON by the registry.
use fhir::registry::{Definition, ElementType, Primitive};
use fhir::{TypeId, registry};
use serde_json::{Map, Value, json};

pub struct Element {
    pub name: String,
    attributes: Vec<(String, String)>,
    pub children: Vec<Element>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> &str {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// The root; text between elements is no data in these files.
pub fn read(text: &str) -> Element {
    let mut open = vec![Element {
        name: String::new(),
        attributes: Vec::new(),
        children: Vec::new(),
    }];
    for tag in tags(text) {
        if let Some(element) = tag.strip_prefix('/').and_then(|_| open.pop()) {
            open.last_mut().expect("nested").children.push(element);
            continue;
        }
        let (inside, closed) = tag
            .strip_suffix('/')
            .map_or((tag, false), |inside| (inside, true));
        let element = start(inside);
        if closed {
            open.last_mut().expect("nested").children.push(element);
        } else {
            open.push(element);
        }
    }
    open.remove(0).children.remove(0)
}

/// What is between `<` and `>`, without comments and declarations.
fn tags(text: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 2)
        } else {
            closing(rest)
        };
        let end = end.expect("a closed tag");
        if !rest.starts_with("<!") && !rest.starts_with("<?") {
            tags.push(&rest[1..end]);
        }
        rest = &rest[end + 1..];
    }
    tags
}

/// The first `>` outside quotes.
fn closing(tag: &str) -> Option<usize> {
    let mut quoted = false;
    tag.find(|c| {
        quoted ^= c == '"';
        c == '>' && !quoted
    })
}

fn start(tag: &str) -> Element {
    let (name, mut rest) = tag
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or((tag.trim(), ""));
    let mut attributes = Vec::new();
    while let Some((key, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').expect("a quoted value");
        attributes.push((
            key.trim().to_owned(),
            value
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&apos;", "'")
                .replace("&amp;", "&"),
        ));
        rest = after;
    }
    Element {
        name: name.to_owned(),
        attributes,
        children: Vec::new(),
    }
}

pub fn resource(element: &Element) -> Value {
    let type_id = TypeId::of(&element.name).expect("a type");
    let mut members = Map::from_iter([("resourceType".to_owned(), json!(element.name))]);
    fill(&mut members, registry().resource(type_id), element);
    Value::Object(members)
}

/// Stands for any narrative: markup is text in JSON, and these tests are not about its spaces.
pub const NARRATIVE: &str = "<div>…</div>";

fn fill(members: &mut Map<String, Value>, definition: &Definition, element: &Element) {
    let id = element.attribute("id");
    if !id.is_empty() {
        members.insert("id".into(), json!(id));
    }
    for child in element.children.iter() {
        if child.name == "div" {
            members.insert("div".into(), json!(NARRATIVE));
            continue;
        }
        let member = definition.member(&child.name).expect("an element");
        let value = of(member.of, child);
        if definition.element(member).many {
            let list = members.entry(&child.name).or_insert_with(|| json!([]));
            list.as_array_mut().expect("a list").push(value);
        } else {
            members.insert(child.name.clone(), value);
        }
    }
}

fn of(kind: ElementType, element: &Element) -> Value {
    let text = element.attribute("value");
    match kind {
        ElementType::Resource => resource(&element.children[0]),
        ElementType::Complex(id) => {
            let mut members = Map::new();
            fill(&mut members, registry().definition(id), element);
            Value::Object(members)
        }
        ElementType::Primitive(
            Primitive::Boolean
            | Primitive::Integer
            | Primitive::Decimal
            | Primitive::PositiveInt
            | Primitive::UnsignedInt,
        ) => serde_json::from_str(text).expect("a literal"),
        ElementType::Primitive(_) => json!(text),
    }
}
