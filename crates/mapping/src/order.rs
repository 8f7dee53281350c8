//! ServiceRequest as an order that may still owe a result. <https://hl7.org/fhir/R4/servicerequest.html>
use crate::{Code, Link, MappingError, read};
use fhir_sdk::r4b::codes::RequestStatus;
use fhir_sdk::r4b::resources::ServiceRequest;
use serde_json::Value;

/// What coordination reads from a ServiceRequest.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub id: Option<String>,
    /// Asked for, and neither done nor withdrawn.
    pub open: bool,
    pub prohibits: bool,
    pub patient: Option<Link>,
    pub encounter: Option<Link>,
    pub categories: Vec<Code>,
    pub requester: Option<Link>,
    pub performers: Vec<Link>,
}

/// SNOMED CT laboratory procedure, imaging, and the v2 diagnostic service section for laboratory.
const TESTS: [(&str, &str); 3] = [
    ("http://snomed.info/sct", "108252007"),
    ("http://snomed.info/sct", "363679005"),
    ("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB"),
];

impl Order {
    pub fn from_json(value: &Value) -> Result<Order, MappingError> {
        let request: ServiceRequest = read::model("ServiceRequest", value)?;
        Ok(Order {
            id: request.id.clone(),
            open: matches!(request.status, RequestStatus::Active | RequestStatus::OnHold),
            prohibits: request.do_not_perform == Some(true),
            patient: Link::of(&request.subject),
            encounter: request.encounter.as_ref().and_then(Link::of),
            categories: Code::each(&request.category),
            requester: request.requester.as_ref().and_then(Link::of),
            performers: Link::each(&request.performer),
        })
    }

    /// A test whose result is still to come.
    pub fn awaits_result(&self) -> bool {
        let is_test = |code: &Code| TESTS.iter().any(|(system, test)| code.is(system, test));
        self.open && !self.prohibits && self.categories.iter().any(is_test)
    }
}
