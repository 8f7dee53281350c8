//! A resource as exact JSON text beside a parsed view.
//!
//! Baton stores and serves the text it was given: decimals, element order and unknown extensions
//! survive. Only `id` and `meta` are spliced. <https://hl7.org/fhir/R4/resource.html>
use crate::{Issue, TypeId};
use serde_json::Value;

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
    pub fn parse(_bytes: &[u8]) -> Result<Resource, Vec<Issue>> {
        unimplemented!()
    }

    /// A resource Baton itself built.
    pub fn from_value(_value: Value) -> Result<Resource, Vec<Issue>> {
        unimplemented!()
    }

    pub fn id(&self) -> Option<&str> {
        self.value.get("id").and_then(Value::as_str)
    }

    /// The text with `id`, `meta.versionId` and `meta.lastUpdated` set and everything else
    /// untouched, whatever the order of members was. `last_updated` is a FHIR instant.
    pub fn stamped(&self, _id: &str, _version: i64, _last_updated: &str) -> String {
        unimplemented!()
    }
}
