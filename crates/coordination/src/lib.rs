//! The work of coordination as pure functions: facts and `now` in, decisions out.
//!
//! From messages to records: `stay`, `person`, `notification`. From records to work: open
//! `transition.rs`, which asks `course` where a stay stands in a `protocol`, has `derive` say what
//! there should be, and lets `progress` lay that over what people did.
pub mod calendar;
pub mod chain;
pub mod codes;
pub mod comorbidity;
pub mod course;
pub mod deadline;
mod derive;
mod double;
pub mod eligibility;
pub mod facts;
pub mod fragment;
pub mod identity;
pub mod lace;
pub mod notification;
pub mod person;
pub mod progress;
pub mod protocol;
pub mod reason;
pub mod stay;
pub mod transition;

pub use mapping::{Code, Link, MappingError};
