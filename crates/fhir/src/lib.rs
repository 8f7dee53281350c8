//! FHIR R4 (4.0.1) as data: no IO, no clock, no SQL.
//!
//! `registry` says what exists, `resource` keeps exact text beside a parsed view, `validate`
//! says what is wrong, `path` evaluates FHIRPath, `search` turns query strings into trees and
//! resources into index entries. Open `registry.rs` first: everything else reads it.
pub mod base;
pub mod bundle;
pub mod capability;
pub mod consent;
pub mod datetime;
pub mod event;
pub mod outcome;
pub mod patch;
pub mod path;
pub mod patient;
pub mod references;
pub mod registry;
pub mod resource;
pub mod search;
pub mod tree;
pub mod validate;
pub mod view;
pub mod xhtml;

pub use outcome::{Issue, IssueCode, Severity};
pub use registry::{ParamId, TypeId, registry};
pub use resource::Resource;
