//! References in a resource, found and replaced at their exact place: every other byte stays.
//! <https://hl7.org/fhir/R4/http.html#trules> (replacement of links in a transaction)
use super::strings::{StringValues, decoded};
use crate::{Resource, TypeId};
use serde_json::Value;

/// The resource with every link for which `found` knows a new address replaced, or None when
/// nothing changes. Links are values of type Reference, uri, url, canonical and the like, and
/// `href` and `src` in narrative.
pub fn relink(resource: &Resource, found: &dyn Fn(&str) -> Option<String>) -> Option<Resource> {
    let mut text = String::new();
    let mut copied = 0;
    for (member, span) in StringValues::of(&resource.text) {
        let Some(new) =
            decoded(&resource.text[span.clone()]).and_then(|old| replacement(member, &old, found))
        else {
            continue;
        };
        text += &resource.text[copied..span.start];
        text += &Value::from(new).to_string();
        copied = span.end;
    }
    if copied == 0 {
        return None;
    }
    text += &resource.text[copied..];
    let mut value = resource.value.clone();
    relink_value("", &mut value, found);
    Some(Resource {
        type_id: resource.type_id,
        text,
        value,
    })
}

/// A reference like `Practitioner?identifier=x|y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionalReference {
    pub type_id: TypeId,
    pub criteria: String,
    /// FHIRPath of the element.
    pub expression: String,
}

/// The conditional references of a resource, in order, with repetitions; not those of resources
/// that are its content, as in a Bundle.
pub fn conditional_references(resource: &Resource) -> Vec<ConditionalReference> {
    let mut found = Vec::new();
    if resource.text.contains('?') {
        collect(
            &mut resource.type_id.name().to_owned(),
            &resource.value,
            &mut found,
        );
    }
    found
}

/// `Type?criteria`, as conditional references are written.
fn conditional(text: &str) -> Option<(TypeId, &str)> {
    let (name, criteria) = text.split_once('?')?;
    Some((TypeId::of(name)?, criteria))
}

fn collect(path: &mut String, value: &Value, found: &mut Vec<ConditionalReference>) {
    let length = path.len();
    match value {
        Value::Object(members) => {
            let reference = members.get("reference").and_then(Value::as_str);
            if let Some((type_id, criteria)) = reference.and_then(conditional) {
                found.push(ConditionalReference {
                    type_id,
                    criteria: criteria.to_owned(),
                    expression: format!("{path}.reference"),
                });
            }
            for (name, member) in members.iter().filter(|(name, _)| *name != "resource") {
                path.push('.');
                path.push_str(name);
                collect(path, member, found);
                path.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push_str(&format!("[{index}]"));
                collect(path, item, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn relink_value(member: &str, value: &mut Value, found: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(new) = replacement(member, text, found) {
                *text = new;
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| relink_value(member, item, found)),
        Value::Object(members) => {
            members
                .iter_mut()
                .for_each(|(name, value)| relink_value(name, value, found));
        }
        _ => {}
    }
}

fn replacement(member: &str, text: &str, found: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match member {
        // Strings, not links: an identifier with a urn:uuid value keeps its value.
        "value" | "valueString" | "system" => None,
        "div" => in_narrative(text, found),
        _ => found(text),
    }
}

/// `href="…"` and `src="…"`
fn in_narrative(div: &str, found: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut new = String::new();
    let mut rest = div;
    let mut changed = false;
    while let Some(start) = ["href=\"", "src=\""]
        .iter()
        .filter_map(|a| rest.find(a).map(|i| i + a.len()))
        .min()
    {
        let end = start + rest[start..].find('"')?;
        new += &rest[..start];
        let link = &rest[start..end];
        let replaced = found(link);
        changed |= replaced.is_some();
        new += replaced.as_deref().unwrap_or(link);
        rest = &rest[end..];
    }
    new += rest;
    changed.then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(link: &str) -> Option<String> {
        (link == "urn:uuid:1" || link == "Practitioner?identifier=a|b").then(|| "Patient/9".to_owned())
    }

    #[test]
    fn links_change_and_every_other_byte_stays() {
        let text = concat!(
            "{\"resourceType\":\"Observation\", \"identifier\":[{\"value\":\"urn:uuid:1\"}],\n",
            "\"text\":{\"div\":\"<a href=\\\"urn:uuid:1\\\">x</a>\"},",
            "\"subject\":{\"reference\":\"urn:uuid:\\u0031\"},\"valueQuantity\":{\"value\":1.10},",
            "\"performer\":[{\"reference\" : \"Practitioner?identifier=a|b\"}]}"
        );
        let resource = Resource::parse(text.as_bytes()).unwrap();
        let new = relink(&resource, &found).unwrap();
        let expected = text
            .replace("href=\\\"urn:uuid:1", "href=\\\"Patient/9")
            .replace("urn:uuid:\\u0031", "Patient/9")
            .replace("Practitioner?identifier=a|b", "Patient/9");
        assert_eq!(new.text, expected);
        assert_eq!(new.value, Resource::parse(new.text.as_bytes()).unwrap().value);
        let conditional = ConditionalReference {
            type_id: TypeId::of("Practitioner").unwrap(),
            criteria: "identifier=a|b".to_owned(),
            expression: "Observation.performer[0].reference".to_owned(),
        };
        assert_eq!(conditional_references(&resource), [conditional]);
    }

    proptest! {
        #[test]
        fn text_and_value_stay_one(parts in prop::collection::vec("[a-z\"\\\\é]{0,6}|urn:uuid:1", 0..8)) {
            let value = serde_json::json!({"resourceType": "Basic", "extension": parts, "code": {"text": "urn:uuid:1"}});
            let resource = Resource::from_value(value).unwrap();
            let new = relink(&resource, &found).unwrap();
            prop_assert_eq!(&new.value, &Resource::parse(new.text.as_bytes()).unwrap().value);
            prop_assert!(!new.text.contains("urn:uuid:1"));
        }
    }
}
