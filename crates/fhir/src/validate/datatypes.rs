//! Rules of single data types beyond their members. <https://hl7.org/fhir/R4/datatypes.html>
use super::{Walk, text};
use crate::IssueCode;
use crate::datetime::parse_range;
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
            "Extension" => self.extension(members),
            "Reference" => self.reference(element, members),
            "Period" => self.period(members),
            "CodeableConcept" => self.concept(element, members),
            "Coding" | "Quantity" => self.coding(element, members),
            "Bundle.entry" => self.entry(members),
            _ => {}
        }
    }

    /// ext-1
    fn extension(&mut self, members: &Map<String, Value>) {
        let valued = members
            .keys()
            .any(|name| name.trim_start_matches('_').starts_with("value"));
        if valued == members.contains_key("extension") {
            let rule = "An extension has either a value or extensions of its own.";
            self.report(IssueCode::Invariant, rule);
        }
    }

    /// per-1; ends whose order their precision leaves open do not satisfy it.
    fn period(&mut self, members: &Map<String, Value>) {
        let end = |name: &str| members.get(name).and_then(Value::as_str).and_then(parse_range);
        let (Some(start), Some(end)) = (end("start"), end("end")) else {
            return;
        };
        if start != end && start.high >= end.low {
            let rule =
                "start must be before end; where both are on one day, give both with the same precision.";
            self.report(IssueCode::Invariant, rule);
        }
    }

    /// One of the codings must be of a required value set.
    fn concept(&mut self, element: &'static Element, members: &Map<String, Value>) {
        let Some(set) = element.binding else { return };
        let codings = members
            .get("coding")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        if !codings.is_empty() && !codings.iter().any(|coding| belongs(set, coding)) {
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
