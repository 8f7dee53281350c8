//! The FHIR interactions over HTTP, with the whole middleware stack, on SQLite.
mod bundles;
mod coverage;
mod crud;
mod documents;
mod negotiation;
mod searching;
mod server;
mod synthea;
