//! Every search parameter of the types that care coordination turns on: a match and a near miss.
//! <https://hl7.org/fhir/R4/search.html>
//!
//! One coherent world (`world/`) is stored once; each line of `rows/` is a query, a near miss that
//! differs in the one thing that matters, and the ids that the query finds, no more and no fewer.
//! `coverage.rs` proves that no parameter of the registry is without a line.
mod book;
mod coverage;
mod table;
mod us_core;

use crate::on_both;
use crate::support::Baton;
use table::{World, rows_of};
pub use table::{resources, rows};

on_both!(every_parameter_finds_what_it_names_and_not_its_neighbour);

/// The types of which every parameter is tested.
pub const TYPES: [&str; 31] = [
    "Appointment",
    "AuditEvent",
    "CarePlan",
    "CareTeam",
    "Communication",
    "Condition",
    "Consent",
    "Coverage",
    "DetectedIssue",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "Goal",
    "Location",
    "Measure",
    "MeasureReport",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RiskAssessment",
    "ServiceRequest",
    "Subscription",
    "Task",
];

fn every_parameter_finds_what_it_names_and_not_its_neighbour(baton: &Baton) {
    let partner = baton.partner();
    let world = World::load(&partner, "world");
    let mut failures = Vec::new();
    for on in TYPES {
        for row in rows(on).into_iter().chain(rows_of("every")) {
            failures.extend(world.check(&partner, on, &row));
        }
    }
    assert!(
        failures.is_empty(),
        "{} wrong:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
