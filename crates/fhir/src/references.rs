//! The literal references of a resource. <https://hl7.org/fhir/R4/references.html#literal>
use crate::base::Bases;
use crate::search::index::parse_reference;
use crate::{Resource, TypeId};
use serde_json::Value;

/// A reference that only this server can follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal<'a> {
    /// None for a `urn:`, which leads nowhere once the Bundle that explained it is gone.
    pub target: Option<(TypeId, &'a str)>,
    /// FHIRPath of the element.
    pub expression: String,
}

/// Relative references and URNs, in order; not what is contained, not addresses elsewhere, and not
/// those of resources that are its content, as in a Bundle.
pub fn literals<'a>(resource: &'a Resource, bases: &Bases) -> Vec<Literal<'a>> {
    let mut found = Vec::new();
    each(resource, &mut |text, path| {
        if let Some(target) = literal(text, bases) {
            let expression = format!("{path}.reference");
            found.push(Literal { target, expression });
        }
    });
    found
}

/// Every `reference` of a resource, in order, with the FHIRPath of the Reference it stands in.
pub(crate) fn each<'a>(resource: &'a Resource, visit: &mut impl FnMut(&'a str, &str)) {
    let mut path = resource.type_id.name().to_owned();
    walk(&mut path, &resource.value, visit);
}

fn literal<'a>(text: &'a str, bases: &Bases) -> Option<Option<(TypeId, &'a str)>> {
    match parse_reference(bases.relative(text).unwrap_or(text)) {
        Some(target) => Some(Some(target)),
        None => text.starts_with("urn:").then_some(None),
    }
}

fn walk<'a>(path: &mut String, value: &'a Value, visit: &mut impl FnMut(&'a str, &str)) {
    let length = path.len();
    match value {
        Value::Object(members) => {
            if let Some(text) = members.get("reference").and_then(Value::as_str) {
                visit(text, path);
            }
            for (name, member) in members.iter().filter(|(name, _)| *name != "resource") {
                path.push('.');
                path.push_str(name);
                walk(path, member, visit);
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push_str(&format!("[{index}]"));
                walk(path, item, visit);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_and_only_what_this_server_must_follow() {
        let task = json!({
            "resourceType": "Task", "status": "draft", "intent": "order",
            "contained": [{"resourceType": "Basic", "id": "c", "code": {"text": "x"}, "subject": {"reference": "Patient/1"}}],
            "for": {"reference": "Patient/2/_history/3"},
            "focus": {"reference": "#c"},
            "owner": {"reference": "http://elsewhere.example/fhir/Organization/1"},
            "encounter": {"reference": "urn:uuid:0b6ae9a0-6f3c-4b0e-8b0a-000000000000"},
            "input": [{"type": {"text": "x"}, "valueReference": {"reference": "Location/9"}}],
            "requester": {"display": "nobody"}
        });
        let task = Resource::from_value(task).expect("a resource");
        let found = literals(&task, &Bases::default());
        let told: Vec<(Option<String>, &str)> = found
            .iter()
            .map(|one| {
                (
                    one.target.map(|(on, id)| format!("{}/{id}", on.name())),
                    one.expression.as_str(),
                )
            })
            .collect();
        let some = |text: &str| Some(text.to_owned());
        let mut expected = vec![
            (some("Patient/1"), "Task.contained[0].subject.reference"),
            (some("Patient/2"), "Task.for.reference"),
            (None, "Task.encounter.reference"),
            (some("Location/9"), "Task.input[0].valueReference.reference"),
        ];
        let mut told = told;
        told.sort_by_key(|one| one.1.to_owned());
        expected.sort_by_key(|one| one.1.to_owned());
        assert_eq!(told, expected);
    }
}
