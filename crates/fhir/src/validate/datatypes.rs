//! Rules of single data types beyond their members. <https://hl7.org/fhir/R4/datatypes.html>
use super::{Walk, text};
use crate::IssueCode;
use crate::registry::{Element, ValueSet};
use serde_json::{Map, Value};

impl<'a> Walk<'a> {
    pub(super) fn datatype(
        &mut self,
        element: &'static Element,
        name: &str,
        members: &'a Map<String, Value>,
    ) {
        match name {
            "Reference" => self.reference(element, members),
            "CodeableConcept" => self.concept(element, members),
            "Coding" | "Quantity" => self.coding(element, members),
            "Bundle.entry" => self.entry(members),
            _ => {}
        }
    }

    /// One of the codings must be of a required value set.
    fn concept(&mut self, element: &'static Element, members: &Map<String, Value>) {
        let Some(set) = element.binding else { return };
        let codings = members
            .get("coding")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        // Text alone is no code; a concept of extensions alone says why there is none.
        let textual = codings.is_empty() && members.contains_key("text");
        if textual || !codings.is_empty() && !codings.iter().any(|coding| belongs(set, coding)) {
            self.outside(set);
        }
    }

    fn coding(&mut self, element: &'static Element, members: &Map<String, Value>) {
        let Some(set) = element.binding else { return };
        let (system, code) = (members.get("system"), members.get("code").and_then(Value::as_str));
        let known = |code: &str| set.contains(system.and_then(Value::as_str).unwrap_or_default(), code);
        if code.is_some_and(|code| !known(code)) {
            self.outside(set);
        }
    }

    fn outside(&mut self, set: &ValueSet) {
        let systems: Vec<_> = set.systems.iter().map(|(system, _)| *system).collect();
        let name = set.name;
        let rule = format!(
            "A code of the value set http://hl7.org/fhir/ValueSet/{name} is required, with its system ({}).",
            systems.join(", ")
        );
        self.report(IssueCode::CodeInvalid, rule);
    }

    /// <https://hl7.org/fhir/R4/bundle.html#bundle-unique>
    fn entry(&mut self, members: &Map<String, Value>) {
        let url = members.get("fullUrl").and_then(Value::as_str);
        if url.is_some_and(|url| !url.contains(':')) {
            let rule = "fullUrl must be absolute: a URL, or urn:uuid: and a UUID.";
            self.report_at("fullUrl", IssueCode::Value, rule);
        }
    }
}

fn belongs(set: &ValueSet, coding: &Value) -> bool {
    text(coding, "code").is_some_and(|code| set.contains(text(coding, "system").unwrap_or_default(), code))
}
