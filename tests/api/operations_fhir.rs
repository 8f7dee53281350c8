//! FHIR operations and partial views.
mod everything;
mod lastn;
mod match_patient;
mod meta;
mod system;
mod validate;
mod views;
