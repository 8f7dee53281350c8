//! The black-box suite: scenes over HTTP and MLLP against the real binary, on both databases.
//!
//! A scene is a function taking a [`support::Baton`]; `on_both!` makes a test of it per database.
//! `support/` starts the server and speaks to it.
mod admin;
mod apps;
mod audit;
mod auth;
mod bulk;
mod bundles;
mod compartments;
mod consent;
mod convergence;
mod corpus;
mod crash;
mod crud;
mod custom;
mod examples;
mod hardening;
mod hostile;
mod ingest;
mod launch;
mod leaks;
mod limited;
mod limits;
mod metadata;
mod mllp;
mod operations;
mod operations_fhir;
mod oracle;
mod own_references;
mod parameters;
mod patch;
mod quickstarts;
mod references;
mod search_elements;
mod searching;
mod smoke;
mod support;
mod tenants;
mod transitions;
mod validation;
