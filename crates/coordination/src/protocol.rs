//! A protocol: what is to be done, by whom, by when, for which stays. Data, not code.
//!
//! Protocols are PlanDefinitions (<https://hl7.org/fhir/R4/plandefinition.html>) that clients read
//! and edit over FHIR; what R4 has no element for (deadlines in business days, eligibility) is in
//! `urn:baton:` extensions. `protocol/parse.rs` reads one.
mod elements;
mod parse;

use crate::codes::extension;
use crate::deadline::Rule;
use fhir::Issue;
use fhir::path::Expr;
use mapping::Code;
use serde_json::Value;
use std::ops::RangeInclusive;

/// The protocol Baton brings along, stored at first start.
pub const TRANSITIONAL_CARE: &str = include_str!("../data/transitional-care.json");

/// A parsed PlanDefinition.
#[derive(Debug)]
pub struct Protocol {
    pub url: String,
    pub version: Option<String>,
    pub title: String,
    /// Whether it starts anything. One that rests is followed where it runs, to the end.
    pub opens: bool,
    /// `effectivePeriod`: discharges outside of it start nothing. Microseconds.
    pub effective: RangeInclusive<i64>,
    pub program: Code,
    /// Days of the episode, the day of discharge included.
    pub window_days: u32,
    /// Classes of stay whose end starts the protocol.
    pub eligible_classes: Vec<Code>,
    /// Classes of stay that count as admission to acute care.
    pub acute_classes: Vec<Code>,
    pub dispositions: Dispositions,
    pub actions: Vec<Action>,
}

/// Codes of discharge disposition by what follows from them; NUBC and HL7 codes do not overlap.
#[derive(Debug, Default)]
pub struct Dispositions {
    pub eligible: Vec<String>,
    pub excluded: Vec<String>,
    /// To another acute hospital: the stay goes on there.
    pub transfer: Vec<String>,
    /// A return to acute care is already planned.
    pub planned_return: Vec<String>,
}

/// One step.
#[derive(Debug)]
pub struct Action {
    /// Part of the identity of the task it makes.
    pub id: String,
    pub code: Code,
    pub title: String,
    pub description: String,
    pub completion: Option<String>,
    pub priority: String,
    /// Code of `urn:baton:role`.
    pub role: String,
    /// All must hold.
    pub conditions: Vec<Expr>,
    /// The first whose condition holds.
    pub deadlines: Vec<DeadlineCase>,
}

#[derive(Debug)]
pub struct DeadlineCase {
    pub when: Option<Expr>,
    pub rule: Rule,
}

impl Protocol {
    /// Every problem at once, each naming the element.
    pub fn from_json(definition: &Value) -> Result<Protocol, Vec<Issue>> {
        parse::protocol(definition)
    }

    /// Whether a PlanDefinition is meant as one: it says so by the extension.
    pub fn is_meant(definition: &Value) -> bool {
        elements::extensions(definition, extension::PROTOCOL)
            .next()
            .is_some()
    }

    /// `url|version`, as derived resources name it.
    pub fn canonical(&self) -> String {
        match &self.version {
            Some(version) => format!("{}|{version}", self.url),
            None => self.url.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> Value {
        serde_json::from_str(TRANSITIONAL_CARE).unwrap()
    }

    #[test]
    fn the_built_in_protocol_has_the_steps_of_transitional_care() {
        let protocol = Protocol::from_json(&built_in()).unwrap();
        assert_eq!(protocol.canonical(), "urn:baton:protocol:transitional-care|1.0.0");
        assert_eq!(protocol.window_days, 30);
        let steps: Vec<_> = protocol
            .actions
            .iter()
            .map(|action| action.code.code.as_str())
            .collect();
        assert_eq!(
            steps,
            [
                "tcm-contact",
                "discharge-information",
                "medication-reconciliation",
                "follow-up-visit",
                "home-visit",
                "pending-results",
                "patient-education"
            ]
        );
        assert_eq!(protocol.actions[0].deadlines[0].rule, Rule::BusinessDays(2));
        assert_eq!(protocol.actions[3].deadlines.len(), 2);
    }

    #[test]
    fn an_edit_that_breaks_it_is_told_by_element() {
        let mut definition = built_in();
        definition["action"][0]["extension"][0]["extension"][0]["valueCode"] = "moons".into();
        definition["action"][2]["extension"][0]["extension"][1]["valueId"] = "nowhere".into();
        let issues = Protocol::from_json(&definition).unwrap_err();
        let places: Vec<_> = issues
            .iter()
            .filter_map(|issue| issue.expression.as_deref())
            .collect();
        assert_eq!(
            places,
            [
                "PlanDefinition.action[0].extension[0]",
                "PlanDefinition.action[2].extension[0]"
            ]
        );
    }
}
