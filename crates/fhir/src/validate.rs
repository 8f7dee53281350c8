//! Structural validation against the R4 base definitions. <https://hl7.org/fhir/R4/validation.html>
use crate::{Issue, Resource};

/// Everything wrong with the resource, all at once; empty means storable.
pub fn validate(_resource: &Resource) -> Vec<Issue> {
    unimplemented!()
}
