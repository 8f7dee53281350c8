//! A resource as exact JSON text beside a parsed view.
//!
//! Baton stores and serves the text it was given: decimals, element order and unknown extensions
//! survive. Only `id` and `meta` are spliced. <https://hl7.org/fhir/R4/resource.html>
mod part;
mod read;
mod splice;

use crate::{Issue, IssueCode, TypeId};
use serde_json::{Map, Value};

/// A parsed resource; `text` is what the client sent, byte for byte.
#[derive(Clone, Debug)]
pub struct Resource {
    pub type_id: TypeId,
    pub text: String,
    pub value: Value,
}

impl Resource {
    /// Reads one resource. Refuses invalid UTF-8, duplicate members, nesting deeper than 100,
    /// anything that is not an object, and an unknown `resourceType`.
    pub fn parse(bytes: &[u8]) -> Result<Resource, Vec<Issue>> {
        let text = std::str::from_utf8(bytes).map_err(not_utf8)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value = read::value(text).map_err(not_json)?;
        Ok(Resource {
            type_id: type_of(&value)?,
            text: text.to_owned(),
            value,
        })
    }

    /// A resource Baton itself built.
    pub fn from_value(value: Value) -> Result<Resource, Vec<Issue>> {
        Ok(Resource {
            type_id: type_of(&value)?,
            // Not by `Display`, whose writer costs as much again.
            text: serde_json::to_string(&value).expect("a value has only names as keys"),
            value,
        })
    }

    pub fn id(&self) -> Option<&str> {
        self.value.get("id").and_then(Value::as_str)
    }

    /// The text with `id`, `meta.versionId` and `meta.lastUpdated` set and everything else
    /// untouched, whatever the order of members was. `last_updated` is a FHIR instant.
    pub fn stamped(&self, id: &str, version: i64, last_updated: &str) -> String {
        let there = |name: &&str| self.value.get(name).is_some();
        let touched = splice::TOUCHED.iter().filter(|name| there(name)).count();
        splice(&self.text, touched, id, version, last_updated)
    }
}

/// The same for the text of a resource that was parsed before.
pub fn stamped(text: &str, id: &str, version: i64, last_updated: &str) -> String {
    splice(text, usize::MAX, id, version, last_updated)
}

fn splice(text: &str, touched: usize, id: &str, version: i64, last_updated: &str) -> String {
    let stamp = splice::Stamp {
        id,
        version: &version.to_string(),
        last_updated,
    };
    splice::stamped(text, &stamp, touched)
}

/// Of a resource that was parsed before, the members that begin with one of these names, as choices
/// do, and what every expression may look at: the type, the id and what is contained.
pub(crate) fn part(text: &str, starts: &[String]) -> serde_json::Result<Value> {
    let always = |name: &str| matches!(name, "resourceType" | "id" | "contained");
    part::part(text, |name| {
        let plain = name.strip_prefix('_').unwrap_or(name);
        always(name) || starts.iter().any(|start| plain.starts_with(start.as_str()))
    })
}

/// JSON as FHIR allows it: members are unique, nesting is bounded.
pub(crate) fn json(text: &str) -> serde_json::Result<Value> {
    read::value(text)
}

/// The member `_name` beside a primitive; found without making that name, as most have none.
pub(crate) fn beside_primitive<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let belongs = |known: &str| known.strip_prefix('_') == Some(name);
    members
        .iter()
        .find(|(known, _)| belongs(known))
        .map(|(_, value)| value)
}

fn type_of(value: &Value) -> Result<TypeId, Vec<Issue>> {
    let Some(members) = value.as_object() else {
        let issue = Issue::error(
            IssueCode::Structure,
            "A resource is a JSON object; send one resource.",
        );
        return Err(vec![issue]);
    };
    let name = members.get("resourceType").and_then(Value::as_str);
    name.and_then(TypeId::of).ok_or_else(|| {
        let rule = "The member resourceType must name a FHIR R4 resource type, such as \"Patient\".";
        vec![Issue::error(IssueCode::Structure, rule).at("resourceType")]
    })
}

fn not_utf8(error: std::str::Utf8Error) -> Vec<Issue> {
    let text = format!(
        "The body is not UTF-8 (byte {}); encode it as UTF-8.",
        error.valid_up_to()
    );
    vec![Issue::error(IssueCode::Structure, text)]
}

fn not_json(error: serde_json::Error) -> Vec<Issue> {
    let text = format!("The body is not JSON that FHIR allows: {error}. Correct it and send it again.");
    vec![Issue::error(IssueCode::Structure, text)]
}

#[cfg(test)]
mod tests;
