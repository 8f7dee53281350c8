//! FHIR operations and partial views.
