//! The document as text, as small as it can be said: what several operations repeat stands once
//! among the components, types without a schema of their own share one refusal, and each
//! operation and component is a line, so that a diff shows what changed.
use super::content::REFUSALS;
use super::schemas;
use fhir::TypeId;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// Levels that get lines of their own: a section, a path or component kind, an operation.
const LINES: usize = 3;

pub fn text(mut document: Value) -> String {
    operations(&mut document).for_each(shorten);
    for (member, kind) in [("requestBody", "requestBodies"), ("responses", "responses")] {
        share(&mut document, member, kind);
    }
    let mut text = String::new();
    print(&document, 0, &mut text);
    text + "\n"
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(Map::values_mut);
    let items = items.filter_map(Value::as_object_mut);
    items.flat_map(Map::values_mut).filter_map(Value::as_object_mut)
}

fn shorten(operation: &mut Map<String, Value>) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten().filter_map(Value::as_object_mut) {
        // What is left out is not required.
        if parameter.get("required") == Some(&json!(false)) {
            parameter.remove("required");
        }
    }
    let tag = operation
        .get("tags")
        .and_then(|tags| tags[0].as_str())
        .and_then(TypeId::of);
    let plain = tag.is_some_and(|on| schemas::name_for(on) == schemas::GENERIC);
    if let Some(Value::Object(responses)) = operation.get_mut("responses").filter(|_| plain) {
        responses.retain(|status, _| !REFUSALS.iter().any(|(refusal, ..)| refusal == status));
        responses.insert("4XX".into(), json!({"$ref": "#/components/responses/Refused"}));
    }
}

/// Puts what stands more than once where all can refer to it.
fn share(document: &mut Value, member: &str, kind: &str) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let each = |operation: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut Value)| match (
        member,
        operation.get_mut(member),
    ) {
        ("responses", Some(Value::Object(all))) => all.values_mut().for_each(visit),
        (_, Some(one)) => visit(one),
        _ => {}
    };
    for operation in operations(document) {
        each(operation, &mut |one| {
            *seen.entry(one.to_string()).or_default() += 1
        });
    }
    let mut made: BTreeMap<String, Value> = BTreeMap::new();
    for operation in operations(document) {
        each(operation, &mut |one| {
            let is_repeated = one.get("$ref").is_none() && seen.get(&one.to_string()) > Some(&1);
            if is_repeated {
                let name = place(&mut made, one);
                *one = json!({"$ref": format!("#/components/{kind}/{name}")});
            }
        });
    }
    let known = &mut document["components"][kind];
    if known.is_null() {
        *known = json!({});
    }
    if let Value::Object(known) = known {
        known.extend(made);
    }
}

/// The name of a component with this content.
fn place(made: &mut BTreeMap<String, Value>, content: &Value) -> String {
    let name = name(content);
    let numbered = |n: usize| {
        if n == 0 {
            name.clone()
        } else {
            format!("{name}{n}")
        }
    };
    let mut free = (0..).map(numbered);
    let name = free.find(|name| made.get(name).is_none_or(|known| known == content));
    let name = name.unwrap_or_default();
    made.insert(name.clone(), content.clone());
    name
}

/// What it is, in words of its own: the schema, and how it is described.
fn name(content: &Value) -> String {
    let contents = content["content"].as_object().into_iter().flat_map(Map::values);
    let schema = contents
        .filter_map(|content| content["schema"]["$ref"].as_str())
        .next();
    let schema = schema
        .and_then(|schema| schema.rsplit('/').next())
        .unwrap_or_default();
    let words = content["description"].as_str().unwrap_or_default();
    let words = words.split([',', ';']).next().unwrap_or_default();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    let said: String = words.filter(|word| !word.is_empty()).map(capital).collect();
    match (said.is_empty(), schema) {
        (true, "") => "Inline".to_owned(),
        (true, schema) => schema.to_owned(),
        (false, "") => said,
        (false, schema) => format!("{schema}-{said}"),
    }
}

fn print(value: &Value, depth: usize, text: &mut String) {
    let indent = |depth: usize| "  ".repeat(depth);
    match value {
        Value::Object(members) if depth < LINES && !members.is_empty() => {
            text.push_str("{\n");
            for (at, (name, member)) in members.iter().enumerate() {
                let comma = if at == 0 { "" } else { ",\n" };
                *text += &format!("{comma}{}{}: ", indent(depth + 1), Value::from(name.as_str()));
                print(member, depth + 1, text);
            }
            *text += &format!("\n{}}}", indent(depth));
        }
        other => text.push_str(&other.to_string()),
    }
}
